//! The numbers, each worked out by hand beside it.

use failover_core::chain::{Earnings, Participation, Ratio, Slashing};
use failover_core::price::{Coming, Known, NextBlock, Now, Price, Twice, VotesPrice, WaitingPrice};
use failover_core::tezos::{Mutez, Position, Round};

use crate::support::{answers, earnings, known, level, now, rights, tez, unknown};

fn price(earnings: &Earnings, all_attest: Option<bool>, now: &Now) -> Price {
    let rights = failover_core::chain::Rights { all_bakers_attest: all_attest, ..rights(&[], std::iter::empty()) };
    Price::of(&answers(Ok(earnings.clone()), Ok(rights)), now)
}

fn waiting(participation: Participation, all_attest: Option<bool>, left_in_cycle: u64) -> WaitingPrice {
    let earnings = Earnings { participation, ..earnings() };
    known(price(&earnings, all_attest, &Now { left_in_cycle, ..now() }).waiting)
}

fn twice(earnings: &Earnings) -> Twice {
    known(price(earnings, None, &now()).twice)
}

#[test]
fn a_minute_costs_blocks_and_votes_only_after_a_third_of_the_cycle() {
    let all = earnings().participation;
    let none_lost = |free_seconds| VotesPrice { a_cycle: Mutez::new(518_400_000), free_seconds, lost_already: false };
    for (participation, all_attest, left, votes) in [
        // A third of 14,400 levels is 4,800 levels, or 28,800 s.
        (all, Some(false), 10_000, none_lost(28_800)),
        // The cycle ends first: 3,000 levels of it, and 4,800 of the next one: 46,800 s.
        (all, Some(false), 3_000, none_lost(46_800)),
        // 70 slots are one level of 1 % of 7000.
        (Participation { allowed_slots: 70, ..all }, Some(false), 10_000, none_lost(6)),
        (Participation { allowed_slots: 0, ..all }, Some(false), 10_000, none_lost(0)),
        // Where all bakers attest, levels are counted: 4,800 - 4,000 = 800 of them, whatever the slots say.
        (Participation { missed_levels: 4_000, allowed_slots: 0, ..all }, Some(true), 10_000, none_lost(4_800)),
        (Participation { missed_levels: 5_000, ..all }, Some(true), 10_000, none_lost(0)),
        // Elsewhere slots are: a baker without rights at every level misses fewer levels.
        (Participation { missed_levels: 4_000, ..all }, Some(false), 10_000, none_lost(28_800)),
        // Not known which: the smaller number.
        (Participation { missed_levels: 4_000, ..all }, None, 10_000, none_lost(4_800)),
        (Participation { allowed_slots: 70, ..all }, None, 10_000, none_lost(6)),
        // This cycle's are lost: the next ones after 10,000 + 4,800 levels; 3.6 x 1,008,000 / 7000 = 518.4 tez.
        (
            Participation { rewards: Mutez::ZERO, allowed_slots: 0, ..all },
            Some(false),
            10_000,
            VotesPrice { lost_already: true, ..none_lost(88_800) },
        ),
    ] {
        let waiting = waiting(participation, all_attest, left);
        assert_eq!(waiting.votes, Some(votes), "{participation:?} {all_attest:?} {left}");
        // 518.4 tez of blocks in a cycle of 14,400 x 6 / 60 = 1,440 minutes.
        assert_eq!(waiting.blocks_a_minute, Mutez::new(360_000));
    }
}

#[test]
fn a_baker_without_rights_has_nothing_to_lose_by_waiting() {
    let none = Participation { expected_slots: 0, missed_levels: 0, allowed_slots: 0, rewards: Mutez::ZERO };
    assert_eq!(waiting(none, Some(true), 10), WaitingPrice { blocks_a_minute: Mutez::ZERO, votes: None });
    let twice = twice(&Earnings { participation: none, ..earnings() });
    // A block signed twice costs all the same.
    assert_eq!((twice.block, twice.votes, twice.forbidden), (tez(35_000), Mutez::ZERO, Mutez::ZERO));
}

#[test]
fn a_block_costs_five_percent_and_votes_the_square_of_their_share_of_a_third() {
    // 5 % of 700,000; (1 % x 3)^2 = 0.09 %; two cycles of 518.4 for blocks and 518.4 for votes.
    let expected = Twice {
        staked: tez(700_000),
        own_staked: tez(100_000),
        block: tez(35_000),
        block_part: 500,
        votes: tez(630),
        votes_part: 9,
        forbidden: Mutez::new(2_073_600_000),
    };
    assert_eq!(twice(&earnings()), expected);
    // The protocol's own table, share of the power and part of the stake in hundredths of a percent; and what is no
    // whole number of them, 0.0225 % for 0.5 %, is rounded up.
    for (share, part) in
        [(1, 1), (50, 3), (100, 9), (500, 225), (1_000, 900), (2_000, 3_600), (3_334, 10_000), (10_000, 10_000)]
    {
        let mut earnings = earnings();
        // 1,008,000 slots are 1 %.
        earnings.participation.expected_slots = share * 10_080;
        let twice = twice(&earnings);
        assert_eq!((twice.votes_part, twice.votes), (part, tez(70 * part)), "{share}");
    }
    // At most a half, from a quarter on: (10 % x 4)^2 = 16 % of 50 %.
    let slashing = Slashing { block: 700, most: 5_000, threshold: Ratio { numerator: 1, denominator: 4 } };
    let mut earnings = Earnings { slashing, ..earnings() };
    earnings.participation.expected_slots = 10_080_000;
    let twice = twice(&earnings);
    assert_eq!((twice.block, twice.votes), (tez(49_000), tez(56_000)));
}

#[test]
fn blocks_and_votes_up_to_the_floor_are_skipped() {
    // The floor is 1,012. A source may name more than one round of a level, in any order, and a thing twice.
    let seen = [(1250, 0), (1110, 1), (1110, 2), (1103, 0), (1003, 1), (1003, 0), (1013, 0), (1012, 0), (1008, 2)];
    let votes = (1001..=1012).filter(|level| *level != 1005).chain([1001]);
    let coming = known(Price::of(&answers(Ok(earnings()), Ok(rights(&seen, votes))), &now()).coming);
    let expected = Coming {
        source: "node http://127.0.0.1:8732".to_owned(),
        head: level(1000),
        until: level(1300),
        // 1,003, 1,012, 1,013, 1,103, 1,250 in round 0; 1,110 in round 1; 1,008 in round 2.
        blocks: vec![5, 1, 1],
        // Three levels of 6 s after the head.
        next: Some(NextBlock {
            position: Position::start_of(level(1003)),
            at: now().head_at.after(std::time::Duration::from_secs(18)),
        }),
        floor: level(1012),
        // 1,003 and 1,012: the floor itself is skipped, and round 2 of 1,008 is rarely reached.
        skipped_blocks: 2,
        skipped_votes: 11,
    };
    assert_eq!(coming, expected);
}

#[test]
fn without_a_block_in_round_0_the_lowest_round_is_the_next() {
    let coming =
        |blocks| known(Price::of(&answers(Ok(earnings()), Ok(rights(blocks, std::iter::empty()))), &now()).coming);
    let next = coming(&[(1005, 2), (1007, 1)]).next.unwrap();
    // Seven levels of 6 s, and round 0 of that level for 6 s.
    let due = now().head_at.after(std::time::Duration::from_secs(48));
    assert_eq!(next, NextBlock { position: Position::new(level(1007), Round(1)), at: due });
    // Ten levels, and 6 + 9 s of rounds 0 and 1.
    let next = coming(&[(1010, 2)]).next.unwrap();
    assert_eq!(next.at, now().head_at.after(std::time::Duration::from_secs(75)));
    let none = coming(&[]);
    assert_eq!((none.next, none.skipped_blocks, none.skipped_votes, none.blocks), (None, 0, 0, vec![0; 3]));
}

#[test]
fn each_part_is_known_or_not_by_itself() {
    let why = unknown("nobody knows");
    let price = Price::of(&answers(Err(why.clone()), Ok(rights(&[], std::iter::empty()))), &now());
    assert_eq!((&price.waiting, &price.twice), (&Known::Unknown(why.clone()), &Known::Unknown(why.clone())));
    assert!(matches!(price.coming, Known::Known(_)));
    let price = Price::of(&answers(Ok(earnings()), Err(why.clone())), &now());
    assert_eq!(price.coming, Known::Unknown(why));
    assert!(matches!((price.waiting, price.twice), (Known::Known(_), Known::Known(_))));
}

#[test]
fn numbers_that_do_not_fit_are_unknown_and_never_wrap() {
    let most = Mutez::new(u64::MAX);
    for change in [
        (&|earnings: &mut Earnings| earnings.block = most) as &dyn Fn(&mut Earnings),
        &|earnings| earnings.participation.expected_slots = u64::MAX,
        &|earnings| earnings.committee = 0,
    ] {
        let mut earnings = earnings();
        change(&mut earnings);
        let price = price(&earnings, None, &now());
        assert!(
            matches!(&price.twice, Known::Unknown(why) if why.why.contains("too large")),
            "{earnings:?} {:?}",
            price.twice
        );
    }
}
