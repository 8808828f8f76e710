//! How old what decided an arming step may be when it is done (S15).

use super::vocabulary::TooOld;

use super::policy::{CHAIN_AGE, GUARDS_AGE};
use super::step::{Approved, Step};
use crate::facts::Timestamp;

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
