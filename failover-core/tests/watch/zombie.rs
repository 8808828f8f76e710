//! The zombie (H3): after the failover the old machine boots, its services start by themselves, its signer can sign.

use failover_core::journal::record::Outcome;
use failover_core::signer::Model;
use failover_sim::operator::Cable;
use failover_sim::scenario::{Scenario, Stage, named};
use failover_sim::{BAKER_UNIT, Event, HostFault, Side};

use crate::support::{BOTH, after};

/// The person is wrong about the cable, and nothing there can be locked or put away for good: a TezSign unlocks itself at
/// every start, a Ledger is still authorized. What is left is the guard.
fn only_the_guard(stage: &mut Stage<'_>) {
    stage.person.cable = Cable::Lies;
    for fault in [HostFault::NoPrograms, HostFault::NothingMoves] {
        stage.world.apply(Event::Host(Side::Primary, fault));
    }
}

fn nothing(stage: &mut Stage<'_>) {
    only_the_guard(stage);
    stage.world.apply(Event::Host(Side::Primary, HostFault::ReadOnlyEtc));
}

fn scenario(prepare: fn(&mut Stage<'_>)) -> Scenario {
    Scenario { prepare, ..named("planned").unwrap().clone() }
}

/// Power goes and comes back.
fn boots(watched: &crate::support::Watched) {
    watched.world.apply(Event::PowerOff(Side::Primary));
    watched.world.apply(Event::PowerOn(Side::Primary));
}

#[test]
fn without_the_guard_the_zombie_signs_and_the_backup_is_stopped() {
    for model in BOTH {
        let mut watched = after(&scenario(nothing), model, 6);
        watched.goes_on(30);
        boots(&watched);
        watched.goes_on(60);
        assert!(watched.world.bakes(Side::Primary), "{model}: it came back by itself");
        // In step with the backup nobody can tell the two apart. At the first position that it signs alone, it is seen.
        watched.world.apply(Event::KillService(Side::Backup, BAKER_UNIT.to_owned()));
        let end = watched.watch(120).unwrap_or_else(|| panic!("{model}: the zombie was not seen"));
        assert_eq!((end.exit, &end.outcome), (5, &Outcome::Duplicate), "{model}: {end:?}");
        watched.is_harmless();
        assert!(!watched.world.alarms().is_empty(), "{model}: two blocks at one level are what the guard is for");
    }
}

#[test]
fn with_the_guard_nothing_happens_at_all() {
    for model in BOTH {
        let mut watched = after(&scenario(only_the_guard), model, 6);
        watched.goes_on(30);
        let signed = watched.world.book().highest(&format!("the primary's {model}"));
        boots(&watched);
        watched.goes_on(600);
        assert!(!watched.world.bakes(Side::Primary) && watched.world.bakes(Side::Backup), "{model}");
        assert_eq!(watched.world.book().highest(&format!("the primary's {model}")), signed, "{model}: it signed");
        assert!(watched.world.alarms().is_empty(), "{model}: {:?}", watched.world.alarms());
        // Its signer could: a person at it is all that it takes, and all that is missing is a service to ask it.
        let passphrase = watched.world.passphrase();
        assert!(model == Model::Ledger || watched.world.unlock(Side::Primary, &passphrase));
    }
}
