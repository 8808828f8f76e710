//! `/context/delegates/ADDRESS`.

use serde_json::{Value, json};

use super::{View, issuance};
use crate::chain::committee::SigningKey;
use crate::chain::{BLOCKS_PER_CYCLE, Block, OURS};
use crate::device::next_key;
use failover_core::tezos::Curve;

/// A baker's account as of a block; `None` for an address that is no baker's.
pub(super) fn delegate(view: View<'_>, block: &Block, address: &str) -> Option<Value> {
    let state = view.state;
    let index = state.committee.find(address)?;
    let baker = state.committee.baker(index)?;
    let ours = index == OURS;
    let key = |key: &SigningKey| json!({ "pkh": key.hash, "pk": key.public });
    let mut consensus = json!({ "active": key(&baker.consensus) });
    if let (true, Some(from), Some(next)) = (ours, state.options.key_change, next_key(&state.options)) {
        // What the context has after a cycle's last block is the next cycle's.
        consensus = if block.level.saturating_add(1) >= from {
            json!({ "active": { "pkh": next.hash, "pk": next.public_key } })
        } else {
            let cycle = from.saturating_sub(1) / BLOCKS_PER_CYCLE;
            let pending = json!({ "cycle": cycle, "pkh": next.hash, "pk": next.public_key });
            json!({ "active": key(&baker.consensus), "pendings": [pending] })
        };
    }
    if let (true, Some(cycle), Some(fields)) = (ours, state.faults.pending_key, consensus.as_object_mut()) {
        let pending = SigningKey::drawn(state.seed, Curve::Bls, "pending", cycle);
        let pendings = json!([{ "cycle": cycle, "pkh": pending.hash, "pk": pending.public }]);
        fields.insert("pendings".to_owned(), pendings);
    }
    let missed = missed_levels(view, block, index);
    let denunciations: Vec<Value> = state.faults.denounced.iter().filter(|_| ours).map(denunciation).collect();
    let staked = baker.share.saturating_mul(1_000_000_000);
    Some(json!({
        "deactivated": ours && state.faults.deactivated,
        "is_forbidden": ours && state.faults.forbidden,
        "participation": {
            "expected_cycle_activity": baker.share.saturating_mul(14_400),
            "minimal_cycle_activity": baker.share.saturating_mul(9_600),
            "missed_slots": missed.saturating_mul(baker.share),
            "missed_levels": missed,
            "remaining_allowed_missed_slots": baker.share.saturating_mul(4_800),
            "expected_attesting_rewards": issuance::attesting_rewards(baker.share),
        },
        "grace_period": 1070,
        "baking_power": staked.to_string(),
        "own_staked": staked.to_string(),
        "external_staked": "0",
        "total_staked": staked.to_string(),
        "denunciations": denunciations,
        "consensus_key": consensus,
        "companion_key": { "active": baker.companion.as_ref().map(key) },
    }))
}

/// Levels of the block's cycle below it with the right to attest and no vote in the next block; only those that the
/// chain still has.
fn missed_levels(view: View<'_>, block: &Block, baker: usize) -> u64 {
    let first = block.level.saturating_sub(1) / BLOCKS_PER_CYCLE * BLOCKS_PER_CYCLE + 1;
    let blocks = view.state.chain.from(first.saturating_add(1)).take_while(|next| next.level <= block.level);
    let missed = blocks.filter(|next| {
        let voted = next.attestations.iter().any(|ballot| ballot.baker == baker);
        let level = next.level.saturating_sub(1);
        !voted && view.state.chain.at(level).is_some() && view.state.committee.right(level, baker).is_some()
    });
    missed.count() as u64
}

/// A double attestation at a level, in round 0.
fn denunciation(level: &u64) -> Value {
    json!({
        "operation_hash": "ooV39Gdmu4UqKSXRSs2cVYpcmGXkWzpFj5Yx4cCHyPHCKRmgqoG",
        "rewarded": "tz1burnburnburnburnburnburnburjAYjjX",
        "misbehaviour": { "level": level, "round": 0, "kind": "attestation" },
    })
}
