//! `/mempool/pending_operations`, version 2, and `/mempool/monitor_operations`: the votes of the newest levels, each on
//! its own, without receipts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::header::{payload, signature};
use super::{Answer, View};
use crate::chain::{Ballot, OURS, PROTOCOL, Place, Vote};
use crate::seed::{base58, blake, block_hash};
use failover_core::tezos::{Curve, Kind};

/// This many votes are remembered.
const KNOWN: usize = 4_096;

/// A vote of a world.
type Known = (u64, Place, Vote);

thread_local! {
    /// The mempool is asked for all the time, for the same votes: writing them anew was most of a drill's work.
    static TEXTS: RefCell<HashMap<Known, Rc<str>>> = RefCell::default();
}

/// What is in the node's mempool: votes for its head and the level before; and what it did not take.
pub(super) fn pending(view: View<'_>) -> Answer {
    let strays = strays(view);
    let of = |class: &str| {
        let texts: Vec<String> = strays.iter().filter(|(c, _)| *c == class).map(|(_, one)| one.to_string()).collect();
        format!("[{}]", texts.join(","))
    };
    answer(format!(
        r#"{{"validated":[{}],"refused":{},"outdated":{},"branch_refused":[],"branch_delayed":{},"unprocessed":[]}}"#,
        validated(view),
        of("refused"),
        of("outdated"),
        of("branch_delayed"),
    ))
}

/// The same as a list: the first one of the stream. What comes after it is the server's to tell.
pub(super) fn monitored(view: View<'_>) -> Answer {
    let strays = strays(view).into_iter().map(|(_, stray)| stray.to_string());
    let all: Vec<String> = Some(validated(view)).filter(|text| !text.is_empty()).into_iter().chain(strays).collect();
    answer(format!("[{}]", all.join(",")))
}

/// Votes that the node did not take, each with its class and with why: the level is looked at first, then the signature,
/// then what the mempool has already (`validate.ml` of protocol 025, Octez v25.1).
fn strays(view: View<'_>) -> Vec<(&'static str, Value)> {
    let head = view.head().map_or(0, |head| head.level);
    let seen = view.state.faults.strays.iter().filter(|stray| stray.level.saturating_add(20) >= head);
    let judged = seen.filter_map(|stray| {
        let proto = |id: &str| format!("proto.025-PsUshuai.{id}");
        let (class, kind, id) = if stray.level > head.saturating_add(1) {
            ("branch_delayed", "temporary", proto("validate.consensus_operation_for_future_level"))
        } else if stray.level < head.saturating_sub(1) {
            ("outdated", "outdated", proto("validate.consensus_operation_for_old_level"))
        } else if stray.signed {
            ("branch_delayed", "temporary", "prevalidation.operation_conflict".to_owned())
        } else {
            ("refused", "permanent", proto("operation.invalid_signature"))
        };
        let ballot = Ballot { baker: OURS, dal: false };
        let (branch, payload) = (blake(&[b"another branch"]), blake(&[b"another payload"]));
        let mut one = operation(view, &(stray.level, stray.round, stray.kind), &Vote { ballot, payload, branch })?;
        let fields = one.as_object_mut()?;
        fields.insert("protocol".to_owned(), json!(PROTOCOL));
        fields.insert("error".to_owned(), json!([{ "kind": kind, "id": id }]));
        Some((class, one))
    });
    judged.collect()
}

fn answer(body: String) -> Answer {
    Answer::Http { status: 200, body: body.into_bytes() }
}

fn validated(view: View<'_>) -> String {
    let head = view.head().map_or(0, |head| head.level);
    let votes = (head.saturating_sub(1)..=head).flat_map(|level| view.state.chain.votes_for(level));
    let texts: Vec<Rc<str>> = votes.filter_map(|(place, vote)| text(view, place, vote)).collect();
    texts.join(",")
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
