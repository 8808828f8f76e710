//! S1, S6: a second start in one run, whose baker went down with its signer: the fence and the marks that it is approved
//! by are read again, and what was read is on record.

use std::sync::{Arc, Mutex};

use failover_core::decision::Step;
use failover_core::facts::reached;
use failover_core::journal::record::Record;
use failover_core::sim::drill::{Watcher, journal_of};
use failover_core::sim::plan::Plan;
use failover_core::sim::trial::trial;

use crate::support::scratch;

/// The marks are above the second floor already, so that nothing is raised: the proof is the fence's record and the start's
/// own marks.
#[test]
fn a_second_start_has_its_fence_and_its_marks_on_record() {
    let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
    // The second one came to a second start before runs took permits; it is kept as a world that once went wrong.
    for (seed, twice) in [(7_719_854, true), (7_727_378, false)] {
        let folder = scratch();
        let trial = trial(&Plan::of(seed), folder.path(), &watcher).unwrap();
        assert_eq!((trial.exit(), &trial.wrong, trial.signed_twice), (0, &Vec::new(), 0), "seed {seed}");
        let records = journal_of(folder.path()).unwrap();
        let starts: Vec<usize> = (0..records.len())
            .filter(|at| matches!(&records[*at], Record::Before { step: Step::Start { .. }, .. }))
            .collect();
        assert!(!twice || starts.len() > 1, "seed {seed}: one start proves nothing");
        for start in starts {
            let Record::Before { step: Step::Start { floor, marks, path }, .. } = &records[start] else { continue };
            assert!(reached(marks, *floor), "seed {seed}: {marks:?} at {floor}");
            let session = records[..start].iter().rev();
            let of_this_session = session.take_while(|r| !matches!(r, Record::Begin { .. } | Record::Resume { .. }));
            let fence = of_this_session.into_iter().find_map(|record| match record {
                Record::Fence { path, rungs } => Some((*path, rungs.iter().any(|rung| rung.proven))),
                _ => None,
            });
            assert_eq!(fence, Some((*path, true)), "seed {seed}: the fence of the start at {floor}");
        }
    }
}
