//! Gives the fenced primary its job back.

use super::{Disarmed, EffectError, Hands, at_rest};
use crate::baker::{BakerControl, BakerError};
use crate::clock::Clock;
use crate::guard::Lift;
use crate::state::PlanId;

/// Right before it this machine is read once more: it cannot sign (S15). A dead signer was stated to be unplugged; one that
/// answers all the same contradicts that, and is read like any other.
pub(super) fn give_back(
    hands: &mut Hands,
    plan: PlanId,
    unplugged: bool,
    clock: &dyn Clock,
) -> Result<(), EffectError> {
    let mut what = at_rest::awake(hands);
    match (hands.device.state(), unplugged) {
        (Ok(_), true) => what.push("the signer that was stated to be unplugged answers".to_owned()),
        (Err(error), true) if at_rest::is_gone(&error) => {}
        (Err(error), true) => what.push(error.to_string()),
        (_, false) => {
            let Disarmed { what: all, .. } = at_rest::is_disarmed(hands);
            what = all;
        }
    }
    if !what.is_empty() {
        return Err(EffectError::NotDisarmed { what });
    }
    hands.still_locked()?;
    let primary = hands.primary.as_mut().ok_or(EffectError::NoControl)?;
    start(&mut **primary, plan, clock)
}

/// What happens on the other machine.
fn start(primary: &mut dyn BakerControl, plan: PlanId, clock: &dyn Clock) -> Result<(), EffectError> {
    match primary.lift_boot_guard(&Lift::returned(plan), clock.now()) {
        // Its start command asks the guard there, if anything does.
        Ok(()) | Err(BakerError::NoUnits { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    primary.restore_unlock_secret()?;
    Ok(primary.start()?)
}
