//! What a node says about itself, its head, a baker and the mempool; and what is no such answer.

use super::support::{Change, STRANGER, TALLINN, TZ4_BAKER, Table, key, level, made_hash, sample};
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Head, SyncState};
use failover_core::tezos::{ChainId, Kind};
use serde_json::{Value, json};

const HEAD: &str = "tallinnnet-024-header-level340114.json";

/// A table whose head is a sample header, changed.
fn head(change: impl FnOnce(&mut Value)) -> Result<Head, ChainError> {
    let table = Table::default();
    let mut header = sample(HEAD);
    change(&mut header);
    table.put("/blocks/head/header", &header);
    table.node().head()
}

pub(crate) fn whole_head() -> Head {
    head(|_| ()).unwrap()
}

#[test]
fn a_real_head() {
    let head = whole_head();
    assert_eq!((head.level.get(), head.round.0), (340_114, 0));
    assert_eq!(head.hash.to_string(), "BMZ9thR8HyS9JKbCBCydeKvXnuGWzcBB4cwn3nbCdaSrzbyLSRV");
    assert_eq!(head.timestamp.to_string(), "2025-12-04T16:19:47Z");
    assert_eq!(head.chain_id, ChainId::of_network("tallinnnet").unwrap());
    assert_eq!(head.protocol, TALLINN);
}

#[test]
fn the_round_is_the_last_field_of_the_fitness() {
    let head = head(|h| {
        h["fitness"] = json!(["02", "00053092", "00000002", "fffffffe", "00000103"]);
        h["payload_round"] = json!(2);
    });
    assert_eq!(head.unwrap().round.0, 0x103);
}

#[test]
fn heads_that_are_none() {
    let cases: [(&str, Change<'_>, &str); 21] = [
        ("level 0", &|h| (h["level"], h["fitness"][1]) = (json!(0), json!("00000000")), "level 0"),
        ("level 2^31", &|h| (h["level"], h["fitness"][1]) = (json!(1u64 << 31), json!("80000000")), "level 2147483648"),
        ("a negative level", &|h| h["level"] = json!(-1), "-1"),
        ("a level in text", &|h| h["level"] = json!("340114"), "string"),
        ("half a level", &|h| h["level"] = json!(340_114.5), "float"),
        ("no level", &|h| h["level"] = Value::Null, "null"),
        ("another level in the fitness", &|h| h["level"] = json!(340_115), "fitness of level 340114"),
        ("a fitness of old", &|h| h["fitness"] = json!(["01", "00053092"]), "fitness of 2 fields"),
        ("no fitness", &|h| drop(h.as_object_mut().unwrap().remove("fitness")), "fitness"),
        ("another fitness version", &|h| h["fitness"][0] = json!("03"), "fitness version"),
        ("a short round", &|h| h["fitness"][4] = json!("00"), "fitness field"),
        ("a long round", &|h| h["fitness"][4] = json!("0000000000"), "fitness field"),
        ("no round", &|h| h["fitness"][4] = json!(""), "fitness field"),
        ("a round past 2^31", &|h| h["fitness"][4] = json!("80000000"), "more than 31 bits"),
        ("locked after its round", &|h| h["fitness"][2] = json!("00000000"), "locked round"),
        ("a later payload", &|h| h["payload_round"] = json!(1), "payload round 1"),
        ("no time", &|h| h["timestamp"] = json!("yesterday"), "yesterday"),
        ("a time in seconds", &|h| h["timestamp"] = json!(1_764_865_187), "integer"),
        ("a wrong chain id", &|h| h["chain_id"] = json!("NetXe8DbhW9A1eT"), "NetXe8DbhW9A1eT"),
        ("no chain id", &|h| drop(h.as_object_mut().unwrap().remove("chain_id")), "chain_id"),
        ("another hash", &|h| h["hash"] = json!("BMZ9"), "BMZ9"),
    ];
    for (name, change, expected) in cases {
        match head(change) {
            Err(ChainError::Malformed { why, path, .. }) => {
                assert!(why.contains(expected), "{name}: {why}");
                assert_eq!(path, "/chains/main/blocks/head/header");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn answers_that_are_not_even_json() {
    let whole = sample(HEAD).to_string().into_bytes();
    let table = Table::default();
    // Every cut of a head, and what else stands at such a port.
    let cuts = (0..whole.len()).map(|end| whole[..end].to_vec());
    let others =
        [&b"<!DOCTYPE html><h1>502</h1>"[..], b"\xff\xfe\x00", b"null", b"[]", b"1e999", b"{}}"].map(<[u8]>::to_vec);
    let deep = [b"[".repeat(100_000), b"{\"level\":".repeat(100_000)];
    for body in cuts.chain(others).chain(deep) {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        table.put_bytes("/blocks/head/header", body);
        let error = table.node().head().unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{shown}: {error:?}");
    }
    table.put_bytes("/blocks/head/header", b"<html>".to_vec());
    let error = table.node().head().unwrap_err().to_string();
    assert_eq!(error, "table answered /chains/main/blocks/head/header with something unexpected: HTML, not JSON");
    table.put_bytes("/blocks/head/header", vec![b' '; 2 << 20]);
    assert!(matches!(table.node().head(), Err(ChainError::TooLarge { .. })));
}

#[test]
fn hash_sync_constants_and_peers() {
    let table = Table::default();
    let mut node = table.node();
    table.put("/blocks/5/hash", &json!(made_hash(5)));
    assert_eq!(node.hash_at(level(5)).unwrap(), made_hash(5));
    for (bootstrapped, state, expected) in [
        (true, "synced", SyncState::Synced),
        (true, "unsynced", SyncState::Unsynced),
        (true, "stuck", SyncState::Stuck),
        (false, "synced", SyncState::Unsynced),
        (false, "unsynced", SyncState::Unsynced),
    ] {
        table.put("/is_bootstrapped", &json!({"bootstrapped": bootstrapped, "sync_state": state}));
        assert_eq!(node.sync().unwrap(), expected, "{bootstrapped} {state}");
    }
    for wrong in
        [json!({"bootstrapped": true}), json!({"bootstrapped": true, "sync_state": "perhaps"}), json!("synced")]
    {
        table.put("/is_bootstrapped", &wrong);
        assert!(matches!(node.sync(), Err(ChainError::Malformed { .. })), "{wrong}");
    }

    table.put("/blocks/head/context/constants", &sample("ushuaia-025-constants.json"));
    let constants = node.constants().unwrap();
    let values = (constants.block_seconds, constants.round_increment_seconds, constants.blocks_per_cycle);
    assert_eq!(values, (1, 1, 8));
    let mainnet = json!({"minimal_block_delay": "6", "delay_increment_per_round": "3", "blocks_per_cycle": 14400});
    table.put("/blocks/head/context/constants", &mainnet);
    assert_eq!(node.constants().unwrap().block_seconds, 6);
    for field in ["minimal_block_delay", "delay_increment_per_round", "blocks_per_cycle"] {
        for wrong in [Value::Null, json!(-1), json!("six"), json!(1.5), json!("99999999999999999999")] {
            let mut constants = mainnet.clone();
            constants[field] = wrong.clone();
            table.put("/blocks/head/context/constants", &constants);
            assert!(matches!(node.constants(), Err(ChainError::Malformed { .. })), "{field} {wrong}");
        }
    }
    table.put(
        "/blocks/head/context/constants",
        &json!({"minimal_block_delay": "0", "delay_increment_per_round": "3",
        "blocks_per_cycle": 14400}),
    );
    assert!(matches!(node.constants(), Err(ChainError::Malformed { .. })));

    let peer = |level: u64| json!({"peer_id": "id1", "block_hash": made_hash(level), "block_level": level});
    table.put("/active_peers_heads", &json!({"active_peers_heads": [peer(7), peer(0), peer(8)]}));
    let peers = node.peers_heads().unwrap();
    assert_eq!(
        peers.iter().map(|p| (p.level.get(), p.hash)).collect::<Vec<_>>(),
        [(7, made_hash(7)), (8, made_hash(8))]
    );
    table.put("/active_peers_heads", &json!({"active_peers_heads": [peer(1 << 31)]}));
    assert!(matches!(node.peers_heads(), Err(ChainError::Malformed { .. })));
    table.deny("/active_peers_heads");
    assert!(matches!(node.peers_heads(), Err(ChainError::Denied { .. })));
}

pub(crate) const POOL: &str = "/mempool/pending_operations?version=2&validation_pass=0";

pub(crate) fn vote(kind: &str, slot: u16, level: u64, round: u32) -> Value {
    json!({"hash": "o", "branch": "B", "signature": "s", "contents": [{"kind": kind, "slot": slot, "level": level,
        "round": round, "block_payload_hash": "vh"}]})
}

/// A mempool around sample head 340114, in which the baker has slot 3 at levels 340113 to 340115.
pub(crate) fn pool(change: impl FnOnce(&mut Value)) -> Table {
    let table = Table::default();
    let mut pool = sample("ushuaia-025-mempool.json");
    change(&mut pool);
    table.put(POOL, &pool);
    for level in 340_113..=340_115 {
        table.rights("head", level, TZ4_BAKER, Some(3));
    }
    table
}

fn pooled(table: &Table) -> Result<Vec<(Kind, u64, u32, String)>, ChainError> {
    let pooled = table.node().mempool(&key(TZ4_BAKER), &whole_head())?;
    let all = pooled.signed.into_iter().chain(pooled.rumours.into_iter().map(|rumour| rumour.signed));
    Ok(all.map(|s| (s.kind, s.at.level.get(), s.at.round.0, s.seen_in)).collect())
}

#[test]
fn votes_in_the_mempool_are_found_by_slot_in_every_class() {
    assert!(pooled(&pool(|_| ())).unwrap().is_empty());
    let table = pool(|p| {
        p["validated"] = json!([
            vote("attestation", 3, 340_114, 0),
            vote("attestation", 4, 340_115, 0),
            vote("attestation_with_dal", 3, 340_114, 0)
        ]);
        p["refused"] = json!([vote("preattestation", 3, 340_115, 2)]);
        p["outdated"] = json!([vote("attestation", 3, 340_000, 0), vote("attestation", 3, 340_113, 1)]);
    });
    // What the node has checked, then the rest, the newest of them first.
    let expected = [
        (Kind::Attestation, 340_114, 0, "mempool".to_owned()),
        (Kind::Preattestation, 340_115, 2, "mempool (refused)".to_owned()),
        (Kind::Attestation, 340_113, 1, "mempool (outdated)".to_owned()),
    ];
    assert_eq!(pooled(&table).unwrap(), expected);
    for class in ["validated", "unprocessed", "branch_delayed", "branch_refused", "outdated", "refused"] {
        let found = pooled(&pool(|p| p[class] = json!([vote("preattestation", 3, 340_115, 1)]))).unwrap();
        assert_eq!(found.len(), 1, "{class}");
    }
}

#[test]
fn a_vote_with_a_forged_signature_accuses_nobody() {
    let table = pool(|p| {
        let mut forged = vote("attestation", 3, 340_114, 0);
        forged["error"] = json!([{"kind": "permanent", "id": "proto.025-PsUshuai.operation.invalid_signature"}]);
        p["refused"] = json!([forged]);
    });
    assert!(pooled(&table).unwrap().is_empty());
}

#[test]
fn a_mempool_that_cannot_be_read_is_unknown_but_what_was_found_counts() {
    let unreadable = [
        vote("attestations_aggregate", 3, 340_114, 0),
        vote("attestation", 3, 0, 0),
        vote("attestation", 3, 1 << 31, 0),
        json!({"hash": "o", "branch": "B", "data": "00"}),
        json!({"contents": [{"kind": "attestation", "level": 340_114, "round": 0}]}),
    ];
    for operation in unreadable {
        let alone = pooled(&pool(|p| p["branch_delayed"] = json!([operation])));
        assert!(matches!(alone, Err(ChainError::Malformed { .. })), "{operation}: {alone:?}");
        let ours = vote("attestation", 3, 340_114, 0);
        let both = pooled(&pool(|p| p["branch_delayed"] = json!([operation, ours]))).unwrap();
        assert_eq!(both.len(), 1, "{operation}");
    }
    let no_class = pooled(&pool(|p| drop(p.as_object_mut().unwrap().remove("unprocessed"))));
    assert!(matches!(no_class, Err(ChainError::Malformed { .. })), "{no_class:?}");
    let other = pooled(&pool(|p| *p = sample("ushuaia-025-mempool-all-classes.json")));
    assert!(matches!(other, Err(ChainError::Malformed { .. })), "a transaction: {other:?}");

    let denied = pool(|p| p["validated"] = json!([vote("attestation", 3, 340_116, 0)]));
    denied.deny(&format!("/blocks/head/helpers/validators?level=340116&delegate={TZ4_BAKER}"));
    assert!(matches!(pooled(&denied), Err(ChainError::Denied { .. })));
    denied.deny(POOL);
    assert!(matches!(pooled(&denied), Err(ChainError::Denied { .. })));
}

#[test]
fn both_shapes_of_rights() {
    let path = format!("/blocks/head/helpers/validators?level=340114&delegate={TZ4_BAKER}");
    let table = pool(|p| p["validated"] = json!([vote("attestation", 7, 340_114, 0)]));
    assert!(pooled(&table).unwrap().is_empty(), "slot 7 is somebody else's");
    let flat =
        |level: u64| json!([{"level": level, "delegate": TZ4_BAKER, "slots": [55, 7, 9], "consensus_key": STRANGER}]);
    table.put(&path, &flat(340_114));
    assert_eq!(pooled(&table).unwrap().len(), 1, "protocol 023");
    table.put(&path, &json!([]));
    assert!(pooled(&table).unwrap().is_empty(), "no rights");
    for wrong in [flat(340_113), json!([{"level": 340_114}]), json!({}), json!([{"level": 1, "delegates": []}])] {
        table.put(&path, &wrong);
        assert!(matches!(pooled(&table), Err(ChainError::Malformed { .. })), "{wrong}");
    }
}
