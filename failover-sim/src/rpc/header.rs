//! `/header`.

use serde_json::{Value, json};

use super::View;
use crate::chain::{Block, PROTO, PROTOCOL};
use crate::seed::{base58, blake, block_hash};
use crate::source::RpcFault;
use failover_core::clock::Timestamp;
use failover_core::tezos::Curve;

/// A block's header, with its hash, chain and protocol.
pub(super) fn header(view: View<'_>, block: &Block) -> Value {
    let seconds = block.seconds.saturating_add(view.state.faults.seconds_ahead);
    let level = if view.state.faults.rpc == Some(RpcFault::LevelZero) { 0 } else { block.level };
    let curve = view.state.committee.baker(block.baker).map_or(Curve::Ed25519, |b| b.consensus.hash.curve());
    let mut header = json!({
        "protocol": PROTOCOL,
        "chain_id": view.chain_id(),
        "hash": block_hash(&block.hash),
        "level": level,
        "proto": PROTO,
        "predecessor": block_hash(&block.predecessor),
        "timestamp": Timestamp::from_millis(seconds.saturating_mul(1000)),
        "validation_pass": 4,
        "operations_hash": base58(&[0x1d, 0x9f, 0x6d], &block.operations_hash),
        "fitness": block.fitness().map(hex::encode),
        "context": base58(&[0x4f, 0xc7], &block.context),
        "payload_hash": payload(&block.payload),
        "payload_round": block.payload_round,
        "proof_of_work_nonce": hex::encode(block.nonce),
        "liquidity_baking_toggle_vote": "on",
        "signature": signature(curve, &block.hash),
    });
    if let (Some(hash), Some(fields)) = (block.seed_nonce, header.as_object_mut()) {
        fields.insert("seed_nonce_hash".to_owned(), json!(hash));
    }
    header
}

/// `vh...`.
pub(super) fn payload(hash: &[u8; 32]) -> String {
    base58(&[0x01, 0x6a, 0xf2], hash)
}

/// A signature's text; nobody checks it here.
pub(super) fn signature(curve: Curve, of: &[u8]) -> String {
    let parts = [blake(&[of, b"0"]), blake(&[of, b"1"]), blake(&[of, b"2"])].concat();
    match curve {
        Curve::Bls => base58(&[0x28, 0xab, 0x40, 0xcf], &parts),
        _ => base58(&[0x04, 0x82, 0x2b], parts.first_chunk::<64>().unwrap_or(&[0; 64])),
    }
}
