//! Seed nonces: what a baker committed to in its blocks and has to reveal in the next cycle, or it loses that cycle's
//! attesting rewards (H16). Parsing, merging and writing only, no I/O.
//!
//! # What octez-baker keeps, and how it reads it
//! From `src/proto_024_PtTALLiN/lib_delegate/{baking_nonces,baking_files}.ml` and `src/lib_client_base_unix/client_context_unix.ml`
//! (tezos-mirror, Octez v24; v25's main branch has the same). Nothing of it was read from a real machine yet.
//!
//! In the baker's base folder, `NetX...` being the short chain id:
//!
//! | file | JSON | key | read |
//! |---|---|---|---|
//! | `NetX..._stateful_nonces` | a list of `{"nonce": hex, "hash": "nce...", "block": "B...", "cycle": n, "level": n, "round"?: n, "state": "committed" \| {"injection_level": n}}` | the nonce's hash | at every new head, and before every commitment |
//! | `NetX..._nonces` | a list of `{"block": "B...", "nonce": hex}`, older bakers' only file | the block's hash | once, at the start: what the other file does not have is looked up on the chain and added |
//! | `NetX..._orphaned_nonces` | as the one above | the block's hash | at every writing |
//!
//! - Both first files are written whole, the second as all of the first and of the third. So what is merged into these two
//!   is all that there is; the third is made anew by the baker at its start, and is not touched.
//! - An entry belongs to its `level`, which is what a revelation names. An old file's entry has only the block's hash,
//!   and the baker asks the chain for its level.
//! - A nonce is `committed` when its block was made, and has an `injection_level` once its revelation was sent. What the
//!   chain calls missing is revealed again two levels later, whatever the file says, so a nonce that was revealed before and is merged
//!   again does no harm; what is neither of this cycle nor of the last one is dropped with the next revelation.
//! - **A baker whose stateful file cannot be parsed does not start** (`perform_sanity_check`), and fields it does not know
//!   are errors to it. So nothing is written here that was not understood to the last field.
//! - Anybody who knows a nonce before it is revealed can foresee a part of the next seed: nonces are in no `Debug`, journal,
//!   screen or argument list.

use std::collections::BTreeMap;
use std::fmt;

use crate::tezos::{BlockHash, Level, NonceHash};

mod count;
mod name;
mod parse;
mod shape;

pub use count::{Merged, NonceCount};
pub(crate) use name::Of;
pub use name::{NonceFileName, PATTERN};
pub use parse::{NonceFileError, SIZE_LIMIT};
use shape::{LegacyNonce, SeedNonce, StatefulNonce};

/// The nonces of one chain, as a machine's files have them. A missing file is not an empty file.
///
/// ```
/// use failover_core::nonces::{NonceFileName, Nonces};
/// use failover_core::tezos::{BlockHash, NonceHash};
/// let old = |nonce: u8| format!(r#"[{{"block":"{}","nonce":"{}"}}]"#, BlockHash::new([nonce; 32]), format!("{nonce:02x}").repeat(32));
/// let (here, there) = (Nonces::parse(NonceFileName::Legacy, &old(1))?, Nonces::parse(NonceFileName::Legacy, &old(2))?);
/// assert_eq!(here.union(&there)?.count().map(|count| count.unrevealed), Some(2));
/// assert!(Nonces::parse(NonceFileName::Legacy, &old(1)[..40]).is_err(), "cut is unknown, not empty");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Nonces {
    /// By the nonce's hash.
    stateful: Option<BTreeMap<NonceHash, StatefulNonce>>,
    /// By the block's hash.
    legacy: Option<BTreeMap<BlockHash, SeedNonce>>,
}

/// Counts only.
impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces")
            .field("stateful", &self.stateful.as_ref().map(BTreeMap::len))
            .field("legacy", &self.legacy.as_ref().map(BTreeMap::len))
            .finish()
    }
}

/// Two files that cannot both be right: nothing is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NonceConflict {
    /// The old file holds one nonce a block, and the two machines have different ones.
    #[error("the two machines have different nonces for the block {block}")]
    Block {
        /// Which.
        block: BlockHash,
    },
    /// One nonce at two levels.
    #[error("the two machines have the nonce {hash} for different levels, {here:#} and {there:#}")]
    Level {
        /// Its hash, which is public.
        hash: NonceHash,
        /// In the one.
        here: Level,
        /// In the other.
        there: Level,
    },
}

impl Nonces {
    /// Are there no files at all?
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.stateful.is_none() && self.legacy.is_none()
    }

    /// All that either has. Whatever the order and however often, the same nonces come out.
    ///
    /// Two nonces for one block stay apart where the nonce's hash is the key. A nonce that both have is taken once: the
    /// state that is further, and of two blocks (nonces that are derived from the level are the same in each round) the
    /// one of the later round.
    ///
    /// # Errors
    /// Both cannot be right.
    pub fn union(&self, other: &Self) -> Result<Self, NonceConflict> {
        let mut all = self.clone();
        if let Some(theirs) = &other.stateful {
            let ours = all.stateful.get_or_insert_default();
            for (hash, nonce) in theirs {
                let both = match ours.get(hash) {
                    Some(known) if (known.level, known.cycle) != (nonce.level, nonce.cycle) => {
                        return Err(NonceConflict::Level { hash: *hash, here: known.level, there: nonce.level });
                    }
                    Some(known) => known.further(nonce),
                    None => nonce.clone(),
                };
                ours.insert(*hash, both);
            }
        }
        if let Some(theirs) = &other.legacy {
            let ours = all.legacy.get_or_insert_default();
            for (block, nonce) in theirs {
                match ours.get(block) {
                    Some(known) if known != nonce => return Err(NonceConflict::Block { block: *block }),
                    Some(_) => {}
                    None => drop(ours.insert(*block, nonce.clone())),
                }
            }
        }
        Ok(all)
    }

    /// How many nonces of one file are not in another state of it: what a merge adds.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> u64 {
        let known = |hash: &NonceHash| other.stateful.as_ref().is_some_and(|nonces| nonces.contains_key(hash));
        let old = |block: &BlockHash| other.legacy.as_ref().is_some_and(|nonces| nonces.contains_key(block));
        // The old file repeats what the other one has.
        let stateful = self.stateful.iter().flat_map(BTreeMap::keys).filter(|hash| !known(hash)).count();
        let legacy = self.legacy.iter().flat_map(BTreeMap::keys).filter(|block| !old(block)).count();
        u64::try_from(stateful.max(legacy)).unwrap_or(u64::MAX)
    }

    /// Is everything of `wanted` here, as it is there?
    #[must_use]
    pub fn has_all_of(&self, wanted: &Self) -> bool {
        fn within<K: Ord, V: PartialEq>(wanted: Option<&BTreeMap<K, V>>, found: Option<&BTreeMap<K, V>>) -> bool {
            let Some(wanted) = wanted else { return true };
            found.is_some_and(|found| wanted.iter().all(|(key, value)| found.get(key) == Some(value)))
        }
        within(wanted.stateful.as_ref(), self.stateful.as_ref()) && within(wanted.legacy.as_ref(), self.legacy.as_ref())
    }
}

#[cfg(test)]
mod tests;
