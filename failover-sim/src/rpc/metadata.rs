//! `/metadata`.

use serde_json::{Value, json};

use super::View;
use crate::chain::committee::{COMMITTEE, THRESHOLD};
use crate::chain::{BLOCKS_PER_CYCLE, Ballot, Block, PROTOCOL};

/// A block's receipt.
pub(super) fn metadata(view: View<'_>, block: &Block) -> Value {
    let committee = &view.state.committee;
    let key = |index| committee.baker(index).map(|b| b.consensus.hash);
    let newest = view.state.chain.head().is_some_and(|head| head.level == block.level);
    let next = if newest { view.next_protocol() } else { PROTOCOL.to_owned() };
    let attestations = match block.level.checked_sub(1) {
        Some(level) => power(view, level, &block.attestations),
        None => Value::Null,
    };
    let preattestations = match block.locked_round {
        Some(_) => power(view, block.level, &block.preattestations),
        None => Value::Null,
    };
    json!({
        "protocol": PROTOCOL,
        "next_protocol": next,
        "test_chain_status": { "status": "not_running" },
        "max_operations_ttl": 600,
        "max_operation_data_length": 32768,
        "max_block_header_length": 289,
        "max_operation_list_length": [
            { "max_size": 4194304, "max_op": 2048 },
            { "max_size": 32768 },
            { "max_size": 135168, "max_op": 132 },
            { "max_size": 524288 },
        ],
        "proposer": committee.address(block.proposer),
        "baker": committee.address(block.baker),
        "level_info": level_info(block.level),
        "voting_period_info": {
            "voting_period": { "index": 184, "kind": "exploration", "start_position": 15_120_000 },
            "position": 0,
            "remaining": 100_000,
        },
        "nonce_hash": null,
        "deactivated": [],
        "balance_updates": [],
        "liquidity_baking_toggle_ema": 38_325_558,
        "implicit_operations_results": [],
        "proposer_consensus_key": key(block.proposer),
        "baker_consensus_key": key(block.baker),
        "consumed_milligas": "3000000",
        "dal_attestation": "0",
        "all_bakers_attest_activation_level": null,
        "attestations": attestations,
        "preattestations": preattestations,
    })
}

/// Where a level stands in its cycle.
pub(super) fn level_info(level: u64) -> Value {
    let position = level.saturating_sub(1);
    json!({
        "level": level,
        "level_position": position,
        "cycle": position / BLOCKS_PER_CYCLE,
        "cycle_position": position % BLOCKS_PER_CYCLE,
        "expected_commitment": false,
    })
}

/// The votes that a block recorded for a level, against which its operations can be counted.
fn power(view: View<'_>, level: u64, ballots: &[Ballot]) -> Value {
    let rights = view.state.committee.rights(level);
    let recorded: u64 = rights.iter().filter(|r| ballots.iter().any(|b| b.baker == r.baker)).map(|r| r.power).sum();
    json!({
        "total_committee_power": COMMITTEE.to_string(),
        "threshold": THRESHOLD.to_string(),
        "recorded_power": recorded.to_string(),
    })
}
