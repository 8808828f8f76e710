//! Who signed what in real blocks, and which blocks cannot be read completely.

use super::support::{
    BLOCK_BAKER, Change, SEOUL, STRANGER, TALLINN, TALLINN_LEVEL, TZ4_BAKER, Table, header, key, level, made_hash,
    metadata, sample, tallinn, tallinn_operations,
};
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Head};
use failover_core::tezos::Kind::{self, Attestation, Block, Preattestation};
use serde_json::{Value, json};

/// Kind, level and round of everything that the baker signed at the level.
pub(crate) fn signed(table: &Table, baker: &str, at: u64) -> Result<Vec<(Kind, u64, u32)>, ChainError> {
    let activity = table.node().activity(&key(baker), level(at))?;
    assert_eq!(activity.level.get(), at);
    Ok(activity.signed.iter().map(|s| (s.kind, s.at.level.get(), s.at.round.0)).collect())
}

#[test]
fn every_baker_of_the_tallinn_block() {
    let table = tallinn(&tallinn_operations());
    let attested = [
        "tz1LzTSQU1ALHmxnw8PNhBkqH6pWxaXXAAtz", // in the aggregate
        "tz1N29q5T3jJ2i1JEWHax7q1NRkDMADj6fof",
        "tz1RuHDSj9P7mNNhfKxsyLGRDahTX5QD1DdP", // without DAL content
        "tz1TGKSrZrBpND3PELJ43nVdyadoeiM1WMzb", // in the aggregate
        BLOCK_BAKER,
        "tz1XiVu2qdyg2Lwpq3rc9a46rdgjH2txuUsz", // in the aggregate
        "tz1Zt8QQ9aBznYNk5LUBjtME9DuExomw9YRs", // in the aggregate
        "tz1cjyja1TU6fiyiFav3mFAdnDsCReJ12hPD",
        "tz1goQMG3jDRiS7RSvJGLD4a9X3ipXsEQwur", // in the aggregate
        "tz2TVuUkU2JaPdvs2hR6cJ8hXrEKU1y22WdY",
        "tz3Q1fwk1vh3zm5LqyUV9e2wZBdaEXcovh2r",
    ];
    for baker in attested {
        assert_eq!(signed(&table, baker, TALLINN_LEVEL).unwrap(), [(Attestation, TALLINN_LEVEL, 0)], "{baker}");
    }
    let both = [(Block, TALLINN_LEVEL, 0), (Attestation, TALLINN_LEVEL, 0)];
    assert_eq!(signed(&table, TZ4_BAKER, TALLINN_LEVEL).unwrap(), both);

    // A tz4 consensus key is not a baker: its votes are found by the baker's address only.
    let consensus_key = "tz4UmdB1JufxWrapeLysYxK9J574oFgkaAYs";
    for nobody in [STRANGER, consensus_key] {
        table.rights(&TALLINN_LEVEL.to_string(), TALLINN_LEVEL, nobody, None);
        let activity = table.node().activity(&key(nobody), level(TALLINN_LEVEL)).unwrap();
        assert!(activity.signed.is_empty() && !activity.rights, "{nobody}");
    }
}

#[test]
fn the_newest_block_has_its_own_signature_and_no_votes_yet() {
    let table = tallinn(&tallinn_operations());
    table.put("/blocks/head/header", &sample("tallinnnet-024-abaab-block1839179-header.json"));
    let mut node = table.node();
    let head: Head = node.head().unwrap();
    let newest = node.newest(&key(BLOCK_BAKER), &head).unwrap();
    assert_eq!(newest.len(), 1);
    assert_eq!((newest[0].kind, newest[0].at.level.get(), newest[0].at.round.0), (Block, TALLINN_LEVEL + 1, 0));
    assert_eq!(newest[0].seen_in, "block 1,839,179");
    assert!(node.newest(&key(TZ4_BAKER), &head).unwrap().is_empty());
}

/// Block 109772 of protocol 023: a re-proposal with both aggregates, as a table of one level before and after.
pub(crate) fn seoul() -> Table {
    let table = Table::default();
    let (before, this, after) = (made_hash(1).to_string(), made_hash(2).to_string(), made_hash(3).to_string());
    let attested = sample("seoulnet-023-block109772-operations.attestations_aggregate.json");
    let preattested = sample("seoulnet-023-block109772-operations.preattestations_aggregate.json");
    let without_records = |at| {
        let mut metadata = metadata(at, STRANGER, SEOUL);
        metadata.as_object_mut().unwrap().retain(|name, _| !name.contains("attestations"));
        metadata
    };
    table.block(&header(109_771, 0, &before, &made_hash(0).to_string(), SEOUL), &without_records(109_771), &json!([]));
    let mut block = header(109_772, 1, &this, &before, SEOUL);
    block["fitness"][2] = json!("00000000");
    block["payload_round"] = json!(0);
    let mut own = without_records(109_772);
    own["proposer"] = json!(TZ4_BAKER);
    table.block(&block, &own, &json!([attested[0][0], preattested[0][0]]));
    let mut next = header(109_773, 0, &after, &this, SEOUL);
    next["fitness"][3] = json!("fffffffe");
    table.block(&next, &without_records(109_773), &json!([]));
    for baker in [TZ4_BAKER, "tz1LmrwzCKUDibk7xaGC5RxvTbmUbCAtCA4a", "tz3PgFHdYvEGEbUo1pUJmuNH8fgc8cwARKfC"] {
        table.rights("109772", 109_772, baker, Some(0));
    }
    table
}

#[test]
fn both_aggregates_of_the_older_shape() {
    let table = seoul();
    let attested = |baker| signed(&table, baker, 109_771).unwrap();
    for baker in [
        TZ4_BAKER,
        "tz1Zt8QQ9aBznYNk5LUBjtME9DuExomw9YRs",
        "tz4MvCEiLgK6vYRSkug9Nz64UNTbT4McNq8m",
        "tz3PgFHdYvEGEbUo1pUJmuNH8fgc8cwARKfC",
        "tz1LmrwzCKUDibk7xaGC5RxvTbmUbCAtCA4a",
    ] {
        assert_eq!(attested(baker), [(Attestation, 109_771, 0)], "{baker}");
    }
    // The proposer of the payload signed a block at round 0 that did not make it, and preattested it.
    let at = 109_772;
    assert_eq!(signed(&table, TZ4_BAKER, at).unwrap(), [(Block, at, 0), (Preattestation, at, 0)]);
    let voter = "tz3PgFHdYvEGEbUo1pUJmuNH8fgc8cwARKfC";
    assert_eq!(signed(&table, voter, at).unwrap(), [(Preattestation, at, 0)]);
    let absent = "tz1LmrwzCKUDibk7xaGC5RxvTbmUbCAtCA4a";
    assert!(signed(&table, absent, at).unwrap().is_empty());
    assert!(table.node().activity(&key(absent), level(at)).unwrap().rights);
    // Who baked the re-proposal signed at its round.
    table.rights("109772", at, STRANGER, None);
    assert_eq!(signed(&table, STRANGER, at).unwrap(), [(Block, at, 1)]);
}

#[test]
fn the_reproposal_of_tallinn_is_two_signatures() {
    let table = Table::default();
    let at = 429_176;
    let mut block = header(at, 2, &made_hash(2).to_string(), &made_hash(1).to_string(), TALLINN);
    block["fitness"][2] = json!("00000001");
    block["payload_round"] = json!(1);
    let vote = |kind: &str, level: u64, round: u32, power: &str| {
        json!({"contents": [{"kind": kind, "slot": 0, "level": level, "round": round,
            "metadata": {"delegate": STRANGER, "consensus_power": {"slots": 1, "baking_power": power}}}]})
    };
    let operations =
        json!([vote("attestation", at - 1, 0, "443005372003831"), vote("preattestation", at, 1, "468739947472511")]);
    table.block(&block, &sample("tallinnnet-024-abaab-metadata-level429176-reproposal.json"), &operations);
    let mut next = header(at + 1, 0, &made_hash(3).to_string(), &made_hash(2).to_string(), TALLINN);
    next["fitness"][3] = json!("fffffffd");
    table.block(&next, &metadata(at + 1, STRANGER, TALLINN), &json!([]));
    for baker in [BLOCK_BAKER, TZ4_BAKER, STRANGER] {
        table.rights(&at.to_string(), at, baker, Some(1));
    }
    assert_eq!(signed(&table, BLOCK_BAKER, at).unwrap(), [(Block, at, 1)], "proposed the payload at round 1");
    assert_eq!(signed(&table, TZ4_BAKER, at).unwrap(), [(Block, at, 2)], "proposed it again at round 2");
    assert_eq!(signed(&table, STRANGER, at).unwrap(), [(Preattestation, at, 1)]);
    // Who proposes its own payload again has signed both rounds.
    let mut same = sample("tallinnnet-024-abaab-metadata-level429176-reproposal.json");
    same["baker"] = json!(BLOCK_BAKER);
    table.put(&format!("/blocks/{}/metadata", made_hash(2)), &same);
    assert_eq!(signed(&table, BLOCK_BAKER, at).unwrap(), [(Block, at, 2), (Block, at, 1)]);
    // A next block that speaks of another round does not follow this one.
    next["fitness"][3] = json!("ffffffff");
    table.put(&format!("/blocks/{}/header", at + 1), &next);
    assert!(matches!(signed(&table, TZ4_BAKER, at), Err(ChainError::Incomplete { .. })));
}

/// The reason why the Tallinn block is incomplete once its operations were changed.
fn why(change: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut operations = tallinn_operations();
    change(operations.as_array_mut().unwrap());
    match signed(&tallinn(&operations), TZ4_BAKER, TALLINN_LEVEL) {
        Err(ChainError::Incomplete { level, why, .. }) => {
            assert_eq!(level.get(), TALLINN_LEVEL + 1);
            why
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_vote_more_or_less_and_the_block_is_incomplete() {
    for i in 0..7 {
        assert!(why(|operations| drop(operations.remove(i))).contains("the metadata records 2321443233846163"), "{i}");
    }
    let twice = why(|operations| operations.push(operations[0].clone()));
    assert!(twice.contains("the metadata records"), "{twice}");
}

#[test]
fn powers_that_do_not_add_up() {
    let single = why(|o| o[0]["contents"][0]["metadata"]["consensus_power"]["baking_power"] = json!("135574626860538"));
    assert!(single.contains("have a power of 2321443233846162"), "{single}");
    let member = "/contents/0/metadata/committee/1/consensus_power/baking_power";
    let aggregate = why(|o| *o[6].pointer_mut(member).unwrap() = json!("551419652636633"));
    assert!(aggregate.contains("not its total"), "{aggregate}");
    let mixed = why(|o| o[0]["contents"][0]["metadata"]["consensus_power"]["baking_power"] = Value::Null);
    assert!(mixed.contains("have baking power, the others not"), "{mixed}");
    let gone = why(|o| drop(o[6].pointer_mut("/contents/0/metadata/committee").unwrap().as_array_mut().unwrap().pop()));
    assert!(gone.contains("6 slots and 5 bakers"), "{gone}");
    let old = why(|o| o[0]["contents"][0]["metadata"]["consensus_power"] = json!(439));
    assert!(old.contains("have baking power"), "{old}");
}

#[test]
fn what_is_not_understood_is_not_skipped() {
    let cases: [(&str, Change<'_>, &str); 15] = [
        ("an unknown kind", &|c| c["kind"] = json!("attestation_v2"), "unknown kind \"attestation_v2\""),
        ("a kind of old", &|c| c["kind"] = json!("endorsement"), "unknown kind \"endorsement\""),
        ("no kind", &|c| drop(c.as_object_mut().unwrap().remove("kind")), "kind"),
        ("pruned", &|c| drop(c.as_object_mut().unwrap().remove("metadata")), "pruned"),
        ("null", &|c| c["metadata"] = Value::Null, "pruned"),
        ("too large", &|c| c["metadata"] = json!("too large"), "\"too large\" in place of its metadata"),
        ("another shape", &|c| c["metadata"] = json!([1]), "an operation's metadata"),
        ("no delegate", &|c| drop(c["metadata"].as_object_mut().unwrap().remove("delegate")), "without a delegate"),
        ("no address", &|c| c["metadata"]["delegate"] = json!("KT1"), "not a baker's address"),
        ("half an address", &|c| c["metadata"]["delegate"] = json!("tz1"), "not a baker's address"),
        ("a power of another shape", &|c| c["metadata"]["consensus_power"] = json!({"power": 1}), "slots"),
        ("a negative power", &|c| c["metadata"]["consensus_power"]["baking_power"] = json!("-1"), "digits"),
        ("another level", &|c| c["level"] = json!(TALLINN_LEVEL - 1), "only (1,839,178, 0) can be"),
        ("another round", &|c| c["round"] = json!(1), "only (1,839,178, 0) can be"),
        ("preattested", &|c| c["kind"] = json!("preattestation"), "preattestation in a block that can have none"),
    ];
    for (name, change, expected) in cases {
        let why = why(|o| change(&mut o[0]["contents"][0]));
        assert!(why.contains(expected), "{name}: {why}");
    }
    let empty = why(|o| o[0]["contents"] = json!([]));
    assert!(empty.contains("without contents"), "{empty}");
    let consensus = why(|o| drop(o[6]["contents"][0].as_object_mut().unwrap().remove("consensus_content")));
    assert!(consensus.contains("without its level and round"), "{consensus}");
}

/// S3: a field that is there twice says two things, and which of them counts is not known.
#[test]
fn a_field_that_is_there_twice_is_not_understood() {
    let operations = tallinn_operations();
    let (single, aggregate) = (&operations[0]["contents"][0], &operations[6]["contents"][0]);
    for (content, field) in [
        (single, "kind"),
        (single, "level"),
        (single, "round"),
        (single, "metadata"),
        (aggregate, "consensus_content"),
        (aggregate, "committee"),
    ] {
        let once = content.to_string();
        let again = format!("{{\"{field}\":{},{}", content[field], &once[1..]);
        let whole = operations.to_string().replace(&once, &again);
        assert!(whole.len() > operations.to_string().len());
        let table = tallinn(&operations);
        table.put_bytes(
            "/blocks/BMRN5vh3T7Z7jQdrCQ8YVdMRFn8GtqYczSQSfAaya7PAgn19pny/operations/0?metadata=always",
            whole.into_bytes(),
        );
        match signed(&table, TZ4_BAKER, TALLINN_LEVEL) {
            Err(ChainError::Incomplete { why, .. }) => assert!(why.contains("there twice"), "{field}: {why}"),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn what_was_seen_in_an_incomplete_block_is_told() {
    let mut operations = tallinn_operations();
    operations.as_array_mut().unwrap().insert(0, json!({"contents": [{"kind": "attestation_v2"}]}));
    let error = signed(&tallinn(&operations), TZ4_BAKER, TALLINN_LEVEL).unwrap_err();
    let seen: Vec<_> = error.seen().iter().map(|s| (s.kind, s.at.level.get())).collect();
    assert!(seen.contains(&(Attestation, TALLINN_LEVEL)), "{error}: {seen:?}");
    // Neither a vote that is not where votes can be, nor one of somebody else, is told.
    let error = signed(&tallinn(&operations), STRANGER, TALLINN_LEVEL).unwrap_err();
    assert!(error.seen().is_empty(), "{:?}", error.seen());
}

#[test]
fn metadata_that_do_not_say_enough() {
    let name = "tallinnnet-024-abaab-block1839179-metadata.no-balance-updates.json";
    let hash = "BMRN5vh3T7Z7jQdrCQ8YVdMRFn8GtqYczSQSfAaya7PAgn19pny";
    let cases: [(Change<'_>, &str); 6] = [
        (&|m| *m = json!("too large"), "too large"),
        (&|m| *m = Value::Null, "null"),
        (&|m| drop(m.as_object_mut().unwrap().remove("attestations")), "does not say how much power"),
        (&|m| m["attestations"] = Value::Null, "the metadata records 0"),
        (&|m| m["level_info"]["level"] = json!(5), "those of level 5"),
        (&|m| m["baker"] = json!("somebody"), "somebody"),
    ];
    for (change, expected) in cases {
        let table = tallinn(&tallinn_operations());
        let mut metadata = sample(name);
        change(&mut metadata);
        table.put(&format!("/blocks/{hash}/metadata"), &metadata);
        match signed(&table, TZ4_BAKER, TALLINN_LEVEL) {
            Err(ChainError::Incomplete { why, .. }) => assert!(why.contains(expected), "{why}"),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn a_block_that_is_no_json_or_not_there() {
    let operations = "/blocks/BMRN5vh3T7Z7jQdrCQ8YVdMRFn8GtqYczSQSfAaya7PAgn19pny/operations/0?metadata=always";
    let table = tallinn(&tallinn_operations());
    let whole = tallinn_operations().to_string().into_bytes();
    for body in [b"<html>502</html>".to_vec(), whole[..whole.len() / 2].to_vec(), Vec::new()] {
        table.put_bytes(operations, body);
        let error = signed(&table, TZ4_BAKER, TALLINN_LEVEL).unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{error:?}");
    }
    table.drop(operations);
    let error = signed(&table, TZ4_BAKER, TALLINN_LEVEL).unwrap_err();
    assert!(matches!(error, ChainError::Missing { .. }), "{error:?}");
    // The block after is not there yet.
    let error = signed(&table, TZ4_BAKER, TALLINN_LEVEL + 1).unwrap_err();
    assert!(matches!(error, ChainError::Missing { .. }), "{error:?}");
}

#[test]
fn a_reorganisation_between_two_questions() {
    let table = tallinn(&tallinn_operations());
    let other = made_hash(9).to_string();
    table.block(
        &header(TALLINN_LEVEL, 0, &other, &made_hash(1).to_string(), TALLINN),
        &metadata(TALLINN_LEVEL, STRANGER, TALLINN),
        &json!([]),
    );
    let error = signed(&table, TZ4_BAKER, TALLINN_LEVEL).unwrap_err();
    assert!(error.to_string().contains("reorganised"), "{error}");
    // A node that answers with another level.
    let header = sample("tallinnnet-024-abaab-block1839179-header.json");
    table.put(&format!("/blocks/{TALLINN_LEVEL}/header"), &header);
    let error = signed(&table, TZ4_BAKER, TALLINN_LEVEL).unwrap_err();
    assert!(error.to_string().contains("answered with block 1,839,179"), "{error}");
}

#[test]
fn rights_that_are_denied_are_unknown_unless_the_baker_attested() {
    let table = tallinn(&tallinn_operations());
    for baker in [STRANGER, TZ4_BAKER] {
        table.deny(&format!("/blocks/{TALLINN_LEVEL}/helpers/validators?level={TALLINN_LEVEL}&delegate={baker}"));
    }
    let error = table.node().activity(&key(STRANGER), level(TALLINN_LEVEL)).unwrap_err();
    assert!(matches!(error, ChainError::Denied { status: 403, .. }), "{error:?}");
    assert!(table.node().activity(&key(TZ4_BAKER), level(TALLINN_LEVEL)).unwrap().rights);
}
