//! What a node's mempool shows of a baker, sorted by what it proves.

use super::Signed;
use crate::tezos::Level;

/// Votes of a baker that are in no block yet, as far as the node's mempool shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Pooled {
    /// The node has checked the signature: these were signed, and count at once.
    pub signed: Vec<Signed>,
    /// Of these, the positions at which two different things were signed: another branch, or another payload.
    pub conflicts: Vec<Signed>,
    /// In the baker's slot, and nobody has checked who signed them.
    pub rumours: Vec<Rumour>,
}

impl Pooled {
    /// Does it show nothing?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.signed.is_empty() && self.conflicts.is_empty() && self.rumours.is_empty()
    }
}

/// A vote in the baker's slot whose signature nobody has checked: octez looks at a vote's level before its signature
/// (`validate.ml`, Octez v25.1), so that anybody can put one there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rumour {
    /// What it says.
    pub signed: Signed,
    /// The head's level when it was heard first.
    pub since: Level,
}
