//! EDGE: what the chain says.
//!
//! [`ChainLevelSource`] is any source of the level; [`ChainNode`] one that knows keys and votes too: the Octez node's
//! RPC in [`octez`]; [`tzkt`] is an indexer. They know nothing of the procedure; they answer with values, or with an error that says why there
//! is none. Unknown is never zero (S3).

use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::tezos::{BlockHash, ChainId, KeyHash, Kind, Level, Position, Round};

mod activity;
pub mod agreement;
mod answer;
mod block;
mod earnings;
mod error;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "http")]
mod names;
mod number;
pub mod octez;
mod pooled;
mod rights;
mod rpc;
mod scan;
mod text;
#[cfg(feature = "http")]
pub(crate) mod tls;
pub mod tzkt;
#[cfg(feature = "http")]
mod unsent;
#[cfg(feature = "http")]
mod url;
mod within;

pub use earnings::{Earnings, Participation, Ratio, Slashing};
pub use error::ChainError;
pub use pooled::{Pooled, Rumour};
pub use rights::{Ahead, Rights};
pub use rpc::{Body, Rpc};
#[cfg(feature = "etcd")]
pub(crate) use unsent::why;
#[cfg(feature = "http")]
pub use url::{SourceUrl, SourceUrlError};

/// A head, as one source shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// Its level.
    pub level: Level,
    /// Its round (the last field of the fitness).
    pub round: Round,
    /// Its hash.
    pub hash: BlockHash,
    /// Its own time, whole seconds.
    pub timestamp: Timestamp,
    /// The chain it is on.
    pub chain_id: ChainId,
    /// The protocol that made it, `P...`.
    pub protocol: String,
}

/// For people: `level 15,267,099 of NetXdQprcVkpaWU, made at 2026-11-22T03:00:00Z`.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level {:#} of {}, made at {}", self.level, self.chain_id, self.timestamp)
    }
}

/// What a node thinks of itself (`is_bootstrapped`, Octez v25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncState {
    /// Bootstrapped and in step with its peers.
    Synced,
    /// Not bootstrapped, or behind.
    Unsynced,
    /// In step with its peers, but the chain does not move.
    Stuck,
}

/// The constants that times and cycles come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Constants {
    /// Seconds of a round-0 block (`minimal_block_delay`).
    pub block_seconds: u64,
    /// Seconds that each further round adds (`delay_increment_per_round`).
    pub round_increment_seconds: u64,
    /// Levels in a cycle.
    pub blocks_per_cycle: u64,
}

/// A consensus or companion key that the chain expects, or will expect.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExpectedKey {
    /// The key.
    pub key: KeyHash,
    /// What it is for.
    pub role: KeyRole,
    /// `None`: active now. Else the cycle in which it activates.
    pub from_cycle: Option<u64>,
}

/// What a key of a baker is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// Signs blocks and votes.
    Consensus,
    /// Signs, with a tz4 consensus key, votes that carry DAL content.
    Companion,
}

impl KeyRole {
    /// `consensus` or `companion`, as the keys of a device are usually named.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consensus => "consensus",
            Self::Companion => "companion",
        }
    }
}

/// A baker, as the chain knows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Delegate {
    /// Every active and pending key, never empty.
    pub keys: Vec<ExpectedKey>,
    /// Deactivated bakers have no rights.
    pub deactivated: bool,
    /// Forbidden bakers were denounced.
    pub forbidden: bool,
    /// Evidence on chain that the baker signed twice, until it is punished for it.
    pub denunciations: Vec<Denunciation>,
    /// Levels of this cycle in which it had the right to attest and no vote of it is on chain, up to the level below
    /// that head. It starts over with each cycle. `None`: the node does not say.
    pub missed_levels: Option<u64>,
    /// The level of the head that all of this was read at.
    pub level: Level,
    /// Its cycle.
    pub cycle: u64,
    /// Levels left in that cycle after that head.
    pub levels_to_next_cycle: u64,
    /// The protocol that the next block will have.
    pub next_protocol: String,
    /// The protocol of the block [`PROTOCOL_LOOK_BACK`] levels below that head.
    pub earlier_protocol: String,
    /// In an adoption period: after so many levels comes the first block of another protocol.
    pub levels_to_protocol: Option<u64>,
}

/// How far below the head [`Delegate::earlier_protocol`] was read.
pub const PROTOCOL_LOOK_BACK: u64 = 10;
/// A block with this many on top is final (Tenderbake, Octez v25).
pub const FINAL: u64 = 2;
/// Votes for a level are settled at the head so many levels above it: they are in the next block and nowhere later, and
/// that one has to be final.
pub const SETTLED: u64 = FINAL + 1;

/// Evidence on chain that a baker signed twice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Denunciation {
    /// The operation with the evidence, `o...`.
    pub operation: String,
    /// What was signed twice, where that could be read: without it, it is a denunciation all the same.
    pub what: Option<(Kind, Position)>,
}

/// Something that the baker signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Signed {
    /// What.
    pub kind: Kind,
    /// Where.
    pub at: Position,
    /// Where it was seen: `block 1,234`, `mempool`.
    pub seen_in: String,
}

/// What the baker did at one level: the block of that level, preattestations in it, and the votes for it,
/// which are in the next block and nowhere later.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LevelActivity {
    /// The level.
    pub level: Level,
    /// Did the baker have the right to attest it? Absence proves nothing where it did not.
    pub rights: bool,
    /// What it signed there; empty is a fact, because a block that could not be read completely is an error.
    pub signed: Vec<Signed>,
}

/// The head of a peer of the node (`active_peers_heads`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PeerHead {
    /// Its level.
    pub level: Level,
    /// Its hash.
    pub hash: BlockHash,
}

/// The last signature of a baker that a source knows of, for one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LastSigned {
    /// What.
    pub kind: Kind,
    /// The level that was signed, not the one of the block that includes it. An indexer knows no round.
    pub level: Level,
}

/// A source of the chain's level. Every call has a deadline (S10).
pub trait ChainLevelSource: Send {
    /// Its name, as it is shown and left out by `--without`: `node http://127.0.0.1:8732`.
    fn name(&self) -> &str;

    /// The head, with its time: whether it is fresh is the caller's question.
    ///
    /// # Errors
    /// See [`ChainError`]; a level of 0 or past 2^31 - 1 is malformed.
    fn head(&mut self) -> Result<Head, ChainError>;

    /// The hash of the block at a level: two sources agree where it is the same at the lower of their heads.
    ///
    /// # Errors
    /// See [`ChainError`].
    fn hash_at(&mut self, level: Level) -> Result<BlockHash, ChainError>;

    /// The baker's last signature of each kind, where the source keeps an index of them. `None`: it keeps none, which
    /// says nothing about the baker.
    ///
    /// # Errors
    /// See [`ChainError`].
    fn last_signed(&mut self, _baker: &KeyHash) -> Result<Option<Vec<LastSigned>>, ChainError> {
        Ok(None)
    }

    /// The baker's rights in the levels ahead, all of them known within `within`. `None`: the source keeps none, which
    /// says nothing about the baker. Information only.
    ///
    /// # Errors
    /// See [`ChainError`]; foreign nodes deny this one.
    fn rights(&mut self, _baker: &KeyHash, _ahead: &Ahead, _within: Duration) -> Result<Option<Rights>, ChainError> {
        Ok(None)
    }
}

/// A node: a source that can also be asked for keys, votes and the mempool.
pub trait ChainNode: ChainLevelSource {
    /// Is the node in step with its peers?
    ///
    /// # Errors
    /// See [`ChainError`].
    fn sync(&mut self) -> Result<SyncState, ChainError>;

    /// Block times and cycle length.
    ///
    /// # Errors
    /// See [`ChainError`].
    fn constants(&mut self) -> Result<Constants, ChainError>;

    /// The baker's keys and standing.
    ///
    /// # Errors
    /// See [`ChainError`]; an address that is no baker's is refused by the node.
    fn delegate(&mut self, baker: &KeyHash) -> Result<Delegate, ChainError>;

    /// The heads of the node's own peers: a second opinion (H1).
    ///
    /// # Errors
    /// See [`ChainError`]; foreign nodes deny this one.
    fn peers_heads(&mut self) -> Result<Vec<PeerHead>, ChainError>;

    /// Does the baker have the right to attest a level? Absence proves nothing where it does not.
    ///
    /// # Errors
    /// See [`ChainError`]; foreign nodes deny this one.
    fn may_attest(&mut self, baker: &KeyHash, level: Level) -> Result<bool, ChainError>;

    /// What the baker signed at a level. Needs the block after it.
    ///
    /// # Errors
    /// See [`ChainError`]; a block with an operation of unknown kind or shape, or with fewer votes than its
    /// metadata records, is [`ChainError::Incomplete`].
    fn activity(&mut self, baker: &KeyHash, level: Level) -> Result<LevelActivity, ChainError>;

    /// What the baker has signed in the newest block itself, whose votes are not there yet: its block and its
    /// preattestations. Presence counts at once (S8).
    ///
    /// # Errors
    /// See [`ChainError`].
    fn newest(&mut self, baker: &KeyHash, head: &Head) -> Result<Vec<Signed>, ChainError>;

    /// Is this still the head, as [`ChainLevelSource::head`] read it last? Asks nothing, and `false` proves nothing: a
    /// node that reports each new head by itself would have reported another one.
    fn head_stays(&mut self, head: &BlockHash) -> bool {
        let _nobody_tells = head;
        false
    }

    /// Votes of the baker in the mempool. It can only accuse: empty proves nothing.
    ///
    /// # Errors
    /// See [`ChainError`].
    fn mempool(&mut self, baker: &KeyHash, head: &Head) -> Result<Pooled, ChainError>;

    /// What blocks and votes pay in a cycle, and what the baker has at stake, as the block with this hash sees it; all
    /// of it known within `within`. Information only.
    ///
    /// # Errors
    /// See [`ChainError`].
    fn earnings(
        &mut self,
        baker: &KeyHash,
        hash: &BlockHash,
        cycle: u64,
        within: Duration,
    ) -> Result<Earnings, ChainError>;
}
