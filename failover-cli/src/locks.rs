//! One failover at a time (S7): the lock file of this machine, and etcd where it is configured.

use std::time::{Duration, Instant};

use failover_core::clock::{Clock, SystemClock};
use failover_core::config::{Config, Lock, Secret, secret};
use failover_core::lock::etcd::{EtcdError, EtcdLock, EtcdOptions, HeldThere};
use failover_core::lock::{FailoverLock, FileLock, Holder, LockError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let exit = match &error {
            _ if error.is_about_another() => Exit::Locked,
            LockError::Etcd(EtcdError::Setup { .. }) => Exit::Usage,
            _ => Exit::NotReady,
        };
        Self::new(exit, &error, error.next())
    }
}

fn this() -> Holder {
    Holder::this(std::env::args().collect::<Vec<_>>().join(" "), SystemClock.now(), None)
}

/// The lock of this machine alone: for what arms nothing, and so waits for no etcd (S12).
///
/// # Errors
/// Another run on this machine holds it.
pub(crate) fn here(config: &Config) -> Result<FileLock, Failure> {
    Ok(FileLock::acquire_under(&config.root(), config.baker.chain, config.baker.address, &this())?)
}

/// The same, where a run that was stopped may take a moment to let it go.
///
/// # Errors
/// It did not.
pub(crate) fn here_within(config: &Config, patience: Duration) -> Result<FileLock, Failure> {
    let begun = Instant::now();
    loop {
        match here(config) {
            Err(_) if begun.elapsed() < patience => std::thread::sleep(Duration::from_millis(200)),
            done => return done,
        }
    }
}

/// Every lock that is configured, this machine's first.
///
/// # Errors
/// Another run holds one, or it cannot be asked.
pub(crate) fn all(config: &Config, out: &mut Output) -> Result<Vec<Box<dyn FailoverLock>>, Failure> {
    let mut locks: Vec<Box<dyn FailoverLock>> = vec![Box::new(here(config)?)];
    if let Some(lock) = &config.lock {
        let options = options(lock, out)?;
        locks.push(Box::new(EtcdLock::acquire(&options, config.baker.chain, config.baker.address, &this())?));
    }
    Ok(locks)
}

/// etcd's part of the configuration, its password read.
///
/// # Errors
/// The password's file cannot be read.
pub(crate) fn options(lock: &Lock, out: &mut Output) -> Result<EtcdOptions, Failure> {
    let Some((_, file)) = &lock.user else { return Ok(lock.options(None)) };
    let Secret { passphrase: password, warning } = secret("password_file", file)?;
    if let Some(warning) = warning {
        out.warn(warning);
    }
    Ok(lock.options(Some(password)))
}

/// Could the locks be taken now? For `check`: what is, or what is not and what to do.
pub(crate) fn look(config: &Config, out: &mut Output) -> Result<String, (String, String)> {
    let Some(lock) = &config.lock else {
        return Ok("of this machine only; where others can fail this baker over too, `[lock]` names an etcd".to_owned());
    };
    let options = options(lock, out).map_err(|failure| (failure.message, failure.next))?;
    match EtcdLock::look(&options, config.baker.chain, config.baker.address) {
        Ok(None) => Ok(format!("free in etcd: {}", options.key(config.baker.chain, config.baker.address))),
        Ok(Some(HeldThere { holder, left })) => {
            let held = LockError::HeldElsewhere { holder, left };
            Err((held.to_string(), held.next().to_owned()))
        }
        Err(error) => Err((error.to_string(), error.next().to_owned())),
    }
}
