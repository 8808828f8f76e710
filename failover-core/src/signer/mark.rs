//! Marks: what a signer remembers of what it signed.

use std::fmt;

use crate::tezos::{Kind, Position};

/// The high watermark for a kind: the highest position signed or set. Empty where nothing ever was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Mark(pub Option<Position>);

impl Mark {
    /// A mark at a position.
    #[must_use]
    pub const fn at(position: Position) -> Self {
        Self(Some(position))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(position) => position.fmt(f),
            None => f.pad("nothing signed"),
        }
    }
}

/// A key's three marks. A Ledger has one for all kinds: three times the same here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Marks {
    /// Blocks.
    pub block: Mark,
    /// Preattestations.
    pub preattestation: Mark,
    /// Attestations.
    pub attestation: Mark,
}

impl Marks {
    /// The same mark for all kinds.
    #[must_use]
    pub const fn all(mark: Mark) -> Self {
        Self { block: mark, preattestation: mark, attestation: mark }
    }

    /// The mark of a kind.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> Mark {
        match kind {
            Kind::Block => self.block,
            Kind::Preattestation => self.preattestation,
            Kind::Attestation => self.attestation,
        }
    }

    /// The highest of the three.
    #[must_use]
    pub fn highest(&self) -> Mark {
        self.block.max(self.preattestation).max(self.attestation)
    }

    /// The lowest of the three.
    #[must_use]
    pub fn lowest(&self) -> Mark {
        self.block.min(self.preattestation).min(self.attestation)
    }
}
