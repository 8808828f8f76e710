//! Worlds drawn from seeds: faults on every wire, events, kills and resumes, each judged.

use std::sync::{Arc, Mutex};

use failover_core::clock::Timestamp;
use failover_core::journal::record::Record;
use failover_sim::drill::Watcher;
use failover_sim::plan::Plan;
use failover_sim::soak::soak;
use failover_sim::trial::trial;

use crate::support::{scratch, wanted};

/// Other seeds than those that `make soak` begins with: a million on.
const FROM: u64 = 1_000_001;

#[test]
fn random_worlds() {
    let summary = soak(FROM, wanted().unwrap_or(2_000), Plan::of, |_| {}).unwrap();
    println!("{} worlds, {} done, {:?}, faults {:?}", summary.worlds, summary.done(), summary.exits, summary.injected);
    let failed: Vec<String> = summary
        .failed
        .iter()
        .map(|(seed, wrong)| format!("failover drill --scenario random --seed {seed}\n    {}", wrong.join("\n    ")))
        .collect();
    assert!(failed.is_empty(), "{} of {} went wrong:\n{}", failed.len(), summary.worlds, failed.join("\n"));
    assert_eq!(summary.signed_twice, 0);
    // A plan that lets nothing succeed, or disturbs nothing, proves nothing.
    assert!(summary.done() * 3 > summary.worlds, "{:?}", summary.exits);
    for code in [0, 1, 3, 4] {
        assert!(summary.exits.contains_key(&code), "no world ended with {code}: {:?}", summary.exits);
    }
    for kind in ["dropped", "lost", "late", "twice", "cut", "garbage", "kill"] {
        assert!(summary.injected.contains_key(kind), "nothing was {kind}: {:?}", summary.injected);
    }
}

/// Worlds in which something was once not as it must be: in the procedure, or in what judges it.
#[test]
fn worlds_that_once_went_wrong() {
    // What came of a step did not fit into the journal, and the disarming that followed did.
    for seed in [5_092, 9_194] {
        let watcher: Watcher = Arc::new(Mutex::new(|_: Timestamp, _: &Record| {}));
        let trial = trial(&Plan::of(seed), scratch().path(), &watcher).unwrap();
        assert_eq!(trial.wrong, Vec::<String>::new(), "failover drill --scenario random --seed {seed}");
    }
}

/// The records of a world, with their times, but for the plan ids, which nobody draws from a seed.
fn records(seed: u64) -> Vec<String> {
    let records: Arc<Mutex<Vec<String>>> = Arc::default();
    let (into, mut plan, mut run) = (records.clone(), None, None);
    let watcher: Watcher = Arc::new(Mutex::new(move |at: Timestamp, record: &Record| {
        if let Record::Begin { plan: id, run: name, .. } = record {
            (plan, run) = (Some(id.to_string()), name.map(|run| run.to_string()));
        }
        let text = format!("{at} {}", serde_json::to_string(record).unwrap());
        let text = plan.as_ref().map_or(text.clone(), |id| text.replace(id, "PLAN"));
        let text = run.as_ref().map_or(text.clone(), |run| text.replace(run, "RUN"));
        into.lock().unwrap().push(text);
    }));
    let folder = scratch();
    let trial = trial(&Plan::of(seed), folder.path(), &watcher).unwrap();
    let mut records = std::mem::take(&mut *records.lock().unwrap());
    let path = folder.path().to_str().unwrap();
    records.iter_mut().for_each(|record| *record = record.replace(path, "FOLDER"));
    records.push(format!("{:?} {} {:?}", trial.injected, trial.signatures, trial.wrong));
    records
}

#[test]
fn the_same_seed_is_the_same_world_whatever_else_runs() {
    let seeds = 1..=24;
    let alone: Vec<_> = seeds.clone().map(records).collect();
    let together: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = seeds.clone().map(|seed| scope.spawn(move || records(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (seed, (first, second)) in seeds.zip(alone.iter().zip(&together)) {
        assert!(first.len() > 2, "seed {seed} wrote nothing");
        for (index, (one, other)) in first.iter().zip(second).enumerate() {
            assert_eq!(one, other, "seed {seed}, record {index}");
        }
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

/// The simulator tells: where the person lies and the quarantine is off, a primary that gets its power back signs what
/// the backup signs, in some worlds; with the quarantine the backup is stopped before.
#[test]
fn without_the_quarantine_a_primary_that_comes_back_is_a_double_signature() {
    let count = 40;
    let without = soak(1, count, |seed| Plan::with_a_liar(seed, false), |_| {}).unwrap();
    let with = soak(1, count, |seed| Plan::with_a_liar(seed, true), |_| {}).unwrap();
    println!(
        "{} signed twice without, {} with; {:?}, {:?}",
        without.signed_twice, with.signed_twice, without.exits, with.exits
    );
    assert!(without.signed_twice > 0, "nothing collides, so these worlds prove nothing: {:?}", without.exits);
    assert!(!without.failed.is_empty());
    assert!(with.exits.contains_key(&5), "the quarantine stopped nobody: {:?}", with.exits);
    assert!(with.signed_twice < without.signed_twice);
}
