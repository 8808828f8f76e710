//! What is wrong with the node at the moment.

use crate::event::Questions;
use crate::source::RpcFault;
use failover_core::chain::SyncState;
use failover_core::tezos::Kind;

/// What is wrong with the node and its chain at the moment; by default nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    pub(crate) halted: bool,
    pub(crate) behind: u64,
    /// Every other source is so many levels behind the node and its peers.
    pub(crate) ahead: u64,
    /// The last level that the node saw before it was cut from the chain.
    pub(crate) frozen: Option<u64>,
    pub(crate) sync: Option<SyncState>,
    pub(crate) seconds_ahead: i64,
    pub(crate) wrong_chain: bool,
    pub(crate) peers_disagree: bool,
    pub(crate) peers_ahead: u64,
    pub(crate) no_peers: bool,
    /// What the access list denies.
    pub(crate) denied: Vec<Questions>,
    pub(crate) forbidden: bool,
    pub(crate) deactivated: bool,
    /// The level at which our baker was denounced for signing twice.
    pub(crate) denounced: Option<u64>,
    /// The cycle in which a pending key becomes active.
    pub(crate) pending_key: Option<u64>,
    pub(crate) next_protocol: Option<String>,
    /// Blocks above this level carry an operation of unknown kind.
    pub(crate) unknown_operation: Option<u64>,
    /// Receipts above this level are pruned.
    pub(crate) pruned: Option<u64>,
    pub(crate) rpc: Option<RpcFault>,
    /// Votes in our baker's slot that the node does not take into its mempool.
    pub(crate) strays: Vec<Stray>,
}

/// A vote in our baker's slot that no machine of this world made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) level: u64,
    pub(crate) round: u32,
    pub(crate) kind: Kind,
    /// By another holder of the key; else by nobody.
    pub(crate) signed: bool,
}
