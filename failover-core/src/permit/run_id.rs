//! The name of a run, by which its permit and its claims are known.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// 128 random bits, written as 32 hexadecimal digits: what two machines made from one image do not share (H33).
///
/// ```
/// use failover_core::permit::RunId;
/// let run = RunId::random()?;
/// assert_eq!(run.to_string().parse(), Ok(run));
/// # Ok::<(), failover_core::permit::RunIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId([u8; 16]);

/// Why there is no name of a run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RunIdError {
    /// The text is not one.
    #[error("{text:?} is not the name of a run: 32 hexadecimal digits")]
    Text {
        /// The text, shortened.
        text: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for the name of a run: {why}")]
    Random {
        /// What the system said.
        why: String,
    },
}

impl RunId {
    /// A new name.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, RunIdError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|e| RunIdError::Random { why: e.to_string() })?;
        Ok(Self(bytes))
    }

    /// The name with these bits: for tests, in which nothing is random.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        match hex::decode_to_slice(text, &mut bytes) {
            // One name is one file: `AB` and `ab` would be two.
            Ok(()) if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => Ok(Self(bytes)),
            _ => Err(RunIdError::Text { text: text.chars().take(40).collect() }),
        }
    }
}

crate::tezos::text_serde!(RunId);
