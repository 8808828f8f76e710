//! S8: which votes of the mempool were signed for certain, which were signed twice, and of which nobody knows.

use ed25519_compact::{KeyPair, Seed};
use failover_core::chain::{ChainError, ChainNode, Pooled, Signed};
use failover_core::tezos::{Curve, KeyHash};
use serde_json::{Value, json};

use super::dice::Dice;
use super::octez::{POOL, pool, vote, whole_head};
use super::support::{STRANGER, TZ4_BAKER, Table, key, sample};

const CLASSES: [&str; 6] = ["validated", "unprocessed", "branch_delayed", "branch_refused", "outdated", "refused"];
const LEVEL: u64 = 340_114;

fn pooled(table: &Table) -> Pooled {
    table.node().mempool(&key(TZ4_BAKER), &whole_head()).unwrap()
}

/// A vote with an error, in the shape of the recorded ones.
fn faulty(class: &str, id: &str, mut vote: Value) -> Value {
    let mut error = sample("ushuaia-025-mempool-all-classes.json")[class][0]["error"].clone();
    error[0]["id"] = json!(id);
    vote["error"] = error;
    vote["protocol"] = json!("PsUshuai9QapM5TGj1JpuVGkdxz5GykdnEvS6Rh8SUVrARvZLCY");
    vote
}

/// The same vote with another branch or payload.
fn with(mut vote: Value, branch: &str, payload: &str) -> Value {
    vote["branch"] = json!(branch);
    vote["contents"][0]["block_payload_hash"] = json!(payload);
    vote
}

fn future(vote: Value) -> Value {
    faulty("branch_delayed", "proto.025-PsUshuai.validate.consensus_operation_for_future_level", vote)
}

fn conflict(vote: Value) -> Value {
    faulty("branch_delayed", "prevalidation.operation_conflict", vote)
}

fn levels(signed: &[Signed]) -> Vec<u64> {
    signed.iter().map(|s| s.at.level.get()).collect()
}

#[test]
fn only_what_the_node_has_checked_was_signed() {
    for class in CLASSES {
        let pooled = pooled(&pool(|p| p[class] = json!([vote("attestation", 3, LEVEL, 0)])));
        let checked = class == "validated";
        assert_eq!(
            (pooled.signed.len(), pooled.rumours.len()),
            (usize::from(checked), usize::from(!checked)),
            "{class}"
        );
        assert!(pooled.conflicts.is_empty(), "{class}");
    }
    let pooled = pooled(&pool(|p| p["branch_delayed"] = json!([future(vote("attestation", 3, LEVEL + 1, 0))])));
    let [rumour] = pooled.rumours.as_slice() else { panic!("{pooled:?}") };
    assert_eq!((rumour.signed.at.level.get(), rumour.since.get()), (LEVEL + 1, LEVEL));
    assert_eq!(rumour.signed.seen_in, "mempool (branch_delayed)");
}

/// octez checks the signature before it looks for a conflict.
#[test]
fn a_conflict_was_signed_and_with_another_content_it_was_signed_twice() {
    let ours = || vote("attestation", 3, LEVEL, 0);
    for other in [with(ours(), "B", "another"), with(ours(), "another", "vh")] {
        for id in ["prevalidation.operation_conflict", "prevalidation.operation_replacement"] {
            let kept_out = faulty("branch_delayed", id, other.clone());
            let table = pool(|p| {
                p["validated"] = json!([ours()]);
                p["branch_delayed"] = json!([kept_out]);
            });
            let pooled = pooled(&table);
            assert_eq!((levels(&pooled.signed), levels(&pooled.conflicts)), (vec![LEVEL], vec![LEVEL]), "{id}");
            assert!(pooled.rumours.is_empty(), "{pooled:?}");
        }
    }
    // The same once more, with other DAL content: nobody is punished for that.
    let mut dal = conflict(ours());
    dal["contents"][0]["kind"] = json!("attestation_with_dal");
    let table = pool(|p| {
        p["validated"] = json!([ours()]);
        p["branch_delayed"] = json!([dal]);
    });
    assert!(pooled(&table).conflicts.is_empty());
    // Alone it was signed, and with what it conflicts is not known.
    let alone = pooled(&pool(|p| p["branch_delayed"] = json!([conflict(with(ours(), "B", "another"))])));
    assert_eq!((levels(&alone.signed), alone.conflicts.len(), alone.rumours.len()), (vec![LEVEL], 0, 0));
    // Neither another kind, nor another round, nor another slot is one; nor is what nobody has checked.
    let beside = |other: Value| {
        let table = pool(|p| {
            p["validated"] = json!([ours()]);
            p["branch_delayed"] = json!([other]);
        });
        pooled(&table)
    };
    let others = [
        conflict(with(vote("preattestation", 3, LEVEL, 0), "B", "another")),
        conflict(with(vote("attestation", 3, LEVEL, 1), "B", "another")),
        conflict(with(vote("attestation", 4, LEVEL, 0), "B", "another")),
        future(with(ours(), "B", "another")),
    ];
    for other in others {
        assert!(beside(other.clone()).conflicts.is_empty(), "{other}");
    }
    assert!(beside(future(with(ours(), "B", "another"))).rumours.is_empty(), "the position is signed anyway");
}

/// What was a rumour and is checked by the node later was signed; what was checked stays so when it grows old.
#[test]
fn a_rumour_ends_where_the_node_has_checked_it_and_never_comes_back() {
    let table = pool(|_| ());
    let mut node = table.node();
    let mut look = |class: &str, operation: Value| {
        let mut answer = sample("ushuaia-025-mempool.json");
        answer[class] = json!([operation]);
        table.put(POOL, &answer);
        let Pooled { signed, rumours, .. } = node.mempool(&key(TZ4_BAKER), &whole_head()).unwrap();
        (signed.len(), rumours.len())
    };
    assert_eq!(look("branch_delayed", future(vote("attestation", 3, LEVEL + 1, 0))), (0, 1));
    assert_eq!(look("validated", vote("attestation", 3, LEVEL + 1, 0)), (1, 0));
    assert_eq!(look("outdated", vote("attestation", 3, LEVEL + 1, 0)), (1, 0));
}

/// The baker's consensus key is a tz1 key: what it has signed was signed, in whatever class.
#[test]
fn a_rumour_that_the_bakers_tz1_key_has_signed_was_signed() {
    let text = |prefix: &[u8], bytes: &[u8]| bs58::encode([prefix, bytes].concat()).with_check().into_string();
    let pair = KeyPair::from_seed(Seed::new([7; 32]));
    let signed_by = |pair: &KeyPair, level: u64| {
        let mut bytes = vec![0x13];
        bytes.extend(whole_head().chain_id.bytes());
        bytes.extend([1; 32]);
        bytes.extend([21, 0, 3]);
        bytes.extend(u32::try_from(level).unwrap().to_be_bytes());
        bytes.extend([0, 0, 0, 0]);
        bytes.extend([2; 32]);
        let digest = <blake2::Blake2b<blake2::digest::consts::U32> as blake2::Digest>::digest(bytes);
        text(&[0x04, 0x82, 0x2b], &*pair.sk.sign(digest, None))
    };
    let look = |signature: String, key: &[u8]| {
        let mut vote =
            with(vote("attestation", 3, LEVEL + 1, 0), &text(&[1, 0x34], &[1; 32]), &text(&[1, 0x6a, 0xf2], &[2; 32]));
        vote["signature"] = json!(signature);
        let table = pool(|p| p["branch_delayed"] = json!([future(vote)]));
        let mut delegate = sample("ushuaia-025-delegate.json");
        let hash = KeyHash::of_public_key(Curve::Ed25519, key).unwrap();
        delegate["consensus_key"]["active"] = json!({"pkh": hash, "pk": text(&[0x0d, 0x0f, 0x25, 0xd9], key)});
        table.put(&format!("/blocks/head/context/delegates/{TZ4_BAKER}"), &delegate);
        let pooled = pooled(&table);
        (pooled.signed.len(), pooled.rumours.len())
    };
    let public = pair.pk.as_ref();
    assert_eq!(look(signed_by(&pair, LEVEL + 1), public), (1, 0));
    assert_eq!(look(signed_by(&pair, LEVEL + 2), public), (0, 1), "of another level");
    let other = KeyPair::from_seed(Seed::new([8; 32]));
    assert_eq!(look(signed_by(&other, LEVEL + 1), public), (0, 1), "by another key");
    assert_eq!(look("s".to_owned(), public), (0, 1));
}

/// Anybody can send them: a flood is no answer that is too long, and hides nothing.
#[test]
fn a_flood_of_rumours_hides_nothing_and_does_not_grow() {
    let table = pool(|p| {
        let flood =
            (0..5000).map(|round| future(with(vote("attestation", 3, LEVEL + 1, round), "B", &round.to_string())));
        p["branch_delayed"] = flood.collect();
        p["validated"] = json!([vote("attestation", 3, LEVEL, 0)]);
    });
    let pooled = pooled(&table);
    assert_eq!(levels(&pooled.signed), [LEVEL]);
    assert!((1..=64).contains(&pooled.rumours.len()), "{}", pooled.rumours.len());
    // Nobody has rights so far above the head: a vote that the node has checked is not understood, a rumour is none.
    let far = |class: &str| pool(|p| p[class] = json!([vote("attestation", 3, 350_000, 0)]));
    assert_eq!(self::pooled(&far("branch_delayed")), Pooled::default());
    let checked = far("validated").node().mempool(&key(TZ4_BAKER), &whole_head());
    assert!(matches!(checked, Err(ChainError::Malformed { .. })), "{checked:?}");
}

/// Any JSON, in every class: an answer or an error, and what is checked is what is there.
#[test]
fn any_json_in_any_class_is_an_answer_or_an_error() {
    let mut dice = Dice(0x5a8e);
    let mut understood = 0;
    for _ in 0..4000 {
        let class = CLASSES[dice.roll(6) as usize];
        let operation = operation(&mut dice);
        let table = pool(|p| p[class] = json!([operation]));
        match table.node().mempool(&key(TZ4_BAKER), &whole_head()) {
            Ok(pooled) => {
                understood += usize::from(pooled != Pooled::default());
                assert!(pooled.conflicts.is_empty(), "one vote alone: {operation}");
                let checked = class == "validated" || operation.to_string().contains("prevalidation.operation_");
                assert!(pooled.signed.is_empty() || checked, "{class}: {operation}");
            }
            Err(ChainError::Malformed { .. } | ChainError::Missing { .. }) => {}
            Err(other) => panic!("{operation}: {other:?}"),
        }
    }
    assert!(understood > 100, "only {understood} of 4000 were understood");
}

fn operation(dice: &mut Dice) -> Value {
    let kinds = ["attestation", "attestation_with_dal", "preattestation", "attestations_aggregate", "\u{0}"];
    let ids =
        ["prevalidation.operation_conflict", "prevalidation.operation_replacement", "operation.invalid_signature", ""];
    let mut one = vote(kinds[dice.roll(3) as usize], 3, LEVEL - 2 + dice.roll(4), dice.roll(3) as u32);
    if dice.one_in(2) {
        one["error"] = json!([{"kind": "temporary", "id": ids[dice.roll(4) as usize]}]);
    }
    for _ in 0..dice.roll(3) {
        let spoiled = any(dice, 3);
        let places = ["/branch", "/error", "/contents", "/signature", "/error/0", "/error/0/id", "/contents/0"];
        let fields =
            ["kind", "slot", "level", "round", "block_payload_hash"].map(|field| format!("/contents/0/{field}"));
        let places: Vec<String> = places.iter().map(ToString::to_string).chain(fields).collect();
        if let Some(place) = one.pointer_mut(&places[dice.roll(places.len() as u64) as usize]) {
            *place = spoiled;
        }
    }
    if dice.one_in(20) { any(dice, 4) } else { one }
}

fn any(dice: &mut Dice, depth: u64) -> Value {
    match dice.roll(if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(dice.one_in(2)),
        2 => json!(dice.bits()),
        3 => json!(-(dice.roll(1 << 20) as i64)),
        4 => json!(STRANGER),
        5 => json!("\"\\\u{1f}\u{2028}a\n"),
        6 => (0..dice.roll(4)).map(|_| any(dice, depth - 1)).collect(),
        _ => json!({"kind": any(dice, depth - 1), "id": any(dice, depth - 1), "level": any(dice, depth - 1)}),
    }
}
