//! The machines that the configuration names. Nothing is asked of them yet.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::baker::command::Commands;
use crate::baker::{BakerMachine, CommandControl, SystemdControl, TezbakeControl, UnitName, WithSigner};
use crate::config::{Config, Control, Machine};
use crate::guard::Guard;
use crate::host::{Host, LocalHost, SshHost, SshOptions};
use crate::permit::Root;
use crate::remote_signer::RemoteSigner;
use crate::session::SetupError;
use crate::signer::Selector;

/// What controls the baker of a machine, whose guard's token lies in the usual place.
///
/// # Errors
/// The ssh destination or a unit's name cannot be used.
pub fn control(machine: &Machine) -> Result<Box<dyn BakerMachine>, SetupError> {
    controlled(machine, Guard::usual().token(), Root::usual())
}

/// What controls the baker of this machine, whose token lies in its state folder.
///
/// # Errors
/// As [`control`].
pub fn backup(machine: &Machine, state: &Path) -> Result<Box<dyn BakerMachine>, SetupError> {
    controlled(machine, Guard::new(state).token(), Root::usual())
}

/// What controls the baker of the primary, where it can be controlled.
///
/// # Errors
/// As [`control`].
pub fn primary(config: &Config) -> Result<Option<Box<dyn BakerMachine>>, SetupError> {
    let token = Guard::new(&config.primary.state).token();
    let open = |machine| controlled(machine, token.clone(), config.primary_root());
    let Some(baker) = config.primary.machine.as_ref().map(open).transpose()? else { return Ok(None) };
    Ok(Some(match config.primary.signer.as_ref().map(open).transpose()? {
        Some(signer) => Box::new(WithSigner::new(baker, signer)),
        None => baker,
    }))
}

fn controlled(machine: &Machine, token: PathBuf, root: Root) -> Result<Box<dyn BakerMachine>, SetupError> {
    let host = host(machine)?;
    let marks = machine.marks.clone();
    Ok(match &machine.control {
        Control::TezBake { instance, start } => {
            let control = TezbakeControl::new(host).with_instance(instance.clone()).with_start(start.clone());
            Box::new(control.with_mark_folders(marks).with_guard_token(token).with_root(root))
        }
        Control::Systemd { units } => {
            let units = units.iter().map(|unit| unit.parse()).collect::<Result<Vec<UnitName>, _>>()?;
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
pub fn primary_signer(config: &Config) -> Result<Option<RemoteSigner<Box<dyn Host>>>, SetupError> {
    let Some(machine) = config.primary.signer.as_ref().or(config.primary.machine.as_ref()) else { return Ok(None) };
    let selector = config.primary.device.clone().unwrap_or_else(|| Selector::any(config.signer.device.model()));
    let host: Box<dyn Host> = host(machine)?;
    Ok(Some(RemoteSigner::new(host, selector).of(config.baker.chain)))
}

/// A machine, this one or one over ssh.
///
/// # Errors
/// The ssh destination cannot be used.
pub fn host(machine: &Machine) -> Result<Box<dyn Host>, SetupError> {
    match (&machine.host, &machine.path) {
        (Some(host), path) => Ok(Box::new(over_ssh(host, path.as_deref())?)),
        (None, Some(folder)) => Ok(Box::new(LocalHost::with_path(folder))),
        (None, None) => Ok(Box::new(LocalHost::new())),
    }
}

/// One connection to a machine, for everything that asks it.
fn over_ssh(destination: &str, path: Option<&Path>) -> Result<SshHost, SetupError> {
    type Wanted = (String, Option<PathBuf>);
    static KNOWN: Mutex<Vec<(Wanted, SshHost)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted: Wanted = (destination.to_owned(), path.map(Path::to_owned));
    if let Some((_, host)) = known.iter().find(|(machine, _)| *machine == wanted) {
        return Ok(host.clone());
    }
    let options = SshOptions { path: wanted.1.clone(), ..SshOptions::default() };
    let host = SshHost::new(destination, options)?;
    known.push((wanted, host.clone()));
    Ok(host)
}
