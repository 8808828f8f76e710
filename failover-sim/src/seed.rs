//! Draws from a seed: each question has its own answer, whatever was asked before, so that the same seed gives
//! the same world whatever is done in it.

use std::cell::RefCell;
use std::collections::HashMap;

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

/// This many texts are remembered.
const KNOWN: usize = 4_096;

thread_local! {
    /// A node is asked for the same votes and blocks again and again, and encoding them was most of its work.
    static TEXTS: RefCell<HashMap<Vec<u8>, String>> = RefCell::default();
}

/// Base58check with a prefix, for the hashes that have no type of their own.
pub(crate) fn base58(prefix: &[u8], payload: &[u8]) -> String {
    let bytes: Vec<u8> = prefix.iter().chain(payload).copied().collect();
    TEXTS.with_borrow_mut(|known| {
        if let Some(text) = known.get(&bytes) {
            return text.clone();
        }
        if known.len() >= KNOWN {
            known.clear();
        }
        let text = bs58::encode(&bytes).with_check().into_string();
        known.insert(bytes, text.clone());
        text
    })
}

/// A block's hash in the same way: `B...`.
pub(crate) fn block_hash(hash: &[u8; 32]) -> String {
    base58(&[0x01, 0x34], hash)
}
