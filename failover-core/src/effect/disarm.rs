//! The safe direction (S12): what can sign here is made unable to, without approval, lock or permit, and read back.

use std::time::Duration;

use super::{EffectError, Hands};
use crate::baker::{BakerControl, BakerState};
use crate::clock::Clock;
use crate::journal::record::{End, NOT_LOCKED};
use crate::signer::{self, DisarmError, HwmSetter, caught};

/// Takes the device's ability to sign away, and reads back.
///
/// # Errors
/// The device could not be told, or still can sign.
pub fn disarm_keys(device: &mut dyn HwmSetter) -> Result<(), EffectError> {
    Ok(signer::disarm(device)?)
}

impl From<DisarmError> for EffectError {
    fn from(error: DisarmError) -> Self {
        match error {
            DisarmError::Signer(error) => error.into(),
            DisarmError::StillArmed(key) => Self::StillArmed(key),
        }
    }
}

/// What [`disarm`] did, and what of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disarmed {
    /// Token removed, services stopped, keys locked or deauthorized: all read back.
    pub proven: bool,
    /// Each part, in words.
    pub what: Vec<String>,
}

impl Disarmed {
    /// Says in the end what is not proven.
    pub(crate) fn add_to(&self, end: &mut End) {
        if !self.proven {
            end.message.push_str(&format!("; and the backup is not read back disarmed: {}", self.what.join("; ")));
        }
    }
}

/// Leaves the backup unable to sign: token removed, keys locked or deauthorized, baker and signer services stopped,
/// all read back. Tries every part whatever the others say, the fastest first, and never through `tezbake stop` (S12). A device
/// or a machine that panics is one that could not be told.
pub fn disarm(hands: &mut Hands, clock: &dyn Clock) -> Disarmed {
    let mut what = Vec::new();
    let mut proven = true;
    let mut note = |ok: bool, text: String| {
        proven &= ok;
        what.push(text);
    };
    match hands.guard.install() {
        Ok(()) => note(true, "guarded: nothing may start here".to_owned()),
        Err(e) => note(false, format!("not guarded: {e}")),
    }
    // Neither waits for the other: IF1 answers while the service holds IF0, and a signer that hangs delays no stop.
    let Hands { device, backup, .. } = hands;
    let mut stopped = Err("the stop broke off".to_owned());
    clock.together(vec![
        Box::new(|| stopped = stop(&mut **backup, clock)),
        Box::new(|| {
            // Read back below.
            let _told = disarm_keys(&mut **device);
        }),
    ]);
    // A service that was still running may have unlocked the keys again in between.
    match caught(|| disarm_keys(&mut *hands.device)) {
        Ok(Ok(())) => note(true, "keys read back locked or deauthorized".to_owned()),
        Ok(Err(e)) => note(false, format!("{NOT_LOCKED}{e}")),
        Err(said) => note(false, format!("{NOT_LOCKED}{said}")),
    }
    match stopped {
        Ok(()) => note(true, "services read back stopped".to_owned()),
        Err(why) => note(false, format!("services not read back stopped: {why}")),
    }
    let _let_go_with_the_process = caught(|| hands.device.release());
    Disarmed { proven, what }
}

fn stop(backup: &mut dyn BakerControl, clock: &dyn Clock) -> Result<(), String> {
    let mut last = String::new();
    for _ in 0..3 {
        let told = backup.stop();
        match backup.state() {
            Ok(BakerState::Stopped { .. }) => return Ok(()),
            Ok(BakerState::Running { what }) => last = format!("still running: {}", what.join(", ")),
            Err(e) => last = told.err().unwrap_or(e).to_string(),
        }
        clock.sleep(Duration::from_millis(300));
    }
    Err(last)
}
