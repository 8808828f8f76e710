//! The records: what a run writes down, shows on the screen and prints with `--json`. One `record` field names the kind.

use std::fmt;

pub use super::outcome::Outcome;
use crate::decision::{Basis, Fence, Path, Policy, Refusal, Resumed, Rung, Step, Waiting};
use crate::facts::{Merged, NonceCount, Signed};
use crate::lock::HeldLock;
use crate::operator::{Answer, Question};
use crate::permit::{ClaimAnswer, RunId};
use crate::price::Price;
use crate::signer::{KeyState, Raised};
use crate::state::PlanId;
use crate::tezos::Level;

/// How a line of [`Record::Disarmed`] begins where keys could not be read back.
pub(crate) const NOT_LOCKED: &str = "keys not read back locked: ";

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record")]
#[non_exhaustive]
pub enum Record {
    /// A run begins.
    Begin {
        /// The version of this software.
        version: String,
        /// The plan's id.
        plan: PlanId,
        /// What the run is about.
        policy: Policy,
        /// The locks that it holds (S7).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        locks: Vec<HeldLock>,
        /// The run, by whose name its permit and its claims are known (S13); older versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
    },
    /// An interrupted run is taken up again.
    Resume {
        /// The version of this software.
        version: String,
        /// The locks that it holds (S7).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        locks: Vec<HeldLock>,
    },
    /// What is going to be done.
    Plan(Plan),
    /// A question and its answer.
    Asked {
        /// The question.
        asked: Question,
        /// The answer.
        answer: Answer,
    },
    /// A step is about to be tried. Whatever comes next, it may have happened.
    Before {
        /// Its number in the written procedure; 0 is the preparation.
        number: u8,
        /// The step.
        #[serde(flatten)]
        step: Step,
    },
    /// A step was tried, and this is known of it.
    After {
        /// Its number in the written procedure.
        number: u8,
        /// The step.
        #[serde(flatten)]
        step: Step,
        /// What came of it.
        #[serde(flatten)]
        result: StepResult,
    },
    /// The fence, rung by rung, whenever a rung changes.
    Fence {
        /// Which set is needed.
        path: Path,
        /// Every rung.
        rungs: Vec<Rung>,
    },
    /// A wait, once for each thing that is waited for.
    Wait {
        /// The head then.
        head: Option<Level>,
        /// For what, and how long.
        #[serde(flatten)]
        waiting: Waiting,
    },
    /// Foreign positions: the backup is being stopped.
    Duplicate {
        /// What was seen.
        signed: Vec<Signed>,
        /// What the backup signed, or may have, before it was stopped: each of these may be signed twice.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shared: Vec<Signed>,
    },
    /// The backup was stopped and disarmed without a verdict (S12), and read back.
    Disarmed {
        /// Is it all read back?
        proven: bool,
        /// What is not, or what was done.
        what: Vec<String>,
    },
    /// The run ended.
    End(End),
    /// It was a rehearsal, and this is what the simulator's book says. Written after the run's own end.
    Rehearsed {
        /// Which scenario.
        scenario: String,
        /// Which signer: `tezsign` or `ledger`.
        signer: String,
        /// The same seed, the same drill.
        seed: u64,
        /// How many signatures both machines made.
        signatures: usize,
        /// What was signed twice.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signed_twice: Vec<String>,
    },
    /// Warnings and errors of the backup's own baker and signer, while step 7 waits for them.
    Complaints {
        /// One text each.
        lines: Vec<String>,
    },
    /// Votes in this baker's slot that nobody has checked (S8): the first of them that were seen. They stop nothing.
    Rumour {
        /// What they say.
        signed: Vec<Signed>,
    },
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase", tag = "result")]
pub enum StepResult {
    /// It was done; whether it took effect, the next reading says.
    Done {
        /// Marks before and after, where marks were raised; the same twice where they were only read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        raised: Vec<Raised>,
        /// Where seed nonces were merged: how many; the nonces themselves are nowhere written down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nonces: Option<Merged>,
        /// Where the primary was claimed: what came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claim: Option<ClaimAnswer>,
        /// Where the passphrase was proved: the keys as they were while they were unlocked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unlocked: Vec<KeyState>,
    },
    /// It failed.
    Failed {
        /// Why.
        why: String,
        /// The next safe action.
        next: String,
        /// How many seed nonces the primary has that were not merged, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nonces: Option<NonceCount>,
    },
}

impl fmt::Display for StepResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { .. } => f.write_str("done"),
            Self::Failed { why, .. } => write!(f, "failed: {why}"),
        }
    }
}

/// The plan, as it is shown before anything is done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// The baker's name, to be typed.
    pub name: String,
    /// The plan's id; good for 10 minutes.
    pub plan: PlanId,
    /// `NAME:PLAN`, as the flags take a statement about this plan; plans of older versions have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub statement: String,
    /// Can the primary be stopped from here?
    pub path: Path,
    /// Why this path.
    pub why: String,
    /// The head.
    pub head: Level,
    /// The own node's head and what others say of it, one sentence each.
    #[serde(default)]
    pub sources: Vec<String>,
    /// The last thing that this baker signed, in the levels that were read.
    pub last_signed: Option<Signed>,
    /// The last of each kind among them; plans of older versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_of_kind: Vec<Signed>,
    /// B, if the primary stopped now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Level>,
    /// What B comes from, as far as can be said before the primary has stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// The floor, if the primary stopped now.
    pub floor: Level,
    /// The keys that will be raised, by name.
    pub keys: Vec<String>,
    /// Keys of the baker that become active later, each with its cycle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<String>,
    /// Where a Ledger is set up for another chain: what the press makes of its marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover: Option<String>,
    /// What pays rewards to delegators on the primary: it is stopped with what signs, and started by nobody but a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pays: Vec<String>,
    /// Silent levels that are demanded.
    pub silent: u64,
    /// The fence as it stands now, rung by rung: what a run will put up, and what it will miss.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fence: Vec<Rung>,
    /// What waiting and signing twice cost; plans of older versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Box<Price>>,
}

/// How a run ended. The last record of every run, and the last line of every command.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct End {
    /// In one word.
    pub outcome: Outcome,
    /// The exit code.
    pub exit: u8,
    /// One sentence.
    pub message: String,
    /// The refusal, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The proof of the end, where baking resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
    /// The next safe action.
    pub next: String,
}

/// Its sentence and the next safe action.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, next, .. } = self;
        if next.is_empty() { f.write_str(message) } else { write!(f, "{message}; {next}") }
    }
}

impl End {
    /// An end with nothing but its words.
    pub(crate) const fn new(outcome: Outcome, exit: u8, message: String, next: String) -> Self {
        Self { outcome, exit, message, refusal: None, resumed: None, next }
    }

    /// Can the run be taken up again? Interrupted and failed runs and those that lost their lock can, and one that had begun
    /// when this machine was not ready; done, refused, cancelled and stopped ones are over.
    #[must_use]
    pub fn may_be_resumed(&self) -> bool {
        match (&self.outcome, &self.refusal) {
            (Outcome::Interrupted | Outcome::Failed | Outcome::Locked, None) => true,
            // A prompt, a cable, a PIN: a person mends it, and nothing of what was done is undone by it.
            (Outcome::Interrupted, Some(Refusal::NotReady { .. })) => true,
            // What another run excludes is a refusal, and over: its line says `failover run` (S18).
            _ => false,
        }
    }
}

impl Record {
    /// The fence's record.
    #[must_use]
    pub fn fence(fence: &Fence) -> Self {
        Self::Fence { path: fence.path, rungs: fence.rungs.clone() }
    }

    /// The step that is about to be tried.
    #[must_use]
    pub fn before(step: &Step) -> Self {
        Self::Before { number: step.number(), step: step.clone() }
    }

    /// The step that was tried.
    #[must_use]
    pub fn after(step: &Step, result: StepResult) -> Self {
        Self::After { number: step.number(), step: step.clone(), result }
    }

    /// Does this record end a run?
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::End(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_one_and_nothing_before_it() {
        let end = End {
            outcome: Outcome::Done,
            exit: 0,
            message: String::new(),
            refusal: None,
            resumed: None,
            next: String::new(),
        };
        assert!(Record::End(end).is_end());
        assert!(!Record::Disarmed { proven: true, what: Vec::new() }.is_end());
    }
}
