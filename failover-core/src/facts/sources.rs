//! Second opinions on the own node's head.

use std::fmt;

use super::{Fact, LastSigned, Standing};
use crate::tezos::Level;

/// The heads of the node's peers, held against its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SecondOpinion {
    /// How many peers told their head.
    pub asked: usize,
    /// How many are on the same chain of blocks, at most two levels away.
    pub agreeing: usize,
    /// The highest head of those that agree.
    pub highest: Level,
}

/// Another source, held against the own node's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSource {
    /// Its name, as `--without` takes it.
    pub name: String,
    /// What it says.
    pub said: Fact<Compared>,
}

impl OtherSource {
    /// Does it agree with the own node?
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.agreed().is_some()
    }

    /// Its head, where it agrees.
    #[must_use]
    pub fn agreed(&self) -> Option<Level> {
        self.said.as_ref().ok().filter(|said| said.value.standing.agrees()).map(|said| said.value.level)
    }
}

impl fmt::Display for OtherSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.said {
            Ok(said) => write!(f, "{} {} (level {:#})", self.name, said.value.standing, said.value.level),
            // The reason names the source.
            Err(unknown) => unknown.fmt(f),
        }
    }
}

/// What another source says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Compared {
    /// The level of its head.
    pub level: Level,
    /// How it stands to the own node.
    pub standing: Standing,
    /// The baker's last signatures that it knows of; empty where it keeps no index.
    pub last_signed: Vec<LastSigned>,
}
