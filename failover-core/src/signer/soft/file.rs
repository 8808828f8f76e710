//! The file: JSON, replaced whole, so that a cut leaves the old marks or the new ones.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::signer::{KeyName, Mark, Marks, SignerError};
use crate::tezos::KeyHash;

/// What is in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) passphrase: String,
    pub(super) keys: Vec<Key>,
}

/// One key. A mark that is `null` never signed; one that is missing makes the file unreadable (S3).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) name: KeyName,
    pub(super) key: KeyHash,
    pub(super) marks: Three,
}

/// The marks for blocks, preattestations and attestations: all three, or none is read.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Three([Mark; 3]);

impl From<Marks> for Three {
    fn from(Marks { block, preattestation, attestation }: Marks) -> Self {
        Self([block, preattestation, attestation])
    }
}

impl From<Three> for Marks {
    fn from(Three([block, preattestation, attestation]): Three) -> Self {
        Self { block, preattestation, attestation }
    }
}

impl Kept {
    pub(super) fn key_mut(&mut self, name: &KeyName) -> Result<&mut Key, SignerError> {
        let known: Vec<KeyName> = self.keys.iter().map(|key| key.name.clone()).collect();
        let found = self.keys.iter_mut().find(|key| key.name == *name);
        found.ok_or_else(|| SignerError::UnknownKey { key: name.clone(), known })
    }
}

fn broke(path: &Path, why: impl ToString) -> SignerError {
    SignerError::Disconnected { device: path.display().to_string(), why: why.to_string() }
}

/// Beside the file, because that is replaced, and a lock stays with the file that it was taken on.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

pub(super) fn read(path: &Path) -> Result<Kept, SignerError> {
    let text = fs::read(path).map_err(|error| broke(path, error))?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| broke(path, error))?;
    if kept.keys.is_empty() { Err(SignerError::NoKeys) } else { Ok(kept) }
}

pub(super) fn create(path: &Path, kept: &Kept) -> Result<(), SignerError> {
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    new.map_err(|error| broke(path, error)).and_then(|_| replace(path, kept))
}

pub(super) fn replace(path: &Path, kept: &Kept) -> Result<(), SignerError> {
    let written = || -> io::Result<()> {
        let temporary = beside(path, ".new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(kept)?)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    };
    written().map_err(|error| broke(path, error))
}

/// Taken by one at a time, and given up when it is dropped.
pub(super) fn hold(path: &Path, device: &str) -> Result<File, SignerError> {
    let lock = beside(path, ".sign");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock);
    let file = file.map_err(|error| broke(&lock, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(SignerError::Busy { device: device.to_owned(), holder: "another holder of its file".to_owned() })
        }
        Err(TryLockError::Error(error)) => Err(broke(&lock, error)),
    }
}
