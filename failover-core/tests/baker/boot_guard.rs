//! The boot guard on simulated machines: what it keeps from starting, and everything that must not pass for one.

use std::path::PathBuf;
use std::time::Duration;

use failover_core::baker::command::Commands;
use failover_core::baker::{
    BakerControl, BakerError, BakerState, BootGuards, CommandControl, SystemdControl, TezbakeControl,
};
use failover_core::clock::{Clock, Timestamp};
use failover_core::guard::{BootGuard, DropIn, GuardNote};
use failover_core::host::{HostError, LocalHost};
use failover_core::signer::Model;
use failover_sim::{BAKER_UNIT, Event, HostFault, NODE_UNIT, Side, SimHost, TEZSIGN_UNIT, World, WorldOptions};

const TOKEN: &str = "/var/lib/failover/ACTIVE";

/// A world, and the control of its primary, where a user who is not root bakes.
fn world() -> (World, TezbakeControl<SimHost>) {
    let world = World::new(WorldOptions::new(Model::TezSign, 5));
    let control = TezbakeControl::new(world.host(Side::Primary));
    (world, control)
}

fn note() -> GuardNote {
    let plan = "K7MPQ2".parse().unwrap();
    GuardNote::new(Timestamp::from_millis(1_795_316_400_000), "root@backup", &"ab".repeat(16), Some(plan))
}

/// Stopped and guarded.
fn guarded() -> (World, TezbakeControl<SimHost>) {
    let (world, mut primary) = world();
    primary.stop().unwrap();
    primary.install_boot_guard(&note()).unwrap();
    assert!(primary.boot_guard().unwrap().holds());
    (world, primary)
}

fn open(control: &mut dyn BootGuards) -> String {
    match control.boot_guard() {
        Ok(BootGuard::Open { why }) => why.join("\n"),
        other => panic!("{other:?}"),
    }
}

fn drop_in(unit: &str) -> String {
    format!("/etc/systemd/system/{unit}.service.d/zz-failover-guard.conf")
}

fn file(world: &World, path: &str, text: Option<&str>) {
    world.apply(Event::Host(Side::Primary, HostFault::File(path.to_owned(), text.map(str::to_owned))));
}

fn reload(world: &World) {
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "systemctl", "daemon-reload"]).unwrap().code, 0);
}

fn runs(world: &World, unit: &str) -> bool {
    let shown = world.exec(Side::Primary, &["systemctl", "show", "-p", "SubState", "--", unit]).unwrap();
    shown.stdout == "SubState=running\n"
}

#[test]
fn a_guarded_machine_starts_nothing_that_signs_and_its_node_runs_on() {
    let (world, mut primary) = guarded();
    let BootGuard::Holds { units, note: found } = primary.boot_guard().unwrap() else { panic!() };
    assert_eq!(units, [format!("{BAKER_UNIT}.service"), format!("{TEZSIGN_UNIT}.service")]);
    assert_eq!(found, note());
    assert!(runs(&world, NODE_UNIT));
    // tezbake start, a reboot, and an upgrade that enables the units: none starts them.
    primary.start().unwrap_err();
    assert!(matches!(primary.state(), Ok(BakerState::Stopped { .. })));
    world.apply(Event::PowerOff(Side::Primary));
    world.apply(Event::PowerOn(Side::Primary));
    world.clock().sleep(Duration::from_secs(60));
    assert!(matches!(primary.state(), Ok(BakerState::Stopped { .. })));
    assert!(runs(&world, NODE_UNIT), "the node is not guarded");
    assert!(primary.boot_guard().unwrap().holds());
    // With the token it may.
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "touch", TOKEN]).unwrap().code, 0);
    assert_eq!(open(&mut primary), format!("the token {TOKEN} is there"));
    primary.start().unwrap();
    assert!(matches!(primary.state(), Ok(BakerState::Running { .. })));
}

#[test]
fn a_service_that_waits_for_its_restart_stays_down() {
    let (world, primary) = guarded();
    drop(primary);
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "touch", TOKEN]).unwrap().code, 0);
    world.exec(Side::Primary, &["sudo", "-n", "tezbake", "start"]).unwrap();
    assert!(runs(&world, BAKER_UNIT));
    // The token goes while it runs: it runs on, and does not come back (ExecCondition; the assert is not looked at).
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "rm", TOKEN]).unwrap().code, 0);
    world.clock().sleep(Duration::from_secs(60));
    assert!(runs(&world, BAKER_UNIT));
    world.apply(Event::KillService(Side::Primary, BAKER_UNIT.to_owned()));
    world.clock().sleep(Duration::from_secs(60));
    assert!(!runs(&world, BAKER_UNIT));
}

#[test]
fn an_assert_alone_would_let_a_restart_through() {
    let (world, mut primary) = world();
    let text = DropIn::new(TOKEN.as_ref()).unwrap().text(&note());
    let alone = text.split("[Service]").next().unwrap();
    file(&world, &drop_in(BAKER_UNIT), Some(alone));
    reload(&world);
    world.apply(Event::KillService(Side::Primary, BAKER_UNIT.to_owned()));
    world.clock().sleep(Duration::from_secs(60));
    assert!(runs(&world, BAKER_UNIT), "as systemd 254 and later do");
    assert!(open(&mut primary).contains("no ExecCondition="));
}

#[test]
fn installing_takes_the_token_away_guards_what_is_stopped_and_names_what_is_not() {
    let (world, mut primary) = world();
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "touch", TOKEN]).unwrap().code, 0);
    world.exec(Side::Primary, &["sudo", "-n", "systemctl", "stop", TEZSIGN_UNIT]).unwrap();
    let error = primary.install_boot_guard(&note()).unwrap_err();
    assert!(
        matches!(&error, BakerError::BootGuard { why, .. } if why.contains(BAKER_UNIT) && !why.contains(TEZSIGN_UNIT))
    );
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "test", "-e", TOKEN]).unwrap().code, 1);
    let why = open(&mut primary);
    assert!(why.contains(BAKER_UNIT) && !why.contains(TEZSIGN_UNIT), "{why}");
    // After the stop it goes through, as often as it is done.
    primary.stop().unwrap();
    for _ in 0..2 {
        primary.install_boot_guard(&note()).unwrap();
        assert!(primary.boot_guard().unwrap().holds());
    }
    // Another failover's note replaces the first one's; the same one's keeps its time.
    let later = GuardNote { plan: None, ..note() };
    let again = GuardNote { at: Timestamp::from_millis(1_795_316_500_000), ..note() };
    for (given, expected) in [(again, note()), (later.clone(), later)] {
        primary.install_boot_guard(&given).unwrap();
        assert!(matches!(primary.boot_guard().unwrap(), BootGuard::Holds { note, .. } if note == expected));
    }
}

#[test]
fn a_drop_in_of_another_hand_is_never_overwritten() {
    let (world, mut primary) = world();
    primary.stop().unwrap();
    let theirs = "[Service]\nNice=5\n";
    file(&world, &drop_in(BAKER_UNIT), Some(theirs));
    let error = primary.install_boot_guard(&note()).unwrap_err();
    assert!(error.to_string().contains(&drop_in(BAKER_UNIT)), "{error}");
    assert_eq!(world.exec(Side::Primary, &["cat", &drop_in(BAKER_UNIT)]).unwrap().stdout, theirs);
    let why = open(&mut primary);
    assert!(why.contains("not this guard's") && !why.contains(TEZSIGN_UNIT), "the other unit is guarded: {why}");
}

#[test]
fn what_is_written_and_not_in_force_guards_nothing() {
    let later = |unit: &str| format!("/etc/systemd/system/{unit}.service.d/zzz.conf");
    for (path, text, expected) in [
        (later(BAKER_UNIT), "[Unit]\nAssertPathExists=\n", "no AssertPathExists="),
        (later(TEZSIGN_UNIT), "[Service]\nExecCondition=\n", "no ExecCondition="),
        (later(TEZSIGN_UNIT), "[Service]\nSuccessExitStatus=1\n", "SuccessExitStatus= has 1"),
        (drop_in(BAKER_UNIT), "", "is not this guard's"),
    ] {
        let (world, mut primary) = guarded();
        file(&world, &path, Some(text));
        assert!(open(&mut primary).contains("NeedDaemonReload"), "{path}");
        reload(&world);
        let why = open(&mut primary);
        assert!(why.contains(expected), "{why}");
    }
    // The file is gone, and what was loaded is still in force: not for long.
    let (world, mut primary) = guarded();
    file(&world, &drop_in(BAKER_UNIT), None);
    assert!(open(&mut primary).contains("is not there"));
    // Written by hand, and systemd not told.
    let (world, mut primary) = world_stopped();
    file(&world, &drop_in(BAKER_UNIT), Some(&DropIn::new(TOKEN.as_ref()).unwrap().text(&note())));
    assert!(open(&mut primary).contains("is not loaded"));
}

fn world_stopped() -> (World, TezbakeControl<SimHost>) {
    let (world, mut primary) = world();
    primary.stop().unwrap();
    (world, primary)
}

#[test]
fn a_unit_without_its_file_is_neither_guarded_nor_stopped() {
    let (world, mut primary) = world();
    world.apply(Event::Host(Side::Primary, HostFault::UnitRemoved(BAKER_UNIT.to_owned())));
    assert!(matches!(primary.state(), Ok(BakerState::Running { .. })));
    let error = primary.install_boot_guard(&note()).unwrap_err();
    assert!(error.to_string().contains(BAKER_UNIT), "{error}");
    primary.stop().unwrap();
    assert!(matches!(primary.state(), Err(BakerError::Unclear { .. })), "not found is not stopped");
    primary.install_boot_guard(&note()).unwrap_err();
    assert!(open(&mut primary).contains("it is not loaded but not-found"));
}

#[test]
fn a_unit_that_the_system_does_not_know_cannot_be_guarded() {
    let (world, _) = world();
    let mut control = SystemdControl::new(world.host(Side::Primary), vec!["octez-baker".parse().unwrap()]);
    let error = control.install_boot_guard(&note()).unwrap_err();
    assert!(error.to_string().contains("octez-baker.service"), "{error}");
    assert!(open(&mut control).contains("not-found"));
    let mut none = SystemdControl::new(world.host(Side::Primary), Vec::new());
    assert!(matches!(none.boot_guard(), Err(BakerError::Unclear { .. })));
    none.install_boot_guard(&note()).unwrap_err();
}

#[test]
fn what_cannot_be_done_or_read_is_an_error() {
    for (fault, names) in [
        (HostFault::NoSudo, "password"),
        (HostFault::ReadOnlyEtc, "Read-only file system"),
        (HostFault::NoSystemd, "systemctl"),
    ] {
        let (world, mut primary) = world_stopped();
        world.apply(Event::Host(Side::Primary, fault.clone()));
        let error = primary.install_boot_guard(&note()).unwrap_err();
        assert!(error.to_string().contains(names), "{fault:?}: {error}");
        // A read-only /etc can still be read; without root or systemd nothing is known.
        assert!(
            primary.boot_guard().is_ok_and(|guard| !guard.holds()) == (fault == HostFault::ReadOnlyEtc),
            "{fault:?}"
        );
    }
    let (world, mut primary) = guarded();
    world.apply(Event::Unreachable(Side::Primary));
    assert!(matches!(primary.boot_guard(), Err(BakerError::Host(HostError::Unreachable { .. }))));
}

#[test]
fn a_token_that_no_unit_file_can_name_is_refused_before_anything_is_done() {
    let (world, _) = world();
    for token in ["ACTIVE", "/srv/my state/ACTIVE", "/srv/%i/ACTIVE", "/srv/\"x\"/ACTIVE"] {
        let mut control = TezbakeControl::new(world.host(Side::Primary)).with_guard_token(PathBuf::from(token));
        assert!(matches!(control.install_boot_guard(&note()), Err(BakerError::TokenPath(_))), "{token}");
        assert!(matches!(control.boot_guard(), Err(BakerError::TokenPath(_))), "{token}");
    }
    // Another folder's token is another guard.
    let (world, primary) = guarded();
    drop(primary);
    let mut other = TezbakeControl::new(world.host(Side::Primary)).with_guard_token("/srv/failover/ACTIVE".into());
    assert!(open(&mut other).contains("no AssertPathExists=/srv/failover/ACTIVE"));
    assert!(matches!(other.install_boot_guard(&note()), Err(BakerError::BootGuard { .. })));
}

#[test]
fn commands_have_no_units_to_guard() {
    let argv = |words: &str| words.split(' ').map(str::to_owned).collect();
    let commands =
        Commands { start: argv("true"), stop: argv("true"), status: argv("echo stopped"), restart_delay: 30 };
    let mut control = CommandControl::new(LocalHost::new(), commands);
    assert!(matches!(control.boot_guard(), Err(BakerError::NoUnits { .. })));
    let error = control.install_boot_guard(&note()).unwrap_err();
    assert!(error.next().contains("failover guard check"));
}
