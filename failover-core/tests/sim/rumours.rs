//! H25, S8: what the mempool shows of this baker that nobody has checked is said, and stops nothing. H39, H8: a consensus
//! key that changes on the way.

use std::time::Duration;

use failover_core::clock::Clock as _;
use failover_core::decision::{Resumed, WaitFor, policy};
use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_sim::drill::{Cut, journal_of};

use crate::support::{BOTH, Case, name};

fn drilled(case: &Case) -> Vec<Record> {
    let (scratch, drilled) = case.drill();
    let records = journal_of(scratch.path()).unwrap();
    let shown: Vec<String> = records.iter().map(name).collect();
    let end = drilled.end().unwrap();
    assert_eq!(end.exit, case.scenario.exit, "{case}: {}\n{}", end.message, shown.join(", "));
    assert!(drilled.alarms.is_empty(), "{case}");
    records
}

fn cases(scenario: &str) -> Vec<Case> {
    BOTH.into_iter().flat_map(|model| (1..=3).map(move |seed| Case::new(scenario, model, seed))).collect()
}

/// The level until which the start was held, and the heads of these waits.
fn held(records: &[Record]) -> Vec<(u64, u64)> {
    let held = records.iter().filter_map(|record| match record {
        Record::Wait { head, waiting } => match &waiting.why {
            WaitFor::Rumour { until, .. } => Some((head.unwrap().get(), until.get())),
            _ => None,
        },
        _ => None,
    });
    held.collect()
}

/// In the quarantine and above the floor, before the start and after it.
#[test]
fn h25_an_unsigned_vote_is_said_and_stops_nothing() {
    for case in cases("h25") {
        let records = drilled(&case);
        let started = records.iter().position(|r| matches!(r, Record::After { step, .. } if step.name() == "start"));
        let (started, floor) = (started.expect("a start"), floor(&records));
        let said: Vec<(usize, u64)> = (0..)
            .zip(&records)
            .filter_map(|(index, record)| match record {
                Record::Rumour { signed } => Some(signed.iter().map(move |s| (index, s.at.level.get()))),
                _ => None,
            })
            .flatten()
            .collect();
        let some = |what: &str, holds: &dyn Fn(&(usize, u64)) -> bool| {
            assert!(said.iter().any(holds), "{case}: none was said {what}: {said:?}, floor {floor}");
        };
        some("below the floor", &|(_, level)| *level < floor);
        some("above it", &|(_, level)| *level > floor);
        some("before the start", &|(index, _)| *index < started);
        some("after it", &|(index, _)| *index > started);
    }
}

fn floor(records: &[Record]) -> u64 {
    let floor = records.iter().rev().find_map(|record| match record {
        Record::Before { step: failover_core::decision::Step::Start { floor, .. }, .. } => Some(floor.get()),
        _ => None,
    });
    floor.expect("a start")
}

/// Rumours that never end hold the start once, for six levels.
#[test]
fn h25_rumours_hold_the_start_for_six_levels_in_the_whole_run() {
    for case in cases("h25-held") {
        let held = held(&drilled(&case));
        let first = held.first().copied().unwrap_or_else(|| panic!("{case}: it was not held"));
        assert!(
            held.iter().all(|(head, until)| head < until && *until <= first.0 + policy::RUMOUR_HOLD),
            "{case}: {held:?}"
        );
    }
}

/// The same where the run dies while it is held: what is left of the six levels is remembered.
#[test]
fn h25_a_run_that_is_taken_up_again_has_no_further_levels() {
    for case in cases("h25-held") {
        let (scratch, mut rehearsal) = case.rehearsal();
        let waits = |record: &Record| matches!(record, Record::Wait { waiting, .. } if matches!(waiting.why, WaitFor::Rumour { .. }));
        assert_eq!(rehearsal.session(Some(Cut::When(waits))).unwrap().exit, 6, "{case}");
        let first = held(&journal_of(scratch.path()).unwrap()).pop().unwrap();
        let end = rehearsal.session(None).unwrap().clone();
        assert_eq!(end.exit, 0, "{case}: {}", end.message);
        for (_, until) in held(&journal_of(scratch.path()).unwrap()) {
            assert!(until <= first.0 + policy::RUMOUR_HOLD, "{case}: {until} {first:?}");
        }
    }
}

#[test]
fn h25_a_vote_that_is_signed_twice_stops_the_backup_whatever_its_marks_say() {
    for case in cases("h25-conflict") {
        let records = drilled(&case);
        let Some(Record::Duplicate { signed, .. }) = records.iter().find(|r| matches!(r, Record::Duplicate { .. }))
        else {
            panic!("{case}: no duplicate")
        };
        assert!(signed.iter().all(|s| s.seen_in.contains("another branch or payload")), "{case}: {signed:?}");
    }
}

/// H39: the old key's last votes are seen when the other one is active, whose marks are at the floor.
#[test]
fn h39_the_old_keys_own_votes_are_no_duplicate() {
    for seed in 1..=4 {
        let case = Case::new("h39", Model::TezSign, seed);
        let (resumed, change) = (resumed(&drilled(&case)), case.key_change());
        let (first, head) = (resumed.first.at.level.get(), resumed.head.unwrap().get());
        assert!(first < change, "{case}: the first signature above the floor is not the old key's: {first}");
        assert!(head >= change, "{case}: it ended before the change: {head}");
    }
}

/// H39: the run dies after the start, and is taken up again at each of the levels around the change.
#[test]
fn h39_a_run_that_is_taken_up_again_after_the_change_knows_the_key_that_it_armed() {
    for before in 0..4 {
        let case = Case::new("h39", Model::TezSign, 1);
        let (_scratch, mut rehearsal) = case.rehearsal();
        let started = |record: &Record| matches!(record, Record::After { step, .. } if step.name() == "start");
        assert_eq!(rehearsal.session(Some(Cut::When(started))).unwrap().exit, 6, "{case}");
        let world = rehearsal.world().clone();
        while world.head_level().get() + before < case.key_change() + 1 {
            world.clock().sleep(Duration::from_millis(500));
        }
        let end = rehearsal.session(None).unwrap().clone();
        assert_eq!(end.exit, 0, "{case}, {before} before: {}", end.message);
    }
}

fn resumed(records: &[Record]) -> Resumed {
    let resumed = records.iter().rev().find_map(|record| match record {
        Record::End(end) => end.resumed.clone(),
        _ => None,
    });
    resumed.expect("it ended well")
}

/// H8: it is refused before anything was touched, and waited for after that, with how long is left (S10).
#[test]
fn h8_a_key_change_in_the_middle_of_a_run_is_waited_for() {
    for seed in 1..=4 {
        let case = Case::new("h8-change", Model::TezSign, seed);
        let records = drilled(&case);
        let waits: Vec<_> = records
            .iter()
            .filter_map(|record| match record {
                Record::Wait { waiting, .. } if matches!(waiting.why, WaitFor::KeyChange { .. }) => Some(waiting.left),
                _ => None,
            })
            .collect();
        assert!(waits.len() > 3 && waits.iter().all(Option::is_some), "{case}: {waits:?}");
        // Nothing is armed meanwhile that was not before; the last level of the old key is below every mark.
        assert!(floor(&records) > case.key_change(), "{case}");
    }
}
