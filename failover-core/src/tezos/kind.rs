//! What a consensus key signs.

use std::fmt;

/// The kinds of consensus messages; a signer keeps a mark for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A block header, magic byte 0x11.
    Block,
    /// A preattestation, magic byte 0x12.
    Preattestation,
    /// An attestation, with or without DAL content, magic byte 0x13.
    Attestation,
}

impl Kind {
    /// All kinds, in the order of their magic bytes.
    pub const ALL: [Self; 3] = [Self::Block, Self::Preattestation, Self::Attestation];

    /// Is it a vote, not a block?
    #[must_use]
    pub const fn is_vote(self) -> bool {
        !matches!(self, Self::Block)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Block => "block",
            Self::Preattestation => "preattestation",
            Self::Attestation => "attestation",
        })
    }
}
