//! An unlock that is not answered and ends after it: when the run is over nothing is unlocked, or the last line says what is not
//! proven locked (S1, S5, S12).

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use failover_core::clock::Clock as _;
use failover_core::decision::{WaitFor, Waiting};
use failover_core::journal::record::{End, Record, StepResult};
use failover_core::signer::tezsign::TezSign;
use failover_core::signer::{Model, SignerDevice as _};
use failover_sim::drill::{Cut, DrillOptions, Rehearsal, Watcher, journal_of};
use failover_sim::scenario::{Scenario, Stage, named};
use failover_sim::tezsign::Fault;
use failover_sim::{DeviceCondition, Event, Pace, Side, World};

use crate::support::{Case, scratch};

fn late(s: &mut Stage<'_>) {
    s.world.apply(Event::Device(Side::Backup, DeviceCondition::LateUnlock(15)));
}

/// Does the device show a key unlocked, a minute after the end?
fn armed(world: &World) -> bool {
    world.clock().sleep(Duration::from_secs(60));
    let mut device = TezSign::new(world.gadget(Side::Backup).unwrap().seen_by("somebody"));
    !device.state().unwrap().able_to_sign().is_empty()
}

/// A run whose proof of the passphrase is not answered in time; `then` happens to the device when that is known.
fn run(then: fn(&World)) -> (tempfile::TempDir, Rehearsal, End) {
    let scratch = scratch();
    let world: Arc<OnceLock<World>> = Arc::default();
    let seen = Arc::clone(&world);
    let watcher: Watcher = Arc::new(Mutex::new(move |_, record: &Record| {
        if let (Record::After { step, result: StepResult::Failed { .. }, .. }, Some(world)) = (record, seen.get())
            && step.name() == "prove-passphrase"
        {
            then(world);
        }
    }));
    let scenario = Scenario { prepare: late, ..named("planned").unwrap().clone() };
    let options = DrillOptions { model: Model::TezSign, seed: 7, pace: Pace::Fast };
    let mut rehearsal = Rehearsal::new(&scenario, &options, scratch.path(), &watcher).unwrap();
    assert!(world.set(rehearsal.world().clone()).is_ok());
    let end = rehearsal.session(None).unwrap().clone();
    (scratch, rehearsal, end)
}

#[test]
fn s1_a_late_unlock_opens_nothing_after_the_end() {
    let (scratch, rehearsal, end) = run(|_| {});
    let world = rehearsal.world();
    assert_eq!(end.exit, 1, "{}", end.message);
    assert!(end.message.contains("did not answer unlock") && !end.message.contains("terminal"), "{}", end.message);
    assert!(world.bakes(Side::Primary) && !armed(world), "{}", end.message);
    let records = journal_of(scratch.path()).unwrap();
    let told = |record: &Record| matches!(record, Record::Wait { waiting: Waiting { why: WaitFor::Known { what }, .. }, .. } if what.contains("not answered"));
    assert_eq!(records.iter().filter(|record| told(record)).count(), 1);
}

/// What does not answer until the end may be able to sign after it: the last line leads to the plug.
#[test]
fn s5_what_is_not_proven_locked_is_the_last_line() {
    let (_scratch, _, end) =
        run(|world| world.gadget(Side::Backup).unwrap().with(|sim| sim.set_fault(Some(Fault::Hang))));
    assert_eq!(end.exit, 1, "{}", end.message);
    assert!(end.message.contains("not proven locked"), "{}", end.message);
    assert!(end.next.starts_with("unplug the backup's signer now"), "{}", end.next);
    let (_scratch, _, end) = run(|world| world.apply(Event::Unplug(Side::Backup)));
    assert!(end.message.contains("not proven locked"), "{}", end.message);
    assert!(end.next.starts_with("cut the backup's signer from all power"), "{}", end.next);
}

/// The run that asked for it was killed; the one that takes it up again ends at once, and not before the unlock is over.
#[test]
fn s6_a_resumed_run_waits_for_the_unlock_of_the_one_that_was_killed() {
    let scratch = scratch();
    let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
    let case = Case {
        scenario: Scenario { prepare: late, ..named("planned").unwrap().clone() },
        model: Model::TezSign,
        seed: 8,
    };
    let options = DrillOptions { model: case.model, seed: case.seed, pace: Pace::Fast };
    let mut rehearsal = Rehearsal::new(&case.scenario, &options, scratch.path(), &watcher).unwrap();
    let proof = |record: &Record| matches!(record, Record::After { step, .. } if step.name() == "prove-passphrase");
    rehearsal.session(Some(Cut::When(proof))).unwrap();
    let world = rehearsal.world().clone();
    world.apply(Event::WrongChain);
    let end = rehearsal.session(None).unwrap().clone();
    assert_ne!(end.exit, 0, "{}", end.message);
    assert!(!armed(&world), "{}", end.message);
}
