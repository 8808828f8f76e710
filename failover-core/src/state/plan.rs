//! The plan that a person was shown, and the short name that a scripted confirmation has to give.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::clock::Timestamp;
use crate::tezos::{ChainId, KeyHash};

/// No 0 and O, no 1 and I: 32 letters and digits that survive being read aloud.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH: usize = 6;

/// A plan's name: six letters and digits, random, so that it cannot be known before the plan was shown.
///
/// ```
/// use failover_core::state::PlanId;
/// let plan: PlanId = "k7mpq2".parse()?;
/// assert_eq!(plan.to_string(), "K7MPQ2");
/// # Ok::<(), failover_core::state::PlanIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId([u8; LENGTH]);

/// Why there is no plan's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanIdError {
    /// The text is not one.
    #[error("{text:?} is not the name of a plan: six letters and digits, without 0, O, 1 and I")]
    Text {
        /// The text, shortened.
        text: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {why}")]
    Random {
        /// What the system said.
        why: String,
    },
}

impl PlanId {
    /// A new name.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, PlanIdError> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(|e| PlanIdError::Random { why: e.to_string() })?;
        // 256 is a multiple of 32: no letter is likelier than another.
        Ok(Self(bytes.map(|byte| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'A'))))
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl FromStr for PlanId {
    type Err = PlanIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: Option<[u8; LENGTH]> = text.to_ascii_uppercase().into_bytes().try_into().ok();
        bytes
            .filter(|bytes| bytes.iter().all(|byte| ALPHABET.contains(byte)))
            .map(Self)
            .ok_or_else(|| PlanIdError::Text { text: text.chars().take(40).collect() })
    }
}

crate::tezos::text_serde!(PlanId);

/// A plan that was shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownPlan {
    /// Its name.
    pub plan: PlanId,
    /// The baker's name in the configuration.
    pub name: String,
    /// When it was shown.
    pub created: Timestamp,
    /// What it was shown for; older versions do not say it, and such a plan confirms nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

/// What a plan was shown for: a statement that names it counts for nothing else (S15).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The baker.
    pub baker: KeyHash,
    /// The chain.
    pub chain: ChainId,
    /// The primary, as it is configured to be reached.
    pub host: Option<String>,
    /// The margin, in levels.
    pub margin: u64,
    /// The primary is not to be controlled.
    pub emergency: bool,
    /// Sources that were left out.
    pub without: Vec<String>,
}

impl About {
    /// What is not the same, in words: of this one, and of the other.
    fn differs(&self, other: &Self) -> Option<(String, String)> {
        let named = |what: &str, of: &dyn fmt::Display| format!("{what} {of}");
        let shown = |about: &Self| {
            let host = about.host.clone().unwrap_or_else(|| "that is not reached".to_owned());
            let sources: BTreeSet<&str> = about.without.iter().map(String::as_str).collect();
            let sources: Vec<&str> = sources.into_iter().collect();
            [
                named("the baker", &about.baker),
                named("the chain", &about.chain),
                named("a primary", &host),
                named("--margin", &about.margin),
                if about.emergency { "--emergency" } else { "no --emergency" }.to_owned(),
                if sources.is_empty() { "no --without".to_owned() } else { named("--without", &sources.join(" ")) },
            ]
        };
        shown(self).into_iter().zip(shown(other)).find(|(one, other)| one != other)
    }
}

/// Why a plan does not stand behind a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Another plan was shown last.
    #[error("{given} is not the plan that was shown last")]
    Other {
        /// The plan that the confirmation gave.
        given: PlanId,
    },
    /// It was shown for another baker.
    #[error("the plan was shown for the baker {shown:?}, not for {given:?}")]
    Name {
        /// The name that the confirmation gave.
        given: String,
        /// The name in the plan.
        shown: String,
    },
    /// It was shown too long ago.
    #[error("the plan {given} was shown {} ago; it is good for {}", humantime::format_duration(*age), humantime::format_duration(ShownPlan::GOOD_FOR))]
    Expired {
        /// The plan.
        given: PlanId,
        /// How long ago it was shown, to the second.
        age: Duration,
    },
    /// It was shown for something else.
    #[error("the plan {given} was shown for {shown}, and this is for {wanted}")]
    About {
        /// The plan.
        given: PlanId,
        /// What it was shown for.
        shown: String,
        /// What it should confirm.
        wanted: String,
    },
    /// It will be shown in the future: the clock was set back since.
    #[error("the plan {given} was shown at {created}, which is in the future")]
    Future {
        /// The plan.
        given: PlanId,
        /// When it says it was shown.
        created: Timestamp,
    },
}

impl PlanError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Future { .. } => "check the clock, then run `failover run --plan-only` again",
            _ => "run `failover run --plan-only` again, look at what it says, and confirm that plan",
        }
    }
}

impl ShownPlan {
    /// How long a plan is good for after it was shown.
    pub const GOOD_FOR: Duration = Duration::from_secs(600);

    /// Does this plan stand behind a confirmation `NAME:PLAN` that is given now, about this?
    ///
    /// # Errors
    /// It is another plan, for another baker or something else, too old, or from the future.
    pub fn confirms(&self, name: &str, plan: PlanId, about: &About, now: Timestamp) -> Result<(), PlanError> {
        if plan != self.plan {
            return Err(PlanError::Other { given: plan });
        }
        if name != self.name {
            return Err(PlanError::Name { given: name.to_owned(), shown: self.name.clone() });
        }
        let Some(shown) = &self.about else {
            let (shown, wanted) =
                ("what an older version did not say".to_owned(), format!("the baker {}", about.baker));
            return Err(PlanError::About { given: plan, shown, wanted });
        };
        if let Some((shown, wanted)) = shown.differs(about) {
            return Err(PlanError::About { given: plan, shown, wanted });
        }
        if now < self.created {
            return Err(PlanError::Future { given: plan, created: self.created });
        }
        let age = now.since(self.created);
        if age > Self::GOOD_FOR {
            return Err(PlanError::Expired { given: plan, age: Duration::from_secs(age.as_secs()) });
        }
        Ok(())
    }
}
