//! Gives the fenced primary its job back: by a permit that is left there first, and one script that acts only while it is
//! there (S13 (c), H40).

use super::{Disarmed, EffectError, Hands, at_rest, permit};
use crate::baker::{BakerError, BakerMachine, GiveBackOrder, GivenBack};
use crate::clock::Clock;
use crate::guard::Lift;
use crate::permit::{ClaimAnswer, PermitError};
use crate::state::PlanId;

/// Right before it this machine is read once more: it cannot sign (S15). A dead signer was stated to be unplugged; one that
/// answers all the same contradicts that, and is read like any other.
pub(super) fn give_back(
    hands: &mut Hands,
    plan: PlanId,
    unplugged: bool,
    clock: &dyn Clock,
) -> Result<Option<String>, EffectError> {
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
    let permit = permit::of(hands)?.clone();
    let primary = hands.primary.as_mut().ok_or(EffectError::NoControl)?;
    let mut order = GiveBackOrder {
        baker: permit.permits.baker().to_owned(),
        run: permit.run,
        who: permit.who.clone(),
        at: clock.wall(),
        own: None,
        here: permit.permits.root().here()?,
        lift: Lift::returned(plan),
    };
    let mut given = primary.give_back(&order)?;
    // The run that fenced it left its claim there.
    for _ in 0..2 {
        let GivenBack::Not(ClaimAnswer::Claimed { by }) = &given else { break };
        if !permit.is_own(by)? {
            break;
        }
        order.own = Some(by.run);
        given = primary.give_back(&order)?;
    }
    match given {
        GivenBack::Started => Ok(None),
        GivenBack::Gone { by } => Err(PermitError::GoneThere { by }.into()),
        GivenBack::Not(ClaimAnswer::Unasked { why }) => {
            without_a_script(&mut **primary, plan, clock)?;
            Ok(Some(why))
        }
        GivenBack::Not(against) => Err(EffectError::NotLet(Box::new(against))),
    }
}

/// Where no script runs there: one command after the other, and one that comes late is not excluded.
fn without_a_script(primary: &mut dyn BakerMachine, plan: PlanId, clock: &dyn Clock) -> Result<(), EffectError> {
    match primary.lift_boot_guard(&Lift::returned(plan), clock.now()) {
        // Its start command asks the guard there, if anything does.
        Ok(()) | Err(BakerError::NoUnits { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    primary.restore_unlock_secret()?;
    Ok(primary.start()?)
}
