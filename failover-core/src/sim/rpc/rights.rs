//! `/helpers/attestation_rights`, `/helpers/validators`, `/helpers/baking_rights`.

use serde_json::{Value, json};

use super::View;
use crate::sim::chain::Block;
use crate::sim::chain::committee::{COMMITTEE, Right, THRESHOLD};

type Query<'a> = [(&'a str, &'a str)];

fn asked<'a>(query: &Query<'a>, name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
}

fn level(query: &Query<'_>, default: u64) -> u64 {
    asked(query, "level").and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The rights of a level, of one delegate where one is asked for.
fn rights(view: View<'_>, level: u64, query: &Query<'_>) -> Vec<Right> {
    let wanted = asked(query, "delegate");
    let mut rights = view.state.committee.rights(level);
    rights.retain(|right| wanted.is_none_or(|address| view.state.committee.address(right.baker) == address));
    rights
}

/// Who may attest a level.
pub(super) fn attestation(view: View<'_>, block: &Block, query: &Query<'_>) -> Value {
    let level = level(query, block.level);
    let delegates: Vec<Value> = rights(view, level, query)
        .into_iter()
        .filter_map(|right| {
            let baker = view.state.committee.baker(right.baker)?;
            Some(json!({
                "delegate": baker.address,
                "first_slot": right.slot,
                "attesting_power": right.power,
                "consensus_key": baker.consensus.hash,
            }))
        })
        .collect();
    if delegates.is_empty() { json!([]) } else { json!([{ "level": level, "delegates": delegates }]) }
}

/// The same, as the baker itself asks for it.
pub(super) fn validators(view: View<'_>, block: &Block, query: &Query<'_>) -> Value {
    let level = level(query, block.level);
    let delegates: Vec<Value> = rights(view, level, query)
        .into_iter()
        .filter_map(|right| {
            let baker = view.state.committee.baker(right.baker)?;
            let mut entry = json!({
                "delegate": baker.address,
                "rounds": [right.slot],
                "consensus_key": baker.consensus.hash,
                "attesting_power": right.power.to_string(),
                "attestation_slot": right.slot,
            });
            if let (Some(companion), Some(fields)) = (&baker.companion, entry.as_object_mut()) {
                fields.insert("companion_key".to_owned(), json!(companion.hash));
            }
            Some(entry)
        })
        .collect();
    if delegates.is_empty() {
        return json!([]);
    }
    json!([{
        "level": level,
        "consensus_threshold": THRESHOLD.to_string(),
        "consensus_committee": COMMITTEE.to_string(),
        "all_bakers_attest_activated": false,
        "delegates": delegates,
    }])
}

/// Whose block it is, in the first rounds of a level.
pub(super) fn baking(view: View<'_>, block: &Block, query: &Query<'_>) -> Value {
    let level = level(query, block.level.saturating_add(1));
    let rounds = asked(query, "max_round").and_then(|text| text.parse().ok()).unwrap_or(8_u32).min(64);
    let wanted = asked(query, "delegate");
    let turns: Vec<Value> = (0..=rounds)
        .filter_map(|round| {
            let baker = view.state.committee.baker(view.state.committee.turn(level, round))?;
            let address = baker.address.to_string();
            wanted.is_none_or(|wanted| wanted == address).then(|| {
                json!({
                    "level": level, "delegate": address, "round": round, "consensus_key": baker.consensus.hash,
                })
            })
        })
        .collect();
    json!(turns)
}
