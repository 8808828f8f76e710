//! Without a run before: a machine that always baked here, and one that only looks like it.

use failover_core::signer::Model;
use failover_core::watch::{Finding, Trouble, WatchRole};
use failover_sim::{BAKER_UNIT, Event, Side, WorldOptions};

use crate::support::{BOTH, from_scratch};

#[test]
fn a_machine_that_always_baked_accuses_a_second_one() {
    for model in BOTH {
        let mut watched = from_scratch(WorldOptions::new(model, 31), Side::Primary);
        watched.goes_on(300);
        assert_eq!(watched.watch.role(), Some(WatchRole::Baker), "{model}: {}", watched.told());
        assert!(watched.watch.votes().missed == 0 && watched.watch.votes().levels > 40, "{model}");
        // Somebody starts the other machine without any procedure. Its device's marks are old; both sign on.
        let world = watched.world.clone();
        assert_eq!(world.exec(Side::Backup, &["tezbake", "start"]).unwrap().code, 0);
        assert!(world.unlock(Side::Backup, &world.passphrase()));
        watched.world.apply(Event::KillService(Side::Primary, BAKER_UNIT.to_owned()));
        let end = watched.watch(60).unwrap_or_else(|| panic!("{model}: not seen\n{}", watched.told()));
        assert_eq!(end.exit, 5, "{model}: {end:?}");
        watched.is_harmless();
    }
}

/// H14: a service unlocked the backup's card by itself. The primary's votes are no duplicate, and nothing is latched.
#[test]
fn a_backup_that_could_sign_and_does_not_is_no_baker() {
    let options = WorldOptions { backup_unlocks_itself: true, ..WorldOptions::new(Model::TezSign, 32) };
    let mut watched = from_scratch(options, Side::Backup);
    watched.world.start_signer(Side::Backup);
    watched.goes_on(120);
    assert_eq!(watched.watch.role(), Some(WatchRole::Sentinel));
    let said = watched.notes().into_iter().find_map(|note| match note {
        Finding::Trouble { what: Trouble::Guard, why, next, .. } => Some((why, next)),
        _ => None,
    });
    let (why, next) = said.unwrap();
    assert!(why.contains("could sign") && next.contains("failover stand-down"), "{why}; {next}");
}
