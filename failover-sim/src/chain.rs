//! The simulated chain: its blocks, its bakers, its mempool.

use std::collections::BTreeMap;

use failover_core::tezos::Kind;

pub(crate) mod block;
pub(crate) mod committee;
pub(crate) mod forge;

pub(crate) use block::{Ballot, Block};
pub(crate) use committee::{Committee, OURS};

/// The number of the protocol, as blocks of Ushuaia on mainnet carry it.
pub(crate) const PROTO: u8 = 25;
/// Ushuaia's hash.
pub(crate) const PROTOCOL: &str = "PsUshuai9QapM5TGj1JpuVGkdxz5GykdnEvS6Rh8SUVrARvZLCY";
/// Levels in a cycle (mainnet, Ushuaia 025).
pub(crate) const BLOCKS_PER_CYCLE: u64 = 14_400;
/// Blocks and votes that are kept.
const KEPT: u64 = 4_000;
/// Orphans that are kept.
const ORPHANS: usize = 100;

/// Where a vote belongs: level, round, kind.
pub(crate) type Place = (u64, u32, Kind);

/// A vote in the mempool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Vote {
    pub(crate) ballot: Ballot,
    pub(crate) payload: [u8; 32],
    pub(crate) branch: [u8; 32],
}

/// The chain.
#[derive(Debug)]
pub(crate) struct Chain {
    blocks: BTreeMap<u64, Block>,
    /// Blocks that were the head for a while, by hash.
    orphans: Vec<Block>,
    votes: BTreeMap<Place, Vec<Vote>>,
}

impl Chain {
    pub(crate) fn new(genesis: Block) -> Self {
        Self { blocks: BTreeMap::from([(genesis.level, genesis)]), orphans: Vec::new(), votes: BTreeMap::new() }
    }

    /// The highest block. There is always one.
    pub(crate) fn head(&self) -> Option<&Block> {
        self.blocks.last_key_value().map(|(_, block)| block)
    }

    pub(crate) fn at(&self, level: u64) -> Option<&Block> {
        self.blocks.get(&level)
    }

    /// The blocks from a level on.
    pub(crate) fn from(&self, level: u64) -> impl Iterator<Item = &Block> {
        self.blocks.range(level..).map(|(_, block)| block)
    }

    pub(crate) fn with_hash(&self, hash: &[u8; 32]) -> Option<&Block> {
        self.blocks.values().rev().chain(self.orphans.iter()).find(|block| block.hash == *hash)
    }

    /// Takes a block; one of the same level and a lower round becomes an orphan.
    pub(crate) fn push(&mut self, block: Block) {
        let level = block.level;
        if let Some(orphan) = self.blocks.insert(level, block) {
            self.orphans.push(orphan);
            if self.orphans.len() > ORPHANS {
                self.orphans.remove(0);
            }
        }
        if let Some(old) = level.checked_sub(KEPT) {
            self.blocks = self.blocks.split_off(&old);
        }
        if let Some(old) = level.checked_sub(4) {
            self.votes = self.votes.split_off(&(old, 0, Kind::Block));
        }
    }

    /// Takes a vote, once a baker and place.
    pub(crate) fn vote(&mut self, place: Place, vote: Vote) {
        let votes = self.votes.entry(place).or_default();
        if !votes.iter().any(|known| known.ballot.baker == vote.ballot.baker) {
            votes.push(vote);
        }
    }

    /// The votes for a place and payload.
    pub(crate) fn ballots(&self, place: Place, payload: &[u8; 32]) -> Vec<Ballot> {
        self.votes
            .get(&place)
            .map(|votes| votes.iter().filter(|v| v.payload == *payload).map(|v| v.ballot).collect())
            .unwrap_or_default()
    }

    /// All votes for a level.
    pub(crate) fn votes_for(&self, level: u64) -> impl Iterator<Item = (&Place, &Vote)> {
        self.votes
            .range((level, 0, Kind::Block)..(level.saturating_add(1), 0, Kind::Block))
            .flat_map(|(place, votes)| votes.iter().map(move |vote| (place, vote)))
    }
}
