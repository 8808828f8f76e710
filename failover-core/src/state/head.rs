//! The head that independent sources last agreed on: it bounds every later one by the clock (S4, H26).

use crate::clock::Timestamp;
use crate::tezos::{ChainId, Level};

/// A head of the own node that a configured source agreed on, and what bounds the heads after it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadPin {
    /// The chain.
    pub chain: ChainId,
    /// The head.
    pub level: Level,
    /// Its own time: no block comes sooner after it than [`HeadPin::block_seconds`] allows.
    pub at: Timestamp,
    /// The protocol's minimal block time then, in seconds (`minimal_block_delay`). A node that says less later shrinks
    /// nothing.
    pub block_seconds: u64,
    /// The protocol then, `P...`. Under another one the pin is void: its blocks may be faster.
    pub protocol: String,
}
