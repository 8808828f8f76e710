//! A baker as the node knows it: keys, standing, missed levels, the protocol around the head.

use super::support::{
    BLOCK_BAKER, Change, SEOUL, STRANGER, TALLINN, TZ4_BAKER, Table, header, key, level, made_hash, metadata, sample,
};
use failover_core::chain::{ChainError, ChainNode, KeyRole};
use failover_core::tezos::{Kind, Position, Round};
use serde_json::{Value, json};

/// A table in which the baker's delegate answer at the head is `answer`, 178 levels into a cycle of 300.
fn delegate(answer: &Value) -> Table {
    let table = Table::default();
    let hash = made_hash(9).to_string();
    let head = header(1_839_179, 0, &hash, &made_hash(8).to_string(), TALLINN);
    table.put("/blocks/head/header", &head);
    table.block(&head, &head_metadata(), &json!([]));
    let earlier = header(1_839_169, 0, &made_hash(7).to_string(), &made_hash(6).to_string(), TALLINN);
    table.put("/blocks/1839169/header", &earlier);
    let constants = json!({"minimal_block_delay": "4", "delay_increment_per_round": "2", "blocks_per_cycle": 300});
    table.put(&format!("/blocks/{hash}/context/constants"), &constants);
    table.put(&format!("/blocks/{hash}/context/delegates/{TZ4_BAKER}"), answer);
    table
}

fn head_metadata() -> Value {
    let mut metadata = metadata(1_839_179, STRANGER, TALLINN);
    metadata["voting_period_info"] = json!({"voting_period": {"index": 9, "kind": "promotion", "start_position": 1},
        "position": 299, "remaining": 0});
    metadata
}

/// A sandbox's answer, with its masked keys put in.
fn unmasked(name: &str) -> Value {
    let mut answer = sample(name);
    answer["consensus_key"]["active"]["pkh"] = json!(BLOCK_BAKER);
    if let Some(pending) = answer.pointer_mut("/consensus_key/pendings/0/pkh") {
        *pending = json!("tz4UmdB1JufxWrapeLysYxK9J574oFgkaAYs");
    }
    answer
}

#[test]
fn a_bakers_keys_active_and_pending() {
    let plain = delegate(&unmasked("ushuaia-025-delegate.json")).node().delegate(&key(TZ4_BAKER)).unwrap();
    assert_eq!(plain.keys.len(), 1);
    assert_eq!(
        (plain.keys[0].key, plain.keys[0].role, plain.keys[0].from_cycle),
        (key(BLOCK_BAKER), KeyRole::Consensus, None)
    );
    assert_eq!((plain.cycle, plain.levels_to_next_cycle), (6130, 121));
    assert!(!plain.deactivated && !plain.forbidden);
    assert_eq!(plain.next_protocol, TALLINN);

    // A large baker's answer is no small one.
    let mut large = unmasked("ushuaia-025-delegate.json");
    large["delegators"] = json!(vec![STRANGER; 50_000]);
    assert_eq!(delegate(&large).node().delegate(&key(TZ4_BAKER)).unwrap(), plain);

    let mut answer = unmasked("ushuaia-025-delegate-pending-key.json");
    let companion = |cycle| json!({"pkh": "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh", "pk": "BLpk", "cycle": cycle});
    answer["companion_key"] = json!({"active": companion(0), "pendings": [companion(6132)]});
    answer["is_forbidden"] = json!(true);
    answer["deactivated"] = json!(true);
    let changing = delegate(&answer).node().delegate(&key(TZ4_BAKER)).unwrap();
    let keys: Vec<_> = changing.keys.iter().map(|k| (k.role, k.from_cycle)).collect();
    let expected = [
        (KeyRole::Consensus, None),
        (KeyRole::Consensus, Some(2)),
        (KeyRole::Companion, None),
        (KeyRole::Companion, Some(6132)),
    ];
    assert_eq!(keys, expected);
    assert!(changing.deactivated && changing.forbidden);
}

#[test]
fn a_baker_of_another_shape_is_not_guessed() {
    let cases: [(&str, Change<'_>); 11] = [
        ("a masked key", &|d| d["consensus_key"]["active"]["pkh"] = json!("[PUBLIC_KEY_HASH]")),
        ("no consensus key", &|d| d["consensus_key"]["active"] = Value::Null),
        ("the names of old", &|d| {
            let active = d["consensus_key"]["active"]["pkh"].clone();
            d.as_object_mut().unwrap().remove("consensus_key");
            d["active_consensus_key"] = active;
        }),
        ("no companion field", &|d| drop(d.as_object_mut().unwrap().remove("companion_key"))),
        ("an empty companion field", &|d| d["companion_key"] = json!({})),
        ("no standing", &|d| drop(d.as_object_mut().unwrap().remove("is_forbidden"))),
        ("no list of denunciations", &|d| drop(d.as_object_mut().unwrap().remove("denunciations"))),
        ("denunciations that are no list", &|d| d["denunciations"] = Value::Null),
        ("a standing in text", &|d| d["deactivated"] = json!("false")),
        ("a pending key without its cycle", &|d| d["consensus_key"]["pendings"] = json!([{"pkh": BLOCK_BAKER}])),
        ("an error trace", &|d| *d = json!([{"kind": "temporary", "id": "delegate.not_registered"}])),
    ];
    for (name, change) in cases {
        let mut answer = unmasked("ushuaia-025-delegate.json");
        change(&mut answer);
        let error = delegate(&answer).node().delegate(&key(TZ4_BAKER)).unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{name}: {error:?}");
    }
    let table = delegate(&unmasked("ushuaia-025-delegate.json"));
    let mut metadata = head_metadata();
    metadata["level_info"]["cycle_position"] = json!(300);
    table.put(&format!("/blocks/{}/metadata", made_hash(9)), &metadata);
    let error = table.node().delegate(&key(TZ4_BAKER)).unwrap_err();
    assert!(error.to_string().contains("position 300 in a cycle of 300"), "{error}");
    let mut metadata = head_metadata();
    metadata.as_object_mut().unwrap().remove("voting_period_info");
    table.put(&format!("/blocks/{}/metadata", made_hash(9)), &metadata);
    assert!(table.node().delegate(&key(TZ4_BAKER)).is_err(), "whether a protocol comes is not known");
}

#[test]
fn missed_levels_and_denunciations_of_any_shape() {
    let read = |change: Change<'_>| {
        let mut answer = unmasked("ushuaia-025-delegate.json");
        change(&mut answer);
        delegate(&answer).node().delegate(&key(TZ4_BAKER)).unwrap()
    };
    let plain = read(&|_| {});
    assert_eq!((plain.missed_levels, plain.level.get()), (Some(0), 1_839_179));
    assert_eq!(plain.denunciations, []);
    assert_eq!(read(&|d| d["participation"]["missed_levels"] = json!(12)).missed_levels, Some(12));
    // S3: what the node does not say is unknown, and never zero.
    let unknown: [Change<'_>; 3] = [
        &|d| drop(d.as_object_mut().unwrap().remove("participation")),
        &|d| drop(d["participation"].as_object_mut().unwrap().remove("missed_levels")),
        &|d| d["participation"]["missed_levels"] = json!("many"),
    ];
    assert!(unknown.into_iter().all(|change| read(change).missed_levels.is_none()));

    let denounced = read(&|d| {
        let misbehaviour = json!({"level": 1_839_100, "round": 2, "kind": "preattestation"});
        d["denunciations"] = json!([{"operation_hash": "ooV39G", "rewarded": STRANGER, "misbehaviour": misbehaviour},
            {"misbehaviour": {"level": 0, "round": 0, "kind": "block"}}, "of another shape"]);
    });
    let found: Vec<_> = denounced.denunciations.iter().map(|d| d.what).collect();
    let position = Position::new(level(1_839_100), Round(2));
    assert_eq!(found, [Some((Kind::Preattestation, position)), None, None], "each counts, in whatever shape");
}

#[test]
fn a_protocol_change_is_seen_before_and_after() {
    let table = delegate(&unmasked("ushuaia-025-delegate.json"));
    let read = || table.node().delegate(&key(TZ4_BAKER)).unwrap();
    assert_eq!((read().levels_to_protocol, read().earlier_protocol.as_str()), (None, TALLINN));
    let mut metadata = head_metadata();
    metadata["voting_period_info"]["voting_period"]["kind"] = json!("adoption");
    metadata["voting_period_info"]["remaining"] = json!(9);
    table.put(&format!("/blocks/{}/metadata", made_hash(9)), &metadata);
    assert_eq!(read().levels_to_protocol, Some(10));
    let earlier = header(1_839_169, 0, &made_hash(7).to_string(), &made_hash(6).to_string(), SEOUL);
    table.put("/blocks/1839169/header", &earlier);
    assert_eq!(read().earlier_protocol, SEOUL);
}
