//! `/helpers/attestation_rights`, `/helpers/validators`, `/helpers/baking_rights`.

use serde_json::{Value, json};

use super::View;
use crate::chain::Block;
use crate::chain::committee::{COMMITTEE, Right, THRESHOLD};

type Query<'a> = [(&'a str, &'a str)];

fn asked<'a>(query: &Query<'a>, name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
}

/// The levels that are asked for, in the order of the question; without any the default.
fn levels(query: &Query<'_>, default: u64) -> Vec<u64> {
    let levels = query.iter().filter(|(key, _)| *key == "level");
    let levels: Vec<u64> = levels.filter_map(|(_, value)| value.parse().ok()).collect();
    if levels.is_empty() { vec![default] } else { levels }
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
    let of_level = |level| attestation_at(view, level, query);
    levels(query, block.level).into_iter().filter_map(of_level).collect()
}

fn attestation_at(view: View<'_>, level: u64, query: &Query<'_>) -> Option<Value> {
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
    (!delegates.is_empty()).then(|| json!({ "level": level, "delegates": delegates }))
}

/// The same, as the baker itself asks for it.
pub(super) fn validators(view: View<'_>, block: &Block, query: &Query<'_>) -> Value {
    let of_level = |level| validators_at(view, level, query);
    levels(query, block.level).into_iter().filter_map(of_level).collect()
}

fn validators_at(view: View<'_>, level: u64, query: &Query<'_>) -> Option<Value> {
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
    (!delegates.is_empty()).then(|| {
        json!({
            "level": level,
            "consensus_threshold": THRESHOLD.to_string(),
            "consensus_committee": COMMITTEE.to_string(),
            "all_bakers_attest_activated": false,
            "delegates": delegates,
        })
    })
}

/// Whose block it is, in the first rounds of each level: of each baker its lowest round, as without `all`.
pub(super) fn baking(view: View<'_>, block: &Block, query: &Query<'_>) -> Value {
    let rounds = asked(query, "max_round").and_then(|text| text.parse().ok()).unwrap_or(8_u32).min(64);
    let committee = &view.state.committee;
    // Found once: a name is costly to write out.
    let wanted = asked(query, "delegate").map(|address| committee.find(address));
    let mut turns = Vec::new();
    for level in levels(query, block.level.saturating_add(1)) {
        let mut known = Vec::new();
        for round in 0..=rounds {
            let index = committee.turn(level, round);
            let Some(baker) = committee.baker(index).filter(|_| !known.contains(&index)) else { continue };
            known.push(index);
            if wanted.is_none_or(|wanted| wanted == Some(index)) {
                turns.push(json!({
                    "level": level, "delegate": baker.address, "round": round, "consensus_key": baker.consensus.hash,
                }));
            }
        }
    }
    json!(turns)
}
