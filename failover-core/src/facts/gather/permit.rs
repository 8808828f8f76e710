//! This run's permit, and the claims that stand on this machine (S13).

use std::time::Duration;

use super::{Because, seen};
use crate::baker::BakerMachine;
use crate::clock::Clock;
use crate::facts::{Claim, ClaimAnswer, Fact, PermitState, Unknown};
use crate::permit::RunPermit;

/// One small script.
const LOOK: Duration = Duration::from_secs(15);

const WHERE: &str = "the permits of this machine";

pub(super) fn state(permit: Option<&RunPermit>, clock: &dyn Clock) -> Fact<PermitState> {
    let permit = permit.ok_or_else(of_no_run)?;
    seen(permit.permits.look(&permit.run), WHERE, clock)
}

pub(super) fn claims(permit: Option<&RunPermit>, clock: &dyn Clock) -> Fact<Vec<Claim>> {
    let permit = permit.ok_or_else(of_no_run)?;
    seen(permit.permits.claims(), WHERE, clock)
}

/// What speaks against a claim on the primary, asked without changing anything there. The run's own claim does not.
pub(super) fn standing(
    control: &mut dyn BakerMachine,
    permit: Option<&RunPermit>,
    clock: &dyn Clock,
) -> Fact<ClaimAnswer> {
    let permit = permit.ok_or_else(of_no_run)?;
    let mut order = permit.order(clock.wall(), true, LOOK).map_err(|error| error.unknown())?;
    let name = control.describe();
    let mut found = control.claim(&order);
    // Two machines may have a claim each.
    for _ in 0..2 {
        let Ok(ClaimAnswer::Claimed { by }) = &found else { break };
        if !permit.is_own(by).map_err(|error| error.unknown())? {
            break;
        }
        order.replace = Some(by.run);
        found = control.claim(&order);
    }
    seen(found, &name, clock)
}

fn of_no_run() -> Unknown {
    Unknown { why: "this look belongs to no run".to_owned(), next: "run `failover run`".to_owned() }
}
