//! From a file's text to its nonces, or why it says nothing, and back.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{LegacyNonce, NonceFileName, Nonces, StatefulNonce};
use crate::tezos::{BlockHash, Level, NonceHash};

/// The longest file that is read, in bytes. A nonce takes some 400.
pub const SIZE_LIMIT: u64 = 256 * 1024;

/// Why a nonce file says nothing: which nonces there are is unknown (S3). What stood in it is in none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NonceFileError {
    /// Emptied: not even an empty list.
    #[error("it is empty, not even an empty list")]
    Empty,
    /// It ends in the middle.
    #[error("it is cut off after {bytes} bytes")]
    Cut {
        /// How much there is.
        bytes: u64,
    },
    /// Not what octez-baker writes.
    #[error("it is not what octez-baker writes, at line {line}, column {column}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A nonce that is not its hash's: damaged.
    #[error("the nonce for level {level:#} is not the one of its hash {hash}")]
    OtherHash {
        /// Its level.
        level: Level,
        /// The hash that stands there.
        hash: NonceHash,
    },
    /// Two entries for one key: which of them counts is not known.
    #[error("it has different entries for {what}")]
    Twice {
        /// The block or the nonce's hash.
        what: String,
    },
    /// Longer than [`SIZE_LIMIT`].
    #[error("it has {bytes} bytes, too many for nonces")]
    TooLarge {
        /// How long it is.
        bytes: u64,
    },
    /// It changed while it was read: something still writes.
    #[error("it changed while it was read: something still writes it")]
    Changed,
    /// A folder, a pipe, or a link that leads nowhere.
    #[error("it is not a regular file")]
    NotAFile,
}

impl NonceFileError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Changed => "stop what bakes there, then run again",
            _ => {
                "keep the file: a person has to see what can be saved from it; octez-baker does not start while its \
                 own file is like this"
            }
        }
    }
}

impl Nonces {
    /// Reads one file's whole text.
    ///
    /// # Errors
    /// Anything that is not a whole file: see [`NonceFileError`].
    pub fn parse(name: NonceFileName, text: &str) -> Result<Self, NonceFileError> {
        match name {
            NonceFileName::Stateful => {
                let mut nonces = BTreeMap::new();
                for nonce in entries::<StatefulNonce>(text)? {
                    let (hash, level) = (nonce.hash, nonce.level);
                    if nonce.nonce.hash() != hash || level.get() > Level::PROTOCOL_MAX {
                        return Err(NonceFileError::OtherHash { level, hash });
                    }
                    if nonces.insert(hash, nonce.clone()).is_some_and(|before| before != nonce) {
                        return Err(NonceFileError::Twice { what: format!("the nonce {hash}") });
                    }
                }
                Ok(Self { stateful: Some(nonces), legacy: None })
            }
            NonceFileName::Legacy => {
                let mut nonces: BTreeMap<BlockHash, _> = BTreeMap::new();
                for LegacyNonce { block, nonce } in entries(text)? {
                    if nonces.insert(block, nonce.clone()).is_some_and(|before| before != nonce) {
                        return Err(NonceFileError::Twice { what: format!("the block {block}") });
                    }
                }
                Ok(Self { stateful: None, legacy: Some(nonces) })
            }
        }
    }

    /// The text of one file, the same for the same nonces; `None`: there is no such file.
    pub(crate) fn text(&self, name: NonceFileName) -> Option<Zeroizing<String>> {
        match name {
            NonceFileName::Stateful => written(&self.stateful.as_ref()?.values().collect::<Vec<_>>()),
            NonceFileName::Legacy => {
                let entry = |(block, nonce): (&BlockHash, &super::SeedNonce)| LegacyNonce {
                    block: *block,
                    nonce: nonce.clone(),
                };
                written(&self.legacy.as_ref()?.iter().map(entry).collect::<Vec<_>>())
            }
        }
    }

    /// Is this file of the one the same as of the other?
    pub(crate) fn same(&self, other: &Self, name: NonceFileName) -> bool {
        match name {
            NonceFileName::Stateful => self.stateful == other.stateful,
            NonceFileName::Legacy => self.legacy == other.legacy,
        }
    }
}

/// As octez-baker writes it: indented by two, without a line end after it.
fn written<T: Serialize>(entries: &T) -> Option<Zeroizing<String>> {
    serde_json::to_string_pretty(entries).ok().map(Zeroizing::new)
}

fn entries<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, NonceFileError> {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if bytes > SIZE_LIMIT {
        return Err(NonceFileError::TooLarge { bytes });
    }
    // After a power cut a file may have its length, and zeros.
    if text.bytes().all(|byte| byte == 0 || byte.is_ascii_whitespace()) {
        return Err(NonceFileError::Empty);
    }
    // serde's own words would quote what it found.
    serde_json::from_str(text).map_err(|error| match error.is_eof() {
        true => NonceFileError::Cut { bytes },
        false => NonceFileError::Malformed { line: error.line(), column: error.column() },
    })
}
