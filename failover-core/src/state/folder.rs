//! The folder itself, and the typed files in it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{Drill, HeadPin, Pins, ShownPlan, StateError, disk};

/// The state folder, checked: a folder that only its owner may write into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// Where the state is by default.
    pub const DEFAULT: &'static str = "/var/lib/failover";

    /// Opens the folder, and creates it with mode 0700 where there is none.
    ///
    /// # Errors
    /// It cannot be created or looked at, is no folder, or others may write into it.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StateError> {
        let root = root.into();
        for folder in [&root, &root.join("journals")] {
            if fs::symlink_metadata(folder).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
                let mut builder = DirBuilder::new();
                builder.recursive(true).mode(0o700).create(folder).map_err(|e| StateError::write(folder, &e))?;
                disk::sync_folder_of(folder)?;
            }
        }
        Self::existing(root)
    }

    /// Opens the folder without creating it, to look at what is there.
    ///
    /// # Errors
    /// As [`StateDir::open`], and where there is none.
    pub fn existing(root: impl Into<PathBuf>) -> Result<Self, StateError> {
        let root = root.into();
        let meta = match fs::metadata(&root) {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(StateError::Missing { path: root }),
            Err(e) => return Err(StateError::read(&root, &e)),
        };
        if !meta.is_dir() {
            return Err(StateError::Unsafe { path: root, why: "it is not a folder".to_owned() });
        }
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o022 != 0 {
            let why = format!("others than its owner may write into it (mode {mode:03o})");
            return Err(StateError::Unsafe { path: root, why });
        }
        Ok(Self { root })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The plan that was shown last; `None` where none was.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn plan(&self) -> Result<Option<ShownPlan>, StateError> {
        disk::read(&self.plan_file())
    }

    /// Remembers the plan that is shown now, in place of the one before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_plan(&self, plan: &ShownPlan) -> Result<(), StateError> {
        disk::write(&self.plan_file(), plan)
    }

    /// Forgets the plan, once it was used.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget_plan(&self) -> Result<(), StateError> {
        disk::remove(&self.plan_file())
    }

    /// Which machine is which; `None` before the first `failover check`.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn pins(&self) -> Result<Option<Pins>, StateError> {
        disk::read(&self.root.join("pins.json"))
    }

    /// Pins machines, in place of all pins before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_pins(&self, pins: &Pins) -> Result<(), StateError> {
        disk::write(&self.root.join("pins.json"), pins)
    }

    /// The head that independent sources last agreed on; `None` where none was pinned yet.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn head_pin(&self) -> Result<Option<HeadPin>, StateError> {
        disk::read(&self.root.join("head.json"))
    }

    /// Pins a head, in place of the one before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_head_pin(&self, pin: &HeadPin) -> Result<(), StateError> {
        disk::write(&self.root.join("head.json"), pin)
    }

    /// The last drill; `None` where there was none.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn drill(&self) -> Result<Option<Drill>, StateError> {
        disk::read(&self.root.join("drill.json"))
    }

    /// Remembers a drill, in place of the one before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_drill(&self, drill: &Drill) -> Result<(), StateError> {
        disk::write(&self.root.join("drill.json"), drill)
    }

    /// Is there room for so many bytes, and does what is written stay? Writes them beside the files, and takes them away.
    ///
    /// # Errors
    /// The folder cannot be written, or is full.
    pub fn has_room(&self, bytes: usize) -> Result<(), StateError> {
        let path = self.root.join("room");
        disk::replace(&path, &vec![b'\n'; bytes], 0o600).map_err(|e| StateError::write(&path, &e))?;
        disk::remove(&path)
    }

    fn plan_file(&self) -> PathBuf {
        self.root.join("plan.json")
    }
}
