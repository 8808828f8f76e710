//! Whether a run is going on, asked without touching its lock: a lock taken for the asking, for however short a moment,
//! could refuse a run that begins right then.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{FileLock, Holder, name, usual_folder};
use crate::permit::Root;
use crate::tezos::{ChainId, KeyHash};

impl FileLock {
    /// Does a process hold the lock for this baker of this chain, as far as the kernel shows it (`/proc/locks`)?
    #[must_use]
    pub fn is_held(chain: ChainId, baker: KeyHash) -> bool {
        Self::is_held_in(usual_folder(), chain, baker)
    }

    /// The same, of a lock in another folder.
    #[must_use]
    pub fn is_held_in(folder: &Path, chain: ChainId, baker: KeyHash) -> bool {
        Self::is_held_at(&folder.join(name(chain, baker)))
    }

    /// Who holds the lock of a baker on the machine with this root, as far as the file says; `None`: nobody does.
    #[must_use]
    pub fn holder_under(root: &Root, chain: ChainId, baker: KeyHash) -> Option<Holder> {
        let folder = if root.is_usual() { usual_folder() } else { root.path() };
        let path = folder.join(name(chain, baker));
        let file = fs::File::open(&path).ok().filter(|_| Self::is_held_at(&path))?;
        Some(Holder::of(&path, &file))
    }

    /// The same, of the lock in this file.
    #[must_use]
    pub fn is_held_at(path: &Path) -> bool {
        let Ok(lock) = fs::metadata(path) else { return false };
        let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
        locks.lines().any(|line| is_of(line, lock.ino())) && !is_free(path)
    }
}

/// A file on another device may have the same number: then this one can be locked, for the moment of the asking. What
/// cannot be opened is not known to be free.
fn is_free(path: &Path) -> bool {
    let Ok(file) = fs::File::open(path) else { return false };
    let free = file.try_lock_shared().is_ok();
    // Not by closing alone: a child between its fork and its exec has the same open file, and with it the lock.
    let _closed_anyway = file.unlock();
    free
}

/// `1: FLOCK  ADVISORY  WRITE 1234 00:2d:5678 0 EOF`: is it a lock on a file with this number? Which device it is on is
/// not compared: some filesystems show another one here than to `stat`.
fn is_of(line: &str, inode: u64) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let file = words.iter().find(|word| word.matches(':').count() == 2);
    let number = file.and_then(|file| file.rsplit(':').next()?.parse().ok());
    words.contains(&"FLOCK") && number == Some(inode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::lock::Holder;
    use crate::tezos::Curve;

    #[test]
    fn a_lock_is_seen_while_it_is_held_and_asking_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (chain, baker) = (ChainId::MAINNET, KeyHash::new(Curve::Bls, [3; 20]));
        let held = || FileLock::is_held_in(folder.path(), chain, baker);
        assert!(!held());
        let who = Holder::this("run", Timestamp::from_millis(0), None);
        let lock = FileLock::acquire_in(folder.path(), chain, baker, &who).unwrap();
        assert!(held() && lock.holds());
        drop(lock);
        // The file is still there.
        assert!(!held() && folder.path().read_dir().unwrap().count() == 1);
        assert!(is_of("1: FLOCK  ADVISORY  WRITE 1234 00:2d:5678 0 EOF", 5678));
        assert!(!is_of("1: POSIX  ADVISORY  WRITE 1234 00:2d:5678 0 EOF", 5678));
    }
}
