//! Is the risk offered, where nothing proves that the primary is off? Only where an earlier refusal still counts (H27).

use std::time::Duration;

use super::fence::{Silence, silence_lately};
use super::policy::{SETTLED, SILENT_UNPROVEN, UNPROVEN_WAIT};
use super::progress::{Progress, RefusedBefore};
use super::seen::indexed;
use super::vocabulary::{WaitFor, Waiting};
use crate::facts::Facts;
use crate::tezos::Level;

/// What is waited for while they are read.
pub(super) const READING: &str = "what the baker signed since the refusal";

/// Is it waited for the levels since the earlier refusal? Then they have to be read, those below this run's B too.
pub(crate) fn reads_since_refusal(waiting: &Waiting) -> bool {
    matches!(&waiting.why, WaitFor::Known { what } if what.starts_with(READING))
}

/// Is it offered?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// Yes.
    Made,
    /// The levels since the refusal are still being read: this many are left.
    Reading { left: u64 },
    /// No.
    Not,
}

/// Only after a refusal for want of a fence in the last 24 hours, ten minutes later, where the baker signed nothing since
/// and a hundred of the last two hundred levels were silent ones with rights. Every level since the refusal is read
/// before that is known.
pub(super) fn offer(facts: &Facts, progress: &Progress) -> Offer {
    let Some(refused) = counts(facts, progress) else { return Offer::Not };
    let age = facts.now.since(refused.at);
    let (Ok(head), Ok(activity)) = (&facts.chain.head, &facts.chain.activity) else { return Offer::Not };
    if age < UNPROVEN_WAIT {
        return Offer::Not;
    }
    // At B or below it nothing is to be read, and no level above it is silent: `settled` ends where this does.
    let Some(last) = head.value.level.below(SETTLED) else { return Offer::Not };
    let read = read_to(activity.value.settled.iter().map(|level| level.level), refused.noted.bound);
    if read < last {
        return Offer::Reading { left: last.since(read) };
    }
    let Silence { silent, .. } = silence_lately(facts, progress, refused.noted.silent_above());
    if silent >= SILENT_UNPROVEN { Offer::Made } else { Offer::Not }
}

/// The refusal, as long as it counts: the baker was not seen to sign since, by anybody.
fn counts<'a>(facts: &Facts, progress: &'a Progress) -> Option<&'a RefusedBefore> {
    let refused = progress.session.refused_before.as_ref()?;
    (refused.counts(facts.now) && !signed_since(facts, refused)).then_some(refused)
}

/// Did the baker sign anything above the B of the refusal? Then the primary was back, and its silence from before proves
/// nothing of it.
pub(super) fn signed_since(facts: &Facts, refused: &RefusedBefore) -> bool {
    let above = |level: Level| level > refused.noted.bound;
    facts.chain.seen().any(|signed| above(signed.at.level)) || indexed(facts).any(|signed| above(signed.at.level))
}

/// The last level of the unbroken run of levels above B.
fn read_to(levels: impl Iterator<Item = Level>, bound: Level) -> Level {
    let mut last = bound;
    for level in levels.filter(|level| *level > bound) {
        if level != last.above(1) {
            break;
        }
        last = level;
    }
    last
}

/// Reading goes on at a few dozen levels a second or so; no longer than this is waited for between two looks.
pub(super) fn reading_left(left: u64) -> Duration {
    Duration::from_secs(left / 24 + 1)
}
