//! A machine that stands by looks out for itself: whether it could still take over, and whether the guard holds.

use failover_core::baker::{BootGuards as _, TezbakeControl};
use failover_core::guard::GuardNote;
use failover_core::signer::Model;
use failover_core::state::StateDir;
use failover_core::watch::{Finding, Trouble, WatchRole};
use failover_sim::{BAKER_UNIT, Event, HostFault, Side, Source, SourceFault, WorldOptions};

use crate::support::{BOTH, Watched, from_scratch};

/// Everything that was said of a trouble: why, or `None` for its end.
fn of(watched: &Watched, wanted: Trouble) -> Vec<Option<String>> {
    let of = |note| match note {
        Finding::Trouble { what, why, next, .. } if what == wanted => {
            assert!(!next.contains("failover run"), "{why}: {next}");
            Some(Some(why))
        }
        Finding::Over { what, .. } if what == wanted => Some(None),
        _ => None,
    };
    watched.notes().into_iter().filter_map(of).collect()
}

fn standing_by(model: Model, seed: u64) -> Watched {
    let mut watched = from_scratch(WorldOptions::new(model, seed), Side::Backup);
    watched.goes_on(200);
    assert_eq!(watched.watch.role(), Some(WatchRole::Sentinel), "{model}");
    assert!(watched.troubles().is_empty(), "{model}: {}", watched.told());
    watched
}

#[test]
fn a_device_that_is_gone_is_said_once_it_lasts_and_so_is_its_return() {
    for model in BOTH {
        let mut watched = standing_by(model, 71);
        watched.world.apply(Event::Unplug(Side::Backup));
        watched.goes_on(90);
        assert!(of(&watched, Trouble::Ready).is_empty(), "{model}: a card that is put back is no word worth");
        watched.goes_on(150);
        let said = of(&watched, Trouble::Ready);
        assert!(said.iter().flatten().all(|why| why.contains("not ready")) && !said.is_empty(), "{model}: {said:?}");
        watched.world.apply(Event::Plug(Side::Backup));
        watched.goes_on(90);
        assert_eq!(of(&watched, Trouble::Ready).last(), Some(&None), "{model}: {}", watched.told());
    }
}

/// H14: the keys can sign, though nothing runs that would ask them to.
#[test]
fn keys_that_can_sign_and_a_node_that_nobody_confirms_are_no_backup() {
    let mut watched = standing_by(Model::TezSign, 72);
    assert!(watched.world.unlock(Side::Backup, &watched.world.passphrase()));
    watched.goes_on(300);
    let said = of(&watched, Trouble::Ready);
    assert!(said.iter().flatten().any(|why| why.contains("can sign: ")), "{said:?}");

    let mut watched = standing_by(Model::TezSign, 73);
    // S4: while another source agreed, the head was pinned.
    let pin = StateDir::existing(watched.folder.path()).unwrap().head_pin().unwrap();
    assert!(pin.is_some_and(|pin| watched.world.head_level().since(pin.level) < 30));
    watched.world.apply(Event::Source(Source::Tzkt, Some(SourceFault::Down)));
    watched.goes_on(300);
    let said = of(&watched, Trouble::Ready);
    assert!(!said.is_empty(), "no second opinion, and nothing is said\n{}", watched.told());
}

#[test]
fn what_is_started_on_a_machine_that_stands_by_trips_the_guard() {
    for model in BOTH {
        let mut watched = standing_by(model, 74);
        assert_eq!(watched.world.exec(Side::Backup, &["tezbake", "start"]).unwrap().code, 0);
        watched.goes_on(30);
        let said = of(&watched, Trouble::Guard);
        assert!(said.iter().flatten().any(|why| why.contains(BAKER_UNIT)), "{model}: {said:?}");
        // It is said. Nothing is stopped: the keys are locked, and it is a person's machine.
        assert_eq!(watched.watch.role(), Some(WatchRole::Sentinel), "{model}");
    }
}

/// The boot guard held, and somebody took a file of it away.
#[test]
fn a_boot_guard_that_does_not_hold_any_more_is_said() {
    let mut watched = from_scratch(WorldOptions::new(Model::TezSign, 75), Side::Backup);
    let mut control = TezbakeControl::new(watched.world.host(Side::Backup));
    let note = GuardNote::new(watched.world.now(), "a person", "0123456789abcdef0123456789abcdef", None);
    control.install_boot_guard(&note).unwrap();
    watched.goes_on(150);
    assert!(watched.troubles().is_empty(), "{}", watched.told());
    let file = format!("/etc/systemd/system/{BAKER_UNIT}.service.d/zz-failover-guard.conf");
    watched.world.apply(Event::Host(Side::Backup, HostFault::File(file, None)));
    watched.goes_on(150);
    let said = of(&watched, Trouble::Guard);
    assert!(said.iter().flatten().any(|why| why.contains("could start again")), "{said:?}\n{}", watched.told());
    assert!(!watched.troubles().contains(&Trouble::Ready), "a run would install it: {}", watched.told());
}

/// While a run of its own is going on, it keeps its hands off the device.
#[test]
fn while_a_run_is_going_on_readiness_is_not_looked_at() {
    let mut watched = standing_by(Model::Ledger, 76);
    watched.is_busy();
    watched.world.apply(Event::Unplug(Side::Backup));
    watched.goes_on(400);
    assert!(of(&watched, Trouble::Ready).is_empty(), "{}", watched.told());
}
