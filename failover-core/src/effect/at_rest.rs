//! Is this machine unable to sign? Read, and nothing told.

use super::{Disarmed, Hands};
use crate::baker::{BakerError, BakerState};
use crate::guard::{BootGuard, GuardStatus};
use crate::signer::{Arming, SignerError};

/// Is this machine guarded, its services stopped and its keys unable to sign, all read now? What `return` and
/// `stand-down` ask.
#[must_use]
pub fn is_disarmed(hands: &mut Hands) -> Disarmed {
    let mut what = awake(hands);
    match hands.device.state() {
        Ok(state) => what.extend(
            state.keys.iter().filter(|k| k.arming != Arming::Disarmed).map(|k| format!("the key {} can sign", k.name)),
        ),
        Err(e) => what.push(e.to_string()),
    }
    Disarmed { proven: what.is_empty(), what }
}

/// Is there no such device, as far as this reading says? One that is there and does not answer may still sign.
pub(crate) const fn is_gone(error: &SignerError) -> bool {
    matches!(error, SignerError::NotFound { .. } | SignerError::Disconnected { .. })
}

/// What keeps this machine from being guarded and stopped, its device left out: nothing where it is both, read now.
pub(crate) fn awake(hands: &mut Hands) -> Vec<String> {
    let mut what = Vec::new();
    let guarded = matches!(hands.guard.status(), GuardStatus::Guarded);
    if !guarded {
        what.push("the guard is lifted or not known".to_owned());
    }
    match hands.backup.state() {
        Ok(BakerState::Stopped { .. }) => {}
        Ok(BakerState::Running { what: running }) => what.push(format!("still running: {}", running.join(", "))),
        Err(e) => what.push(e.to_string()),
    }
    match hands.backup.boot_guard() {
        // Where there are no units, the token is all there is.
        Ok(BootGuard::Holds { .. }) | Err(BakerError::NoUnits { .. }) => {}
        Ok(BootGuard::Open { why }) => what.push(format!("its services could start again: {}", why.join("; "))),
        Err(e) => what.push(e.to_string()),
    }
    what
}
