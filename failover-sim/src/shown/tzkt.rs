//! TzKT's API, in the shapes of its C# models (November 2026). An attestation's `level` is the including block's.

use serde_json::{Value, json};

use super::Shown;
use crate::chain::{BLOCKS_PER_CYCLE, Ballot, Block, PROTO, PROTOCOL};
use crate::rpc::{Answer, split};
use crate::source::SourceFault;
use failover_core::clock::Timestamp;

/// Below the head so many levels are searched for what a baker signed.
const SEARCHED: u64 = 4_000;

/// This many rounds of each level are drawn.
const ROUNDS: u32 = 8;

pub(super) fn answer(shown: Shown<'_>, path: &str) -> Answer {
    let (parts, query) = split(path);
    let asked = |name: &str| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let found = match parts.as_slice() {
        ["v1", "head"] => shown.head().map(|head| head_of(shown, &head)),
        ["v1", "blocks"] => asked("anyof.proposer.producer").map(|baker| {
            last(
                shown,
                baker,
                |block, index| block.baker == index || block.proposer == index,
                |block| block_of(shown, block),
            )
        }),
        ["v1", "blocks", id] => shown.block(id).map(|block| block_of(shown, &block)),
        ["v1", "rights"] => rights(shown, &asked),
        ["v1", "operations", kind @ ("attestations" | "preattestations")] => asked("delegate").map(|baker| {
            let ballots = |block: &Block| {
                if *kind == "attestations" { &block.attestations } else { &block.preattestations }.clone()
            };
            let voted = |block: &Block, index| ballots(block).iter().any(|ballot: &Ballot| ballot.baker == index);
            last(shown, baker, voted, |block| vote(kind.trim_end_matches('s'), baker, block))
        }),
        _ => None,
    };
    // What it does not have is no content.
    found.map_or(Answer::Http { status: 204, body: Vec::new() }, |found| Answer::json(&found))
}

/// Rights to come of one baker, between two levels: a vote, and the rounds of its blocks.
fn rights<'a>(shown: Shown<'_>, asked: &impl Fn(&str) -> Option<&'a str>) -> Option<Value> {
    let baker = asked("baker")?;
    let level = |name: &str| asked(name).and_then(|text| text.parse::<u64>().ok());
    let (above, last) = (level("level.gt")?, level("level.le")?);
    let committee = &shown.state.committee;
    let index = committee.find(baker);
    let mut rights = Vec::new();
    for level in (above.saturating_add(1)..=last).take(SEARCHED as usize) {
        let right = |kind: &str, round: Option<u32>| {
            let mut right = json!({ "type": kind, "cycle": level / BLOCKS_PER_CYCLE, "level": level,
                "baker": { "address": baker }, "status": "future" });
            if let (Some(round), Some(fields)) = (round, right.as_object_mut()) {
                fields.insert("round".to_owned(), json!(round));
            }
            right
        };
        let rounds = (0..ROUNDS).filter(|round| index == Some(committee.turn(level, *round)));
        rights.extend(rounds.map(|round| right("baking", Some(round))));
        if committee.rights(level).iter().any(|vote| index == Some(vote.baker)) {
            rights.push(right("attestation", None));
        }
    }
    Some(Value::Array(rights))
}

/// A list with the newest block for which `of` holds, if there is one.
fn last(shown: Shown<'_>, baker: &str, of: impl Fn(&Block, usize) -> bool, show: impl Fn(&Block) -> Value) -> Value {
    let Some(index) = shown.state.committee.find(baker) else { return json!([]) };
    let highest = shown.highest();
    let newest = (highest.saturating_sub(SEARCHED)..=highest)
        .rev()
        .filter_map(|level| shown.state.chain.at(level))
        .find(|block| of(block, index));
    let Some(block) = newest else { return json!([]) };
    let mut item = show(block);
    if let (Some(SourceFault::SignedAhead(levels)), Some(fields)) = (shown.fault(), item.as_object_mut()) {
        fields.insert("level".to_owned(), json!(highest.saturating_add(levels)));
    }
    json!([item])
}

fn time(block: &Block) -> Timestamp {
    Timestamp::from_millis(block.seconds.saturating_mul(1000))
}

fn head_of(shown: Shown<'_>, head: &Block) -> Value {
    let known = shown.state.chain.head().map_or(head.level, |newest| newest.level.max(head.level));
    json!({
        "chain": "mainnet",
        "chainId": shown.chain_id(),
        "cycle": head.level.saturating_sub(1) / BLOCKS_PER_CYCLE,
        "level": head.level,
        "hash": head.name(),
        "protocol": PROTOCOL,
        "nextProtocol": PROTOCOL,
        "timestamp": time(head),
        "votingEpoch": 46,
        "votingPeriod": 184,
        "knownLevel": known,
        "lastSync": time(head),
        "synced": known == head.level,
        "quoteLevel": head.level,
    })
}

fn account(shown: Shown<'_>, index: usize) -> Value {
    json!({ "address": shown.state.committee.address(index) })
}

fn block_of(shown: Shown<'_>, block: &Block) -> Value {
    json!({
        "cycle": block.level.saturating_sub(1) / BLOCKS_PER_CYCLE,
        "level": block.level,
        "hash": block.name(),
        "timestamp": time(block),
        "proto": PROTO,
        "payloadRound": block.payload_round,
        "blockRound": block.round,
        "proposer": account(shown, block.proposer),
        "producer": account(shown, block.baker),
    })
}

/// A vote, with the level of the block that includes it.
fn vote(kind: &str, baker: &str, block: &Block) -> Value {
    json!({
        "type": kind,
        "level": block.level,
        "timestamp": time(block),
        "block": block.name(),
        "delegate": { "address": baker },
    })
}
