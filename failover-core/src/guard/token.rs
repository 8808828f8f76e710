//! The token: on whose word a machine may bake.

use std::fmt;

use crate::clock::Timestamp;
use crate::state::PlanId;

/// What is in the token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
#[non_exhaustive]
pub struct Token {
    /// When the guard was lifted.
    pub at: Timestamp,
    /// On whose word.
    pub by: LiftedBy,
}

/// On whose word the guard was lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiftedBy {
    /// The run of this plan, when it had approved the start.
    Plan(PlanId),
    /// A person, who typed this sentence.
    Statement(String),
    /// The backup, which gave the job back: its run of this plan never started it.
    Returned(PlanId),
}

impl Token {
    /// The plan whose run lifted the guard, where it was one.
    #[must_use]
    pub const fn plan(&self) -> Option<PlanId> {
        match self.by {
            LiftedBy::Plan(plan) => Some(plan),
            LiftedBy::Statement(_) | LiftedBy::Returned(_) => None,
        }
    }
}

impl fmt::Display for LiftedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(plan) => write!(f, "by the run of plan {plan}"),
            Self::Statement(sentence) => write!(f, "on the statement {sentence:?}"),
            Self::Returned(plan) => write!(f, "given back by the backup, which the run of plan {plan} never started"),
        }
    }
}

/// The token as it is written; one that names neither or both of its sources is not a token.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<PlanId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returned: Option<PlanId>,
}

impl TryFrom<Fields> for Token {
    type Error = &'static str;

    fn try_from(Fields { at, plan, statement, returned }: Fields) -> Result<Self, Self::Error> {
        let by = match (plan, statement, returned) {
            (Some(plan), None, None) => LiftedBy::Plan(plan),
            (None, Some(sentence), None) if !sentence.is_empty() => LiftedBy::Statement(sentence),
            (None, None, Some(plan)) => LiftedBy::Returned(plan),
            _ => return Err("it does not name exactly one source"),
        };
        Ok(Self { at, by })
    }
}

impl From<Token> for Fields {
    fn from(Token { at, by }: Token) -> Self {
        let none = Self { at, plan: None, statement: None, returned: None };
        match by {
            LiftedBy::Plan(plan) => Self { plan: Some(plan), ..none },
            LiftedBy::Statement(sentence) => Self { statement: Some(sentence), ..none },
            LiftedBy::Returned(plan) => Self { returned: Some(plan), ..none },
        }
    }
}
