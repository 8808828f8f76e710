//! A block of the simulated chain.

use crate::seed::blake;
use failover_core::tezos::{BlockHash, NonceHash};

/// A block, with the votes that it carries.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) level: u64,
    pub(crate) round: u32,
    /// The round in which its payload was first proposed.
    pub(crate) payload_round: u32,
    /// The round of the preattestations that it carries, if it is a re-proposal.
    pub(crate) locked_round: Option<u32>,
    pub(crate) predecessor_round: u32,
    pub(crate) hash: [u8; 32],
    pub(crate) predecessor: [u8; 32],
    /// Its own time, whole seconds since 1970.
    pub(crate) seconds: i64,
    pub(crate) payload: [u8; 32],
    pub(crate) context: [u8; 32],
    pub(crate) operations_hash: [u8; 32],
    /// The proof of work nonce; it differs where two machines make the same block.
    pub(crate) nonce: [u8; 8],
    /// The hash of the seed nonce that it commits to.
    pub(crate) seed_nonce: Option<NonceHash>,
    /// Who made the payload.
    pub(crate) proposer: usize,
    /// Who signed the block.
    pub(crate) baker: usize,
    /// Attestations for the predecessor.
    pub(crate) attestations: Vec<Ballot>,
    /// Preattestations for this level at the locked round.
    pub(crate) preattestations: Vec<Ballot>,
}

/// A vote, as a block carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ballot {
    pub(crate) baker: usize,
    /// Attestations only: with DAL content.
    pub(crate) dal: bool,
}

impl Block {
    /// The block that the rest stands on; it carries nothing.
    pub(crate) fn genesis(level: u64, seconds: i64) -> Self {
        Self {
            level,
            round: 0,
            payload_round: 0,
            locked_round: None,
            predecessor_round: 0,
            hash: blake(&[b"genesis", &level.to_be_bytes()]),
            predecessor: blake(&[b"before", &level.to_be_bytes()]),
            seconds,
            payload: [1; 32],
            context: [2; 32],
            operations_hash: [3; 32],
            nonce: [0; 8],
            seed_nonce: None,
            proposer: 1,
            baker: 1,
            attestations: Vec::new(),
            preattestations: Vec::new(),
        }
    }

    /// Its five fitness fields: version, level, locked round, minus predecessor's round minus one, round.
    pub(crate) fn fitness(&self) -> [Vec<u8>; 5] {
        [
            vec![2],
            u32::try_from(self.level).unwrap_or(u32::MAX).to_be_bytes().to_vec(),
            self.locked_round.map_or_else(Vec::new, |round| round.to_be_bytes().to_vec()),
            (!self.predecessor_round).to_be_bytes().to_vec(),
            self.round.to_be_bytes().to_vec(),
        ]
    }

    pub(crate) const fn name(&self) -> BlockHash {
        BlockHash::new(self.hash)
    }
}
