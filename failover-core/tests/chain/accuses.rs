//! Presence counts at once (S8): what was read of a block accuses, whatever else of it could not be read.

use super::activity::{seoul, signed};
use super::support::{
    BLOCK_BAKER, Change, STRANGER, TALLINN_LEVEL, TZ4_BAKER, sample, tallinn, tallinn_operations, text,
};
use failover_core::chain::ChainError;
use failover_core::tezos::Kind::{self, Attestation, Block, Preattestation};
use serde_json::{Value, json};

/// Kind and level of what was seen although the block is not complete.
fn seen(error: &ChainError) -> Vec<(Kind, u64)> {
    error.seen().iter().map(|s| (s.kind, s.at.level.get())).collect()
}

#[test]
fn a_shape_error_loses_neither_the_votes_before_it_nor_those_after_it() {
    let attested = (Attestation, TALLINN_LEVEL);
    let cases: [(&str, Change<'_>); 7] = [
        ("no object", &|o| *o = json!(7)),
        ("contents in text", &|o| o["contents"] = json!("none")),
        ("a content that is none", &|o| o["contents"] = json!([null])),
        ("a kind that is a number", &|o| o["contents"][0]["kind"] = json!(5)),
        ("a level in text", &|o| o["contents"][0]["level"] = json!("1839178")),
        ("a power of another shape", &|o| o["contents"][0]["metadata"]["consensus_power"] = json!([])),
        ("an address that is none", &|o| o["contents"][0]["metadata"]["delegate"] = json!(["tz1"])),
    ];
    // The block's baker voted third, the first baker of the aggregate last.
    for (name, change) in cases {
        for (at, baker) in [(5, BLOCK_BAKER), (0, BLOCK_BAKER), (0, TZ4_BAKER), (5, TZ4_BAKER)] {
            let mut operations = tallinn_operations();
            change(&mut operations[at]);
            let error = signed(&tallinn(&operations), baker, TALLINN_LEVEL).unwrap_err();
            assert!(matches!(error, ChainError::Incomplete { .. }), "{name}: {error:?}");
            assert!(seen(&error).contains(&attested), "{name} at {at}: {error}");
        }
    }
    // The same for a baker beside it in the aggregate, and where the aggregate's own shape is wrong.
    let aggregates: [Change<'_>; 4] = [
        &|c| c["metadata"]["committee"][0] = json!("tz1"),
        &|c| c["metadata"]["committee"][0]["consensus_power"] = json!(null),
        &|c| drop(c.as_object_mut().unwrap().remove("committee")),
        &|c| c["metadata"]["total_consensus_power"] = json!("many"),
    ];
    for change in aggregates {
        let mut operations = tallinn_operations();
        change(&mut operations[6]["contents"][0]);
        let error = signed(&tallinn(&operations), TZ4_BAKER, TALLINN_LEVEL).unwrap_err();
        assert!(seen(&error).contains(&attested), "{error}");
    }
}

#[test]
fn what_came_before_a_cut_accuses() {
    let operations = "/blocks/BMRN5vh3T7Z7jQdrCQ8YVdMRFn8GtqYczSQSfAaya7PAgn19pny/operations/0?metadata=always";
    let table = tallinn(&tallinn_operations());
    // As the node writes it: where a vote is for comes before whose it is.
    let whole = text("tallinnnet-024-abaab-block1839179-operations0.json");
    let voted = whole.find(BLOCK_BAKER).unwrap() + 40;
    for cut in [voted, voted + 300, whole.trim_end().len() - 1] {
        table.put_bytes(operations, whole.as_bytes()[..cut].to_vec());
        let error = signed(&table, BLOCK_BAKER, TALLINN_LEVEL).unwrap_err();
        assert_eq!(seen(&error), [(Block, TALLINN_LEVEL + 1), (Attestation, TALLINN_LEVEL)], "{cut}: {error}");
        assert!(error.to_string().contains("ends in the middle"), "{error}");
    }
    // Metadata that cannot be read take nothing away from the votes; the block's own baker is not known then.
    table.put_bytes(operations, whole.into_bytes());
    let metadata = "/blocks/BMRN5vh3T7Z7jQdrCQ8YVdMRFn8GtqYczSQSfAaya7PAgn19pny/metadata";
    for broken in [&b"{\"protocol\":"[..], b"\"too large\"", b"<html>"] {
        table.put_bytes(metadata, broken.to_vec());
        let error = signed(&table, BLOCK_BAKER, TALLINN_LEVEL).unwrap_err();
        assert_eq!(seen(&error), [(Attestation, TALLINN_LEVEL)], "{error}");
    }
    table.drop(metadata);
    let error = signed(&table, BLOCK_BAKER, TALLINN_LEVEL).unwrap_err();
    assert_eq!(seen(&error), [(Attestation, TALLINN_LEVEL)], "{error}");
    let error = signed(&table, STRANGER, TALLINN_LEVEL).unwrap_err();
    assert!(matches!(error, ChainError::Missing { .. }), "{error:?}");
}

/// Every delegate that is named anywhere in an answer.
fn delegates(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value {
            Value::String(delegate) if name == "delegate" => found.push(delegate.clone()),
            other => delegates(other, found),
        }),
        Value::Array(list) => list.iter().for_each(|value| delegates(value, found)),
        _ => {}
    }
}

#[test]
fn everybody_in_a_sample_is_found_and_nobody_else() {
    let aggregate = |kind| sample(&format!("seoulnet-023-block109772-operations.{kind}_aggregate.json"))[0][0].clone();
    let cases = [
        (tallinn(&tallinn_operations()), tallinn_operations(), (Attestation, TALLINN_LEVEL, 0), 12),
        (seoul(), aggregate("attestations"), (Attestation, 109_771, 0), 5),
        (seoul(), aggregate("preattestations"), (Preattestation, 109_772, 0), 4),
    ];
    for (table, operations, vote, count) in cases {
        let mut voters = Vec::new();
        delegates(&operations, &mut voters);
        assert_eq!(voters.len(), count);
        for voter in &voters {
            table.rights(&vote.1.to_string(), vote.1, voter, Some(0));
            let signed = signed(&table, voter, vote.1).unwrap();
            assert!(signed.contains(&vote), "{voter}: {signed:?}");
            assert!(signed.iter().all(|s| s.0 == Block || *s == vote), "{voter}: {signed:?}");
        }
        table.rights(&vote.1.to_string(), vote.1, STRANGER, None);
        assert!(!signed(&table, STRANGER, vote.1).unwrap().contains(&vote));
    }
}
