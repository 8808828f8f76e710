//! What sources other than the own node answer: TzKT, and a further node.
//!
//! They show the same chain, unless an [`Event::Source`](crate::Event::Source) spoils them.

use super::chain::Block;
use super::rpc::{self, Answer, GHOSTNET};
use super::seed::blake;
use super::source::{RpcFault, Source, SourceFault, Spoiled};
use super::state::State;
use failover_core::tezos::{BlockHash, ChainId};

mod node;
mod tzkt;

/// What a source answers to `GET path`.
pub(crate) fn answer(state: &State, source: Source, path: &str) -> Answer {
    let shown = Shown { state, spoiled: state.sources.get(&source).copied() };
    let fault = match shown.fault() {
        Some(SourceFault::Down) => return Answer::Refused,
        Some(SourceFault::Rpc(fault)) => Some(fault),
        _ => None,
    };
    rpc::spoiled(fault, || match source {
        Source::Tzkt => tzkt::answer(shown, path),
        Source::Node => node::answer(shown, path),
    })
}

/// The chain as a source shows it.
#[derive(Debug, Clone, Copy)]
struct Shown<'a> {
    state: &'a State,
    spoiled: Option<Spoiled>,
}

impl Shown<'_> {
    fn fault(self) -> Option<SourceFault> {
        self.spoiled.map(|spoiled| spoiled.fault)
    }

    fn chain_id(self) -> ChainId {
        match self.fault() {
            Some(SourceFault::OtherChain) => GHOSTNET,
            _ => self.state.options.chain,
        }
    }

    /// The highest level that it shows.
    fn highest(self) -> u64 {
        let newest = self.state.chain.head().map_or(0, |head| head.level).saturating_sub(self.state.faults.ahead);
        match self.spoiled {
            Some(Spoiled { fault: SourceFault::Behind(levels), .. }) => newest.saturating_sub(levels).max(1),
            Some(Spoiled { fault: SourceFault::Ahead(levels), .. }) => newest.saturating_add(levels),
            Some(Spoiled { fault: SourceFault::Stuck, since }) => since.min(newest),
            Some(Spoiled { fault: SourceFault::Rpc(RpcFault::LevelZero), .. }) => 0,
            _ => newest,
        }
    }

    fn head(self) -> Option<Block> {
        self.at(self.highest())
    }

    /// The block at a level. One that the simulated chain does not have, because it lies before its first block or
    /// after its last, is made up.
    fn at(self, level: u64) -> Option<Block> {
        if level > self.highest() {
            return None;
        }
        let newest = self.state.chain.head()?;
        let known = self.state.chain.at(level).cloned();
        let mut block = known.unwrap_or_else(|| Block {
            level,
            hash: blake(&[b"made up", &level.to_be_bytes()]),
            predecessor: blake(&[b"made up", &level.saturating_sub(1).to_be_bytes()]),
            ..newest.clone()
        });
        if let Some(SourceFault::Fork(blocks)) = self.fault()
            && level > newest.level.saturating_sub(blocks)
        {
            block.hash = blake(&[b"another branch", &block.hash]);
        }
        Some(block)
    }

    /// The block of an id: a level, or the hash of one that was shown.
    fn block(self, id: &str) -> Option<Block> {
        if let Ok(level) = id.parse() {
            return self.at(level);
        }
        let hash: BlockHash = id.parse().ok()?;
        let head = self.head().filter(|head| head.name() == hash);
        head.or_else(|| self.state.chain.with_hash(hash.bytes()).filter(|block| block.level <= self.highest()).cloned())
    }
}
