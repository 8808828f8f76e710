//! The effect lock: on one machine, one effect that arms at a time, and none while permits are taken away (S13).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::PermitError;
use crate::clock::Timestamp;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);
/// How much is read of who holds it.
const WORDS: u64 = 200;

/// Held until it is dropped, or the process ends.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct EffectLock {
    file: File,
}

impl EffectLock {
    /// What stands for a holder that left no words: its disk is full, or it has just begun.
    pub const UNNAMED: &'static str = "another command";
    /// Its name below the root.
    pub const NAME: &'static str = "effect.lock";

    pub(super) fn acquire(path: &Path, what: &str, patience: Duration) -> Result<Self, PermitError> {
        let begun = Instant::now();
        loop {
            let file = open(path)?;
            match file.try_lock() {
                // Removed or replaced meanwhile: then this locks nothing.
                Ok(()) if same(path, &file) => {
                    let lock = Self { file };
                    lock.say(what);
                    return Ok(lock);
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(e)) => return Err(PermitError::system(path, &e)),
            }
            if begun.elapsed() >= patience {
                let holder = words(path).unwrap_or_else(|| Self::UNNAMED.to_owned());
                return Err(PermitError::Busy { holder, after: patience });
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Who holds it; `None`: nobody. Asked by locking it for a moment, which no other holder of this lock minds: each waits.
    pub(super) fn holder(path: &Path) -> Option<String> {
        let file = File::open(path).ok()?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Some(words(path).unwrap_or_else(|| Self::UNNAMED.to_owned())),
            _ => None,
        }
    }

    /// What the last holder was at, where it ended without giving the lock back, and when it began; `None`: it gave it back, or
    /// somebody holds it.
    pub(super) fn left(path: &Path) -> Option<(String, Timestamp)> {
        let file = File::open(path).ok()?;
        file.try_lock().ok()?;
        Some((words(path)?, file.metadata().ok()?.modified().ok()?.into()))
    }

    /// For people only, so a failure changes nothing: the lock is the kernel's.
    fn say(&self, what: &str) {
        let line = format!("{what} (process {})\n", std::process::id());
        let mut file = &self.file;
        if file.set_len(0).is_ok() && file.rewind().is_ok() {
            let _for_people = file.write_all(line.as_bytes());
        }
    }
}

impl Drop for EffectLock {
    fn drop(&mut self) {
        let _for_people = self.file.set_len(0);
        // Not by closing alone: a child between its fork and its exec has the same open file, and with it the lock.
        let _closed_anyway = self.file.unlock();
    }
}

fn open(path: &Path) -> Result<File, PermitError> {
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
    file.map_err(|e| PermitError::system(path, &e))
}

fn words(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(WORDS).read_to_string(&mut text).ok()?;
    let line: String = text.lines().next()?.chars().filter(|c| !c.is_control()).collect();
    (!line.is_empty()).then_some(line)
}

fn same(path: &Path, file: &File) -> bool {
    let (Ok(named), Ok(ours)) = (std::fs::symlink_metadata(path), file.metadata()) else { return false };
    named.is_file() && (named.dev(), named.ino()) == (ours.dev(), ours.ino())
}
