//! The driver on a simulated gadget in memory: what it makes of locks, marks, refusals and claims.

use failover_core::clock::Clock as _;
use failover_core::signer::tezsign::frame::{FrameId, FrameKind, encode};
use failover_core::signer::tezsign::message::{Ask, Empty, Request, SetLevel};
use failover_core::signer::tezsign::{Connect as _, Interface, Link as _, TezSign, open};
use failover_core::signer::{
    Arm, Arming, Cap, DeviceReading, HwmSetter, KeyName, Mark, Marks, Passphrase, RaiseError, RaiseOrder, Raised,
    SignerDevice, SignerError, THROTTLE, raise, raise_to_floor,
};
use failover_core::tezos::{Level, Position, Round};
use failover_sim::tezsign::{Fault, PASSPHRASE, SimGadget, SimKey, TezSignOptions, TezSignSim};
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;

use crate::meanwhile::meanwhile;
use crate::support::{Jumping, SECOND, gadget, names, unlock};

/// A request's frame, as another host would send it.
fn request(ask: Ask) -> Vec<u8> {
    encode(FrameKind::Request, FrameId([9; 16]), &Request::from(ask).encode_to_vec()).to_vec()
}

fn level(level: u64) -> Level {
    Level::new(level).unwrap()
}

fn cap(level: u64) -> Cap {
    Cap::above(Level::FIRST, level - 1)
}

/// To level 1,000, for the first key.
fn order(driver: &mut TezSign<SimGadget>) -> RaiseOrder {
    DeviceReading::of(driver).unwrap().orders(&names()[..1], level(1000), cap(1100)).unwrap().remove(0)
}

fn marks(at: u64) -> Marks {
    Marks::all(Mark::at(Position::start_of(level(at))))
}

fn unlocked() -> (SimGadget, TezSign<SimGadget>) {
    let (gadget, mut driver) = gadget();
    unlock(&mut driver).unwrap();
    (gadget, driver)
}

#[test]
fn a_locked_key_shows_no_marks_and_an_unlocked_one_that_never_signed_empty_ones() {
    let (gadget, mut driver) = gadget();
    gadget.with(|sim| sim.set_marks("consensus", marks(1000)));
    let state = driver.state().unwrap();
    assert_eq!(state.info.serial.as_deref(), Some("SIM0001"));
    assert_eq!(state.info.version, None, "it was not asked for");
    assert_eq!(SignerDevice::version(&mut driver).unwrap().as_deref(), Some("unknown"));
    assert_eq!(driver.state().unwrap().info.version.as_deref(), Some("unknown"));
    assert_eq!(state.keys.iter().map(|k| (k.arming, k.marks)).collect::<Vec<_>>(), [(Arming::Disarmed, None); 2]);
    unlock(&mut driver).unwrap();
    let state = driver.state().unwrap();
    let key = |name: &str| state.named(&KeyName::new(name)).unwrap().clone();
    assert_eq!((key("consensus").arming, key("consensus").marks), (Arming::Armed, Some(marks(1000))));
    assert_eq!(key("companion").marks, Some(Marks::default()));
    assert_eq!(key("companion").key.to_string(), "tz4TBsusTnx4Wmxq2ge57JMWTSnR2fqkg2JX");
    assert!(driver.init_info().unwrap().master_present);
}

#[test]
fn a_wrong_passphrase_a_throttle_and_an_unknown_key_are_told_apart() {
    let (_, mut driver) = gadget();
    let (wrong, keys) = (Passphrase::new(b"nope".to_vec()), names());
    for _ in 0..5 {
        let error = driver.arm(Arm::Unlock { keys: &keys, passphrase: &wrong }).unwrap_err();
        assert!(
            matches!(error, SignerError::WrongPassphrase { ref key, .. } if key.as_str() == "consensus"),
            "{error}"
        );
    }
    assert!(matches!(unlock(&mut driver), Err(SignerError::Throttled { message }) if message.contains("30s")));
    let error = driver.arm(Arm::Unlock { keys: &[KeyName::new("nosuch")], passphrase: &wrong }).unwrap_err();
    assert!(matches!(error, SignerError::UnknownKey { ref known, .. } if known.len() == 2), "{error}");
    let error = driver.arm(Arm::Unlock { keys: &keys, passphrase: &Passphrase::new(Vec::new()) }).unwrap_err();
    assert!(matches!(error, SignerError::Refused { code: 11, .. }), "{error}");
    assert_eq!(driver.state().unwrap().keys[0].arming, Arming::Disarmed);
}

/// Five in the last thirty seconds, and no sixth: so long an effect that was refused for it waits.
#[test]
fn a_device_that_had_too_many_unlocks_takes_one_again_when_the_wait_is_over_and_not_a_second_before() {
    let clock = Arc::new(Jumping::default());
    let mut driver = TezSign::new(SimGadget::new(TezSignSim::new(TezSignOptions::default()), clock.clone()));
    for _ in 0..5 {
        unlock(&mut driver).unwrap();
    }
    clock.sleep(THROTTLE.saturating_sub(SECOND));
    let error = unlock(&mut driver).unwrap_err();
    assert!(matches!(error, SignerError::Throttled { .. }) && error.next().contains("30 s"), "{error}");
    clock.sleep(SECOND);
    unlock(&mut driver).unwrap();
}

/// The gadget's own words decide: only some of them are about the passphrase.
#[test]
fn a_card_that_is_damaged_is_no_wrong_passphrase() {
    let (gadget, mut driver) = gadget();
    gadget.with(|sim| sim.cut_off("companion"));
    let error = unlock(&mut driver).unwrap_err();
    assert!(matches!(&error, SignerError::DamagedCard { key, .. } if key.as_str() == "companion"), "{error}");
    assert!(error.to_string().contains("short") && error.next().contains("another backup's signer"), "{error}");
    gadget.with(|sim| sim.ruin("consensus"));
    assert!(matches!(unlock(&mut driver), Err(SignerError::Damaged { .. })));
}

/// What was sent and not answered may still end; what was answered is over, whatever the answer.
#[test]
fn an_unlock_that_was_not_answered_may_still_end() {
    let (gadget, mut driver) = gadget();
    unlock(&mut driver).unwrap();
    gadget.with(|sim| sim.ruin("consensus"));
    unlock(&mut driver).unwrap_err();
    assert!(!driver.unlock_may_end());
    driver.disarm().unwrap();
    gadget.with(|sim| sim.set_late(1));
    assert!(matches!(unlock(&mut driver), Err(SignerError::Timeout { what: "unlock", .. })));
    assert!(driver.unlock_may_end());
    assert_eq!(driver.state().unwrap().able_to_sign(), [&KeyName::new("companion")], "it ended after it was given up");
    driver.unlock_is_over();
    assert!(!driver.unlock_may_end());
}

#[test]
fn an_empty_list_is_no_state_and_disarming_names_the_keys_all_the_same() {
    let (gadget, mut driver) = unlocked();
    gadget.with(|sim| sim.set_fault(Some(Fault::UnreadableStore)));
    assert_eq!(driver.state(), Err(SignerError::NoKeys));
    assert_eq!(TezSign::new(gadget.clone()).disarm(), Err(SignerError::NoKeys));
    assert!(gadget.with(|sim| sim.keys().iter().all(|key| !key.2)), "locked although they are not listed");
}

#[test]
fn a_corrupted_key_is_not_disarmed_until_it_was_locked() {
    let (gadget, mut driver) = unlocked();
    gadget.with(|sim| sim.corrupt("consensus"));
    let key =
        |driver: &mut TezSign<SimGadget>| driver.state().unwrap().named(&KeyName::new("consensus")).unwrap().clone();
    assert_eq!((key(&mut driver).arming, key(&mut driver).marks), (Arming::Corrupted, None));
    assert!(matches!(raise(&mut driver, &names(), level(10), cap(100)), Err(RaiseError::Damaged { .. })));
    driver.disarm().unwrap();
    assert_eq!(key(&mut driver).arming, Arming::Disarmed);
    assert!(gadget.with(|sim| sim.keys().iter().all(|key| !key.2)));
}

#[test]
fn disarming_a_gadget_that_has_just_booted_is_no_error() {
    let (gadget, mut driver) = unlocked();
    gadget.with(|sim| sim.power_cycle());
    driver.disarm().unwrap();
    assert!(driver.state().unwrap().keys.iter().all(|key| key.arming == Arming::Disarmed));
}

#[test]
fn raising_reaches_both_keys_and_is_success_where_they_are_already() {
    let (gadget, mut driver) = unlocked();
    gadget.with(|sim| sim.set_marks("companion", marks(500)));
    let raised = raise(&mut driver, &names(), level(1000), cap(1100)).unwrap();
    assert_eq!(raised.iter().map(|r| r.after).collect::<Vec<_>>(), [marks(1000); 2]);
    // A second set of the same level would be error 80: nothing is sent.
    gadget.with(|sim| sim.set_fault(Some(Fault::SetLevelDenied)));
    assert_eq!(raise(&mut driver, &names(), level(1000), cap(1100)).unwrap().len(), 2);
    assert_eq!(raise_to_floor(&mut driver, &names(), level(900), cap(1100)).unwrap()[0].after, marks(1000));
}

#[test]
fn a_level_past_the_cap_is_refused_and_nothing_changes() {
    let (gadget, mut driver) = unlocked();
    let before = gadget.with(|sim| sim.keys());
    assert!(matches!(raise(&mut driver, &names(), level(10_001_000), cap(1100)), Err(RaiseError::PastCap { .. })));
    let ahead = Marks { preattestation: Mark::at(Position::new(level(1100), Round(3))), ..Marks::default() };
    gadget.with(|sim| sim.set_marks("companion", ahead));
    assert!(matches!(raise_to_floor(&mut driver, &names(), level(1000), cap(1100)), Err(RaiseError::PastCap { .. })));
    assert_eq!(gadget.with(|sim| sim.keys())[1], before[1]);
}

#[test]
fn a_lower_level_is_refused_by_the_device_too() {
    let (gadget, mut driver) = unlocked();
    let refused = |done: Result<Raised, RaiseError>| match done {
        Err(RaiseError::Signer(SignerError::Refused { code: 80, message, .. })) => message,
        other => panic!("{other:?}"),
    };
    // Between the library's reading and the sending the key signs, or the power goes.
    let signs =
        || gadget.with(|sim| sim.set_marks("consensus", Marks { block: marks(1005).block, ..Marks::default() }));
    let said = refused(order(&mut driver).send(&mut meanwhile(&mut driver, |_| signs())));
    assert!(said.contains("current=1005"), "{said}");
    gadget.with(|sim| sim.set_marks("consensus", marks(900)));
    let off = |_: &mut TezSign<SimGadget>| gadget.with(|sim| sim.power_cycle());
    let said = refused(order(&mut driver).send(&mut meanwhile(&mut driver, off)));
    assert!(said.ends_with("key locked"), "{said}");
}

#[test]
fn a_set_that_took_effect_but_was_denied_or_not_answered_counts_by_its_read_back() {
    let (gadget, mut driver) = unlocked();
    gadget.with(|sim| sim.set_fault(Some(Fault::SetLevelDenied)));
    assert_eq!(raise(&mut driver, &names(), level(1000), cap(1100)).unwrap()[1].after, marks(1000));
}

#[test]
fn a_hanging_gadget_is_a_timeout() {
    let (gadget, mut driver) = unlocked();
    for fault in [Fault::Hang, Fault::LostAnswers] {
        gadget.with(|sim| sim.set_fault(Some(fault)));
        assert!(
            matches!(driver.state(), Err(SignerError::Timeout { what: "status", after, .. }) if after == 3 * SECOND)
        );
    }
    gadget.with(|sim| sim.set_fault(None));
    driver.state().unwrap();
}

#[test]
fn what_earlier_hosts_left_behind_is_survived() {
    let (mut gadget, mut driver) = unlocked();
    // One left without reading the answer, another in the middle of a frame, ended by two requests of ours.
    gadget.open(Interface::Management, SECOND).unwrap().send(&request(Ask::Status(Empty {})), SECOND).unwrap();
    driver.state().unwrap();
    let set = request(Ask::SetLevel(SetLevel { key: "consensus".to_owned(), level: 5000 }));
    gadget.open(Interface::Management, SECOND).unwrap().send(&set[..30], SECOND).unwrap();
    driver.state().unwrap();
    let long = Request::from(Ask::SetLevel(SetLevel { key: "k".repeat(40), level: 5000 })).encode_to_vec();
    let long = request(Request::decode(long.as_slice()).unwrap().ask.unwrap());
    gadget.open(Interface::Management, SECOND).unwrap().send(&long[..25], SECOND).unwrap();
    let order = order(&mut driver);
    gadget.open(Interface::Management, SECOND).unwrap().send(&set[..30], SECOND).unwrap();
    order.send(&mut driver).unwrap();
    assert_eq!(driver.state().unwrap().named(&KeyName::new("consensus")).unwrap().marks, Some(marks(1000)));
}

/// Half a frame of an earlier client that lacks 900 bytes is over with the first request, which is longer than that: asked
/// once more, and no deadline passes.
#[test]
fn half_a_frame_of_a_dead_client_costs_one_more_question() {
    let (mut gadget, mut driver) = unlocked();
    let half = |lacks: usize| {
        let mut frame = request(Ask::SetLevel(SetLevel { key: "k".repeat(1000), level: 5000 }));
        frame.truncate(frame.len() - lacks);
        frame
    };
    for lacks in [1, 22, 23, 76, 500, 900, 1000] {
        gadget.open(Interface::Management, SECOND).unwrap().send(&half(lacks), SECOND).unwrap();
        gadget.with(TezSignSim::take_asked);
        driver.state().unwrap();
        let asked = gadget.with(TezSignSim::take_asked);
        let read = asked.iter().filter(|asked| **asked == (Interface::Management, "status"));
        assert_eq!(read.count(), 1, "{lacks}: {asked:?}");
        assert!(!gadget.with(|sim| sim.is_wedged(Interface::Management)), "{lacks}");
    }
}

/// Before 2026-01-06 there was no version request: it is shown as unknown, and nothing else is different.
#[test]
fn an_old_gadget_has_an_unknown_version_and_does_everything() {
    let (gadget, mut driver) = gadget();
    gadget.with(TezSignSim::set_old);
    assert_eq!(SignerDevice::version(&mut driver), Ok(None));
    assert_eq!(driver.state().unwrap().info.version, None);
    driver.hold().unwrap();
    driver.hold().unwrap();
    unlock(&mut driver).unwrap();
    raise(&mut driver, &names(), level(1000), cap(1100)).unwrap();
    driver.disarm().unwrap();
    assert!(driver.state().unwrap().keys.iter().all(|key| key.arming == Arming::Disarmed));
}

/// What is done between `open` and `close` is one opening; a link that broke is opened anew.
#[test]
fn one_opening_until_it_is_closed_and_another_where_it_broke() {
    let (gadget, mut driver) = unlocked();
    let openings = || {
        let asked = gadget.with(TezSignSim::take_asked);
        asked.iter().filter(|asked| **asked == (Interface::Management, "open")).count()
    };
    openings();
    driver.open();
    driver.state().unwrap();
    raise(&mut driver, &names(), level(1000), cap(1100)).unwrap();
    driver.disarm().unwrap();
    assert_eq!(openings(), 1);
    assert!(gadget.seen_by("another").open(Interface::Management, SECOND).is_err());
    gadget.unplug();
    gadget.plug();
    assert!(matches!(driver.state(), Err(SignerError::Disconnected { .. })));
    driver.state().unwrap();
    assert_eq!(openings(), 1);
    driver.close();
    drop(gadget.seen_by("another").open(Interface::Management, SECOND).unwrap());
    driver.state().unwrap();
    driver.state().unwrap();
    assert_eq!(openings(), 3);
}

#[test]
fn a_held_sign_interface_is_nobody_elses_and_management_stays_free() {
    let (gadget, mut driver) = unlocked();
    driver.hold().unwrap();
    driver.hold().unwrap();
    assert!(driver.holds());
    let mut baker = gadget.seen_by("octez-baker");
    let busy = |e: SignerError| matches!(e, SignerError::Busy { holder, .. } if holder == "failover");
    assert!(busy(baker.open(Interface::Sign, SECOND).unwrap_err()));
    drop(baker.open(Interface::Management, SECOND).unwrap());
    raise(&mut driver, &names(), level(1000), cap(1100)).unwrap();
    driver.release();
    let held = baker.open(Interface::Sign, SECOND).unwrap();
    assert!(matches!(driver.hold(), Err(SignerError::Busy { holder, .. }) if holder == "octez-baker"));
    drop(held);
    driver.hold().unwrap();
    // A gadget that does not answer is still held; nobody gets in between.
    gadget.with(|sim| sim.set_fault(Some(Fault::Hang)));
    driver.hold().unwrap();
    gadget.with(|sim| sim.set_fault(None));
    // Unplugged, its claim is gone: holding again claims it anew.
    gadget.unplug();
    assert!(matches!(driver.hold(), Err(SignerError::NotFound { .. })));
    gadget.plug();
    driver.hold().unwrap();
    assert_eq!(gadget.holder(Interface::Sign).as_deref(), Some("failover"));
    drop(driver);
    assert_eq!(gadget.holder(Interface::Sign), None);
}

#[test]
fn a_busy_management_interface_is_named() {
    let (gadget, mut driver) = gadget();
    let held = gadget.seen_by("tezsign (pid 7)").open(Interface::Management, SECOND).unwrap();
    assert!(matches!(driver.state(), Err(SignerError::Busy { holder, .. }) if holder == "tezsign (pid 7)"));
    drop(held);
    driver.state().unwrap();
}

#[test]
fn another_card_and_another_passphrase_are_seen() {
    let (gadget, mut driver) = unlocked();
    gadget.with(|sim| {
        sim.set_keys(vec![SimKey::of_seed("consensus", "another card")]);
        sim.set_passphrase(Passphrase::new(b"another".to_vec()));
    });
    assert!(matches!(unlock(&mut driver), Err(SignerError::UnknownKey { .. })));
    let keys = [KeyName::new("consensus")];
    let old = Passphrase::new(PASSPHRASE.to_vec());
    assert!(matches!(
        driver.arm(Arm::Unlock { keys: &keys, passphrase: &old }),
        Err(SignerError::WrongPassphrase { .. })
    ));
    assert_ne!(driver.state().unwrap().keys[0].key.to_string(), "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh");
}

#[test]
fn unlocking_has_a_longer_deadline_a_key_and_none_has_no_end() {
    let unlock = |keys| {
        let passphrase = None;
        Ask::Unlock(failover_core::signer::tezsign::message::Unlock { keys: vec![String::new(); keys], passphrase })
    };
    let deadlines = [0, 1, 2, 17, 18, 1000].map(|keys| unlock(keys).deadline());
    assert_eq!(deadlines, [5000, 5000, 6500, 29000, 30000, 30000].map(Duration::from_millis));
    assert_eq!(Ask::Status(Empty {}).deadline(), 3 * SECOND);
}

#[test]
fn a_ledger_is_no_tezsign() {
    assert!(matches!(open(&"ledger".parse().unwrap()), Err(SignerError::Unsupported { .. })));
    let (_, driver) = gadget();
    let _: Box<dyn HwmSetter> = Box::new(driver);
}
