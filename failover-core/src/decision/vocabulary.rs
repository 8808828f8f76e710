//! The words in which verdicts are said: how the primary is fenced, what a person states, what bounds what it signed, what is
//! waited for. They depend on nothing else here.

use std::fmt;
use std::time::Duration;

use super::policy::{CHAIN_AGE, GUARDS_AGE};
use crate::facts::{Signed, WrittenMark};
use crate::tezos::Level;

/// How the primary can be fenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// It answers and can be stopped from here.
    Controlled,
    /// It cannot be stopped from here, whatever still answers.
    Uncontrolled,
    /// Nobody can reach it, unplug it or switch it off; a person takes the risk, typed in full.
    Unproven,
}

/// What a person stated about the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statement {
    /// Its signer is unplugged.
    Disconnected,
    /// It is switched off.
    PoweredOff,
    /// Nothing proves it, and the person takes the risk.
    Unproven,
    /// Nobody runs failover on a machine that could not be asked (S13).
    NoOtherRun,
}

/// What stands for the cable: a person's statement, or what feeds the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A person said so.
    Person(Statement),
    /// The power status says off.
    PowerStatus,
}

/// What B comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
#[non_exhaustive]
pub enum Basis {
    /// octez-baker's file, which it writes before each signature, read after the stop was read back: B is exact.
    Marks {
        /// Its highest mark.
        mark: WrittenMark,
        /// The file.
        path: String,
    },
    /// No file bounds what was signed, but one has a mark above head + 2: the primary signed at least so far.
    Beyond {
        /// The mark.
        mark: WrittenMark,
        /// The file.
        path: String,
        /// Why B is not exact.
        why: String,
    },
    /// Head + 2: one candidate that was not seen, one block of lag.
    Unseen {
        /// Why B is not exact.
        why: String,
    },
    /// What was noted when an earlier run was refused; silence was counted from there.
    Refused,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Marks { mark, path } => write!(f, "exact: {mark} is the last that {path} has"),
            Self::Beyond { mark, path, why } => write!(f, "the {mark} in {path} is above head + 2; {why}"),
            Self::Unseen { why } => write!(f, "head + 2, because {why}"),
            Self::Refused => f.write_str("as noted by the run that was refused"),
        }
    }
}

/// What decided an arming step is too old by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub struct TooOld {
    /// How old the reading of the chain is; `None`: nobody can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Duration>,
    /// How old the reading of what guards the primary is; `None`: nothing of it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<Duration>,
}

impl fmt::Display for TooOld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is = |age: Duration, may: Duration| {
            format!("{} old and may be {}", humantime::format_duration(shown(age)), humantime::format_duration(may))
        };
        match self.chain {
            Some(age) => write!(f, "the chain was read too long ago: {}", is(age, CHAIN_AGE))?,
            None => f.write_str("when the chain was read is not known")?,
        }
        self.primary.iter().try_for_each(|age| write!(f, "; the primary: {}", is(*age, GUARDS_AGE)))
    }
}

/// To the tenth of a second.
fn shown(age: Duration) -> Duration {
    Duration::from_millis(u64::try_from(age.as_millis() / 100).unwrap_or(u64::MAX / 100).saturating_mul(100))
}

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

/// What is waited for: "waiting for" stands before it.
impl fmt::Display for WaitFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain { level } => write!(f, "the chain to move on from level {level:#}"),
            Self::Known { what } => write!(f, "what is not known at the moment: {what}"),
            Self::Stopped => f.write_str("a second reading of the primary's services"),
            Self::Silence { silent, needed } => {
                write!(f, "the primary's silence: {silent} of {needed} levels so far")
            }
            Self::Statement => f.write_str("the time after the statement"),
            Self::Baking { floor, .. } => write!(f, "the backup's first signature above {floor:#} on chain"),
            Self::Steady { missed: Some(missed) } => {
                write!(f, "the missed levels to stop growing: {missed} in this cycle")
            }
            Self::Steady { missed: None } => f.write_str("the node to say how many levels were missed in this cycle"),
            Self::Quarantine { floor, .. } => write!(f, "every level up to the floor {floor:#} to be judged"),
            Self::Rumour { signed: Signed { kind, at, .. }, until } => {
                write!(f, "the node to check the {kind} {at:#} in the mempool, until level {until:#} at most")
            }
            Self::KeyChange { levels } => {
                write!(f, "another key of this baker to become active, in {levels} levels")
            }
            // H43.
            Self::Unmoved => f.write_str("a second look at unlocked keys: is this the machine that bakes?"),
        }
    }
}

/// A time that is left, as a person reads it: in seconds up to two minutes, else in minutes, rounded up.
pub(crate) fn about(left: Duration) -> String {
    match left.as_secs() {
        s if s < 120 => format!("{s} s"),
        s => format!("{} min", s.div_ceil(60)),
    }
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

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waiting for {}", self.why)?;
        self.left.map_or(Ok(()), |left| write!(f, ", at most about {}", about(left)))
    }
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
