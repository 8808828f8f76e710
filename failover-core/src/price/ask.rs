//! Asks the chain for what the price is made of: once, while a run is planned, and never for long (S10).

use std::time::Duration;

use crate::chain::{Ahead, ChainError, ChainLevelSource, ChainNode, Earnings, Rights};
use crate::clock::Clock;
use crate::facts::{Fact, Observed, Unknown};
use crate::tezos::KeyHash;

/// How long one source may take for its part.
pub const QUESTION: Duration = Duration::from_secs(3);
/// How long all of it may take together.
pub const ALL: Duration = Duration::from_secs(8);
/// Levels above the head whose blocks are asked for: half an hour of six-second blocks.
pub const LEVELS: u64 = 300;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// Rewards and stake, or why they are not known.
    pub earnings: Result<Earnings, Unknown>,
    /// Rights, or why they are not known.
    pub rights: Fact<Rights>,
}

/// Asks the own node, and for the rights that a foreign one denies each of the others in turn.
pub fn ask<'a>(
    node: &'a mut dyn ChainNode,
    others: Vec<&'a mut dyn ChainLevelSource>,
    baker: &KeyHash,
    (ahead, cycle): (&Ahead, u64),
    clock: &dyn Clock,
) -> Answers {
    let begun = clock.now();
    let earnings = node.earnings(baker, &ahead.hash, cycle, QUESTION);
    // One that does not answer at all is not waited for again.
    let gone = match &earnings {
        Err(error @ (ChainError::Unreachable { .. } | ChainError::Timeout { .. })) => Some(unknown(error)),
        _ => None,
    };
    let mut reasons: Vec<Unknown> = gone.iter().cloned().collect();
    let own: Option<&mut dyn ChainLevelSource> = if gone.is_none() { Some(node) } else { None };
    for source in own.into_iter().chain(others) {
        let left = ALL.saturating_sub(clock.now().since(begun));
        if left.is_zero() {
            break;
        }
        match source.rights(baker, ahead, left.min(QUESTION)) {
            Ok(Some(value)) => {
                let rights = Ok(Observed { value, source: source.name().to_owned(), at: clock.now() });
                return Answers { earnings: earnings.map_err(|error| unknown(&error)), rights };
            }
            Ok(None) => {}
            Err(error) => reasons.push(unknown(&error)),
        }
    }
    Answers { earnings: earnings.map_err(|error| unknown(&error)), rights: Err(together(reasons)) }
}

fn unknown(error: &ChainError) -> Unknown {
    Unknown { why: error.to_string(), next: error.next().to_owned() }
}

/// Every reason in one sentence, with the next action of the first.
fn together(reasons: Vec<Unknown>) -> Unknown {
    let why = reasons.iter().map(|reason| reason.why.as_str()).collect::<Vec<_>>().join("; ");
    match reasons.into_iter().next() {
        Some(first) => Unknown { why, next: first.next },
        None => Unknown {
            why: "no source answered in time".to_owned(),
            next: "look at the node's load, or name TzKT in the configuration".to_owned(),
        },
    }
}
