//! Own positions never accuse, and a device that cannot be read decides nothing until it can.

use failover_core::signer::{Arming, Mark, Marks, Model, SignerDevice};
use failover_core::tezos::{Level, Position};
use failover_core::watch::{Finding, Trouble, WatchRole};
use failover_sim::tezsign::TezSignSim;
use failover_sim::{BAKER_UNIT, Event, Side};

use crate::support::after_failover;

/// An hour of own baking at 6-second blocks: several hundred levels, rounds above 0 and re-proposals among them.
fn an_hour_of_own_baking(model: Model) {
    let mut watched = after_failover(model, 21);
    let mut kept = Vec::new();
    let (mut rounds, mut levels) = (0, watched.world.head_level());
    for _ in 0..12 {
        watched.goes_on(300);
        kept.push(watched.watch.remembered());
        let head = watched.world.head_level();
        for level in levels.to(head) {
            rounds += usize::from(round_of(&watched.world, level) > 0);
        }
        levels = head.above(1);
    }
    assert_eq!(watched.watch.role(), Some(WatchRole::Baker));
    let votes = watched.watch.votes();
    assert!(votes.levels > 500 && votes.missed == 0, "{model}: {votes:?}\n{}", watched.told());
    assert!(rounds > 5, "{model}: {rounds} blocks of round 1 and above: that proves little");
    assert!(watched.troubles().is_empty(), "{model}: {}", watched.told());
    // It is full after the first minutes, and stays so.
    let (half, end) = (kept.get(5).copied().unwrap(), kept.last().copied().unwrap());
    assert!(end <= half + 8 && end < 600, "{model}: {kept:?}");
    // And it says now and then that it is alive, not more.
    let said = watched.notes().len();
    assert!((5..=9).contains(&said), "{model}: {said}\n{}", watched.told());
}

#[test]
fn an_hour_of_own_baking_accuses_nobody_and_nothing_grows_with_a_tezsign() {
    an_hour_of_own_baking(Model::TezSign);
}

#[test]
fn an_hour_of_own_baking_accuses_nobody_and_nothing_grows_with_a_ledger() {
    an_hour_of_own_baking(Model::Ledger);
}

fn round_of(world: &failover_sim::World, level: Level) -> u64 {
    match world.rpc(&format!("/chains/main/blocks/{}/helpers/round", level.get())) {
        failover_sim::Answer::Http { status: 200, body } => serde_json::from_slice(&body).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// S3: not known is not foreign, and not own either.
#[test]
fn an_unreadable_device_decides_nothing_and_is_judged_later() {
    let mut watched = after_failover(Model::TezSign, 3);
    watched.goes_on(60);
    let gadget = watched.world.gadget(Side::Backup).unwrap();
    watched.world.exec(Side::Backup, &["systemctl", "stop", BAKER_UNIT]).unwrap();
    gadget.with(|sim: &mut TezSignSim| sim.set_fault(Some(failover_sim::tezsign::Fault::Hang)));
    watched.primary_returns();
    // A minute of foreign votes: nothing is stopped, and that is said.
    watched.goes_on(60);
    assert!(watched.troubles().contains(&Trouble::Signer), "{}", watched.told());
    let why = watched.notes().into_iter().find_map(|note| match note {
        Finding::Trouble { what: Trouble::Signer, why, .. } if why.contains("cannot be told") => Some(why),
        _ => None,
    });
    assert!(why.is_some(), "{}", watched.told());
    // The primary is gone again, for so long that no node shows its votes in the mempool or in recent blocks.
    watched.world.apply(Event::PowerOff(Side::Primary));
    watched.goes_on(120);
    gadget.with(|sim: &mut TezSignSim| sim.set_fault(None));
    let end = watched.watch(30).unwrap_or_else(|| panic!("not judged later\n{}", watched.told()));
    assert_eq!(end.exit, 5, "{end:?}");
    watched.is_harmless();
}

/// The same with its own positions: once the marks are read, they are its own.
#[test]
fn own_positions_that_waited_are_its_own() {
    let mut watched = after_failover(Model::TezSign, 4);
    watched.goes_on(30);
    let gadget = watched.world.gadget(Side::Backup).unwrap();
    for _ in 0..3 {
        // Its answers are lost, and it signs on.
        let lost = Some(failover_sim::tezsign::Fault::UnreadableStore);
        gadget.with(|sim: &mut TezSignSim| sim.set_fault(lost));
        watched.goes_on(45);
        gadget.with(|sim: &mut TezSignSim| sim.set_fault(None));
        watched.goes_on(45);
    }
    let votes = watched.watch.votes();
    assert!(votes.missed == 0 && votes.with_rights > 30, "{votes:?}");
    let over = watched.notes().iter().filter(|n| matches!(n, Finding::Over { what: Trouble::Signer, .. })).count();
    assert_eq!(over, 3, "{}", watched.told());
    assert!(watched.world.bakes(Side::Backup));
}

/// A card that is locked shows no marks: it signs nothing, and the duplicate is told as soon as it is unlocked.
#[test]
fn a_locked_card_is_said_and_judged_when_it_shows_its_marks() {
    let mut watched = after_failover(Model::TezSign, 3);
    watched.goes_on(30);
    let device = &mut watched.world.signer(Side::Backup);
    device.disarm().unwrap();
    watched.goes_on(60);
    assert!(watched.troubles().contains(&Trouble::Signer), "{}", watched.told());
    assert!(device.state().unwrap().keys.iter().all(|key| key.arming == Arming::Disarmed));
    watched.primary_returns();
    watched.goes_on(60);
    // Its baker is stopped, so that the first thing that happens after the unlock is no own signature.
    watched.world.exec(Side::Backup, &["systemctl", "stop", BAKER_UNIT]).unwrap();
    assert!(watched.world.unlock(Side::Backup, &watched.world.passphrase()));
    assert_eq!(watched.watch(30).map(|end| end.exit), Some(5), "{}", watched.told());
    watched.is_harmless();
}

/// A mark that is raised far above explains what lies below it, whoever signed that: S8 says so, and no alarm comes.
#[test]
fn a_mark_above_explains_what_is_below() {
    let mut watched = after_failover(Model::TezSign, 3);
    watched.goes_on(30);
    let gadget = watched.world.gadget(Side::Backup).unwrap();
    let far = Mark::at(Position::start_of(watched.world.head_level().above(1000)));
    gadget.with(|sim: &mut TezSignSim| sim.set_marks("consensus", Marks::all(far)));
    watched.goes_on(120);
    // But it signs nothing up to there, which is said.
    assert!(watched.watch.votes().in_a_row > 4, "{:?}", watched.watch.votes());
}
