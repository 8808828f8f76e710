//! Draws from a seed: each question has its own answer, whatever was asked before, so that the same seed gives
//! the same world whatever is done in it.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

/// The seed of a world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// 32 bytes for a label and numbers.
    pub(crate) fn bytes(self, label: &str, numbers: &[u64]) -> [u8; 32] {
        let mut hash = Blake2b::<U32>::new();
        hash.update(self.0.to_be_bytes());
        hash.update(label.as_bytes());
        for number in numbers {
            hash.update(number.to_be_bytes());
        }
        hash.finalize().into()
    }

    /// A number below `limit` (0 where the limit is 0).
    pub(crate) fn below(self, limit: u64, label: &str, numbers: &[u64]) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes(label, numbers);
        u64::from_be_bytes([a, b, c, d, e, f, g, h]).checked_rem(limit).unwrap_or(0)
    }
}

/// blake2b-256 of parts.
pub(crate) fn blake(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Base58check with a prefix, for the hashes that have no type of their own.
pub(crate) fn base58(prefix: &[u8], payload: &[u8]) -> String {
    let bytes: Vec<u8> = prefix.iter().chain(payload).copied().collect();
    bs58::encode(bytes).with_check().into_string()
}
