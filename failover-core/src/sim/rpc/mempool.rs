//! `/mempool/pending_operations`, version 2, and `/mempool/monitor_operations`: the votes of the newest levels, each on
//! its own, without receipts.

use serde_json::{Value, json};

use super::View;
use super::header::{payload, signature};
use crate::sim::chain::{Place, Vote};
use crate::sim::seed::{base58, blake};
use crate::tezos::{BlockHash, Curve, Kind};

/// What is in the node's mempool: votes for its head and the level before.
pub(super) fn pending(view: View<'_>) -> Value {
    json!({
        "validated": validated(view),
        "refused": [],
        "outdated": [],
        "branch_refused": [],
        "branch_delayed": [],
        "unprocessed": [],
    })
}

/// The same as a list: the first one of the stream. What comes after it is the server's to tell.
pub(super) fn monitored(view: View<'_>) -> Value {
    Value::Array(validated(view))
}

fn validated(view: View<'_>) -> Vec<Value> {
    let head = view.head().map_or(0, |head| head.level);
    (head.saturating_sub(1)..=head)
        .flat_map(|level| view.state.chain.votes_for(level))
        .filter_map(|(place, vote)| operation(view, place, vote))
        .collect()
}

fn operation(view: View<'_>, place: &Place, vote: &Vote) -> Option<Value> {
    let (level, round, kind) = *place;
    let right = view.state.committee.right(level, vote.ballot.baker)?;
    let curve = view.state.committee.baker(vote.ballot.baker).map_or(Curve::Ed25519, |b| b.consensus.hash.curve());
    let mut contents = json!({
        "kind": match (kind, vote.ballot.dal) {
            (Kind::Preattestation, _) => "preattestation",
            (_, true) => "attestation_with_dal",
            (_, false) => "attestation",
        },
        "slot": right.slot,
        "level": level,
        "round": round,
        "block_payload_hash": payload(&vote.payload),
    });
    if let (true, Some(fields)) = (vote.ballot.dal, contents.as_object_mut()) {
        fields.insert("dal_attestation".to_owned(), json!("0"));
    }
    let hash = blake(&[&vote.branch, contents.to_string().as_bytes()]);
    Some(json!({
        "hash": base58(&[0x05, 0x74], &hash),
        "branch": BlockHash::new(vote.branch),
        "contents": [contents],
        "signature": signature(curve, &hash),
    }))
}
