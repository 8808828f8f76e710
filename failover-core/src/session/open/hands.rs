//! What effects act on: the device and both machines of a configuration.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{ReopeningDevice, backup, device, permit, primary, primary_signer};
use crate::baker::command::Commands;
use crate::baker::{CommandControl, PowerStatus};
use crate::config::Config;
use crate::effect::Hands;
use crate::guard::Guard;
use crate::host::LocalHost;
use crate::operator::{Nobody, Operator};
use crate::permit::RunId;
use crate::session::{SessionError, SetupError};
use crate::signer::HwmSetter;
use crate::state::StateDir;

/// What effects act on, with no lock and no permit: for what only looks.
///
/// # Errors
/// The device or the ssh destination cannot be used.
pub fn hands(
    config: &Config,
    state: &StateDir,
    operator: Box<dyn Operator>,
    cancelled: &Arc<AtomicBool>,
) -> Result<Hands, SessionError> {
    let device = device(&config.signer, Arc::clone(cancelled))?;
    Ok(Hands { device, ..disarming(config, state, operator, cancelled)? })
}

/// The same for what disarms first of all: a device that is not plugged in keeps nothing from being stopped and guarded
/// (S12).
///
/// # Errors
/// The ssh destination cannot be used.
pub fn disarming(
    config: &Config,
    state: &StateDir,
    operator: Box<dyn Operator>,
    cancelled: &Arc<AtomicBool>,
) -> Result<Hands, SetupError> {
    disarming_in(config, state.path(), operator, cancelled)
}

/// The same, whether or not the state folder can be used (S14).
///
/// # Errors
/// The ssh destination cannot be used.
pub fn disarming_in(
    config: &Config,
    state: &Path,
    operator: Box<dyn Operator>,
    cancelled: &Arc<AtomicBool>,
) -> Result<Hands, SetupError> {
    Ok(Hands {
        device: Box::new(ReopeningDevice::new(config.signer.clone(), Arc::clone(cancelled))),
        primary: primary(config)?,
        backup: backup(&config.backup, state)?,
        guard: Guard::new(state),
        operator,
        passphrase: None,
        primary_signer: primary_signer(config)?,
        locks: Vec::new(),
        permit: None,
        power: config.primary.power_status.clone().map(|argv| PowerStatus::new(Box::new(LocalHost::new()), argv)),
    })
}

/// A device alone, on a machine without a configuration: nothing else is controlled.
#[must_use]
pub fn alone(device: Box<dyn HwmSetter>, state: &Path) -> Hands {
    let nothing = Commands { start: Vec::new(), stop: Vec::new(), status: Vec::new(), restart_delay: 0 };
    Hands {
        device,
        primary: None,
        backup: Box::new(CommandControl::new(LocalHost::new(), nothing)),
        guard: Guard::new(state),
        operator: Box::new(Nobody),
        passphrase: None,
        primary_signer: None,
        locks: Vec::new(),
        permit: None,
        power: None,
    }
}

/// What a watch looks at and stops: this machine, whose device may be plugged in later. Nobody is asked anything.
///
/// # Errors
/// The journals cannot be listed, or the machine cannot be used.
pub fn watching(config: &Config, state: &StateDir, cancelled: &Arc<AtomicBool>) -> Result<Hands, SessionError> {
    Ok(Hands {
        device: Box::new(ReopeningDevice::new(config.signer.clone(), Arc::clone(cancelled))),
        primary: None,
        backup: backup(&config.backup, state.path())?,
        guard: Guard::new(state.path()),
        operator: Box::new(Nobody),
        passphrase: None,
        primary_signer: None,
        locks: Vec::new(),
        permit: Some(permit(config, state, RunId::random()?)?),
        power: None,
    })
}
