//! The RPC of the backup's node, in the shapes of Octez v25 and Ushuaia (025).

use serde_json::{Value, json};

use super::chain::{Block, PROTOCOL};
use super::machine::Job;
use super::seed::blake;
use super::source::RpcFault;
use super::state::State;
use failover_core::tezos::{BlockHash, ChainId};

mod delegate;
mod header;
mod issuance;
mod mempool;
mod metadata;
mod operations;
mod rights;

/// Another network's chain id: Ghostnet's.
pub(super) const GHOSTNET: ChainId = ChainId::new([0xaf, 0x18, 0x64, 0xd9]);

/// What a node does when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It answers.
    Http {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// It begins to answer with this many bytes of nothing.
    Huge(u64),
    /// It accepts, and says nothing.
    Hangs,
    /// It is asked too often (429), and says for how many seconds not to ask again.
    TooMany(u64),
    /// Nobody listens: the node is down.
    Refused,
}

impl Answer {
    pub(super) fn json(value: &Value) -> Self {
        Self::Http { status: 200, body: value.to_string().into_bytes() }
    }

    pub(super) fn error(status: u16, id: &str) -> Self {
        let body = json!([{ "kind": "temporary", "id": id }]).to_string().into_bytes();
        Self::Http { status, body }
    }
}

/// Answers `GET path`.
pub(crate) fn answer(state: &State, path: &str) -> Answer {
    let machine = &state.machines.backup;
    if !machine.runs(Job::Node) {
        return Answer::Refused;
    }
    spoiled(state.faults.rpc, || View { state }.route(path))
}

/// An answer, or what a fault makes of it.
pub(super) fn spoiled(fault: Option<RpcFault>, answer: impl FnOnce() -> Answer) -> Answer {
    match fault {
        None | Some(RpcFault::LevelZero) => answer(),
        Some(RpcFault::Hangs) => Answer::Hangs,
        Some(RpcFault::Huge) => Answer::Huge(200_000_000),
        Some(RpcFault::Denied) => Answer::Http { status: 403, body: Vec::new() },
        Some(RpcFault::TooMany) => Answer::TooMany(30),
        Some(RpcFault::Html) => {
            let body = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>".to_vec();
            Answer::Http { status: 200, body }
        }
        Some(RpcFault::Cut) => match answer() {
            Answer::Http { status, mut body } => {
                body.truncate(body.len() / 2);
                Answer::Http { status, body }
            }
            other => other,
        },
    }
}

/// A path's parts, and its query.
pub(super) fn split(path: &str) -> (Vec<&str>, Vec<(&str, &str)>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    (path.split('/').filter(|part| !part.is_empty()).collect(), query)
}

/// A block's header, as a node without faults shows it.
pub(super) fn header_of(state: &State, block: &Block) -> Value {
    header::header(View { state }, block)
}

/// The chain as the node shows it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
}

impl<'a> View<'a> {
    /// The head that it shows.
    fn head(self) -> Option<&'a Block> {
        let faults = &self.state.faults;
        let newest = self.state.chain.head()?.level;
        self.state.chain.at(faults.frozen.unwrap_or(newest).saturating_sub(faults.behind))
    }

    /// The chain that it says it is on.
    pub(crate) fn chain_id(self) -> ChainId {
        if self.state.faults.wrong_chain { GHOSTNET } else { self.state.options.chain }
    }

    /// The block of an id: `head`, `head~3`, a level, a hash.
    fn block(self, id: &str) -> Option<&'a Block> {
        let head = self.head()?;
        let (base, back) = match id.split_once(['~', '-']) {
            Some((base, back)) => (base, back.parse().ok()?),
            None => (id, 0),
        };
        let found = match (base, base.parse::<u64>(), base.parse::<BlockHash>()) {
            ("head", ..) => Some(head),
            (_, Ok(level), _) => self.state.chain.at(level),
            (_, _, Ok(hash)) => self.state.chain.with_hash(hash.bytes()),
            _ => None,
        }?;
        let found = if back == 0 { Some(found) } else { self.state.chain.at(found.level.checked_sub(back)?) };
        found.filter(|block| block.level <= head.level)
    }

    fn route(self, path: &str) -> Answer {
        let (parts, query) = split(path);
        if self.state.faults.denied.iter().any(|questions| questions.include(&parts)) {
            return Answer::Http { status: 403, body: Vec::new() };
        }
        match parts.as_slice() {
            ["version"] => Answer::json(&version()),
            ["chains", "main", "chain_id"] => Answer::json(&json!(self.chain_id())),
            ["chains", "main", "is_bootstrapped"] => Answer::json(&self.bootstrapped()),
            ["chains", "main", "active_peers_heads"] => Answer::json(&self.peers()),
            ["chains", "main", "mempool", "pending_operations"] => mempool::pending(self),
            ["chains", "main", "mempool", "monitor_operations"] => mempool::monitored(self),
            ["chains", "main", "blocks", id, rest @ ..] => match self.block(id) {
                Some(block) => self.of_block(block, rest, &query),
                None => Answer::error(404, "validator.block_not_found"),
            },
            _ => Answer::error(404, "rpc.not_found"),
        }
    }

    fn of_block(self, block: &Block, rest: &[&str], query: &[(&str, &str)]) -> Answer {
        Answer::json(&match rest {
            ["hash"] => json!(block.name()),
            ["header"] => header::header(self, block),
            ["metadata"] => metadata::metadata(self, block),
            ["operations"] => json!([operations::consensus(self, block), [], [], []]),
            ["operations", "0"] => operations::consensus(self, block),
            ["operations", "1" | "2" | "3"] => json!([]),
            ["helpers", "round"] => json!(block.round),
            ["helpers", "current_level"] => metadata::level_info(block.level),
            ["helpers", "attestation_rights"] => rights::attestation(self, block, query),
            ["helpers", "validators"] => rights::validators(self, block, query),
            ["helpers", "baking_rights"] => rights::baking(self, block, query),
            ["context", "constants"] => self.constants(),
            ["context", "issuance", "expected_issuance"] => issuance::expected(block),
            ["context", "delegates", address, rest @ ..] => match delegate::delegate(self, block, address) {
                Some(found) => match rest {
                    [] => found,
                    [field] => match found.get(field) {
                        Some(value) => value.clone(),
                        None => return Answer::error(404, "rpc.not_found"),
                    },
                    _ => return Answer::error(404, "rpc.not_found"),
                },
                None => return Answer::error(500, "proto.025-PsUshuai.delegate.not_registered"),
            },
            _ => return Answer::error(404, "rpc.not_found"),
        })
    }

    fn bootstrapped(self) -> Value {
        use failover_core::chain::SyncState;
        let sync = self.state.faults.sync.unwrap_or(SyncState::Synced);
        json!({ "bootstrapped": sync != SyncState::Unsynced, "sync_state": sync })
    }

    /// Three peers with the true head, or with what they were told to say.
    fn peers(self) -> Value {
        let faults = &self.state.faults;
        let head = self.state.chain.head().filter(|_| faults.frozen.is_none() && !faults.no_peers);
        let Some(head) = head else { return json!({ "active_peers_heads": [] }) };
        let hash = match (faults.peers_disagree, faults.peers_ahead) {
            (false, 0) => head.name(),
            _ => BlockHash::new(blake(&[b"another branch", &head.hash])),
        };
        let level = head.level.saturating_add(faults.peers_ahead);
        let peers: Vec<Value> = (0..3u8)
            .map(|number| {
                let id = super::seed::base58(
                    &[153, 103],
                    blake(&[b"peer", &[number]]).first_chunk::<16>().unwrap_or(&[0; 16]),
                );
                json!({ "peer_id": id, "block_hash": hash, "block_level": level })
            })
            .collect();
        json!({ "active_peers_heads": peers })
    }

    /// The constants that matter, of Ushuaia on mainnet but for the block time.
    fn constants(self) -> Value {
        json!({
            "proof_of_work_nonce_size": 8,
            "consensus_rights_delay": 2,
            "blocks_per_cycle": super::chain::BLOCKS_PER_CYCLE,
            "blocks_per_commitment": 112,
            "minimal_block_delay": self.state.options.block_seconds.to_string(),
            "delay_increment_per_round": self.state.increment().to_string(),
            "consensus_committee_size": super::chain::committee::COMMITTEE,
            "consensus_threshold_size": super::chain::committee::THRESHOLD,
            "minimal_participation_ratio": { "numerator": 2, "denominator": 3 },
            "percentage_of_frozen_deposits_slashed_per_double_baking": 500,
            "max_slashing_per_block": 10_000,
            "max_slashing_threshold": { "numerator": 1, "denominator": 3 },
            "denunciation_period": 1,
            "slashing_delay": 1,
            "max_operations_time_to_live": 600,
            "tolerated_inactivity_period": 2,
            "consensus_key_activation_delay": 2,
        })
    }

    /// The protocol of the next block.
    pub(crate) fn next_protocol(self) -> String {
        self.state.faults.next_protocol.clone().unwrap_or_else(|| PROTOCOL.to_owned())
    }
}

/// `/version` of Octez v25.1.
fn version() -> Value {
    json!({
        "version": { "major": 25, "minor": 1, "build": 0, "additional_info": "release" },
        "network_version": { "chain_name": "TEZOS_MAINNET", "distributed_db_version": 2, "p2p_version": 1 },
        "commit_info": null,
    })
}
