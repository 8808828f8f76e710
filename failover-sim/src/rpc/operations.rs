//! `/operations/0`: votes, single ones of tz1 to tz3 keys, aggregates of tz4 keys (Octez v25, protocol 024 and later).

use serde_json::{Value, json};

use super::View;
use super::header::{payload, signature};
use crate::chain::committee::{Baker, Right};
use crate::chain::{Ballot, Block, PROTOCOL};
use crate::seed::{base58, blake, block_hash};
use failover_core::tezos::{BlockHash, Curve, Kind};

/// The votes for one level, round and payload.
struct Poll<'a> {
    kind: Kind,
    level: u64,
    round: u32,
    payload: &'a [u8; 32],
    branch: &'a [u8; 32],
}

/// The consensus operations of a block: preattestations of a re-proposal, then attestations for the block before.
pub(super) fn consensus(view: View<'_>, block: &Block) -> Value {
    let mut operations = Vec::new();
    let before = view.state.chain.with_hash(&block.predecessor);
    if let (Some(round), Some(before)) = (block.locked_round, before) {
        let poll = Poll {
            kind: Kind::Preattestation,
            level: block.level,
            round,
            payload: &block.payload,
            branch: &before.predecessor,
        };
        operations.extend(poll.operations(view, &block.preattestations));
    }
    if let Some(before) = before
        && let Some(branch) = view.state.chain.with_hash(&before.predecessor)
    {
        let poll = Poll {
            kind: Kind::Attestation,
            level: before.level,
            round: before.round,
            payload: &before.payload,
            branch: &branch.predecessor,
        };
        operations.extend(poll.operations(view, &block.attestations));
    }
    if view.state.faults.unknown_operation.is_some_and(|since| block.level > since) {
        operations.push(json!({
            "protocol": PROTOCOL,
            "chain_id": view.chain_id(),
            "hash": base58(&[0x05, 0x74], &blake(&[b"unknown operation"])),
            "branch": BlockHash::new(block.predecessor),
            "contents": [{ "kind": "attestation_of_tomorrow", "metadata": {} }],
        }));
    }
    if view.state.faults.pruned.is_some_and(|since| block.level > since) {
        prune(&mut operations);
    }
    Value::Array(operations)
}

/// A text in place of each receipt, as a node shows one that it does not keep.
fn prune(operations: &mut [Value]) {
    for operation in operations {
        let contents = operation.get_mut("contents").and_then(Value::as_array_mut);
        for fields in contents.into_iter().flatten().filter_map(Value::as_object_mut) {
            fields.insert("metadata".to_owned(), json!("too large"));
        }
    }
}

impl Poll<'_> {
    fn operations(&self, view: View<'_>, ballots: &[Ballot]) -> Vec<Value> {
        let voters: Vec<(Right, Ballot, &Baker)> = view
            .state
            .committee
            .rights(self.level)
            .into_iter()
            .filter_map(|right| {
                let ballot = ballots.iter().find(|ballot| ballot.baker == right.baker)?;
                Some((right, *ballot, view.state.committee.baker(right.baker)?))
            })
            .collect();
        let (many, single): (Vec<_>, Vec<_>) =
            voters.into_iter().partition(|(_, _, baker)| baker.consensus.hash.curve() == Curve::Bls);
        let mut operations = Vec::new();
        if !many.is_empty() {
            operations.push(self.operation(view, &self.aggregate(&many), Curve::Bls));
        }
        for (right, ballot, baker) in &single {
            operations.push(self.operation(view, &self.vote(*right, *ballot, baker), baker.consensus.hash.curve()));
        }
        operations
    }

    fn operation(&self, view: View<'_>, contents: &Value, curve: Curve) -> Value {
        let hash = blake(&[self.branch, contents.to_string().as_bytes()]);
        json!({
            "protocol": PROTOCOL,
            "chain_id": view.chain_id(),
            "hash": base58(&[0x05, 0x74], &hash),
            "branch": block_hash(self.branch),
            "contents": [contents],
            "signature": signature(curve, &hash),
        })
    }

    fn vote(&self, right: Right, ballot: Ballot, baker: &Baker) -> Value {
        let mut vote = json!({
            "kind": self.name(ballot),
            "slot": right.slot,
            "level": self.level,
            "round": self.round,
            "block_payload_hash": payload(self.payload),
            "metadata": {
                "delegate": baker.address,
                "consensus_power": { "slots": right.power, "baking_power": null },
                "consensus_key": baker.consensus.hash,
            },
        });
        if let (true, Some(fields)) = (ballot.dal, vote.as_object_mut()) {
            fields.insert("dal_attestation".to_owned(), json!("0"));
        }
        vote
    }

    fn aggregate(&self, voters: &[(Right, Ballot, &Baker)]) -> Value {
        let attestations = self.kind == Kind::Attestation;
        let committee: Vec<Value> = voters
            .iter()
            .map(|(right, ballot, _)| match (attestations, ballot.dal) {
                (true, true) => json!({ "slot": right.slot, "dal_attestation": "0" }),
                (true, false) => json!({ "slot": right.slot }),
                (false, _) => json!(right.slot),
            })
            .collect();
        let receipts: Vec<Value> = voters
            .iter()
            .map(|(right, _, baker)| {
                json!({
                    "delegate": baker.address,
                    "consensus_pkh": baker.consensus.hash,
                    "consensus_power": { "slots": right.power, "baking_power": null },
                })
            })
            .collect();
        let total: u64 = voters.iter().map(|(right, ..)| right.power).sum();
        json!({
            "kind": if attestations { "attestations_aggregate" } else { "preattestations_aggregate" },
            "consensus_content": {
                "level": self.level,
                "round": self.round,
                "block_payload_hash": payload(self.payload),
            },
            "committee": committee,
            "metadata": {
                "committee": receipts,
                "total_consensus_power": { "slots": total, "baking_power": null },
            },
        })
    }

    const fn name(&self, ballot: Ballot) -> &'static str {
        match (self.kind, ballot.dal) {
            (Kind::Preattestation, _) => "preattestation",
            (_, true) => "attestation_with_dal",
            (_, false) => "attestation",
        }
    }
}
