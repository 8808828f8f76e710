//! `/context/delegates/ADDRESS`.

use serde_json::{Value, json};

use super::{View, issuance};
use crate::sim::chain::OURS;
use crate::sim::chain::committee::SigningKey;
use crate::tezos::Curve;

/// A baker's account; `None` for an address that is no baker's.
pub(super) fn delegate(view: View<'_>, address: &str) -> Option<Value> {
    let state = view.state;
    let index = state.committee.find(address)?;
    let baker = state.committee.baker(index)?;
    let ours = index == OURS;
    let key = |key: &SigningKey| json!({ "pkh": key.hash, "pk": key.public });
    let mut consensus = json!({ "active": key(&baker.consensus) });
    if let (true, Some(cycle), Some(fields)) = (ours, state.faults.pending_key, consensus.as_object_mut()) {
        let pending = SigningKey::drawn(state.seed, Curve::Bls, "pending", cycle);
        let pendings = json!([{ "cycle": cycle, "pkh": pending.hash, "pk": pending.public }]);
        fields.insert("pendings".to_owned(), pendings);
    }
    let staked = baker.share.saturating_mul(1_000_000_000);
    Some(json!({
        "deactivated": ours && state.faults.deactivated,
        "is_forbidden": ours && state.faults.forbidden,
        "participation": {
            "expected_cycle_activity": baker.share.saturating_mul(14_400),
            "minimal_cycle_activity": baker.share.saturating_mul(9_600),
            "missed_slots": 0,
            "missed_levels": 0,
            "remaining_allowed_missed_slots": baker.share.saturating_mul(4_800),
            "expected_attesting_rewards": issuance::attesting_rewards(baker.share),
        },
        "grace_period": 1070,
        "baking_power": staked.to_string(),
        "own_staked": staked.to_string(),
        "external_staked": "0",
        "total_staked": staked.to_string(),
        "denunciations": [],
        "consensus_key": consensus,
        "companion_key": { "active": baker.companion.as_ref().map(key) },
    }))
}
