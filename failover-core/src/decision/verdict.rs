//! The verdict: what a run does next.

use std::fmt;

use super::ladder::StepKind;
use super::policy::{NO_EFFECT, TRIES};
use super::progress::Progress;
use super::refusal::{Refusal, positions};
use super::step::{Approved, Step};
use super::vocabulary::{Path, Waiting};
use crate::facts::{Question, Signed, Unknown};
use crate::tezos::Level;

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
        step: StepKind,
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

/// What comes next, in a sentence for people.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(step) => write!(f, "do: {}", step.get()),
            Self::Ask(question) => write!(f, "ask: {question}"),
            Self::Wait(waiting) => waiting.fmt(f),
            Self::Refuse(refusal) => write!(f, "refused: {refusal}"),
            Self::Failed { step, why } => write!(f, "failed: {step}: {why}"),
            Self::Duplicate(signed) => write!(f, "another machine signs: {}", positions(signed)),
            Self::Denounced(signed) => write!(f, "denounced: {}", positions(signed)),
            Self::Done(Resumed { first, .. }) => write!(f, "done: {} {:#} is on chain", first.kind, first.at),
        }
    }
}

/// A step, unless it failed too often.
pub(super) fn attempt(progress: &Progress, step: Step) -> Verdict {
    let kind = step.kind();
    let tried = progress.session.tried.get(&kind).copied().unwrap_or(0);
    match progress.failed(kind) {
        // H18: nothing was done yet, and a person can mend it.
        Some((n, why)) if *n >= TRIES && matches!(step, Step::HoldSigner) => {
            let unknown =
                Unknown { why: why.clone(), next: "stop the process that holds the device, then run again".to_owned() };
            Verdict::Refuse(Refusal::NotReady { what: "the backup's signer".to_owned(), unknown })
        }
        Some((n, why)) if *n >= TRIES => Verdict::Failed { step: kind, why: why.clone() },
        _ if tried >= NO_EFFECT => {
            Verdict::Failed { step: kind, why: format!("it was done {tried} times and had no lasting effect") }
        }
        _ => Verdict::Do(Approved::new(step)),
    }
}
