//! `disarm`: locks or deauthorizes every key of the device. Never gated: no configuration, no plan, no lock, no question
//! (S12, S14).

use failover_core::clock::SystemClock;
use failover_core::effect::{Disarmed, Hands, Whose, stand_down_keys};
use failover_core::guard::GuardNote;
use failover_core::operator::Nobody;
use failover_core::permit::Root;
use failover_core::session::open;
use failover_core::signer::{HwmSetter, SignerDevice as _, SignerError};

use super::hwm;
use super::stand_down::{DisarmedRecord, by, going_on};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;
use crate::signals;

/// Takes the permits away, disarms the device and shows its keys as they read back; with a configuration the machine's
/// boot guard too.
///
/// # Errors
/// The device cannot be told or read.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let by = by("disarm");
    let usual = Root::usual();
    let config = settings.known();
    let permits = config.map(|config| config.root().of(config.baker.chain, config.baker.address));
    let whose = permits.as_ref().map_or(Whose::Everyone(&usual), Whose::Baker);
    // At once, before anything is opened.
    let _said_below = whose.take_away(&by);
    let device = open::device(&settings.signer()?, signals::flag())?;
    let model = device.model();
    let told = match config {
        Some(config) => {
            let hands = open::disarming_in(config, &settings.state(), Box::new(Nobody), &signals::flag())?;
            let mut hands = Hands { device, ..hands };
            let told = stand_down_keys(&mut hands, whose, &by, &SystemClock);
            use failover_core::clock::Clock as _;
            let note = GuardNote::here(SystemClock.now(), None);
            if let Err(error) = hands.backup.install_boot_guard(&note) {
                out.warn(format!("{error}; {}", error.next()));
            }
            (told, shown(&mut *hands.device, out))
        }
        None => {
            let mut hands = open::alone(device, &settings.state());
            let told = stand_down_keys(&mut hands, whose, &by, &SystemClock);
            (told, shown(&mut *hands.device, out))
        }
    };
    let (Disarmed { proven, mut what }, prompting) = told;
    if let Some(setting) = hwm::setting(model.traits()).filter(|_| proven) {
        out.line(format!("No key of this {model} can sign now; {setting}."));
    }
    if proven {
        return Ok(End::done(
            "no key of this device can sign; a service that unlocks it by itself is not stopped by this",
        ));
    }
    what.extend(config.and_then(going_on));
    out.show(&DisarmedRecord { proven, what: &what });
    // Never first to open the app or to enter the PIN: an authorized key may be behind it.
    Ok(End::new(
        Exit::Failed,
        match prompting {
            true => "reject the prompt on the device's screen, or unplug it: until then a press may let it sign",
            false => "unplug the device: it could not be read back as unable to sign",
        },
    ))
}

/// Shows the device where it can be read. Does it have a prompt on its screen?
fn shown(device: &mut dyn HwmSetter, out: &mut Output) -> bool {
    match device.state() {
        Ok(state) => hwm::table(&state, out),
        Err(error) => {
            out.warn(&error);
            return matches!(error, SignerError::Prompting { .. } | SignerError::Silent { .. });
        }
    }
    false
}
