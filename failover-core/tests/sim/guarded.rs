//! S1a: a backup that reboots in the middle of a run, its services enabled and its secret in place, starts nothing.

use std::time::Duration;

use failover_core::baker::{BakerControl as _, BakerState, BootGuards, TezbakeControl};
use failover_core::clock::Clock as _;
use failover_core::guard::BootGuard;
use failover_core::signer::Model;
use failover_sim::drill::Cut;
use failover_sim::{BAKER_UNIT, Event, Side, TEZSIGN_UNIT};

use crate::support::{Case, name};

#[test]
fn a_backup_that_reboots_in_the_middle_of_a_run_starts_nothing() {
    let mut case = Case::new("planned", Model::TezSign, 5);
    case.scenario.world = |options| options.backup_unlocks_itself = true;
    let (scratch, mut rehearsal) = case.rehearsal();
    let world = rehearsal.world().clone();
    for unit in [BAKER_UNIT, TEZSIGN_UNIT] {
        assert_eq!(world.exec(Side::Backup, &["systemctl", "enable", unit]).unwrap().code, 0);
    }
    rehearsal.session(Some(Cut::When(|record| name(record) == "after unlock"))).unwrap();
    world.apply(Event::PowerOff(Side::Backup));
    world.apply(Event::PowerOn(Side::Backup));
    world.clock().sleep(Duration::from_secs(120));

    let mut backup = TezbakeControl::new(world.host(Side::Backup)).with_guard_token(scratch.path().join("ACTIVE"));
    assert!(matches!(backup.state(), Ok(BakerState::Stopped { .. })), "{:?}", backup.state());
    let Ok(BootGuard::Holds { note, .. }) = backup.boot_guard() else { panic!("{:?}", backup.boot_guard()) };
    assert!(note.plan.is_some(), "the note names the failover: {note}");
    // And the run can be taken up where it was, and ends well: the approved start alone lifts the guard.
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    assert!(world.bakes(Side::Backup) && world.alarms().is_empty());
}
