//! S1, S6: a second start in one run, whose baker went down with its signer: the fence and the marks that it is approved
//! by are read again, and what was read is on record.

use std::sync::{Arc, Mutex, OnceLock};

use failover_core::clock::Timestamp;
use failover_core::decision::Step;
use failover_core::facts::reached;
use failover_core::journal::record::{End, Record};
use failover_core::signer::Model;
use failover_sim::drill::{DrillOptions, Rehearsal, Watcher, journal_of};
use failover_sim::{Event, Pace, Side, World};

use crate::support::{BOTH, Case, scratch};

/// The signer loses its plug as soon as its baker was started, and gets it back after so many seconds, or never.
fn lost_after_the_start(world: &World, back: Option<i64>) {
    world.apply(Event::Unplug(Side::Backup));
    let Some(back) = back else { return };
    let at = Timestamp::from_millis(world.now().millis() + back * 1000);
    world.at(at, Event::Plug(Side::Backup));
}

/// A case whose signer loses its plug after the first start.
fn lost_once(case: &Case, back: Option<i64>) -> (tempfile::TempDir, End) {
    let folder = scratch();
    let world: Arc<OnceLock<World>> = Arc::default();
    let seen = Arc::clone(&world);
    let mut starts = 0;
    let watcher: Watcher = Arc::new(Mutex::new(move |_: Timestamp, record: &Record| {
        let (Record::After { step: Step::Start { .. }, .. }, Some(world)) = (record, seen.get()) else { return };
        starts += 1;
        if starts == 1 {
            lost_after_the_start(world, back);
        }
    }));
    let options = DrillOptions { model: case.model, seed: case.seed, pace: Pace::Fast };
    let mut rehearsal = Rehearsal::new(&case.scenario, &options, folder.path(), &watcher).unwrap();
    assert!(world.set(rehearsal.world().clone()).is_ok());
    let end = rehearsal.session(None).unwrap().clone();
    assert!(rehearsal.world().alarms().is_empty(), "{case}, back after {back:?} s");
    (folder, end)
}

/// A TezSign comes back locked, a Ledger does not. What is locked is not waited for in vain: the backup is stopped, and all is
/// done again from the fence on.
#[test]
fn a_second_start_has_its_fence_and_its_marks_on_record() {
    for (scenario, back) in [("planned", 5), ("planned", 20), ("planned", 54), ("emergency", 20)] {
        for model in BOTH {
            let case = Case::new(scenario, model, 11);
            let (folder, end) = lost_once(&case, Some(back));
            assert_eq!(end.exit, 0, "{case}, back after {back} s: {}", end.message);
            let records = journal_of(folder.path()).unwrap();
            let starts: Vec<usize> = (0..records.len())
                .filter(|at| matches!(&records[*at], Record::Before { step: Step::Start { .. }, .. }))
                .collect();
            assert_eq!(starts.len(), if model == Model::TezSign { 2 } else { 1 }, "{case}, back after {back} s");
            for start in starts {
                let Record::Before { step: Step::Start { floor, marks, path }, .. } = &records[start] else { continue };
                assert!(reached(marks, *floor), "{case}: {marks:?} at {floor}");
                let fence = records[..start].iter().rev().find_map(|record| match record {
                    Record::Fence { path, rungs } => Some((*path, rungs.iter().any(|rung| rung.proven))),
                    _ => None,
                });
                assert_eq!(fence, Some((*path, true)), "{case}: the fence of the start at {floor}");
            }
        }
    }
}

/// What the baker itself complains of stands under step 7, once each, and in the last line of a run that failed there.
#[test]
fn a_backup_that_does_not_bake_ends_with_its_own_words() {
    for model in BOTH {
        let case = Case::new("planned", model, 11);
        let (folder, end) = lost_once(&case, None);
        assert_eq!(end.exit, 1, "{case}: {}", end.message);
        assert!(end.message.contains("the backup says: unable to sign "), "{case}: {}", end.message);
        let mut seen = std::collections::BTreeSet::new();
        for record in journal_of(folder.path()).unwrap() {
            let Record::Complaints { lines } = record else { continue };
            for line in lines {
                let same: String = line.chars().filter(|c| !c.is_ascii_digit()).collect();
                assert!(seen.insert(same), "{case}: {line:?} is said twice");
            }
        }
        assert!(!seen.is_empty(), "{case}");
    }
}
