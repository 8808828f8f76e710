//! Positions: where in the chain's order something was signed.

use std::fmt;

use super::Level;

/// A round of a level, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Round(pub u32);

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A level and a round, ordered as the protocol orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The level.
    pub level: Level,
    /// The round of that level.
    pub round: Round,
}

impl Position {
    /// A position.
    #[must_use]
    pub const fn new(level: Level, round: Round) -> Self {
        Self { level, round }
    }

    /// Round 0 of a level.
    #[must_use]
    pub const fn start_of(level: Level) -> Self {
        Self { level, round: Round(0) }
    }

    /// As a person reads it: `(15,267,099, 0)`. `{position:#}` writes the same.
    #[must_use]
    pub fn grouped(&self) -> String {
        format!("{self:#}")
    }
}

/// In digits; `{:#}` is [`Position::grouped`], for people.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return write!(f, "({}, {})", self.level, self.round);
        }
        write!(f, "({:#}, {})", self.level, self.round)
    }
}
