//! One failover at a time (S7): the lock file of this machine, and etcd where it is configured.

use std::time::{Duration, Instant};

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, LockSection, Secret, SecretError, secret};
use crate::lock::etcd::{EtcdLock, EtcdOptions};
use crate::lock::{FailoverLock, FileLock, Holder, LockError};
use crate::session::{SessionError, SetupError};

fn this() -> Holder {
    Holder::this(std::env::args().collect::<Vec<_>>().join(" "), SystemClock.now(), None)
}

/// The lock of this machine alone: for what arms nothing, and so waits for no etcd (S12).
///
/// # Errors
/// Another run on this machine holds it.
pub fn lock_here(config: &Config) -> Result<FileLock, LockError> {
    FileLock::acquire_under(&config.root(), config.baker.chain, config.baker.address, &this())
}

/// The same, where a run that was stopped may take a moment to let it go.
///
/// # Errors
/// It did not.
pub fn lock_here_within(config: &Config, patience: Duration) -> Result<FileLock, LockError> {
    let begun = Instant::now();
    loop {
        match lock_here(config) {
            Err(_) if begun.elapsed() < patience => std::thread::sleep(Duration::from_millis(200)),
            done => return done,
        }
    }
}

/// Locks that are held.
pub struct Locks {
    /// Every one that is configured, this machine's first.
    pub held: Vec<Box<dyn FailoverLock>>,
    /// What a person should know: others can read a password's file.
    pub warning: Option<String>,
}

impl std::fmt::Debug for Locks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.held.iter().map(|lock| lock.describe())).finish()
    }
}

/// Takes every lock that is configured, this machine's first.
///
/// # Errors
/// Another run holds one, or it cannot be asked.
pub fn locks(config: &Config) -> Result<Locks, SessionError> {
    locks_beside(lock_here(config)?, config)
}

/// The same where this machine's is held already.
///
/// # Errors
/// Another run holds one of the others, or it cannot be asked.
pub(crate) fn locks_beside(here: FileLock, config: &Config) -> Result<Locks, SessionError> {
    let mut locks = Locks { held: vec![Box::new(here)], warning: None };
    if let Some(lock) = &config.lock {
        let (options, warning) = etcd(lock).map_err(SetupError::Secret)?;
        locks.warning = warning;
        locks.held.push(Box::new(EtcdLock::acquire(&options, config.baker.chain, config.baker.address, &this())?));
    }
    Ok(locks)
}

/// etcd's part of the configuration, its password read; and what a person should know about the password's file.
///
/// # Errors
/// The password's file cannot be read.
pub fn etcd(lock: &LockSection) -> Result<(EtcdOptions, Option<String>), SecretError> {
    let Some((_, file)) = &lock.user else { return Ok((lock.options(None), None)) };
    let Secret { passphrase, warning } = secret("password_file", file)?;
    Ok((lock.options(Some(passphrase)), warning))
}
