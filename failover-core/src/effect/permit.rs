//! Permit, claim and the effect lock around whatever arms (S13).

use std::time::Duration;

use super::{EffectError, Hands, disarm};
use crate::baker::BakerError;
use crate::clock::Clock;
use crate::decision::policy;
use crate::host::HostError;
use crate::permit::{ARMING_PATIENCE, ClaimAnswer, EffectLock, PermitError, PermitKind, PermitState, RunPermit};
use crate::signer::HwmSetter;

pub(super) fn of(hands: &Hands) -> Result<&RunPermit, EffectError> {
    hands.permit.as_ref().ok_or(EffectError::Permit(PermitError::None))
}

/// Makes this run's permit. What dead runs of this baker left here is taken away: this one holds the run lock.
pub(super) fn take(hands: &Hands, clock: &dyn Clock) -> Result<(), EffectError> {
    let RunPermit { permits, run, who, .. } = of(hands)?;
    permits.take_away_others(&format!("a new run, {who}"), run)?;
    Ok(permits.make(run, PermitKind::Run, who, clock.wall())?)
}

/// A command that reads or raises marks begins: a stop from now on ends it, though a person is still asked (S14).
pub(super) fn begin_marks(permit: &RunPermit) -> Result<(), EffectError> {
    match permit.permits.look(&permit.run)? {
        PermitState::NotMade => Ok(permit.permits.begin(&permit.run)?),
        _ => Ok(()),
    }
}

/// Makes the permit of a command that reads or raises marks and locks again, after its own taking-away: once in a command.
fn take_marks(permit: &RunPermit, clock: &dyn Clock) -> Result<(), EffectError> {
    let RunPermit { permits, run, who, .. } = permit;
    if permits.look(run)? != PermitState::NotMade {
        return Ok(());
    }
    permits.take_away_others(&format!("a command that raises marks, {who}"), run)?;
    Ok(permits.make(run, PermitKind::Marks, who, clock.wall())?)
}

/// Does something with a device alone under the effect lock and a permit for marks: it locks again by itself, whatever
/// happened.
pub(super) fn with_marks<T>(
    permit: &RunPermit,
    clock: &dyn Clock,
    what: &str,
    device: &mut dyn HwmSetter,
    act: impl FnOnce(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    take_marks(permit, clock)?;
    let what = format!("{what} by {}", permit.who);
    let lock = match permit.permits.effect_lock(&what, Duration::ZERO) {
        // A stop may be at it, which needs the device.
        Err(PermitError::Busy { .. }) => {
            device.close();
            permit.permits.effect_lock(&what, ARMING_PATIENCE)?
        }
        taken => taken?,
    };
    permit.valid()?;
    let done = act(device);
    // That keys could not be read back as locked says more than that somebody took the permit.
    if !matches!(done, Err(EffectError::NotLockedAgain { .. })) {
        permit.valid()?;
    }
    drop(lock);
    done
}

/// Begins an effect that arms: the effect lock first, then the permit. What is held is let go by dropping it.
pub(super) fn begin(hands: &Hands, what: &str) -> Result<EffectLock, EffectError> {
    let permit = of(hands)?;
    let lock = permit.permits.effect_lock(&format!("{what} by {}", permit.who), ARMING_PATIENCE)?;
    permit.valid()?;
    Ok(lock)
}

/// After it, still under the effect lock: a permit that was taken away meanwhile takes the effect with it.
pub(super) fn end(hands: &mut Hands, clock: &dyn Clock, lock: EffectLock) -> Result<(), EffectError> {
    let gone = match of(hands)?.valid() {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let _read_again_by_whoever_ends_the_run = disarm(hands, clock);
    drop(lock);
    Err(gone.into())
}

/// Claims the primary. A machine that cannot be asked is an answer too, and not excluded by it.
pub(super) fn claim(
    hands: &mut Hands,
    clock: &dyn Clock,
    over: &[String],
    deadline: Duration,
) -> Result<ClaimAnswer, EffectError> {
    let permit = of(hands)?.clone();
    let mut order = permit.order(clock.wall(), false, deadline)?;
    let Some(primary) = hands.primary.as_mut() else {
        let why = "the configuration has no way to reach it".to_owned();
        return Ok(ClaimAnswer::Unasked { why });
    };
    let mut answer = primary.claim(&order);
    // Two machines may have a claim each.
    for _ in 0..2 {
        let Ok(ClaimAnswer::Claimed { by }) = &answer else { break };
        if !permit.is_own(by)? && !over.contains(&by.host) {
            break;
        }
        order.replace = Some(by.run);
        answer = primary.claim(&order);
    }
    match answer {
        // Nothing is known of it, and so nothing is excluded by it.
        Err(
            error @ (BakerError::Elevation { .. }
            | BakerError::Host(
                HostError::Unreachable { .. }
                | HostError::Limited { .. }
                | HostError::NewHost { .. }
                | HostError::Denied { .. }
                | HostError::HostKey { .. }
                | HostError::Lost { .. },
            )),
        ) => Ok(ClaimAnswer::Unasked { why: error.to_string() }),
        answer => Ok(answer?),
    }
}

/// What a lift of the guard by hand does as a run does: a permit of its own, then the claim on the primary.
///
/// # Errors
/// The permit could not be made, or what the primary says is not known.
pub fn take_and_claim(hands: &mut Hands, clock: &dyn Clock, over: &[String]) -> Result<ClaimAnswer, EffectError> {
    take(hands, clock)?;
    claim(hands, clock, over, Duration::from_secs(policy::CLAIM))
}

/// Does something under the effect lock, with the permit there before it and after it; else it is undone by disarming.
///
/// # Errors
/// The permit is not there, another effect is under way, or what was done failed.
pub fn with_permit<T, E: From<EffectError>>(
    hands: &mut Hands,
    clock: &dyn Clock,
    what: &str,
    act: impl FnOnce(&mut Hands) -> Result<T, E>,
) -> Result<T, E> {
    let lock = begin(hands, what)?;
    let done = act(hands);
    end(hands, clock, lock)?;
    done
}
