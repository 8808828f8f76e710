//! PURE: what to do next. The only place that knows the order of the steps, the ladder of the fence and the floor.
//!
//! [`decide`] takes [`Facts`], a [`Policy`] and the [`Progress`] of the run, and gives one [`Verdict`]. It reads no
//! clock, no file and no device; the same arguments give the same verdict.

use std::time::Duration;

use crate::facts::{Facts, Question, Signed, Unknown};
use crate::tezos::Level;

mod arm;
mod bound;
mod evidence;
mod fence;
mod floor;
mod foreign;
mod former;
mod gate;
mod give_back;
mod heads;
mod permit;
pub mod policy;
mod power;
mod preflight;
mod prepare;
mod progress;
mod refusal;
mod resume;
mod rumour;
mod standby;
mod step;
mod unproven;

pub use bound::{Basis, bound};
pub use evidence::TooOld;
pub use fence::{Fence, Rung, Silence, fence};
pub use floor::{cap, floor};
pub use foreign::{Foreign, consensus_marks, consensus_marks_of, foreign, shared};
pub use former::Followed;
pub use give_back::{Said, give_back};
pub use heads::{HeadAge, Judging, agreed_head, is_alone, pin_allows, renewed};
pub use permit::claimed;
pub use policy::Policy;
pub(crate) use prepare::signing_keys;
pub use progress::{Found, Missed, Nonces, Noted, Progress, RefusedBefore, Started, Statement, Word};
pub use refusal::{Alias, Refusal};
pub(crate) use refusal::{described, positions};
pub(crate) use resume::{denounced, is_running};
pub use rumour::rumours;
pub use standby::{raise_by_hand, read_unlocked, standby_marks, usable};
pub use step::{Approved, Path, Step};
pub(crate) use unproven::reads_since_refusal;

/// What is being waited for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "for")]
#[non_exhaustive]
pub enum WaitFor {
    /// The next block of a slow chain.
    Chain {
        /// The head.
        level: Level,
    },
    /// Something that is needed and not known at the moment.
    Known {
        /// What.
        what: String,
    },
    /// A second reading of the primary, after its services' restart delay.
    Stopped,
    /// Silence of the primary.
    Silence {
        /// Levels that were silent.
        silent: u64,
        /// Levels that are needed.
        needed: u64,
    },
    /// The time after the statement, where the primary could not be stopped.
    Statement,
    /// The backup's first signature above the floor, on chain.
    Baking {
        /// The floor.
        floor: Level,
        /// The head.
        head: Level,
    },
    /// The count of missed levels, to stay the same while the baker has rights.
    Steady {
        /// How many were missed in this cycle, where the node says it.
        missed: Option<u64>,
    },
    /// The levels below the floor, until all are judged (the quarantine).
    Quarantine {
        /// The last level that was judged.
        judged: Option<Level>,
        /// The floor.
        floor: Level,
    },
    /// What the node will say of a vote in this baker's slot that nobody has checked (S8).
    Rumour {
        /// The vote, as it came.
        signed: Signed,
        /// The start is held until this level, once in a run.
        until: Level,
    },
    /// Another key of this baker, which becomes active where the next cycle begins (H8).
    KeyChange {
        /// Levels left to it.
        levels: u64,
    },
    /// A second reading of unlocked keys' marks, a whole level later: does this machine bake (H43)?
    Unmoved,
}

/// A wait, with what is left of it where that is known (S10).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Waiting {
    /// For what.
    pub why: WaitFor,
    /// How long it takes at most, or about; seconds in JSON.
    #[serde(default, rename = "left_seconds", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub left: Option<Duration>,
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde gives the field by reference")]
    pub(super) fn serialize<S: Serializer>(left: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        left.map(|left| left.as_secs()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
    }
}

/// Baking has resumed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Resumed {
    /// The backup's first signature on chain above the floor.
    pub first: Signed,
    /// The floor.
    pub floor: Level,
    /// Levels that the baker missed in this cycle; they have stopped growing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_levels: Option<u64>,
    /// The head then; older versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Level>,
    /// Levels above B and below the backup's first signature in which the baker had rights and no vote is on chain;
    /// older versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unvoted: Option<u64>,
    /// Was the primary stopped from here, or only stated to be gone?
    pub path: Path,
}

/// The verdict.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do this now.
    Do(Approved<Step>),
    /// Ask this now.
    Ask(Question),
    /// Wait, then look again.
    Wait(Waiting),
    /// Not safe, or not ready: end, with nothing armed.
    Refuse(Refusal),
    /// A step failed too often: end, with nothing armed.
    Failed {
        /// Which step.
        step: &'static str,
        /// Why, the last time.
        why: String,
    },
    /// Foreign positions: stop and disarm the backup at once, and keep it so (S8, S12).
    Duplicate(Vec<Signed>),
    /// After the start the baker was denounced: with its keys something was signed twice. Stop and disarm the backup
    /// at once, and keep it so (S8, S12).
    Denounced(Vec<Signed>),
    /// Done.
    Done(Resumed),
}

/// What to do next.
#[must_use]
pub fn decide(facts: &Facts, policy: &Policy, progress: &Progress) -> Verdict {
    let verdict = match next(facts, policy, progress) {
        verdict if arm::must_be_disarmed(facts, progress, &verdict) => attempt(progress, Step::DisarmBackup),
        verdict => verdict,
    };
    match verdict {
        // S15: what is approved carries how old it is.
        Verdict::Do(step) => Verdict::Do(step.on(facts.asked)),
        verdict => verdict,
    }
}

fn next(facts: &Facts, policy: &Policy, progress: &Progress) -> Verdict {
    if let Some(verdict) = alarm(facts, policy, progress) {
        return verdict;
    }
    if let Some(refusal) = permit::lost(facts, progress) {
        return Verdict::Refuse(refusal);
    }
    if let Err(verdict) = open(facts, policy, progress) {
        return verdict;
    }
    // A start that was tried and left its services running is only verified; else all is done again, from S1a on.
    if resume::is_running(facts, progress) {
        return resume::verify(facts, policy, progress);
    }
    if let Some(waiting) = fence::limited(facts, policy) {
        return Verdict::Wait(waiting);
    }
    prepare::prepare(facts, policy, progress).unwrap_or_else(|| arm::fence_and_arm(facts, policy, progress))
}

/// Foreign positions and denunciations come before everything else, whatever is unknown (S8).
fn alarm(facts: &Facts, policy: &Policy, progress: &Progress) -> Option<Verdict> {
    if let Some(signed) = resume::denounced(facts, progress) {
        return Some(Verdict::Denounced(signed));
    }
    let mut found = foreign(facts, progress).certain;
    if !policy.quarantine {
        found.retain(|s| progress.started.is_none_or(|started| s.at.level > started.floor));
    }
    if found.is_empty() {
        return None;
    }
    // Before anything was armed, a primary that still signs is a fence that is not there (H4).
    if !progress.armed && progress.started.is_none() {
        return Some(Verdict::Refuse(Refusal::NotSilent { signed: found }));
    }
    Some(Verdict::Duplicate(found))
}

fn open(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<(), Verdict> {
    let closed = match gate::open(facts, policy, progress) {
        Ok(()) => return Ok(()),
        Err(closed) => closed,
    };
    match closed {
        gate::Closed::Wait(waiting) => Err(Verdict::Wait(waiting)),
        // In the middle of a run, what may be right again in a moment is waited for.
        gate::Closed::Refuse(refusal) if progress.proceed && refusal.may_pass() => {
            let since = progress.closed_for(facts.now);
            let longest = match refusal {
                Refusal::ProtocolChange { .. } => policy::PROTOCOL_WAIT,
                _ => policy::UNKNOWN,
            };
            if since >= longest {
                return Err(Verdict::Refuse(refusal));
            }
            let left = Some(longest.saturating_sub(since));
            Err(Verdict::Wait(Waiting { why: WaitFor::Known { what: refusal.to_string() }, left }))
        }
        gate::Closed::Refuse(refusal) => Err(Verdict::Refuse(refusal)),
    }
}

/// Is the chain the right one, known, fresh and agreed on, and the primary not contradicted? While it is not, nothing is done but disarming.
#[must_use]
pub fn is_open(facts: &Facts, policy: &Policy, progress: &Progress) -> bool {
    gate::open(facts, policy, progress).is_ok()
}

/// A step, unless it failed too often.
fn attempt(progress: &Progress, step: Step) -> Verdict {
    let (name, tried) = (step.name(), progress.tried.get(step.name()).copied().unwrap_or(0));
    match progress.failed(name) {
        // H18: nothing was done yet, and a person can mend it.
        Some((n, why)) if *n >= policy::TRIES && matches!(step, Step::HoldSigner) => {
            let unknown =
                Unknown { why: why.clone(), next: "stop the process that holds the device, then run again".to_owned() };
            Verdict::Refuse(Refusal::NotReady { what: "the backup's signer".to_owned(), unknown })
        }
        Some((n, why)) if *n >= policy::TRIES => Verdict::Failed { step: name, why: why.clone() },
        _ if tried >= policy::NO_EFFECT => {
            Verdict::Failed { step: name, why: format!("it was done {tried} times and had no lasting effect") }
        }
        _ => Verdict::Do(Approved::new(step)),
    }
}
