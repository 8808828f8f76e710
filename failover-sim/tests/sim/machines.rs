//! The simulated machines and devices, as the real controls and drivers see them.

use std::time::Duration;

use failover_core::baker::tezbake::TezbakeControl;
use failover_core::baker::{BakerControl, BakerError, BakerState, MachineIdentity, MarkFiles, SystemdControl};
use failover_core::chain::{ChainLevelSource, ChainNode, octez::OctezNode};
use failover_core::clock::Clock;
use failover_core::host::{Host, HostError};
use failover_core::mark_files::{Bound, MarkFileError};
use failover_core::signer::{Arming, Mark, Model, SignerDevice, SignerError};
use failover_core::tezos::{Kind, Level, Position};
use failover_sim::{Event, MarkFileState, Side, TEZSIGN_UNIT, World, WorldOptions};

fn world(model: Model) -> World {
    World::new(WorldOptions::new(model, 21))
}

fn wait(world: &World, seconds: u64) {
    world.clock().sleep(Duration::from_secs(seconds));
}

#[test]
fn tezbake_is_controlled_on_both_sides() {
    for model in [Model::TezSign, Model::Ledger] {
        let world = world(model);
        let mut primary = TezbakeControl::new(world.host(Side::Primary));
        assert_eq!(primary.identity().unwrap().machine_id, world.machine_id(Side::Primary));
        assert!(matches!(primary.state().unwrap(), BakerState::Running { .. }));
        assert_eq!(primary.restart_delay().unwrap(), Duration::from_secs(20));
        primary.stop().unwrap();
        assert!(matches!(primary.state().unwrap(), BakerState::Stopped { .. }), "{model}");
        wait(&world, 60);
        assert!(matches!(primary.state().unwrap(), BakerState::Stopped { .. }), "{model}");

        let mut backup = TezbakeControl::new(world.host(Side::Backup));
        assert!(matches!(backup.state().unwrap(), BakerState::Stopped { .. }), "{model}");
        backup.start().unwrap();
        assert!(matches!(backup.state().unwrap(), BakerState::Running { .. }), "{model}");
    }
}

#[test]
fn the_devices_show_themselves_as_real_ones_do() {
    for model in [Model::TezSign, Model::Ledger] {
        let world = world(model);
        let mut primary = world.signer(Side::Primary);
        let mut backup = world.signer(Side::Backup);
        let keys: Vec<_> = world.keys().into_iter().map(|(_, key)| key).collect();
        for (device, arming) in [(&mut primary, Arming::Armed), (&mut backup, Arming::Disarmed)] {
            let state = device.state().unwrap();
            assert_eq!(state.keys.len(), keys.len());
            assert!(state.keys.iter().all(|key| keys.contains(&key.key) && key.arming == arming), "{state:?}");
        }
        let marks = primary.state().unwrap().keys.first().unwrap().marks.unwrap();
        let level = marks.highest().0.unwrap().level;
        assert!(world.head_level().since(level) <= 2, "{model}: the primary signs");
    }
}

#[test]
fn a_backup_has_old_marks_and_a_restored_card_none() {
    let world = world(Model::TezSign);
    let pass = world.passphrase();
    let highest = |world: &World| {
        let state = world.signer(Side::Backup).state().unwrap();
        state.keys.first().unwrap().marks.unwrap().highest()
    };
    assert!(world.unlock(Side::Backup, &pass));
    let old = highest(&world).0.unwrap().level;
    assert!(world.head_level().since(old) > 50_000);
    world.restore_card(Side::Backup);
    assert_eq!(highest(&world), Mark(None));
}

#[test]
fn a_wrong_card_has_other_keys() {
    for model in [Model::TezSign, Model::Ledger] {
        let world = world(model);
        world.wrong_card(Side::Backup);
        let state = world.signer(Side::Backup).state().unwrap();
        assert!(state.keys.iter().all(|key| world.keys().iter().all(|(_, ours)| *ours != key.key)), "{model}");
    }
}

#[test]
fn an_unplugged_device_is_gone_and_comes_back_locked() {
    for model in [Model::TezSign, Model::Ledger] {
        let world = world(model);
        let mut device = world.signer(Side::Primary);
        world.apply(Event::Unplug(Side::Primary));
        let error = device.state().unwrap_err();
        assert!(matches!(error, SignerError::NotFound { .. } | SignerError::Disconnected { .. }), "{model}: {error:?}");
        let signed = world.book().count();
        wait(&world, 60);
        assert_eq!(world.book().count(), signed, "{model}");
    }
    // The tezsign service waits for the card, and unlocks it by itself where it has the secret.
    let world = world(Model::TezSign);
    world.apply(Event::Unplug(Side::Primary));
    wait(&world, 60);
    assert!(!world.bakes(Side::Primary));
    world.apply(Event::Plug(Side::Primary));
    wait(&world, 40);
    assert!(world.bakes(Side::Primary));
}

#[test]
fn the_auto_unlock_uses_up_the_devices_throttle() {
    let world = World::new(WorldOptions { backup_unlocks_itself: true, ..WorldOptions::new(Model::TezSign, 21) });
    world.start_signer(Side::Backup);
    let state = world.signer(Side::Backup).state().unwrap();
    assert!(state.keys.iter().all(|key| key.arming == Arming::Armed), "H14: armed before anybody asked");
    // Killed again and again, it unlocks at every start until the device says no.
    for _ in 0..6 {
        world.apply(Event::KillService(Side::Backup, TEZSIGN_UNIT.to_owned()));
        wait(&world, 3);
    }
    assert!(!world.unlock(Side::Backup, &world.passphrase()), "five in 30 seconds");
    wait(&world, 60);
    let units = world.exec(Side::Backup, &["systemctl", "show", "-p", "SubState", TEZSIGN_UNIT]).unwrap();
    assert_eq!(units.stdout, "SubState=running\n", "it tries until it may");
}

#[test]
fn a_held_sign_interface_keeps_the_service_from_serving() {
    let world = world(Model::TezSign);
    let mut tool = world.signer(Side::Backup);
    tool.hold().unwrap();
    assert_eq!(world.exec(Side::Backup, &["tezbake", "start"]).unwrap().code, 0, "its exit code proves nothing");
    wait(&world, 10);
    assert!(!world.bakes(Side::Backup));
    tool.release();
    wait(&world, 10);
    assert!(world.bakes(Side::Backup));
}

#[test]
fn a_stop_that_never_ends_is_lost_at_its_deadline() {
    let world = world(Model::TezSign);
    world.apply(Event::NodeStopFails(Side::Primary));
    let mut host = world.host(Side::Primary);
    let before = world.now();
    let error = host.run(&["sudo", "-n", "tezbake", "stop"], Duration::from_secs(30)).unwrap_err();
    assert!(matches!(error, HostError::Lost { .. }));
    assert_eq!(world.now().since(before), Duration::from_secs(30));
    assert!(world.bakes(Side::Primary), "the signer was never stopped");
    assert_eq!(host.run(&["tezbake", "start"], Duration::from_secs(5)).unwrap().code, 151);
    world.apply(Event::Unreachable(Side::Primary));
    let error = host.run(&["id", "-u"], Duration::from_secs(5)).unwrap_err();
    assert!(matches!(error, HostError::Unreachable { .. }));
    assert!(world.bakes(Side::Primary), "out of reach is not stopped");
}

#[test]
fn the_primarys_mark_file_bounds_all_that_it_signed() {
    for model in [Model::TezSign, Model::Ledger] {
        let world = world(model);
        wait(&world, 30);
        let mut primary = TezbakeControl::new(world.host(Side::Primary));
        primary.stop().unwrap();
        let marks = primary.marks(world.options().chain).unwrap();
        let keys: Vec<_> = world.keys().into_iter().map(|(_, key)| key).collect();
        let state = world.signer(Side::Primary).state().unwrap();
        let signed = state.keys.iter().filter_map(|key| key.marks?.highest().0).max().unwrap();
        assert_eq!(marks.highest(&keys).unwrap().level, signed.level, "{model}: {marks:?}");

        let mut node = OctezNode::new(world.node());
        let level = node.head().unwrap().level.below(3).unwrap();
        let seen = || (level.get()..level.get() + 3).filter_map(Level::new);
        let seen: Vec<_> = seen().filter_map(|level| node.activity(&world.baker(), level).ok()).collect();
        let seen = || seen.iter().flat_map(|level| &level.signed).map(|signed| (signed.kind, signed.at));
        assert!(seen().count() > 0);
        let consensus = *keys.first().unwrap();
        assert!(matches!(marks.bound(&consensus, seen()), Bound::Exact { mark, .. } if mark.level == signed.level));
        let later = (Kind::Attestation, Position::start_of(signed.level.above(1)));
        assert!(matches!(marks.bound(&consensus, seen().chain([later])), Bound::Stale { .. }), "{model}");
    }
}

#[test]
fn a_mark_file_that_says_nothing_is_told_as_what_it_is() {
    let world = world(Model::TezSign);
    wait(&world, 30);
    let chain = world.options().chain;
    let mut primary = TezbakeControl::new(world.host(Side::Primary));
    primary.stop().unwrap();
    let consensus = world.keys().first().unwrap().1;
    let mut read = |state| {
        world.apply(Event::MarkFile(Side::Primary, state));
        primary.marks(chain)
    };
    let whole = read(MarkFileState::Whole).unwrap();
    let level = whole.highest(&[consensus]).unwrap().level;
    let absent = read(MarkFileState::Absent).unwrap();
    assert_eq!((absent.bound(&consensus, []), absent.highest(&[consensus])), (Bound::NoFile, None));
    let cut = read(MarkFileState::CutInHalf).unwrap_err();
    assert!(matches!(cut, BakerError::MarkFile { error: MarkFileError::Cut { .. }, .. }), "{cut}");
    let other = read(MarkFileState::OtherChain).unwrap();
    assert_eq!((other.files.len(), other.other_chains.len()), (0, 1));
    assert_eq!(other.bound(&consensus, []), Bound::NoFile);
    let far = read(MarkFileState::FarFuture).unwrap();
    assert!(far.highest(&[consensus]).unwrap().level > level.above(1_000_000), "the cap refuses it, not the reading");

    // A machine that never baked has no file; units without named folders have nothing to look at.
    assert!(TezbakeControl::new(world.host(Side::Backup)).marks(chain).unwrap().files.is_empty());
    let mut nowhere = SystemdControl::new(world.host(Side::Primary), Vec::new());
    assert!(matches!(nowhere.marks(chain), Err(BakerError::NoMarkFolder { .. })));
    world.apply(Event::Unreachable(Side::Primary));
    assert!(matches!(primary.marks(chain), Err(BakerError::Host(HostError::Unreachable { .. }))));
}
