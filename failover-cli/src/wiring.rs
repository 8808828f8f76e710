//! The library's parts, as the configuration names them. Nothing is asked of them yet.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use failover_core::baker::command::Commands;
use failover_core::baker::{BakerMachine, CommandControl, SystemdControl, TezbakeControl, UnitName, WithSigner};
use failover_core::config::{Config, Control, Machine, Signer};
use failover_core::guard::Guard;
use failover_core::host::{Host, LocalHost, SshHost, SshOptions};
use failover_core::permit::{PromptNote, Root};
use failover_core::remote_signer::RemoteSigner;
use failover_core::signer::registry::Purpose;
use failover_core::signer::traits::RaisedBy;
use failover_core::signer::{DeviceState, HwmSetter, Selector, SignerDevice as _, SignerError, ledger, registry};

use crate::failure::Failure;
use crate::noted_prompt::Noted;
use crate::output::Output;
use crate::signals;

/// What a device says of itself, its version too, for a person who looks.
///
/// # Errors
/// As [`open_device`], or its keys cannot be read. A version that it does not say is unknown, and no error.
pub(crate) fn look_at_device(signer: &Signer) -> Result<DeviceState, SignerError> {
    let mut device = open_device(signer)?;
    device.open();
    let _only_shown = device.version();
    device.state()
}

/// Says once that a device is newer than every one that was tried.
pub(crate) fn warn_of_newer(state: &DeviceState, out: &mut Output) {
    let model = state.info.model;
    let newer = |version: &&str| registry::driver(model).is_some_and(|driver| driver.is_newer(version));
    if let Some(version) = state.info.version.as_deref().filter(newer) {
        out.warn(format!(
            "this {model} is {version}, newer than what this version of failover was tried with; it is used like the others"
        ));
    }
}

/// The device.
///
/// # Errors
/// It is not there, not the only one that fits, or not made to bake with.
pub(crate) fn open_device(signer: &Signer) -> Result<Box<dyn HwmSetter>, SignerError> {
    let model = signer.device.model();
    // This program asks for no such signer; another crate of the same build may have.
    if registry::driver(model).is_some_and(|driver| driver.purpose != Purpose::Baking) {
        let why = format!("a {model} is for tests, and nobody bakes with it");
        return Err(SignerError::Unsupported { what: "opening it", why });
    }
    let options = registry::Options {
        path: signer.path.clone(),
        derivation: signer.curve,
        chain: signer.chain,
        cancelled: signals::flag(),
        prompted: signer.root.prompt().map(|PromptNote { level, wanted }| ledger::Prompted { level, wanted }),
    };
    let device = registry::open(&signer.device, &options)?;
    Ok(match device.model().traits().raised_by {
        RaisedBy::Prompt { .. } => Box::new(Noted::new(device, signer.root.clone())),
        RaisedBy::Command => device,
    })
}

/// What controls the baker of a machine, whose guard's token lies in the usual place.
///
/// # Errors
/// The ssh destination or a unit's name cannot be used.
pub(crate) fn open_control(machine: &Machine) -> Result<Box<dyn BakerMachine>, Failure> {
    control(machine, Guard::usual().token(), Root::usual())
}

/// What controls the baker of this machine, whose token lies in its state folder.
///
/// # Errors
/// As [`open_control`].
pub(crate) fn open_backup(machine: &Machine, state: &Path) -> Result<Box<dyn BakerMachine>, Failure> {
    control(machine, Guard::new(state).token(), Root::usual())
}

/// What controls the baker of the primary, where it can be controlled.
///
/// # Errors
/// As [`open_control`].
pub(crate) fn open_primary(config: &Config) -> Result<Option<Box<dyn BakerMachine>>, Failure> {
    let token = Guard::new(&config.primary.state).token();
    let open = |machine| control(machine, token.clone(), config.primary_root());
    let Some(baker) = config.primary.machine.as_ref().map(open).transpose()? else { return Ok(None) };
    Ok(Some(match config.primary.signer.as_ref().map(open).transpose()? {
        Some(signer) => Box::new(WithSigner::new(baker, signer)),
        None => baker,
    }))
}

fn control(machine: &Machine, token: PathBuf, root: Root) -> Result<Box<dyn BakerMachine>, Failure> {
    let host = open_host(machine)?;
    let marks = machine.marks.clone();
    Ok(match &machine.control {
        Control::TezBake { instance, start } => {
            let control = TezbakeControl::new(host).with_instance(instance.clone()).with_start(start.clone());
            Box::new(control.with_mark_folders(marks).with_guard_token(token).with_root(root))
        }
        Control::Systemd { units } => {
            let units: Result<Vec<UnitName>, _> = units.iter().map(|unit| unit.parse()).collect();
            let units = units.map_err(|error| Failure::usage(&error, "correct `units` in the configuration"))?;
            Box::new(SystemdControl::new(host, units).with_mark_folders(marks).with_guard_token(token).with_root(root))
        }
        Control::Command { start, stop, status } => {
            let commands = Commands {
                start: start.clone(),
                stop: stop.clone(),
                status: status.clone(),
                restart_delay: Commands::default_restart_delay(),
            };
            Box::new(CommandControl::new(host, commands).with_mark_folders(marks).with_root(root))
        }
    })
}

/// The primary's signer, asked by a program there.
///
/// # Errors
/// The ssh destination cannot be used.
pub(crate) fn open_primary_signer(config: &Config) -> Result<Option<RemoteSigner<Box<dyn Host>>>, Failure> {
    let Some(machine) = config.primary.signer.as_ref().or(config.primary.machine.as_ref()) else { return Ok(None) };
    let selector = config.primary.device.clone().unwrap_or_else(|| Selector::any(config.signer.device.model()));
    let host: Box<dyn Host> = open_host(machine)?;
    Ok(Some(RemoteSigner::new(host, selector).of(config.baker.chain)))
}

/// A machine, this one or one over ssh.
///
/// # Errors
/// The ssh destination cannot be used.
pub(crate) fn open_host(machine: &Machine) -> Result<Box<dyn Host>, Failure> {
    match (&machine.host, &machine.path) {
        (Some(host), path) => Ok(Box::new(over_ssh(host, path.as_deref())?)),
        (None, Some(folder)) => Ok(Box::new(LocalHost::with_path(folder))),
        (None, None) => Ok(Box::new(LocalHost::new())),
    }
}

/// One connection to a machine, whoever asks it.
fn over_ssh(destination: &str, path: Option<&Path>) -> Result<SshHost, Failure> {
    type Wanted = (String, Option<PathBuf>);
    static KNOWN: Mutex<Vec<(Wanted, SshHost)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted: Wanted = (destination.to_owned(), path.map(Path::to_owned));
    if let Some((_, host)) = known.iter().find(|(machine, _)| *machine == wanted) {
        return Ok(host.clone());
    }
    let options = SshOptions { path: wanted.1.clone(), ..SshOptions::default() };
    let host = SshHost::new(destination, options)
        .map_err(|error| Failure::usage(&error, "correct `host` in the configuration"))?;
    known.push((wanted, host.clone()));
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signer_that_is_for_tests_is_not_opened() {
        // Built for itself this program does not even know its name.
        let Ok(soft) = "soft+file:/nonexistent/keys.json".parse::<Selector>() else { return };
        let refused = open_device(&Signer::of(soft)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("nobody bakes with it"), "{refused}");
    }
}
