//! How old what decided an arming step may be when it is done (S15).

use std::fmt;
use std::time::Duration;

use super::policy::{CHAIN_AGE, GUARDS_AGE};
use super::step::{Approved, Step};
use crate::facts::Timestamp;

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

impl Approved<Step> {
    /// May it be done now? Asked right before the device or the guard is touched. What arms nothing always may.
    ///
    /// # Errors
    /// What decided it is too old: look again.
    pub fn still_fresh(&self, now: Timestamp) -> Result<(), TooOld> {
        if !self.get().arms() {
            return Ok(());
        }
        let (chain, primary) = match self.asked() {
            Some(asked) => asked.ages(now),
            None => return Err(TooOld { chain: None, primary: None }),
        };
        match chain > CHAIN_AGE || primary.is_some_and(|age| age > GUARDS_AGE) {
            true => Err(TooOld { chain: Some(chain), primary }),
            false => Ok(()),
        }
    }
}
