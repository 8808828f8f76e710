//! What the backup's device shows before the primary is touched, and what of it refuses (S17).

use std::time::Duration;

use super::bound::bound;
use super::floor::floor;
use super::keys::signing_keys;
use super::policy::{Policy, UNMOVED, cap};
use super::progress::{Found, Progress};
use super::refusal::Refusal;
use super::verdict::Verdict;
use super::vocabulary::{WaitFor, Waiting};
use crate::facts::{ArmedBy, Arming, BakerState, DeviceState, Facts, KeyState, reached};
use crate::tezos::Kind;

/// H29: no signing key is damaged, and none is so far above the head that it could not be raised, or would not sign for
/// hours. `keys` are as they were seen with their marks; what shows none is judged when it is unlocked.
///
/// # Errors
/// [`Refusal::Damaged`], [`Refusal::MarksPastCap`].
pub(super) fn marks(
    keys: &[KeyState],
    facts: &Facts,
    device: &DeviceState,
    policy: &Policy,
    progress: &Progress,
) -> Result<(), Refusal> {
    let signing = signing_keys(facts, device);
    let signing = || keys.iter().filter(|key| signing.contains(&key.name));
    if let Some(key) = signing().find(|key| key.arming == Arming::Corrupted) {
        return Err(Refusal::Damaged { key: key.name.clone() });
    }
    // Later the marks are this run's own, see [`armed`].
    if progress.session.floor.is_some() || progress.session.armed || progress.kept.started.is_some() {
        return Ok(());
    }
    // What is wrong with the floor itself is said where it is noted and set.
    let Some(agreed) = facts.chain.agreed() else { return Ok(()) };
    let cap = cap(policy, agreed).level();
    let bound = match progress.kept.noted {
        Some(noted) => Ok(noted.bound),
        None => bound(facts, policy, progress).map(|(bound, _)| bound),
    };
    let Ok(floor) = bound.and_then(|bound| floor(facts, policy, progress, bound, None)) else { return Ok(()) };
    for (key, marks) in signing().filter_map(|key| Some((key, key.marks.as_ref()?))) {
        let mark = marks.highest();
        let Some(at) = mark.0 else { continue };
        // A key whose kinds are all there is left as it is; one that a press authorizes is always set above its mark.
        let done = match device.traits().armed_by {
            ArmedBy::Passphrase => reached(marks, floor),
            ArmedBy::Press => false,
        };
        let needed = if done { at.level } else { floor.max(at.level.above(1)) };
        if needed > cap {
            return Err(Refusal::MarksPastCap { key: key.name.clone(), mark, cap });
        }
    }
    Ok(())
}

/// The same once more of what this run has armed, before the start: another card may have been plugged in, or a slot of the
/// state file broke since. What this run raised is at its floor, and that is below the cap.
///
/// # Errors
/// As [`marks`].
pub(super) fn armed(facts: &Facts, device: &DeviceState, policy: &Policy) -> Result<(), Refusal> {
    let signing = signing_keys(facts, device);
    let cap = facts.chain.agreed().map(|agreed| cap(policy, agreed).level());
    for key in device.keys.iter().filter(|key| signing.contains(&key.name)) {
        if key.arming == Arming::Corrupted {
            return Err(Refusal::Damaged { key: key.name.clone() });
        }
        if let (Some(marks), Some(cap)) = (&key.marks, cap)
            && let mark = marks.highest()
            && mark.0.is_some_and(|at| at.level > cap)
        {
            return Err(Refusal::MarksPastCap { key: key.name.clone(), mark, cap });
        }
    }
    Ok(())
}

/// H43: an unlocked key that signs is not to be fenced from itself: this is the machine that bakes. One that does not
/// move while blocks come is what H14 is about. Only before the first step.
pub(super) fn bakes_here(facts: &Facts, device: &DeviceState, progress: &Progress) -> Option<Verdict> {
    if !progress.session.tried.is_empty() || progress.kept.started.is_some() {
        return None;
    }
    let Found { head, marks } = progress.session.found.as_ref()?;
    for (name, before) in marks {
        let Some(after) = device.named(name).and_then(|key| key.marks) else { continue };
        if Kind::ALL.into_iter().any(|kind| after.of(kind) > before.of(kind)) {
            let (before, after) = (before.highest(), after.highest());
            return Some(Verdict::Refuse(Refusal::BakesHere { key: name.clone(), before, after }));
        }
    }
    let runs = matches!(&facts.backup.services, Ok(seen) if matches!(seen.value, BakerState::Running { .. }));
    let passed = facts.chain.head.as_ref().map_or(0, |now| now.value.level.since(*head));
    if marks.is_empty() || !runs || passed >= UNMOVED {
        return None;
    }
    let block = facts.chain.block_seconds();
    let left = Some(Duration::from_secs(block.saturating_mul(UNMOVED.saturating_sub(passed))));
    Some(Verdict::Wait(Waiting { why: WaitFor::Unmoved, left }))
}
