//! Where the permits, claims and locks of a machine lie.

use std::fs::{self};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::disk::{boot, create, private, read};
use super::{EffectLock, PermitError, RunId};
use crate::clock::Timestamp;

/// The folder of a machine that says who may act on it: the same whatever user, and whatever state folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    folder: PathBuf,
}

impl Default for Root {
    fn default() -> Self {
        Self::usual()
    }
}

impl Root {
    /// Where it is on a real machine: durable, for root alone.
    pub const USUAL: &'static str = "/var/lib/failover/machine";

    /// The root of this machine.
    #[must_use]
    pub fn usual() -> Self {
        Self { folder: PathBuf::from(Self::USUAL) }
    }

    /// Another folder, for a simulated machine. What is excluded there excludes nothing on the real one.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Is it the one of a real machine? Then the run lock is in `/run/lock`, as it always was.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.folder == Path::new(Self::USUAL)
    }

    /// Waits for the effect lock of this machine, at most as long as `patience`. `what`: what is going to be done.
    ///
    /// # Errors
    /// [`PermitError::Busy`], or the system refused.
    pub fn effect_lock(&self, what: &str, patience: Duration) -> Result<EffectLock, PermitError> {
        self.prepare()?;
        EffectLock::acquire(&self.folder.join(EffectLock::NAME), what, patience)
    }

    /// What is being done on this machine under the effect lock; `None`: nothing is.
    #[must_use]
    pub fn effect_under_way(&self) -> Option<String> {
        EffectLock::holder(&self.folder.join(EffectLock::NAME))
    }

    /// What was done under the effect lock when the process that did it was killed, and when it began; `None`: nothing was.
    #[must_use]
    pub fn effect_left(&self) -> Option<(String, Timestamp)> {
        EffectLock::left(&self.folder.join(EffectLock::NAME))
    }

    /// By what this machine knows itself, in this boot: 128 random bits in the file `here`, beside the boot's id. An image
    /// of this machine has the file, and another boot (H33).
    ///
    /// # Errors
    /// The root cannot be used, or there are no random numbers.
    pub fn here(&self) -> Result<String, PermitError> {
        self.prepare()?;
        let (path, boot) = (self.folder.join("here"), boot()?);
        for _ in 0..2 {
            if let Some((token, of)) = read(&path)?.as_deref().and_then(|text| text.trim().split_once(' '))
                && of == boot
            {
                return Ok(token.to_owned());
            }
            let _of_another_boot = fs::remove_file(&path);
            let token = RunId::random().map_err(|error| PermitError::damaged(&path, error))?;
            match create(&path, format!("{token} {boot}\n").as_bytes()) {
                // Somebody else was quicker: theirs is read.
                Ok(()) | Err(PermitError::System { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(PermitError::damaged(&path, "it does not read back as it was written"))
    }

    /// Makes the folder where it is not there, for its owner alone.
    pub(crate) fn prepare(&self) -> Result<(), PermitError> {
        private(&self.folder)
    }
}
