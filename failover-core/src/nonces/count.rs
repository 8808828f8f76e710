//! How many nonces: what may be shown and written down of them.

use std::fmt;

use super::Nonces;
use crate::tezos::Level;

/// How many nonces of a machine's files are not revealed yet, by the files' own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NonceCount {
    /// How many.
    pub unrevealed: u64,
    /// Only the old file is there, which does not say what was revealed: so many at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_most: bool,
    /// The lowest and the highest level of them, where the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<(Level, Level)>,
}

impl fmt::Display for NonceCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.at_most { "at most " } else { "" })?;
        write!(f, "{} unrevealed seed nonce{}", self.unrevealed, if self.unrevealed == 1 { "" } else { "s" })?;
        match self.levels {
            Some((first, last)) if first == last => write!(f, " (level {first:#})"),
            Some((first, last)) => write!(f, " (levels {first:#} to {last:#})"),
            None => Ok(()),
        }
    }
}

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Merged {
    /// Nonces that were not here before.
    pub added: u64,
    /// What the primary's files have; `None`: it has none of this chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<NonceCount>,
    /// What the files here have now; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<NonceCount>,
    /// Copies of the files that were there before, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

impl fmt::Display for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.theirs, self.added, self.here) {
            (None, ..) => f.write_str("the primary has no nonce file of this chain"),
            (Some(_), 0, _) => f.write_str("all of the primary's seed nonces were here already"),
            (Some(_), added, Some(here)) => write!(f, "{added} of the primary's seed nonces came here: {here} now"),
            (Some(_), added, None) => write!(f, "{added} of the primary's seed nonces came here"),
        }
    }
}

impl Nonces {
    /// How many are unrevealed; `None`: there are no files, which is not none.
    #[must_use]
    pub fn count(&self) -> Option<NonceCount> {
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        match (&self.stateful, &self.legacy) {
            (Some(nonces), _) => {
                let levels = || nonces.values().filter(|nonce| nonce.state.is_committed()).map(|nonce| nonce.level);
                Some(NonceCount {
                    unrevealed: number(levels().count()),
                    at_most: false,
                    levels: levels().min().zip(levels().max()),
                })
            }
            (None, Some(nonces)) => Some(NonceCount { unrevealed: number(nonces.len()), at_most: true, levels: None }),
            (None, None) => None,
        }
    }
}
