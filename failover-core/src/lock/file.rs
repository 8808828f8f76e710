//! The lock file: one failover a chain and baker address on a machine, whatever user, whatever state folder.
//!
//! The lock is `flock` on a file in `/run/lock`, so it dies with the process that holds it, however that ends. The
//! file itself stays, and says who holds the lock or held it last. It is opened without `O_CREAT` first, and read-only
//! if need be: the file may be another user's, and in a sticky folder the kernel then refuses `O_CREAT` even to root
//! (`fs.protected_regular`, Linux 4.19 and later).

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{FailoverLock, Holder, LockError};
use crate::permit::Root;
use crate::tezos::{ChainId, KeyHash};

mod held;

/// How often a file that changes under our hands is tried again.
const ATTEMPTS: usize = 5;
/// One who asks whether it is held lets it go again by then.
const MOMENT: std::time::Duration = std::time::Duration::from_millis(20);

/// The lock file, held until this is dropped or the process ends.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct FileLock {
    file: File,
    path: PathBuf,
    writable: bool,
}

impl FileLock {
    /// Takes the lock for a baker of a chain, in `/run/lock`, or in `/run` where that is missing.
    ///
    /// # Errors
    /// Another process holds it, or the file cannot be used. Never waits.
    pub fn acquire(chain: ChainId, baker: KeyHash, who: &Holder) -> Result<Self, LockError> {
        Self::acquire_in(usual_folder(), chain, baker, who)
    }

    /// Takes the lock where it is on the machine with this root: in `/run/lock` on a real one, under the root on a simulated
    /// one.
    ///
    /// # Errors
    /// As [`FileLock::acquire`], and where the root cannot be made.
    pub fn acquire_under(root: &Root, chain: ChainId, baker: KeyHash, who: &Holder) -> Result<Self, LockError> {
        if root.is_usual() {
            return Self::acquire(chain, baker, who);
        }
        root.prepare().map_err(|error| LockError::System { path: root.path().to_owned(), why: error.to_string() })?;
        Self::acquire_in(root.path(), chain, baker, who)
    }

    /// Where that lock is.
    #[must_use]
    pub fn path_under(root: &Root, chain: ChainId, baker: KeyHash) -> PathBuf {
        let folder = if root.is_usual() { usual_folder() } else { root.path() };
        folder.join(name(chain, baker))
    }

    /// Takes the lock in another folder: for a drill, whose world is not the real one. A lock there excludes nothing
    /// outside that folder.
    ///
    /// # Errors
    /// As [`FileLock::acquire`].
    pub fn acquire_in(folder: &Path, chain: ChainId, baker: KeyHash, who: &Holder) -> Result<Self, LockError> {
        let path = folder.join(name(chain, baker));
        for attempt in 0..ATTEMPTS {
            let Some((file, writable)) = open(&path)? else { continue };
            match file.try_lock() {
                Ok(()) => {}
                // Somebody who only asks may hold it for a moment.
                Err(TryLockError::WouldBlock) if attempt == 0 => {
                    std::thread::sleep(MOMENT);
                    continue;
                }
                Err(TryLockError::WouldBlock) => return Err(LockError::Held { holder: Holder::of(&path, &file) }),
                Err(TryLockError::Error(e)) => return Err(system(&path, &e)),
            }
            let lock = Self { file, path: path.clone(), writable };
            // Removed or replaced between the opening and the locking: then this locks nothing.
            if lock.holds() {
                lock.sign(who);
                return Ok(lock);
            }
        }
        Err(LockError::Suspicious { path, why: "it keeps being replaced".to_owned() })
    }

    /// Is the locked file still the one that the next process would try to lock? Something that cleans up `/run` by
    /// force could have taken it away.
    #[must_use]
    pub fn holds(&self) -> bool {
        same(&self.path, &self.file).unwrap_or(false)
    }

    /// Which file it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says who holds the lock. For people only, so a failure changes nothing: the lock is the kernel's.
    fn sign(&self, who: &Holder) {
        if self.writable && self.file.set_len(0).is_ok() {
            let _ = (&self.file).write_all(&who.to_line());
        }
    }
}

impl FailoverLock for FileLock {
    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn still_held(&mut self) -> Result<(), LockError> {
        if self.holds() {
            return Ok(());
        }
        let why = format!("its file {} was taken away or replaced", self.path.display());
        Err(LockError::Lost { why, holder: None })
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if self.writable {
            let _ = self.file.set_len(0);
        }
        // Not by closing alone: a child between its fork and its exec has the same open file, and with it the lock.
        let _ = self.file.unlock();
    }
}

fn usual_folder() -> &'static Path {
    let lock = Path::new("/run/lock");
    if lock.is_dir() { lock } else { Path::new("/run") }
}

fn name(chain: ChainId, baker: KeyHash) -> String {
    format!("failover-{chain}-{baker}.lock")
}

fn system(path: &Path, error: &io::Error) -> LockError {
    LockError::System { path: path.to_owned(), why: error.to_string() }
}

fn suspicious(path: &Path, why: &str) -> LockError {
    LockError::Suspicious { path: path.to_owned(), why: why.to_owned() }
}

/// Opens or creates the file, and says whether it may be written; `None` where it came or went meanwhile.
fn open(path: &Path) -> Result<Option<(File, bool)>, LockError> {
    let file = match fs::symlink_metadata(path) {
        // Looked at first, because opening a pipe could wait for ever.
        Ok(meta) if meta.is_symlink() => return Err(suspicious(path, "it is a symbolic link")),
        Ok(meta) if !meta.is_file() => return Err(suspicious(path, "it is not a regular file")),
        Ok(_) => match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => Ok((file, true)),
            Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                File::open(path).map(|file| (file, false))
            }
            Err(e) => Err(e),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            // `create_new` follows no link. Everybody may read, and so lock, whatever this user's umask is.
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o644).open(path).and_then(|file| {
                file.set_permissions(Permissions::from_mode(0o644))?;
                Ok((file, true))
            })
        }
        Err(e) => Err(e),
    };
    match file {
        Ok((file, writable)) => match same(path, &file) {
            Ok(true) => Ok(Some((file, writable))),
            Ok(false) => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(system(path, &e)),
        },
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {
            if path.parent().is_some_and(Path::is_dir) { Ok(None) } else { Err(system(path, &e)) }
        }
        Err(e) => Err(system(path, &e)),
    }
}

/// Does the name still lead to this very file, without a link?
fn same(path: &Path, file: &File) -> io::Result<bool> {
    let (named, ours) = (fs::symlink_metadata(path)?, file.metadata()?);
    Ok(named.is_file() && (named.dev(), named.ino()) == (ours.dev(), ours.ino()))
}
