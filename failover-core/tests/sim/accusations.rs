//! S8: presence counts at once, whatever else cannot be read; and the backup's own fresh votes are its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use failover_core::clock::Timestamp;
use failover_core::decision::{Refusal, Step};
use failover_core::journal::record::Record;
use failover_sim::drill::{Cut, journal_of};
use failover_sim::operator::Cable;
use failover_sim::scenario::{Scenario, Stage, named};
use failover_sim::{BAKER_UNIT, Event, Side, When, World};

use crate::support::{BOTH, Case, judge, name};

fn later(world: &World, seconds: i64) -> Timestamp {
    Timestamp::from_millis(world.now().millis() + seconds * 1000)
}

/// The dead primary comes back after the start, and from then on no block can be read completely.
fn unreadable_h3(s: &mut Stage<'_>) {
    s.person.cable = Cable::Lies;
    s.world.apply(Event::PowerOff(Side::Primary));
    s.world.at(later(s.world, 132), Event::PowerOn(Side::Primary));
    s.world.at(later(s.world, 142), Event::UnknownOperation(true));
}

/// The primary signs on, and after the level was noted no block can be read completely.
fn unreadable_h4(s: &mut Stage<'_>) {
    s.person.cable = Cable::Lies;
    s.world.apply(Event::Unreachable(Side::Primary));
    s.world.at(later(s.world, 6), Event::UnknownOperation(true));
}

#[test]
fn an_unreadable_block_with_a_foreign_vote_stops_the_backup() {
    for model in BOTH {
        for seed in 1..=3 {
            let scenario = Scenario { prepare: unreadable_h3, ..named("h3").unwrap().clone() };
            let case = Case { scenario, model, seed };
            let (scratch, drilled) = case.drill();
            let records = journal_of(scratch.path()).unwrap();
            let started = records.iter().any(|r| name(r) == "after start");
            let end = drilled.end().unwrap();
            let shown: Vec<String> = records.iter().map(name).collect();
            assert!(started, "{case}: {shown:?}");
            assert_eq!(end.exit, 5, "{case}: {}\n{shown:?}", end.message);
            assert!(drilled.alarms.is_empty(), "{case}: {:?}", drilled.alarms);
        }
    }
}

#[test]
fn an_unreadable_block_with_a_foreign_vote_refuses_before_the_start() {
    for model in BOTH {
        let scenario = Scenario { prepare: unreadable_h4, ..named("h4").unwrap().clone() };
        let case = Case { scenario, model, seed: 1 };
        let (_scratch, drilled) = case.drill();
        let end = drilled.end().unwrap();
        assert_eq!(end.exit, 3, "{case}: {}", end.message);
        assert!(matches!(end.refusal, Some(Refusal::NotSilent { .. })), "{case}: {:?}", end.refusal);
    }
}

/// A vote that is seen fresh in the mempool, with the mark read after it, is the backup's own.
#[test]
fn no_alarm_for_the_backups_own_fresh_votes() {
    let cases: Vec<Case> = (2000..2012)
        .flat_map(|seed| BOTH.map(|model| Case::new(if seed % 2 == 0 { "planned" } else { "emergency" }, model, seed)))
        .collect();
    let fresh = Arc::new(AtomicUsize::new(0));
    judge(&cases, |case| {
        let (scratch, mut rehearsal) = case.rehearsal();
        // Long after its start the backup is still looked at: a resumed session verifies it again and again.
        let end = rehearsal.session(None).map_err(|e| e.to_string())?;
        if end.exit != 0 {
            return Err(format!("{case}: exit {}: {}", end.exit, end.message));
        }
        for _ in 0..6 {
            let clock = rehearsal.world().clock();
            failover_core::clock::Clock::sleep(&clock, std::time::Duration::from_millis(1700));
            let (facts, verdict) = rehearsal.look().map_err(|e| e.to_string())?;
            let mempool = facts.chain.seen().filter(|s| s.seen_in.starts_with("mempool")).count();
            fresh.fetch_add(mempool, Ordering::SeqCst);
            if let failover_core::decision::Verdict::Duplicate(signed) = verdict {
                return Err(format!("{case}: its own {signed:?} was called foreign"));
            }
        }
        let records = journal_of(scratch.path()).unwrap();
        match records.iter().find(|r| matches!(r, Record::Duplicate { .. })) {
            Some(_) => Err(format!("{case}: a duplicate")),
            None => Ok(()),
        }
    });
    let seen = fresh.load(Ordering::SeqCst);
    assert!(seen > 20, "only {seen} fresh votes in the mempool: that proves nothing");
}

/// The primary of H3, switched on by the test.
fn off(s: &mut Stage<'_>) {
    s.person.cable = Cable::Lies;
    s.world.apply(Event::PowerOff(Side::Primary));
}

/// The backup's baker does nothing, the primary comes back around the floor and votes there: that is no success.
#[test]
fn a_vote_of_the_primary_at_the_floor_is_no_success() {
    let cases: Vec<(Case, u64)> = BOTH
        .into_iter()
        .flat_map(|model| (1..=7).map(move |before| (model, before)))
        .map(|(model, before)| {
            let scenario = Scenario { prepare: off, ..named("h3").unwrap().clone() };
            (Case { scenario, model, seed: 5 }, before)
        })
        .collect();
    judge(&cases, |(case, before)| {
        let (scratch, mut rehearsal) = case.rehearsal();
        rehearsal.session(Some(Cut::When(|r| name(r) == "after start"))).map_err(|e| e.to_string())?;
        let floor = journal_of(scratch.path()).unwrap().iter().find_map(|r| match r {
            Record::Before { step: Step::Start { floor, .. }, .. } => Some(floor.get()),
            _ => None,
        });
        let floor = floor.ok_or("never started")?;
        let world = rehearsal.world().clone();
        world.exec(Side::Backup, &["systemctl", "stop", BAKER_UNIT]).map_err(|e| e.to_string())?;
        world.at(When::Level(floor - before), Event::PowerOn(Side::Primary));
        let end = rehearsal.session(None).map_err(|e| e.to_string())?.clone();
        let alarms = rehearsal.finish().alarms;
        if end.exit != 5 || !alarms.is_empty() {
            let shown: Vec<String> = journal_of(scratch.path()).unwrap().iter().map(name).collect();
            return Err(format!("{case}, {before} levels before: {} {}: {alarms:?}\n{shown:?}", end.exit, end.message));
        }
        Ok(())
    });
}
