//! Addresses of bakers and keys, and the hash of a public key.

use std::fmt;
use std::str::FromStr;

use blake2::digest::consts::U20;
use blake2::{Blake2b, Digest};
use thiserror::Error;

use super::base58::{self, Base58Error, text_serde};

/// A signature scheme that a baker's key can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Curve {
    /// tz1.
    Ed25519,
    /// tz2.
    Secp256k1,
    /// tz3.
    P256,
    /// tz4: BLS12-381, whose votes are aggregated in blocks.
    Bls,
}

impl Curve {
    const ALL: [Self; 4] = [Self::Ed25519, Self::Secp256k1, Self::P256, Self::Bls];

    const fn prefix(self) -> [u8; 3] {
        match self {
            Self::Ed25519 => [0x06, 0xa1, 0x9f],
            Self::Secp256k1 => [0x06, 0xa1, 0xa1],
            Self::P256 => [0x06, 0xa1, 0xa4],
            Self::Bls => [0x06, 0xa1, 0xa6],
        }
    }
}

/// The hash of a public key: a baker's address or a consensus key, `tz1...` to `tz4...`.
///
/// ```
/// use failover_core::tezos::{Curve, KeyHash};
/// let key: KeyHash = "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse()?;
/// assert_eq!(key.curve(), Curve::Bls);
/// assert_eq!(key.to_string(), "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh");
/// # Ok::<(), failover_core::tezos::Base58Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyHash {
    curve: Curve,
    hash: [u8; 20],
}

/// A public key whose bytes cannot be one of the curve's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{len} bytes that do not have the shape of a {curve:?} public key")]
pub struct PublicKeyError {
    /// The curve that was asked for.
    pub curve: Curve,
    /// How many bytes there were.
    pub len: usize,
}

impl KeyHash {
    /// The hash with these bytes.
    #[must_use]
    pub const fn new(curve: Curve, hash: [u8; 20]) -> Self {
        Self { curve, hash }
    }

    /// Which signature scheme the key has.
    #[must_use]
    pub const fn curve(&self) -> Curve {
        self.curve
    }

    /// blake2b-160 of a public key in the node's form: 32 bytes, 33 (compressed), or 48 (compressed BLS).
    ///
    /// # Errors
    /// The length is not the curve's.
    pub fn of_public_key(curve: Curve, key: &[u8]) -> Result<Self, PublicKeyError> {
        let expected = match curve {
            Curve::Ed25519 => 32,
            Curve::Secp256k1 | Curve::P256 => 33,
            Curve::Bls => 48,
        };
        if key.len() != expected {
            return Err(PublicKeyError { curve, len: key.len() });
        }
        Ok(Self { curve, hash: Blake2b::<U20>::digest(key).into() })
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base58::encode(&self.curve.prefix(), &self.hash))
    }
}

impl FromStr for KeyHash {
    type Err = Base58Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut last = Base58Error::Prefix { text: text.chars().take(80).collect(), expected: "an address" };
        for curve in Curve::ALL {
            match base58::decode(text, &curve.prefix(), "an address (tz1, tz2, tz3 or tz4)") {
                Ok(hash) => return Ok(Self { curve, hash }),
                Err(e) => last = e,
            }
        }
        Err(last)
    }
}

text_serde!(KeyHash);
