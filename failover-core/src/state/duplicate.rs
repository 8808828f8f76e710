//! The latch: once a foreign signature was seen, this machine does not bake until a person says so (S8).

use std::fs;
use std::path::PathBuf;

use super::{StateDir, StateError, disk};
use crate::clock::Timestamp;
use crate::tezos::{ChainId, KeyHash, Kind, Position};

/// What the name of a record begins with that was cleared; then the time.
const CLEARED: &str = "duplicate-cleared-";

/// A foreign signature: this baker's, above B, and not made by the backup's device.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicate {
    /// When it was seen.
    pub at: Timestamp,
    /// On which chain.
    pub chain: ChainId,
    /// The baker's address.
    pub baker: KeyHash,
    /// What was signed.
    pub kind: Kind,
    /// Where.
    pub position: Position,
    /// Where it was seen, and why it is foreign, in words.
    pub evidence: String,
}

/// May this machine bake, as far as the latch says? Only [`Latch::Open`] is a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Latch {
    /// No duplicate was seen since the last `clear`.
    Open,
    /// A duplicate was seen.
    Latched(Duplicate),
    /// There is a latch that cannot be read, or the state cannot: to be taken as latched.
    Unknown(StateError),
}

impl Latch {
    /// Is it known that no duplicate was seen?
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

/// A person's statement that the other machine was found, which lifts the latch: made from the whole sentence, and from nothing
/// else.
///
/// ```
/// use failover_core::state::Clearance;
/// assert!(Clearance::stated("mybaker", "I found the other machine of mybaker and it cannot sign any more").is_some());
/// assert!(Clearance::stated("mybaker", "yes").is_none());
/// ```
#[derive(Debug)]
pub struct Clearance(());

impl Clearance {
    /// What a person says to lift the latch, of the baker with this name.
    #[must_use]
    pub fn sentence(name: &str) -> String {
        format!("I found the other machine of {name} and it cannot sign any more")
    }

    /// The statement of a person who said exactly the [`Clearance::sentence`] of this baker; `None`: something else was said.
    #[must_use]
    pub fn stated(name: &str, said: &str) -> Option<Self> {
        (!name.is_empty() && said == Self::sentence(name)).then_some(Self(()))
    }
}

impl StateDir {
    /// Looks at the latch.
    pub fn latch(&self) -> Latch {
        match disk::read(&self.latch_file()) {
            Ok(Some(duplicate)) => Latch::Latched(duplicate),
            // No file in a folder that is there, not in one that went away.
            Ok(None) => match Self::existing(self.path()) {
                Ok(_) => Latch::Open,
                Err(e) => Latch::Unknown(e),
            },
            Err(e) => Latch::Unknown(e),
        }
    }

    /// Latches: this machine does not bake any more. The first duplicate is kept, as it is the better evidence.
    ///
    /// Where there is no room for the record, an empty file takes its place: unreadable, and so latched.
    ///
    /// # Errors
    /// Not even that was possible. The caller stops the baker all the same (S12).
    pub fn latch_duplicate(&self, duplicate: &Duplicate) -> Result<(), StateError> {
        let path = self.latch_file();
        if fs::symlink_metadata(&path).is_ok() {
            return disk::sync_folder_of(&path);
        }
        let Err(error) = disk::write(&path, duplicate) else {
            return Ok(());
        };
        let empty = fs::OpenOptions::new().write(true).create_new(true).open(&path).and_then(|f| f.sync_all());
        if empty.is_err() && fs::symlink_metadata(&path).is_err() {
            return Err(error);
        }
        disk::sync_folder_of(&path)
    }

    /// Lifts the latch on a person's statement. The record is kept beside, under the time it was cleared.
    ///
    /// # Errors
    /// The file cannot be moved, or is still there afterwards; then the latch holds.
    pub fn clear_duplicate(&self, stated: Clearance, now: Timestamp) -> Result<(), StateError> {
        let Clearance(()) = stated;
        let path = self.latch_file();
        if fs::symlink_metadata(&path).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
            return Ok(());
        }
        let kept = self.path().join(format!("{CLEARED}{}.json", super::stamp::compact(now)));
        fs::rename(&path, &kept).map_err(|e| StateError::write(&path, &e))?;
        disk::remove(&path)?;
        disk::sync_folder_of(&path)
    }

    /// When a person last cleared a duplicate here, as the names of the kept records say. `None`: never, or the folder
    /// cannot be read.
    #[must_use]
    pub fn last_cleared(&self) -> Option<Timestamp> {
        let cleared = |entry: std::io::Result<fs::DirEntry>| {
            let name = entry.ok()?.file_name();
            super::stamp::expanded(name.to_str()?.strip_prefix(CLEARED)?.strip_suffix(".json")?)
        };
        fs::read_dir(self.path()).ok()?.filter_map(cleared).max()
    }

    fn latch_file(&self) -> PathBuf {
        self.path().join("duplicate.json")
    }
}
