//! S8, S12: the chain has proof that this baker signed twice. The machine that bakes is stopped for it, as for a duplicate;
//! one that stands by says so.

use std::time::Duration;

use failover_core::clock::Clock;
use failover_core::journal::record::Outcome;
use failover_core::signer::Model;
use failover_core::state::{Clearance, Latch, StateDir};
use failover_core::watch::{Finding, Trouble, WatchRole};
use failover_sim::{Event, Side, WorldOptions};

use crate::support::{BOTH, Watched, after_failover, from_scratch};

/// Stopped, disarmed, latched, with the operation that proves it.
fn stopped(watched: &mut Watched, when: &str) {
    let end = watched.watch(120).unwrap_or_else(|| panic!("not seen\n{}", watched.told()));
    assert_eq!((end.exit, &end.outcome), (5, &Outcome::Duplicate), "{end:?}");
    assert!(end.message.contains(when) && end.next.contains("failover clear"), "{end:?}");
    watched.is_harmless();
    let state = StateDir::existing(watched.folder.path()).unwrap();
    let Latch::Latched(latched) = state.latch() else { panic!("not latched") };
    assert!(latched.evidence.starts_with("a denunciation: "), "{latched:?}");
}

#[test]
fn a_denunciation_stops_the_machine_that_bakes() {
    for model in BOTH {
        let mut watched = after_failover(model, 61);
        watched.goes_on(30);
        watched.world.apply(Event::Denounce);
        stopped(&mut watched, "mybaker was denounced after the start");
        let signed = watched.signatures();
        watched.world.clock().sleep(Duration::from_secs(60));
        assert_eq!(watched.signatures(), signed, "{model}");
    }
}

#[test]
fn a_denunciation_stops_a_machine_that_always_baked() {
    let mut watched = from_scratch(WorldOptions::new(Model::TezSign, 62), Side::Primary);
    watched.goes_on(30);
    assert_eq!(watched.watch.role(), Some(WatchRole::Baker));
    watched.world.apply(Event::Denounce);
    stopped(&mut watched, "mybaker is denounced");
}

#[test]
fn a_machine_that_stands_by_says_it_and_is_left_alone() {
    let mut watched = from_scratch(WorldOptions::new(Model::TezSign, 63), Side::Backup);
    watched.goes_on(30);
    watched.world.apply(Event::Denounce);
    watched.goes_on(180);
    let why = watched.notes().into_iter().find_map(|note| match note {
        Finding::Trouble { what: Trouble::Standing, why, .. } => Some(why),
        _ => None,
    });
    assert!(why.is_some_and(|why| why.contains("denounced")), "{}", watched.told());
    let state = StateDir::existing(watched.folder.path()).unwrap();
    assert_eq!(state.latch(), Latch::Open);
    // It is said once, not a second time as a reason why the backup is not ready.
    assert!(!watched.troubles().contains(&Trouble::Ready), "{}", watched.told());
}

/// A denunciation stands on chain for a cycle or more. Who has cleared it can bake on: what was signed before that is
/// answered for. Forbidden, nothing is lost by standing still.
#[test]
fn what_a_person_has_cleared_stops_nothing_and_a_new_one_does() {
    let mut watched = from_scratch(WorldOptions::new(Model::TezSign, 64), Side::Primary);
    watched.goes_on(30);
    watched.world.apply(Event::Denounce);
    watched.world.apply(Event::Pardon);
    let state = StateDir::existing(watched.folder.path()).unwrap();
    let seen = failover_core::state::Duplicate {
        at: watched.world.now(),
        chain: watched.world.options().chain,
        baker: watched.world.baker(),
        kind: failover_core::tezos::Kind::Block,
        position: failover_core::tezos::Position::start_of(watched.world.head_level()),
        evidence: "block".to_owned(),
    };
    state.latch_duplicate(&seen).unwrap();
    watched.world.clock().sleep(Duration::from_secs(30));
    state.clear_duplicate(Clearance::stated("A", &Clearance::sentence("A")).unwrap(), watched.world.now()).unwrap();
    assert_eq!(state.last_cleared().map(|at| at.millis() / 1000), Some(watched.world.now().millis() / 1000));
    watched.goes_on(300);
    assert!(watched.world.bakes(Side::Primary) && watched.troubles().contains(&Trouble::Standing));
    // Another one, of what was signed since.
    watched.world.apply(Event::Denounce);
    watched.world.apply(Event::Pardon);
    stopped(&mut watched, "mybaker is denounced");
}
