//! Base58check with Tezos' prefixes.

use thiserror::Error;

/// Why a text is not the base58 value that was expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Base58Error {
    /// Not base58, or the checksum does not match: most often a typing error.
    #[error("{text:?} is not valid base58check: {why}")]
    Encoding {
        /// The text as it was given, shortened.
        text: String,
        /// What the decoder said.
        why: String,
    },
    /// Valid base58check of something else.
    #[error("{text:?} is not {expected}")]
    Prefix {
        /// The text as it was given, shortened.
        text: String,
        /// What was expected, in words.
        expected: &'static str,
    },
}

pub(crate) fn encode(prefix: &[u8], payload: &[u8]) -> String {
    let bytes: Vec<u8> = prefix.iter().chain(payload).copied().collect();
    bs58::encode(bytes).with_check().into_string()
}

pub(crate) fn decode<const N: usize>(
    text: &str,
    prefix: &[u8],
    expected: &'static str,
) -> Result<[u8; N], Base58Error> {
    let short = || text.chars().take(80).collect::<String>();
    // The longest value here is a BLS signature, 142 characters; base58 decoding is quadratic.
    if text.len() > 160 {
        return Err(Base58Error::Prefix { text: short(), expected });
    }
    let bytes = bs58::decode(text)
        .with_check(None)
        .into_vec()
        .map_err(|e| Base58Error::Encoding { text: short(), why: e.to_string() })?;
    bytes
        .strip_prefix(prefix)
        .and_then(|payload| payload.try_into().ok())
        .ok_or_else(|| Base58Error::Prefix { text: short(), expected })
}

/// `Display`, `FromStr` and serde as the base58 text, for a type with `PREFIX`, `EXPECTED` and one array.
macro_rules! base58_text {
    ($type:ident, $prefix:expr, $expected:expr) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&crate::tezos::base58::encode($prefix, &self.0))
            }
        }
        impl std::str::FromStr for $type {
            type Err = crate::tezos::Base58Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::tezos::base58::decode(text, $prefix, $expected).map(Self)
            }
        }
        crate::tezos::base58::text_serde!($type);
    };
}
/// Serde as the text of `Display` and `FromStr`.
macro_rules! text_serde {
    ($type:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use {base58_text, text_serde};
