//! Sources of the chain other than the backup's own node: TzKT, and a further node.
//!
//! They show the same chain, unless an [`super::Event::Source`] spoils them.

use super::chain::Block;
use super::event::RpcFault;
use super::rpc::Answer;
use super::seed::blake;
use super::world::State;
use failover_core::tezos::{BlockHash, ChainId};

mod node;
mod tzkt;

/// A source other than the own node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// TzKT.
    Tzkt,
    /// A further node, with the access list of a public one.
    Node,
}

impl Source {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tzkt => "the simulated TzKT",
            Self::Node => "the further simulated node",
        }
    }
}

/// What is wrong with a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFault {
    /// It lags by this many levels.
    Behind(u64),
    /// It stays at the level where it is when this begins.
    Stuck,
    /// It claims a head this much higher, of blocks that nobody else has (H20).
    Ahead(u64),
    /// Its newest blocks, so many of them, are others than everybody's.
    Fork(u64),
    /// It is on another network (H2).
    OtherChain,
    /// It claims that our baker signed this many levels above its head. Only TzKT is asked for that.
    SignedAhead(u64),
    /// Nobody listens.
    Down,
    /// It answers in this way.
    Rpc(RpcFault),
}

/// A fault, and the head's level when it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoiled {
    pub(crate) fault: SourceFault,
    pub(crate) since: u64,
}

/// What a source answers to `GET path`.
pub(crate) fn answer(state: &State, source: Source, path: &str) -> Answer {
    let shown = Shown { state, spoiled: state.sources.get(&source).copied() };
    let rpc = match shown.fault() {
        Some(SourceFault::Down) => return Answer::Refused,
        Some(SourceFault::Rpc(fault)) => Some(fault),
        _ => None,
    };
    super::rpc::spoiled(rpc, || match source {
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
            Some(SourceFault::OtherChain) => super::rpc::GHOSTNET,
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
