//! Which key of the Ledger's seed: a BIP32 path and a curve.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::tezos::{Curve, text_serde};

/// The bit of a hardened component.
const HARDENED: u32 = 0x8000_0000;
/// The longest path that the app takes (Ledger SDK, `MAX_BIP32_PATH`).
const LONGEST: usize = 10;

/// A BIP32 path, `44'/1729'/0'/0'`; `h` may stand for `'`. One to ten components.
///
/// ```
/// use failover_core::signer::ledger::KeyPath;
/// let path: KeyPath = "44h/1729h/0h/0h".parse()?;
/// assert_eq!(path.to_string(), "44'/1729'/0'/0'");
/// assert!("44'/x".parse::<KeyPath>().is_err());
/// # Ok::<(), failover_core::signer::ledger::KeyPathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPath(Vec<u32>);

/// A text that is neither a path nor a curve.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyPathError {
    /// Not a path.
    #[error("{text:?} is not a key path like 44'/1729'/0'/0'")]
    Path {
        /// The text.
        text: String,
    },
    /// Not a curve.
    #[error("{text:?} is not a curve; use ed25519, secp256k1, secp256r1, bip32-ed25519 or bls")]
    Curve {
        /// The text.
        text: String,
    },
}

impl KeyPath {
    /// The path with these components, hardened bits included; `None` for none or more than ten.
    #[must_use]
    pub fn new(components: Vec<u32>) -> Option<Self> {
        (1..=LONGEST).contains(&components.len()).then_some(Self(components))
    }

    /// The components, hardened bits included.
    #[must_use]
    pub fn components(&self) -> &[u32] {
        &self.0
    }

    /// As it stands in an APDU: one byte count, then a big-endian u32 a component.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![count];
        bytes.extend(self.0.iter().flat_map(|c| c.to_be_bytes()));
        bytes
    }
}

impl Default for KeyPath {
    /// `44'/1729'/0'/0'`, the path that most bakers have.
    fn default() -> Self {
        Self([44, 1729, 0, 0].map(|component| component | HARDENED).to_vec())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.0.iter().map(|c| match c & HARDENED {
            0 => c.to_string(),
            _ => format!("{}'", c & !HARDENED),
        });
        f.pad(&parts.collect::<Vec<_>>().join("/"))
    }
}

impl FromStr for KeyPath {
    type Err = KeyPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let component = |part: &str| {
            let (digits, hardened) = match part.strip_suffix(['\'', 'h']) {
                Some(digits) => (digits, HARDENED),
                None => (part, 0),
            };
            let number: u32 = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
            (number < HARDENED).then_some(number | hardened)
        };
        text.split('/')
            .map(component)
            .collect::<Option<Vec<_>>>()
            .and_then(Self::new)
            .ok_or_else(|| KeyPathError::Path { text: text.chars().take(80).collect() })
    }
}

text_serde!(KeyPath);

/// How the app derives a key, the P2 of its APDUs (Tezos Baking 2.5.1, `derivation_type_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Derivation {
    /// 0: tz1, SLIP-10.
    #[default]
    Ed25519,
    /// 1: tz2.
    Secp256k1,
    /// 2: tz3, also called P-256.
    Secp256r1,
    /// 3: tz1 as well, derived by BIP32.
    Bip32Ed25519,
    /// 4: tz4, not on the Nano S.
    Bls,
}

impl Derivation {
    /// All of them, in the order of their bytes.
    pub const ALL: [Self; 5] = [Self::Ed25519, Self::Secp256k1, Self::Secp256r1, Self::Bip32Ed25519, Self::Bls];

    /// The byte in an APDU.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0,
            Self::Secp256k1 => 1,
            Self::Secp256r1 => 2,
            Self::Bip32Ed25519 => 3,
            Self::Bls => 4,
        }
    }

    /// The derivation with this byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.byte() == byte)
    }

    /// The signature scheme of the derived key.
    #[must_use]
    pub const fn curve(self) -> Curve {
        match self {
            Self::Ed25519 | Self::Bip32Ed25519 => Curve::Ed25519,
            Self::Secp256k1 => Curve::Secp256k1,
            Self::Secp256r1 => Curve::P256,
            Self::Bls => Curve::Bls,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Secp256k1 => "secp256k1",
            Self::Secp256r1 => "secp256r1",
            Self::Bip32Ed25519 => "bip32-ed25519",
            Self::Bls => "bls",
        }
    }
}

impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Derivation {
    type Err = KeyPathError;

    /// The names of the configuration, and those of octez-client's URIs (`P-256`, `bip25519`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "p256" | "P-256" => Ok(Self::Secp256r1),
            "bip25519" => Ok(Self::Bip32Ed25519),
            "bls12-381" => Ok(Self::Bls),
            _ => Self::ALL
                .into_iter()
                .find(|d| d.name() == text)
                .ok_or_else(|| KeyPathError::Curve { text: text.chars().take(80).collect() }),
        }
    }
}

text_serde!(Derivation);

#[cfg(test)]
mod tests {
    use super::{Derivation, KeyPath};

    #[test]
    fn paths_in_words_and_bytes() {
        let path: KeyPath = "44'/1729h/0'/7".parse().unwrap();
        assert_eq!(path.to_string(), "44'/1729'/0'/7");
        assert_eq!(hex::encode(path.to_bytes()), "048000002c800006c18000000000000007");
    }

    #[test]
    fn what_is_no_path() {
        for text in ["", "/", "44'/", "44''", "+1", "-1", "2147483648", "44'/1729'x", "m/44'", "0/0/0/0/0/0/0/0/0/0/0"]
        {
            assert!(text.parse::<KeyPath>().is_err(), "{text}");
        }
        assert_eq!(KeyPath::new(vec![]), None);
    }

    #[test]
    fn derivations_by_name_and_byte() {
        for derivation in Derivation::ALL {
            assert_eq!(derivation.to_string().parse(), Ok(derivation));
            assert_eq!(Derivation::from_byte(derivation.byte()), Some(derivation));
        }
        assert_eq!(Derivation::from_byte(5), None);
        assert!("ed448".parse::<Derivation>().is_err());
    }
}
