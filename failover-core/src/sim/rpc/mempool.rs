//! `/mempool/pending_operations`, version 2, and `/mempool/monitor_operations`: the votes of the newest levels, each on
//! its own, without receipts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::header::{payload, signature};
use super::{Answer, View};
use crate::sim::chain::{Place, Vote};
use crate::sim::seed::{base58, blake, block_hash};
use crate::tezos::{Curve, Kind};

/// So many votes are remembered.
const KNOWN: usize = 4_096;

/// A vote of a world.
type Known = (u64, Place, Vote);

thread_local! {
    /// The mempool is asked for all the time, for the same votes: writing them anew was most of a drill's work.
    static TEXTS: RefCell<HashMap<Known, Rc<str>>> = RefCell::default();
}

/// What is in the node's mempool: votes for its head and the level before.
pub(super) fn pending(view: View<'_>) -> Answer {
    let empty = r#","refused":[],"outdated":[],"branch_refused":[],"branch_delayed":[],"unprocessed":[]"#;
    answer(format!(r#"{{"validated":{}{empty}}}"#, validated(view)))
}

/// The same as a list: the first one of the stream. What comes after it is the server's to tell.
pub(super) fn monitored(view: View<'_>) -> Answer {
    answer(validated(view))
}

fn answer(body: String) -> Answer {
    Answer::Http { status: 200, body: body.into_bytes() }
}

fn validated(view: View<'_>) -> String {
    let head = view.head().map_or(0, |head| head.level);
    let votes = (head.saturating_sub(1)..=head).flat_map(|level| view.state.chain.votes_for(level));
    let texts: Vec<Rc<str>> = votes.filter_map(|(place, vote)| text(view, place, vote)).collect();
    format!("[{}]", texts.join(","))
}

fn text(view: View<'_>, place: &Place, vote: &Vote) -> Option<Rc<str>> {
    let key = (view.state.options.seed, *place, *vote);
    if let Some(known) = TEXTS.with_borrow(|known| known.get(&key).cloned()) {
        return Some(known);
    }
    let text: Rc<str> = operation(view, place, vote)?.to_string().into();
    TEXTS.with_borrow_mut(|known| {
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(key, text.clone());
    });
    Some(text)
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
        "branch": block_hash(&vote.branch),
        "contents": [contents],
        "signature": signature(curve, &hash),
    }))
}
