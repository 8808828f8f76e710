//! The three lines, and that they fit into 80 columns with the indent of a plan.

use failover_core::chain::{Earnings, Participation};
use failover_core::price::Price;
use failover_core::tezos::Mutez;

use crate::support::{answers, earnings, now, rights, tez, unknown};

fn lines(earnings: Earnings, blocks: &[(u64, u32)], votes: u64) -> Vec<String> {
    let rights = rights(blocks, 1001..1001 + votes);
    Price::of(&answers(Ok(earnings), Ok(rights)), &now()).lines()
}

#[test]
fn three_lines_of_a_small_a_usual_and_a_large_baker() {
    assert_eq!(
        lines(earnings(), &[(1009, 0), (1012, 0)], 11),
        [
            "waiting costs 0.36 tez a minute, and 518 tez of votes after 8h",
            // 54 s after the head, which is 2 s old.
            "next own block 1,009 in 52s; the margin skips 2 blocks and 11 votes",
            "signing twice costs 35,000 tez a block, 630 a vote, and 2 cycles' 2,074",
        ]
    );
    // One slot in a thousand blocks: 0.00001 % of the power.
    let participation =
        Participation { expected_slots: 14, missed_levels: 9, allowed_slots: 4, rewards: Mutez::new(7_196) };
    let small = Earnings { participation, staked: tez(6_000), own_staked: tez(6_000), ..earnings() };
    assert_eq!(
        lines(small, &[], 1),
        [
            // 3.6 x 14 / 7000 = 0.0072 tez of blocks a day; 4 of 14 slots are 4,114 levels.
            "waiting costs 0.000005 tez a minute, and 0.0072 tez of votes after 6h 51m",
            "no own block up to 1,300; the margin skips no block and 1 vote",
            // No vote is free: 0.01 % of 6,000 tez.
            "signing twice costs 300 tez a block, 0.6 a vote, and 2 cycles' 0.0288",
        ]
    );
    // 10 % of the power, and a block now.
    let participation = Participation {
        expected_slots: 10_080_000,
        allowed_slots: 3_360_000,
        rewards: tez(5_184),
        ..earnings().participation
    };
    let large = Earnings { participation, staked: tez(20_000_000), ..earnings() };
    assert_eq!(
        lines(large, &[(1001, 1)], 12),
        [
            "waiting costs 3.6 tez a minute, and 5,184 tez of votes after 8h",
            "next own block 1,001 (round 1) in 10s; the margin skips no block and 12 votes",
            "signing twice costs 1,000,000 tez a block, 1,800,000 a vote, and 2 cycles' 20,736",
        ]
    );
}

#[test]
fn lost_votes_and_no_rights_are_said() {
    let mut lost = earnings();
    lost.participation.rewards = Mutez::ZERO;
    assert_eq!(lines(lost, &[], 0)[0], "waiting costs 0.36 tez a minute; this cycle's votes are lost already");
    let mut none = earnings();
    none.participation = Participation { expected_slots: 0, missed_levels: 0, allowed_slots: 0, rewards: Mutez::ZERO };
    assert_eq!(lines(none, &[], 0)[0], "waiting costs nothing: no rights in this cycle");
}

#[test]
fn lines_of_a_plan_fit_into_80_columns() {
    let mut rich = earnings();
    rich.participation.rewards = tez(25_918);
    rich.block = Mutez::new(14_190_000);
    rich.staked = tez(3_500_000);
    let blocks: Vec<(u64, u32)> = (0..12).map(|n| (1001 + n, 0)).collect();
    for line in lines(rich.clone(), &blocks, 12).into_iter().chain(lines(rich, &[(1199, 0)], 12)) {
        assert!(line.len() <= 76, "{} columns: {line}", line.len());
    }
}

#[test]
fn what_is_not_known_is_said_once_with_its_reason() {
    let why = unknown("node X denies it");
    let nothing = Price::of(&answers(Err(why.clone()), Err(why.clone())), &now());
    assert_eq!(nothing.lines(), ["what waiting and signing twice cost is not known: node X denies it"]);
    let rights_only = Price::of(&answers(Err(why), Ok(rights(&[(1009, 0)], 1001..1003))), &now());
    assert_eq!(
        rights_only.lines(),
        [
            "what waiting and signing twice cost is not known: node X denies it",
            "next own block 1,009 in 52s; the margin skips 1 block and 2 votes"
        ]
    );
    let earnings_only = Price::of(&answers(Ok(earnings()), Err(unknown("nobody says"))), &now());
    assert_eq!(earnings_only.lines()[1], "which own blocks and votes come next is not known: nobody says");
    assert_eq!(earnings_only.lines().len(), 3);
    // No number of it looks like one that is known (S3).
    assert!(!nothing.lines()[0].contains("tez a"));
}
