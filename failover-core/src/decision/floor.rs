//! The floor and the cap (S2, S4).

use super::policy::{LEAD, LEDGER_AGAIN, LEDGER_EXTRA, MARGIN_LEAST, MARGIN_UNPROVEN, Policy, cap};
use super::progress::Progress;
use super::refusal::Refusal;
use super::seen::{highest as highest_mark, indexed};
use super::vocabulary::Statement;
use crate::facts::{ArmedBy, Constants, Facts, Head};
use crate::tezos::Level;

/// The head, extrapolated to now: what the chain may have reached while the node's head grew old.
#[must_use]
fn extrapolated(facts: &Facts, head: &Head, constants: &Constants) -> Level {
    let age = facts.wall_at_head().since(head.timestamp).as_secs();
    head.level.above(age / constants.block_seconds.max(1))
}

/// F = max(B, the last signature seen anywhere, the primary's marks, the head extrapolated to now) + margin, and no less
/// than what a start needs above the head. `again`: how the device is armed, where it is to be armed once more.
///
/// # Errors
/// [`Refusal::PastCap`]: the floor would be past the cap (H5). [`Refusal::Absurd`] and [`Refusal::AbsurdMark`]: an
/// observation is (S4).
pub fn floor(
    facts: &Facts,
    policy: &Policy,
    progress: &Progress,
    bound: Level,
    again: Option<ArmedBy>,
) -> Result<Level, Refusal> {
    let (Ok(head), Some(agreed), Ok(constants)) = (&facts.chain.head, facts.chain.agreed(), &facts.chain.constants)
    else {
        // The gate before this has refused already.
        return Err(Refusal::NotSynced);
    };
    let cap = cap(policy, agreed).level();
    let now = agreed.max(extrapolated(facts, &head.value, &constants.value));
    let highest = seen(facts, bound, cap)?.max(now);
    // A margin below the lead would raise to where a start is not allowed.
    let floor = highest.above(margin(facts, policy, progress)).max(now.above(LEAD));
    // A press may take minutes, and each one that came too late shows that it does; but not past the cap for it.
    let floor = match again {
        Some(ArmedBy::Press) if floor <= cap => floor.above(again_at_the_buttons(progress)).min(cap),
        _ => floor,
    };
    // What was raised once stays raised: a floor never goes down within a run.
    let floor = progress.session.floor.map_or(floor, |f| f.max(floor));
    if floor > cap { Err(Refusal::PastCap { floor, cap }) } else { Ok(floor) }
}

/// Is this far enough above all that was signed, and above the head for a start? A press of the buttons may come late, and
/// then the head has come nearer than when it was asked for (S2).
pub(super) fn suffices(facts: &Facts, policy: &Policy, progress: &Progress, bound: Level, at: Level) -> bool {
    let cap = facts.chain.agreed().map(|agreed| cap(policy, agreed).level());
    let seen = cap.and_then(|cap| seen(facts, bound, cap).ok());
    seen.is_some_and(|seen| at >= seen.above(margin(facts, policy, progress))) && leads(facts, at)
}

fn margin(facts: &Facts, policy: &Policy, progress: &Progress) -> u64 {
    let unproven = progress.word(facts.now).is_none() && progress.stated(Statement::Unproven, facts.now).is_some();
    policy.margin.max(if unproven { MARGIN_UNPROVEN } else { MARGIN_LEAST })
}

/// The highest level of all that was signed, as far as it is seen anywhere: B, the chain, the sources, the primary's marks.
fn seen(facts: &Facts, bound: Level, cap: Level) -> Result<Level, Refusal> {
    let mut highest = bound;
    for signed in facts.chain.seen().cloned().chain(indexed(facts)) {
        // S4: past the cap it does not count as an observation; a program cannot tell which of the two is wrong (H20).
        if signed.at.level > cap {
            return Err(Refusal::Absurd { signed, cap });
        }
        highest = highest.max(signed.at.level);
    }
    if let Some((mark, _)) = highest_mark(facts, cap)? {
        highest = highest.max(mark.level);
    }
    Ok(highest)
}

/// Levels more for another press; many more only where a prompt was given up: a baker signs nothing before its mark.
fn again_at_the_buttons(progress: &Progress) -> u64 {
    match progress.session.given_up {
        0 => LEDGER_EXTRA,
        times => LEDGER_AGAIN.saturating_add(LEDGER_EXTRA.saturating_mul(times.into())),
    }
}

/// Is the floor far enough above the head for the start (S2)?
#[must_use]
pub(super) fn leads(facts: &Facts, floor: Level) -> bool {
    match (&facts.chain.head, facts.chain.agreed(), &facts.chain.constants) {
        (Ok(head), Some(agreed), Ok(constants)) => {
            let now = agreed.max(extrapolated(facts, &head.value, &constants.value));
            floor >= now.above(LEAD)
        }
        _ => false,
    }
}
