//! Without a configuration: every permit, every device, and every unit that signs, by what it runs; each named (S14).

use std::path::Path;

use failover_core::baker::systemd::signing;
use failover_core::baker::{BakerControl as _, BakerState, BootGuards as _, SystemdControl};
use failover_core::clock::{Clock as _, SystemClock};
use failover_core::config::Signer;
use failover_core::effect::{Whose, disarm_keys};
use failover_core::guard::{BootGuard, Guard, GuardNote};
use failover_core::host::LocalHost;
use failover_core::permit::{Root, STOP_PATIENCE};
use failover_core::session::open;

use super::DisarmedRecord;
use super::baked::{self, Baked};
use crate::command::{devices, hwm};
use crate::exit::Exit;
use crate::output::{End, Output};
use crate::signals;

/// Disarms all of this machine, as far as it can be seen.
pub(super) fn stand_down(state: &Path, by: &str, out: &mut Output) -> End {
    let (mut proven, mut what) = (true, Vec::new());
    let mut note = |done: Result<String, String>| {
        proven &= done.is_ok();
        what.push(done.unwrap_or_else(|why| why));
    };
    let root = Root::usual();
    note(match Whose::Everyone(&root).take_away(by) {
        Ok(taken) => Ok(format!("permits taken away: {taken}")),
        Err(error) => Err(format!("a run may still have its permit: {error}")),
    });
    let baked = Baked::of(state);
    note(match Guard::new(state).install() {
        Ok(()) => Ok("guarded: the token is not there".to_owned()),
        Err(error) => Err(format!("not guarded: {error}")),
    });
    note(services());
    devices(&mut note);
    // An effect that was under way when the permits went is over by then.
    match root.path().is_dir().then(|| root.effect_lock("a stop", STOP_PATIENCE)) {
        Some(Ok(_lock)) => {
            note(services());
            devices(&mut note);
        }
        Some(Err(error)) => note(Err(format!("not proven: {error}"))),
        None => {}
    }
    let did_bake = baked.told(&mut what);
    out.show(&DisarmedRecord { proven, what: &what });
    if proven {
        let next = "this machine is stopped, guarded and disarmed, as far as it can be seen without a configuration";
        End::done(baked::after_it(did_bake, next.to_owned()))
    } else {
        End::new(Exit::Failed, "unplug every signer of this machine: it could not be read back as unable to sign")
    }
}

/// Stops every unit that signs, and ties it to the token.
fn services() -> Result<String, String> {
    let units = match signing(LocalHost::new()) {
        Ok(units) if units.is_empty() => return Ok("no signing service is installed here".to_owned()),
        Ok(units) => units,
        Err(error) => return Err(format!("what signs here is not known: {error}")),
    };
    let names = units.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut control = SystemdControl::new(LocalHost::new(), units);
    let told = control.stop();
    match control.state() {
        Ok(BakerState::Stopped { .. }) => {}
        Ok(BakerState::Running { what }) => return Err(format!("still running: {}", what.join(", "))),
        Err(error) => return Err(told.err().unwrap_or(error).to_string()),
    }
    let told = control.install_boot_guard(&GuardNote::here(SystemClock.now(), None));
    match control.boot_guard() {
        Ok(BootGuard::Holds { .. }) => Ok(format!("stopped, and no reboot starts them: {names}")),
        Ok(BootGuard::Open { why }) => Err(format!("the boot guard does not hold: {}", why.join("; "))),
        Err(error) => Err(told.err().unwrap_or(error).to_string()),
    }
}

fn devices(note: &mut impl FnMut(Result<String, String>)) {
    let (found, unread) = devices::on_usb();
    if let Some(error) = unread {
        note(Err(format!("not every device can be listed: {error}")));
    }
    for device in found {
        let (name, setting) = (device.selector.to_string(), hwm::setting(device.selector.model().traits()));
        let disarmed = |selector| {
            let mut device =
                open::device(&Signer::of(selector), signals::flag()).map_err(|error| format!("{name}: {error}"))?;
            disarm_keys(&mut *device).map_err(|error| format!("{name}: keys not read back locked: {error}"))?;
            let but = setting.map(|setting| format!("; {setting}")).unwrap_or_default();
            Ok(format!("{name}: keys read back locked or deauthorized{but}"))
        };
        note(disarmed(device.selector));
    }
}
