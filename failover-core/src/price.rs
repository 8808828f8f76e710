//! The price: what waiting costs, what the margin skips, and what signing twice costs.
//!
//! Waiting is cheap and being wrong is not, so a person is shown both numbers before anything is done. It is
//! information only: nothing is decided by it, nothing is refused for it, and what is not known is shown as not known
//! (S3), never as 0. [`Price::of`] is a pure function; [`ask()`] asks the chain, once, within [`ALL`].
//!
//! How it is computed (protocols 023 to 025, read in Octez v25.1):
//!
//! - A baker's share of the power is `expected_cycle_activity` of the slots of a cycle, whether or not all bakers
//!   attest (`delegate_missed_attestations_storage.ml`). Over a while that share of the blocks is its own.
//! - The votes of a cycle are paid all together, or not at all where more than a third of them is missing. Waiting
//!   costs nothing there until that third is used up, and then all of them.
//! - A block signed twice costs 5 % of the stake, the votes at one block the square of their share of a third
//!   (`slash_percentage.ml`). Either way the baker is forbidden, and loses what [`FORBIDDEN_CYCLES`] would have paid.
//!
//! Fees, tips and the DAL's rewards are not in it.

use crate::chain::{Ahead, Constants};
use crate::clock::Timestamp;
use crate::facts::Unknown;

mod ahead;
mod ask;
mod twice;
mod waiting;
mod words;

pub use ahead::{Coming, NextBlock};
pub use ask::{ALL, Answers, LEVELS, QUESTION, ask};
pub use twice::{FORBIDDEN_CYCLES, Twice};
pub use waiting::{VotesPrice, WaitingPrice};

/// Something that is known, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Known<T> {
    /// It is known.
    Known(T),
    /// It is not.
    Unknown(Unknown),
}

impl<T> From<Result<T, Unknown>> for Known<T> {
    fn from(result: Result<T, Unknown>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(unknown) => Self::Unknown(unknown),
        }
    }
}

/// The price, as it was while the run was planned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Price {
    /// When it was asked for.
    pub at: Timestamp,
    /// What waiting costs.
    pub waiting: Known<WaitingPrice>,
    /// The blocks and votes to come.
    pub coming: Known<Coming>,
    /// What signing twice costs.
    pub twice: Known<Twice>,
}

/// Where the chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time.
    pub at: Timestamp,
    /// The head's own time.
    pub head_at: Timestamp,
    /// Block times and the cycle's length.
    pub constants: Constants,
    /// Levels of the head's cycle after the head.
    pub left_in_cycle: u64,
    /// The head, the floor (the last level whose votes were asked for) and the last level whose blocks were.
    pub ahead: Ahead,
}

impl Price {
    /// The price, from what was answered.
    #[must_use]
    pub fn of(answers: &Answers, now: &Now) -> Self {
        let Answers { earnings, rights } = answers;
        let earned = || earnings.as_ref().map_err(Clone::clone);
        let all_attest = rights.as_ref().ok().and_then(|rights| rights.value.all_bakers_attest);
        Self {
            at: now.at,
            waiting: earned()
                .and_then(|earnings| WaitingPrice::of(earnings, all_attest, now).ok_or_else(too_large))
                .into(),
            coming: rights.as_ref().map(|rights| Coming::of(rights, now)).map_err(Clone::clone).into(),
            twice: earned().and_then(|earnings| Twice::of(earnings, &now.constants).ok_or_else(too_large)).into(),
        }
    }
}

/// What the answers are too large to compute with.
fn too_large() -> Unknown {
    Unknown {
        why: "the amounts that the node names are too large to compute with".to_owned(),
        next: "compare them with an explorer".to_owned(),
    }
}
