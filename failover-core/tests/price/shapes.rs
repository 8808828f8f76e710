//! The shapes of what nodes answer: Ushuaia (025) from its sandbox, Seoul (023) where it differs.

use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{
    Ahead, ChainError, ChainLevelSource, ChainNode, Earnings, Participation, Ratio, Rights, Slashing,
};
use failover_core::tezos::Mutez;
use serde_json::{Value, json};

use crate::support::{BAKER, STRANGER, Table, ahead, baker, hash, rights, sample, tez};

const WITHIN: Duration = Duration::from_secs(3);

/// The sandbox's answers about what a baker earns.
pub(crate) fn sandbox() -> Table {
    let (table, root) = (Table::default(), format!("/chains/main/blocks/{}/context", hash()));
    let delegate = sample("ushuaia-025-delegate.json");
    table.put(&format!("{root}/constants"), &sample("ushuaia-025-constants.json"));
    table.put(&format!("{root}/issuance/expected_issuance"), &sample("ushuaia-025-expected-issuance.json"));
    for field in ["participation", "total_staked", "own_staked"] {
        table.put(&format!("{root}/delegates/{BAKER}/{field}"), &delegate[field]);
    }
    table
}

fn earnings(table: &Table, cycle: u64) -> Result<Earnings, ChainError> {
    OctezNode::new(table.clone()).earnings(&baker(), &hash(), cycle, WITHIN)
}

#[test]
fn what_a_ushuaia_node_says_of_rewards_and_stake() {
    let expected = Earnings {
        committee: 256,
        block: Mutez::new(600_020),
        votes: Mutez::new(600_020),
        participation: Participation {
            expected_slots: 204,
            missed_levels: 0,
            allowed_slots: 68,
            // 600,020 / 256 = 2,343 for each of 204 slots.
            rewards: Mutez::new(477_972),
        },
        minimal_participation: Ratio { numerator: 2, denominator: 3 },
        staked: tez(200_000),
        own_staked: tez(200_000),
        slashing: Slashing { block: 500, most: 10_000, threshold: Ratio { numerator: 1, denominator: 3 } },
    };
    assert_eq!(earnings(&sandbox(), 2).unwrap(), expected);
    // A cycle whose issuance is not in the answer is not paid nothing: it is not known (S3).
    let error = earnings(&sandbox(), 3).unwrap_err();
    assert!(matches!(&error, ChainError::Malformed { why, .. } if why.contains("issuance of 3")), "{error:?}");
}

#[test]
fn a_seoul_node_names_what_a_slot_pays() {
    let table = sandbox();
    let root = format!("/chains/main/blocks/{}/context", hash());
    let mut constants = sample("ushuaia-025-constants.json");
    constants["consensus_threshold_size"] = json!(171);
    table.put(&format!("{root}/constants"), &constants);
    let issuance = json!([{"cycle": 2, "baking_reward_fixed_portion": "300010", "baking_reward_bonus_per_slot": "1171",
        "attesting_reward_per_slot": "2343", "seed_nonce_revelation_tip": "234", "vdf_revelation_tip": "234",
        "dal_attesting_reward_per_shard": "520"}]);
    table.put(&format!("{root}/issuance/expected_issuance"), &issuance);
    let earnings = earnings(&table, 2).unwrap();
    // 300,010 + (256 - 171) x 1,171 = 399,545; 256 x 2,343 = 599,808.
    assert_eq!((earnings.block, earnings.votes), (Mutez::new(399_545), Mutez::new(599_808)));
}

#[test]
fn an_answer_of_another_shape_is_no_number() {
    let root = format!("/chains/main/blocks/{}/context", hash());
    let of_baker = |field: &str| format!("{root}/delegates/{BAKER}/{field}");
    let participation = sample("ushuaia-025-delegate.json")["participation"].clone();
    let without = |name: &str| {
        let mut value = participation.clone();
        value.as_object_mut().unwrap().remove(name);
        value
    };
    let constant = |name: &str, value: Value| {
        let mut constants = sample("ushuaia-025-constants.json");
        constants[name] = value;
        (format!("{root}/constants"), constants)
    };
    for (path, answer) in [
        (of_baker("total_staked"), json!(null)),
        (of_baker("total_staked"), json!(200_000)),
        (of_baker("total_staked"), json!("-1")),
        // Less than the baker's own part.
        (of_baker("total_staked"), json!("199999999999")),
        (of_baker("participation"), without("expected_cycle_activity")),
        (of_baker("participation"), without("expected_attesting_rewards")),
        (format!("{root}/issuance/expected_issuance"), json!([])),
        constant("max_slashing_threshold", json!({"numerator": 1, "denominator": 0})),
        constant("max_slashing_threshold", json!({"numerator": 2, "denominator": 1})),
        constant("max_slashing_per_block", json!(10_001)),
        constant("consensus_committee_size", json!(0)),
        constant("consensus_threshold_size", json!(257)),
    ] {
        let table = sandbox();
        table.put(&path, &answer);
        let error = earnings(&table, 2).unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{path} {answer}: {error:?}");
    }
}

/// Of the levels 1,001 to 1,012 the baker may vote at these.
fn validators(all_attest: bool, levels: impl Iterator<Item = u64>) -> Value {
    let power = if all_attest { "2321443233846163" } else { "70" };
    let of_level = |level: u64| {
        json!({"level": level, "consensus_threshold": "9999999999999999999", "consensus_committee": "14999999999999999999",
            "all_bakers_attest_activated": all_attest, "delegates": [{"delegate": BAKER, "rounds": [],
            "consensus_key": BAKER, "attesting_power": power, "attestation_slot": 3}]})
    };
    levels.map(of_level).collect()
}

fn asked_rights(blocks: &Value, validators: &Value) -> (Table, Result<Option<Rights>, ChainError>) {
    let (table, root) = (Table::default(), format!("/chains/main/blocks/{}/helpers", hash()));
    table.put(&format!("{root}/baking_rights?"), blocks);
    table.put(&format!("{root}/validators?"), validators);
    let rights = OctezNode::new(table.clone()).rights(&baker(), &ahead(), WITHIN);
    (table, rights)
}

#[test]
fn rights_of_the_levels_ahead_in_two_questions() {
    let block = |level: u64, round: u32| {
        json!({"level": level, "delegate": BAKER, "round": round, "estimated_time": "2026-10-07T08:19:19Z",
            "consensus_key": STRANGER})
    };
    let blocks = json!([block(1003, 0), block(1300, 2)]);
    let (table, found) = asked_rights(&blocks, &validators(false, 1001..=1012));
    assert_eq!(found.unwrap().unwrap(), rights(&[(1003, 0), (1300, 2)], 1001..=1012));
    let asked = table.asked();
    let [blocks_path, votes_path] = asked.as_slice() else { panic!("{asked:?}") };
    // Blocks for 300 levels and three rounds; votes up to the floor only, and of nobody else.
    assert!(blocks_path.contains("max_round=2") && blocks_path.matches("&level=").count() == 300, "{blocks_path}");
    assert!(votes_path.matches("&level=").count() == 12 && votes_path.ends_with("&level=1012"), "{votes_path}");
    assert!(asked.iter().all(|path| path.contains(&format!("delegate={BAKER}"))), "{asked:?}");
    // All bakers attest: powers of any size.
    let (_, found) = asked_rights(&json!([]), &validators(true, 1001..=1012));
    assert_eq!(found.unwrap().unwrap().all_bakers_attest, Some(true));
    // Seoul has a flat list; a baker without any right has an empty one, which does not say who attests.
    let flat: Value = [1002, 1001]
        .iter()
        .map(|at| {
            json!({"level": at, "delegate": BAKER, "slots": [4, 9],
        "consensus_key": BAKER})
        })
        .collect();
    let (_, found) = asked_rights(&json!([]), &flat);
    assert_eq!(found.unwrap().unwrap(), rights(&[], 1001..=1002));
    let (_, found) = asked_rights(&json!([]), &json!([]));
    assert_eq!(found.unwrap().unwrap(), Rights { all_bakers_attest: None, ..rights(&[], std::iter::empty()) });
}

#[test]
fn rights_that_were_not_asked_for_are_no_answer() {
    let block = |level: u64, who: &str, round: u32| json!([{"level": level, "delegate": who, "round": round}]);
    for (blocks, validators) in [
        (block(1003, STRANGER, 0), json!([])),
        (block(1000, BAKER, 0), json!([])),
        (block(1301, BAKER, 0), json!([])),
        (block(1003, BAKER, Ahead::MAX_ROUND + 1), json!([])),
        (block(0, BAKER, 0), json!([])),
        (json!([]), validators(false, 1013..=1013)),
        (json!([]), validators(false, 1000..=1001)),
        (json!({}), json!([])),
        (json!([]), json!(null)),
    ] {
        let error = asked_rights(&blocks, &validators).1.unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{blocks} {validators}: {error:?}");
    }
}
