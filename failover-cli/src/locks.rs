//! One failover at a time (S7): what is said of the locks.

use failover_core::config::Config;
use failover_core::lock::etcd::{EtcdLock, HeldThere};
use failover_core::lock::{FailoverLock, LockError};
use failover_core::session::open;

use crate::failure::Failure;
use crate::output::Output;

/// Every lock that is configured, this machine's first.
///
/// # Errors
/// Another run holds one, or it cannot be asked.
pub(crate) fn all(config: &Config, out: &mut Output) -> Result<Vec<Box<dyn FailoverLock>>, Failure> {
    let open::Locks { held, warning } = open::locks(config)?;
    if let Some(warning) = warning {
        out.warn(warning);
    }
    Ok(held)
}

/// Could the locks be taken now? For `check`: what is, or what is not and what to do.
pub(crate) fn look(config: &Config, out: &mut Output) -> Result<String, (String, String)> {
    let Some(lock) = &config.lock else {
        return Ok("of this machine only; where others can fail this baker over too, `[lock]` names an etcd".to_owned());
    };
    let (options, warning) = open::etcd(lock).map_err(|error| (error.to_string(), error.next()))?;
    if let Some(warning) = warning {
        out.warn(warning);
    }
    match EtcdLock::look(&options, config.baker.chain, config.baker.address) {
        Ok(None) => Ok(format!("free in etcd: {}", options.key(config.baker.chain, config.baker.address))),
        Ok(Some(HeldThere { holder, left })) => {
            let held = LockError::HeldElsewhere { holder, left };
            Err((held.to_string(), held.next().to_owned()))
        }
        Err(error) => Err((error.to_string(), error.next().to_owned())),
    }
}
