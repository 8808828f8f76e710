//! S15: a machine on which no look is quick enough for an effect that arms: three in a row end the run, two do not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::clock::Clock as _;
use failover_core::decision::Refusal;
use failover_core::journal::record::{End, Record};
use failover_sim::drill::{DrillOptions, Rehearsal, Watcher};
use failover_sim::{Pace, World};

use crate::support::{BOTH, Case, harmless, scratch};

/// A planned run in which so many unlocks or presses in a row come later than the chain's reading is good for, each from
/// its record on; how it ended.
fn ended(case: &Case, slow: u32) -> (tempfile::TempDir, World, End) {
    let (folder, world) = (scratch(), Arc::new(Mutex::new((None::<World>, slow))));
    let hears = world.clone();
    let watcher: Watcher = Arc::new(Mutex::new(move |_, record: &Record| {
        let mut hears = hears.lock().unwrap();
        let arms = matches!(record, Record::Before { step, .. } if ["unlock", "authorize"].contains(&step.name()));
        if let (Some(world), true) = (hears.0.clone(), arms && hears.1 > 0) {
            hears.1 -= 1;
            world.clock().sleep(Duration::from_secs(16));
        }
    }));
    let options = DrillOptions { model: case.model, seed: case.seed, pace: Pace::Fast };
    let mut run = Rehearsal::new(&case.scenario, &options, folder.path(), &watcher).unwrap();
    world.lock().unwrap().0 = Some(run.world().clone());
    let end = run.session(None).unwrap().clone();
    let world = run.world().clone();
    (folder, world, end)
}

#[test]
fn s15_three_looks_in_a_row_that_are_too_slow_end_the_run_and_two_do_not() {
    for model in BOTH {
        let case = Case::new("planned", model, 3);
        let (_folder, world, end) = ended(&case, 2);
        assert!(end.exit == 0 && world.alarms().is_empty(), "{model}: {}", end.message);
        let (folder, world, end) = ended(&case, 3);
        assert!(matches!(end.refusal, Some(Refusal::Slow { .. })) && end.exit == 3, "{model}: {}", end.message);
        assert!(end.message.contains("three looks"), "{model}: {}", end.message);
        harmless(&world, folder.path()).unwrap();
    }
}
