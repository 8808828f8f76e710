//! The files' JSON, as octez-baker writes it. A field that is not known is an error, as it is to the baker.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::tezos::{BlockHash, Level, NonceHash, Round};

/// A seed nonce: secret until it is revealed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SeedNonce(Zeroizing<[u8; 32]>);

impl SeedNonce {
    pub(super) fn hash(&self) -> NonceHash {
        NonceHash::of(&self.0)
    }
}

impl fmt::Debug for SeedNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedNonce(..)")
    }
}

impl Serialize for SeedNonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(*self.0)))
    }
}

impl<'de> Deserialize<'de> for SeedNonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut bytes = Zeroizing::new([0; 32]);
        // The decoder's own words would name a character of it.
        hex::decode_to_slice(text.as_bytes(), &mut *bytes)
            .map_err(|_| serde::de::Error::custom("a nonce has 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}

/// An entry of `NetX..._nonces`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegacyNonce {
    pub(super) block: BlockHash,
    pub(super) nonce: SeedNonce,
}

/// An entry of `NetX..._stateful_nonces`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatefulNonce {
    pub(super) nonce: SeedNonce,
    pub(super) hash: NonceHash,
    pub(super) block: BlockHash,
    pub(super) cycle: u32,
    pub(super) level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) round: Option<Round>,
    pub(super) state: State,
}

/// How far a nonce is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum State {
    Committed(Committed),
    Revealed(Revealed),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Committed {
    #[serde(rename = "committed")]
    Committed,
}

/// Its revelation was sent at this level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revealed {
    pub(super) injection_level: Level,
}

impl State {
    const fn sent(self) -> Option<Level> {
        match self {
            Self::Committed(_) => None,
            Self::Revealed(revealed) => Some(revealed.injection_level),
        }
    }

    pub(super) const fn is_committed(self) -> bool {
        self.sent().is_none()
    }
}

impl StatefulNonce {
    /// The same nonce from two machines.
    pub(super) fn further(&self, other: &Self) -> Self {
        // By the block too, so that the order in which they are merged does not matter.
        let place = |nonce: &Self| (nonce.round.map(|round| round.0), nonce.block);
        let later = if place(other) > place(self) { other } else { self };
        let state = if other.state.sent() > self.state.sent() { other.state } else { self.state };
        Self { state, ..later.clone() }
    }
}
