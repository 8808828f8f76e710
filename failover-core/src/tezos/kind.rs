//! What a consensus key signs.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

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

/// A text that is no kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a kind; use block, preattestation or attestation")]
pub struct KindError {
    text: String,
}

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        let kind = Self::ALL.into_iter().find(|kind| kind.to_string() == text);
        kind.ok_or_else(|| KindError { text: text.chars().take(40).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_kind_is_read_as_it_is_shown_and_as_journals_have_it() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        assert!("Block".parse::<Kind>().is_err() && "".parse::<Kind>().is_err());
    }
}
