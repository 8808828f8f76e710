//! Block hashes: what two sources must agree on.

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
