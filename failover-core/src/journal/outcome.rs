//! How a run ended, in one word.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::decision::Refusal;
use crate::tezos::text_serde;

/// How a run ended. Journals and `--json` have its word.
///
/// ```
/// use failover_core::journal::record::Outcome;
/// assert_eq!(serde_json::to_string(&Outcome::StoodDown)?, "\"stood-down\"");
/// // What a newer version writes is kept, and is none of those that this one knows.
/// assert_eq!(serde_json::from_str::<Outcome>("\"moved\"")?, Outcome::Other("moved".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The backup bakes; of a watch: the person ended it.
    Done,
    /// A step failed; nothing unsafe happened.
    Failed,
    /// An answer was needed, and there was nobody to ask and no flag that gave it.
    Usage,
    /// It is not safe, or cannot be shown to be.
    Refused,
    /// Something is missing or in the way.
    NotReady,
    /// Another machine signs with this baker's keys: the backup was stopped (S8).
    Duplicate,
    /// It was cut off: `failover resume` goes on.
    Interrupted,
    /// Another run excludes it, or its lock was lost (S7, S13).
    Locked,
    /// The person said no.
    Cancelled,
    /// Its permit is gone (S13, S14).
    Stopped,
    /// The backup was stopped, guarded and disarmed, and the run is over.
    StoodDown,
    /// The primary has its job back.
    Returned,
    /// A word that this version does not know. It may mean anything: such a run is not taken up again.
    Other(String),
}

impl Outcome {
    const NAMED: [(Self, &'static str); 12] = [
        (Self::Done, "done"),
        (Self::Failed, "failed"),
        (Self::Usage, "usage"),
        (Self::Refused, "refused"),
        (Self::NotReady, "not-ready"),
        (Self::Duplicate, "duplicate"),
        (Self::Interrupted, "interrupted"),
        (Self::Locked, "locked"),
        (Self::Cancelled, "cancelled"),
        (Self::Stopped, "stopped"),
        (Self::StoodDown, "stood-down"),
        (Self::Returned, "returned"),
    ];

    /// What a refusal ends a run with, where nothing else is known of it: what its exit code means.
    #[must_use]
    pub fn of(refusal: &Refusal) -> Self {
        match refusal.exit() {
            4 => Self::NotReady,
            5 => Self::Duplicate,
            6 => Self::Interrupted,
            7 => Self::Locked,
            8 => Self::Cancelled,
            _ => Self::Refused,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Other(word) => word,
            named => Self::NAMED.iter().find(|(outcome, _)| outcome == named).map_or("", |(_, word)| word),
        };
        f.pad(word)
    }
}

impl FromStr for Outcome {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        let named = Self::NAMED.into_iter().find(|(_, name)| *name == word).map(|(outcome, _)| outcome);
        Ok(named.unwrap_or_else(|| Self::Other(word.to_owned())))
    }
}

text_serde!(Outcome);

#[cfg(test)]
mod tests {
    use super::*;

    /// A match without a last arm: an outcome that is new has its word in the table, or this does not build.
    const fn is_named(outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Done
            | Outcome::Failed
            | Outcome::Usage
            | Outcome::Refused
            | Outcome::NotReady
            | Outcome::Duplicate
            | Outcome::Interrupted
            | Outcome::Locked
            | Outcome::Cancelled
            | Outcome::Stopped
            | Outcome::StoodDown
            | Outcome::Returned => true,
            Outcome::Other(_) => false,
        }
    }

    #[test]
    fn every_outcome_is_read_back_from_its_word_and_so_is_one_of_a_newer_version() {
        for (outcome, word) in Outcome::NAMED {
            assert!(is_named(&outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome);
        }
        for word in ["moved", "", "Done", "stood_down"] {
            let read: Outcome = serde_json::from_str(&format!("\"{word}\"")).unwrap();
            assert_eq!((&read, read.to_string().as_str()), (&Outcome::Other(word.to_owned()), word));
        }
        for wrong in ["1", "null", "{}", "[\"done\"]"] {
            assert!(serde_json::from_str::<Outcome>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_ends_a_run_as_its_exit_code_says() {
        assert_eq!(Outcome::of(&Refusal::NotSynced), Outcome::Refused);
        assert_eq!(Outcome::of(&Refusal::NoPermit), Outcome::Locked);
        assert_eq!(Outcome::of(&Refusal::Cancelled), Outcome::Cancelled);
        assert_eq!(Outcome::of(&Refusal::Unfinished { run: String::new() }), Outcome::Interrupted);
    }
}
