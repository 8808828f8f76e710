//! How a watch ends without a duplicate of its own: by a person, by a latch, on another chain.

use failover_core::clock::Clock;
use failover_core::journal::record::Outcome;
use failover_core::signer::Model;
use failover_core::state::{Duplicate, StateDir};
use failover_core::tezos::{Kind, Position};
use failover_core::watch::{WatchRecord, WatchRole};
use failover_sim::{Event, Side, WorldOptions};

use crate::support::{after_failover, from_scratch};

#[test]
fn the_person_ends_it_and_the_backup_bakes_on() {
    let mut watched = after_failover(Model::TezSign, 51);
    watched.goes_on(30);
    watched.stop();
    let end = watched.watch(10).unwrap();
    assert_eq!((end.exit, &end.outcome), (0, &Outcome::Done));
    assert!(end.next.contains("goes on baking"), "{end:?}");
    assert!(watched.world.bakes(Side::Backup));
    // The end is the last thing that is said.
    let Some((_, WatchRecord::Run(record))) = watched.said().pop() else { panic!("no end") };
    assert!(record.is_end());
}

/// S8: it stays stopped until `failover clear`, whoever saw the duplicate, and whatever started since.
#[test]
fn a_duplicate_that_nobody_cleared_keeps_this_machine_stopped() {
    let mut watched = after_failover(Model::TezSign, 52);
    watched.goes_on(30);
    let state = StateDir::existing(watched.folder.path()).unwrap();
    let duplicate = Duplicate {
        at: watched.world.now(),
        chain: watched.world.options().chain,
        baker: watched.world.baker(),
        kind: Kind::Block,
        position: Position::start_of(watched.world.head_level()),
        evidence: "block".to_owned(),
    };
    state.latch_duplicate(&duplicate).unwrap();
    let end = watched.watch(30).unwrap();
    assert_eq!(end.exit, 5);
    assert!(end.next.contains("failover clear"), "{end:?}");
    watched.is_harmless();
}

/// H2.
#[test]
fn on_another_chain_nothing_is_judged() {
    let mut watched = from_scratch(WorldOptions::new(Model::TezSign, 53), Side::Backup);
    watched.world.apply(Event::WrongChain);
    let end = watched.watch(10).unwrap();
    assert_eq!((end.exit, &end.outcome), (3, &Outcome::Refused));
}

/// A run begins beside a watch: no lock is in its way, and what it starts is judged from its B on.
#[test]
fn a_run_begins_beside_a_sentinel() {
    use failover_core::journal::record::Record;
    use failover_sim::drill::{DrillOptions, Rehearsal, Watcher};
    let folder = tempfile::tempdir().unwrap();
    let watcher: Watcher = std::sync::Arc::new(std::sync::Mutex::new(|_, _: &Record| {}));
    let options = DrillOptions { model: Model::TezSign, seed: 54, pace: failover_sim::Pace::Fast };
    let scenario = failover_sim::scenario::named("planned").unwrap();
    let mut rehearsal = Rehearsal::new(scenario, &options, folder.path(), &watcher).unwrap();
    let mut watched = crate::support::on(rehearsal.world().clone(), Side::Backup, folder);
    watched.goes_on(30);
    assert_eq!(watched.watch.role(), Some(WatchRole::Sentinel));
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    watched.goes_on(30);
    assert_eq!(watched.watch.role(), Some(WatchRole::Baker), "{}", watched.told());
    watched.world.clock().sleep(std::time::Duration::from_secs(1));
    watched.goes_on(60);
    assert!(watched.world.bakes(Side::Backup));
}
