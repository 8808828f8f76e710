//! Hashes: of blocks, which two sources must agree on, and of seed nonces, which a block commits to.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use super::base58::base58_text;

/// A block's hash, `B...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockHash([u8; 32]);

base58_text!(BlockHash, &[0x01, 0x34], "a block hash (B...)");

impl BlockHash {
    /// The hash with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The hash of a seed nonce, `nce...`: what a block commits to, and what is revealed in the next cycle.
///
/// ```
/// use failover_core::tezos::NonceHash;
/// let text = NonceHash::of(&[7; 32]).to_string();
/// assert!(text.starts_with("nce") && text.len() == 53);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NonceHash([u8; 32]);

base58_text!(NonceHash, &[0x45, 0xdc, 0xa9], "the hash of a seed nonce (nce...)");

impl NonceHash {
    /// The hash of a nonce: blake2b-256 of its bytes (`seed_repr.ml`, Octez v25).
    #[must_use]
    pub fn of(nonce: &[u8; 32]) -> Self {
        Self(Blake2b::<U32>::digest(nonce).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
