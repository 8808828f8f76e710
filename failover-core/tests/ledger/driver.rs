//! The Ledger driver against the simulated Baking app: in memory, with every kind of person, and with answers that are none.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop at the first thing that is not as it should be"
)]

use std::collections::VecDeque;
use std::time::Duration;

use failover_core::signer::ledger::{ApduExchange, Derivation, KeyPath, Ledger, LedgerUse, Prompted, StatusWord, Wait};
use failover_core::signer::{
    Arm, Arming, Cap, DeviceReading, DeviceState, HwmSetter, KeyName, Mark, Marks, Passphrase, RaiseError, RaiseOrder,
    SignerDevice, SignerError, plan_raise, raise, raise_to_floor,
};
use failover_core::tezos::{ChainId, Level, Position};
use failover_sim::ledger::{LedgerOptions, LedgerSim, Person, SimLedger};

use super::meanwhile::meanwhile;

const PATH: &str = "44'/1729'/0'/0'";

/// The levels of the main and the test mark.
fn levels(sim: &SimLedger) -> (u32, u32) {
    let device = sim.lock();
    (device.memory().main.level, device.memory().test.level)
}

fn level(level: u64) -> Level {
    Level::new(level).unwrap()
}

fn cap(level: u64) -> Cap {
    Cap::above(Level::FIRST, level - 1)
}

fn path(text: &str) -> KeyPath {
    text.parse().unwrap()
}

fn marks(at: u64) -> Option<Marks> {
    Some(Marks::all(Mark::at(Position::start_of(level(at)))))
}

fn device() -> (SimLedger, Ledger<SimLedger>) {
    let sim =
        SimLedger::new(LedgerOptions { name: "backup".to_owned(), seed: "s".to_owned(), ..LedgerOptions::default() });
    (sim.clone(), Ledger::new(sim, path(PATH), Derivation::Ed25519))
}

fn keys() -> Vec<KeyName> {
    vec![KeyName::new(PATH)]
}

fn authorize<X: ApduExchange>(ledger: &mut Ledger<X>, floor: u64) -> Result<(), SignerError> {
    authorize_on(ledger, ChainId::MAINNET, floor)
}

fn authorize_on(ledger: &mut impl HwmSetter, chain: ChainId, floor: u64) -> Result<(), SignerError> {
    let reading = DeviceReading::of(ledger)?;
    let order = reading.order_to_authorize(&KeyName::new(PATH), level(floor), cap(30_000_000)).unwrap();
    told(order.authorize(ledger, chain)).map(drop)
}

/// The device's own error.
fn told<T>(done: Result<T, RaiseError>) -> Result<T, SignerError> {
    done.map_err(|error| match error {
        RaiseError::Signer(error) => error,
        other => unreachable!("{other}"),
    })
}

fn only(state: &DeviceState) -> (Arming, Option<Marks>) {
    assert_eq!(state.keys.len(), 1, "{state:?}");
    (state.keys[0].arming, state.keys[0].marks)
}

fn order(ledger: &mut impl HwmSetter, floor: u64) -> RaiseOrder {
    DeviceReading::of(ledger).unwrap().orders(&keys(), level(floor), cap(20_000_000)).unwrap().remove(0)
}

#[test]
fn a_fresh_device_is_disarmed_and_its_marks_are_empty_not_zero() {
    let (sim, mut ledger) = device();
    let state = ledger.state().unwrap();
    assert_eq!(state.info.version.as_deref(), Some("2.5.1"));
    assert_eq!(only(&state), (Arming::Disarmed, Some(Marks::default())));
    assert_eq!(Some(state.keys[0].key), sim.lock().address(&path(PATH), Derivation::Ed25519));
}

#[test]
fn setup_authorizes_and_sets_the_mark_and_deauthorize_keeps_it() {
    let (sim, mut ledger) = device();
    authorize(&mut ledger, 15_000_000).unwrap();
    assert_eq!(only(&ledger.state().unwrap()), (Arming::Armed, marks(15_000_000)));
    assert_eq!(sim.lock().memory().chain.to_be_bytes(), ChainId::MAINNET.bytes());
    ledger.disarm().unwrap();
    assert_eq!(only(&ledger.state().unwrap()), (Arming::Disarmed, marks(15_000_000)));
    sim.lock().power_cycle();
    assert_eq!(only(&ledger.state().unwrap()), (Arming::Disarmed, marks(15_000_000)));
}

#[test]
fn with_the_watermark_setting_disabled_deauthorize_does_not_survive_the_power() {
    let sim = SimLedger::new(LedgerOptions { hwm_disabled: true, ..LedgerOptions::default() });
    let mut ledger = Ledger::new(sim.clone(), path(PATH), Derivation::Ed25519);
    authorize(&mut ledger, 1000).unwrap();
    ledger.disarm().unwrap();
    assert_eq!(only(&ledger.state().unwrap()).0, Arming::Disarmed);
    sim.lock().power_cycle();
    assert_eq!(only(&ledger.state().unwrap()).0, Arming::Armed);
}

#[test]
fn reset_raises_and_already_there_is_success() {
    let (sim, mut ledger) = device();
    let raised = raise(&mut ledger, &keys(), level(5000), cap(6000)).unwrap();
    assert_eq!((raised[0].before, Some(raised[0].after)), (Marks::default(), marks(5000)));
    assert_eq!(sim.lock().memory().test.level, 5000);
    // A person who would reject is not even asked.
    sim.lock().person(Person::Rejects);
    assert_eq!(Some(raise_to_floor(&mut ledger, &keys(), level(4000), cap(6000)).unwrap()[0].after), marks(5000));
}

#[test]
fn past_the_cap_nothing_is_sent() {
    let (sim, mut ledger) = device();
    let error = raise(&mut ledger, &keys(), level(25_000_000), cap(15_000_100)).unwrap_err();
    assert!(matches!(error, RaiseError::PastCap { .. }), "{error}");
    assert_eq!(sim.lock().memory().main.level, 0);
}

#[test]
fn an_order_that_would_lower_a_mark_by_now_is_refused_before_it_is_sent() {
    let (sim, mut ledger) = device();
    let (reset, setup) = (order(&mut ledger, 5000), order(&mut ledger, 5000));
    authorize(&mut ledger, 6000).unwrap();
    // By the library, which reads it again.
    assert!(matches!(reset.send(&mut ledger), Err(RaiseError::Moved { .. })));
    assert!(matches!(setup.authorize(&mut ledger, ChainId::MAINNET), Err(RaiseError::Moved { .. })));
    assert_eq!(sim.lock().memory().main.level, 6000);
    // And by the driver, which reads it once more.
    ledger.disarm().unwrap();
    let reset = order(&mut ledger, 7000);
    let raises = |to| move |ledger: &mut Ledger<SimLedger>| drop(raise(ledger, &keys(), level(to), cap(to)));
    let sent = reset.send(&mut meanwhile(&mut ledger, raises(8000)));
    assert!(sent.is_ok(), "what is read back is high enough, whoever raised it");
    assert_eq!(sim.lock().memory().main.level, 8000, "and nothing was sent over it");
    let setup = order(&mut ledger, 9000);
    let error = told(setup.authorize(&mut meanwhile(&mut ledger, raises(9500)), ChainId::MAINNET)).unwrap_err();
    assert!(matches!(error, SignerError::Unsupported { what: "SETUP", .. }), "{error}");
    assert!(error.to_string().contains("level 9500"), "{error}");
    assert_eq!(sim.lock().memory().main.level, 9500);
}

/// Sends an attestation of another chain, as a baker on a test network would.
fn sign_on_a_test_chain(sim: &SimLedger, at: u32) {
    let message = [&[0x13, 0, 0, 0, 1][..], &[0; 32], &[21, 0, 0], &at.to_be_bytes(), &[0; 36]].concat();
    let request = [&[0x80, 0x04, 0x81, 0, 80][..], &message].concat();
    assert_eq!(sim.clone().exchange(&request, Duration::ZERO.into()).unwrap().len(), 66);
}

#[test]
fn the_test_mark_is_never_lowered() {
    let (sim, mut ledger) = device();
    authorize(&mut ledger, 1000).unwrap();
    let reset = order(&mut ledger, 2000);
    sign_on_a_test_chain(&sim, 9000);
    // RESET would set both: refused. SETUP sets them apart: the test mark goes one above what was signed.
    let planned = plan_raise(&ledger.state().unwrap(), &keys(), level(2000), cap(20_000_000));
    let error = planned.unwrap_err();
    assert!(matches!(error, RaiseError::BothMarks { .. }), "{error}");
    assert!(error.to_string().contains("(9,000, 0)"), "{error}");
    // Planned before that: it is not sent.
    assert!(matches!(reset.send(&mut ledger), Err(RaiseError::Moved { .. })));
    authorize(&mut ledger, 2000).unwrap();
    assert_eq!(levels(&sim), (2000, 9001));
    // Signed after the library's last reading: the driver reads once more.
    let reset = order(&mut ledger, 10_000);
    let error = told(reset.send(&mut meanwhile(&mut ledger, |_| sign_on_a_test_chain(&sim, 20_000)))).unwrap_err();
    assert!(error.to_string().contains("test mark"), "{error}");
    assert_eq!(levels(&sim), (2000, 20_000));
}

#[test]
fn a_device_of_another_main_chain_keeps_that_chains_mark_too() {
    let (sim, mut ledger) = device();
    authorize_on(&mut ledger, ChainId::new([0, 0, 0, 9]), 700).unwrap();
    authorize(&mut ledger, 2000).unwrap();
    assert_eq!(levels(&sim), (2000, 701));
    // And a chain that was guarded by the test mark is not set below it.
    sign_on_a_test_chain(&sim, 9000);
    let error = authorize_on(&mut ledger, ChainId::new([0, 0, 0, 1]), 3000).unwrap_err();
    assert!(matches!(error, SignerError::Unsupported { what: "SETUP", .. }), "{error}");
}

/// Facts of the app 2.5.1: the main mark guards the chain that the device is set up for, the other one every other chain.
#[test]
fn the_mark_that_guards_the_bakers_chain_is_the_one_that_is_shown() {
    const GHOSTNET: ChainId = ChainId::new([0xaf, 0x18, 0x64, 0xd9]);
    let (sim, ledger) = device();
    let mut ledger = ledger.of(Some(GHOSTNET));
    let on = |sim: &SimLedger, chain| Ledger::new(sim.clone(), path(PATH), Derivation::Ed25519).of(chain);
    authorize_on(&mut ledger, GHOSTNET, 20_000_000).unwrap();
    assert_eq!(only(&ledger.state().unwrap()).1, marks(20_000_000));
    let mut ours = on(&sim, Some(ChainId::MAINNET));
    let state = ours.state().unwrap();
    assert_eq!(only(&state).1, Some(Marks::default()), "nothing was signed on mainnet");
    assert_eq!(only(&on(&sim, None).state().unwrap()).1, marks(20_000_000));
    assert_eq!(state.clone().guarding(GHOSTNET).keys[0].marks, marks(20_000_000));
    assert!(state.info.ledger.unwrap().to_string().contains("set up for ghostnet"));
    assert!(state.info.ledger.unwrap().takeover(ChainId::MAINNET).is_some());
    // RESET would lower the mark of the other chain, and is not "already there" by it.
    let error = raise(&mut ours, &keys(), level(15_300_000), cap(15_300_100)).unwrap_err();
    assert!(error.to_string().contains("set up for ghostnet"), "{error}");
    // SETUP takes it over: neither mark is lowered.
    authorize_on(&mut ours, ChainId::MAINNET, 15_300_000).unwrap();
    assert_eq!(levels(&sim), (15_300_000, 20_000_001));
    assert_eq!(only(&ours.state().unwrap()).1, marks(15_300_000));
    // And there again: mainnet is guarded by the other mark from then on.
    let mut back = on(&sim, Some(GHOSTNET));
    authorize_on(&mut back, GHOSTNET, 20_000_050).unwrap();
    assert_eq!(levels(&sim), (20_000_050, 20_000_002));
}

#[test]
fn chain_id_zero_and_levels_the_app_never_signs_are_refused_before_anything_is_sent() {
    let (sim, mut ledger) = device();
    let error = authorize_on(&mut ledger, ChainId::new([0; 4]), 1000).unwrap_err();
    assert!(matches!(error, SignerError::Unsupported { what: "SETUP", .. }), "{error}");
    let before = sim.lock().requests();
    let passphrase = Passphrase::new(b"never used".to_vec());
    let error = ledger.arm(Arm::Unlock { keys: &keys(), passphrase: &passphrase }).unwrap_err();
    assert!(matches!(error, SignerError::Unsupported { what: "unlock", .. }), "{error}");
    assert_eq!(sim.lock().requests(), before);
    let error = raise(&mut ledger, &keys(), level(0x4000_0000), cap(u64::MAX)).unwrap_err();
    assert!(matches!(error, RaiseError::PastCap { .. }), "{error}");
    assert_eq!(sim.lock().memory().main.level, 0);
}

#[test]
fn a_rejected_prompt_changes_nothing_and_says_so() {
    let (sim, mut ledger) = device();
    sim.lock().person(Person::Rejects);
    let rejected = SignerError::Status { what: "RESET", status: StatusWord::Rejected };
    assert_eq!(raise(&mut ledger, &keys(), level(5000), cap(6000)), Err(RaiseError::Signer(rejected)));
    assert_eq!(authorize(&mut ledger, 5000), Err(SignerError::Status { what: "SETUP", status: StatusWord::Rejected }));
    assert_eq!(only(&ledger.state().unwrap()), (Arming::Disarmed, Some(Marks::default())));
}

#[test]
fn a_prompt_that_nobody_answers_is_a_timeout_and_a_late_press_is_read_back() {
    for late in [LedgerSim::press, LedgerSim::reject] {
        let (sim, mut ledger) = device();
        sim.lock().person(Person::Ignores);
        let error = authorize(&mut ledger, 5000).unwrap_err();
        // As the screen writes it.
        assert!(error.to_string().contains("level 5000, accept or reject it there"), "{error}");
        let prompting = |error| matches!(error, SignerError::Prompting { level: 5000, wanted: true, .. });
        assert!(prompting(error));
        // The prompt swallows every question, DEAUTHORIZE as well: one short question tells. DEAUTHORIZE is sent in any case.
        let before = sim.lock().requests();
        assert!(prompting(ledger.state().unwrap_err()));
        assert_eq!(sim.lock().requests() - before, 1);
        assert!(prompting(ledger.disarm().unwrap_err()));
        assert!(sim.lock().requests() - before > 1);
        // Another process knows that it is silent, and the level where somebody wrote it down.
        let of = |prompted| LedgerUse { path: path(PATH), prompted, ..LedgerUse::default() };
        let noted = |wanted| of(Some(Prompted { level: level(5000), wanted }));
        assert!(prompting(Ledger::used(sim.clone(), &noted(true)).disarm().unwrap_err()));
        // Nobody waits for it any more.
        let told = Ledger::used(sim.clone(), &noted(false)).state().unwrap_err();
        assert!(told.to_string().ends_with(": level 5000, reject it there"), "{told}");
        assert!(told.next().starts_with("reject the prompt"), "{}", told.next());
        let told = Ledger::used(sim.clone(), &of(None)).state().unwrap_err();
        assert!(matches!(told, SignerError::Silent { .. }), "{told}");
        assert!(late(&mut sim.lock()));
        // The old answer comes as the answer to the first question; the state is the truth all the same.
        let authorized = sim.lock().memory().key.is_some();
        let expected =
            if authorized { (Arming::Armed, marks(5000)) } else { (Arming::Disarmed, Some(Marks::default())) };
        assert_eq!(only(&ledger.state().unwrap()), expected);
    }
}

#[test]
fn disarming_is_not_fooled_by_a_late_answer() {
    let (sim, mut ledger) = device();
    authorize(&mut ledger, 1000).unwrap();
    sim.lock().person(Person::Ignores);
    let order = order(&mut ledger, 2000);
    assert!(order.send(&mut ledger).is_err());
    sim.lock().press();
    // RESET's late 9000 looks exactly like DEAUTHORIZE's answer, and DEAUTHORIZE itself was dropped.
    ledger.disarm().unwrap();
    assert_eq!(sim.lock().memory().key, None);
    assert_eq!(only(&ledger.state().unwrap()), (Arming::Disarmed, marks(2000)));
}

#[test]
fn another_app_is_named() {
    let (sim, mut ledger) = device();
    for (app, named) in [("Tezos Wallet", "Tezos Wallet"), ("BOLOS", "no app (the dashboard)")] {
        sim.lock().open_app(Some(app));
        assert_eq!(ledger.state(), Err(SignerError::WrongApp { app: named.to_owned() }));
        assert!(matches!(ledger.disarm(), Err(SignerError::WrongApp { .. })));
    }
}

#[test]
fn another_authorized_key_is_shown_as_armed() {
    let (sim, mut ledger) = device();
    authorize(&mut ledger, 1000).unwrap();
    for (configured, derivation, armed) in [
        ("44'/1729'/1'/0'", Derivation::Ed25519, PATH.to_owned()),
        (PATH, Derivation::Secp256k1, format!("{PATH} (ed25519)")),
    ] {
        let state = Ledger::new(sim.clone(), path(configured), derivation).state().unwrap();
        let ours = state.named(&KeyName::new(configured)).unwrap();
        let other = state.named(&KeyName::new(armed)).unwrap();
        assert_eq!((ours.arming, other.arming, state.keys.len()), (Arming::Disarmed, Arming::Armed, 2));
        assert_eq!(Some(ours.key), sim.lock().address(&path(configured), derivation));
        assert_eq!(Some(other.key), sim.lock().address(&path(PATH), Derivation::Ed25519));
    }
}

/// A transport that puts answers before the device's own.
struct Garbled {
    device: SimLedger,
    before: VecDeque<Vec<u8>>,
    /// Is a question answered by a strange answer dropped, or is its own answer one question late from then on?
    late: bool,
}

impl ApduExchange for Garbled {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        match self.before.pop_front() {
            Some(strange) if self.late => {
                let own = self.device.exchange(apdu, wait)?;
                self.before.push_back(own);
                Ok(strange)
            }
            Some(strange) => Ok(strange),
            None => self.device.exchange(apdu, wait),
        }
    }

    fn device(&self) -> String {
        "ledger:garbled".to_owned()
    }

    fn resync(&mut self) {
        // A new connection: what was on its way to the old one is gone.
        if self.late {
            self.before.clear();
        }
    }
}

#[test]
fn short_long_and_foreign_answers_are_dropped_and_asked_again() {
    let (sim, mut ledger) = device();
    authorize(&mut ledger, 1000).unwrap();
    let expected = only(&ledger.state().unwrap());
    for late in [false, true] {
        for strange in
            ["", "90", "9000", "6985", "6982", "000003e89000", "000003e80000000000000000000000007a06a770009000"]
        {
            let before = VecDeque::from([hex::decode(strange).unwrap()]);
            let garbled = Garbled { device: sim.clone(), before, late };
            let state = Ledger::new(garbled, path(PATH), Derivation::Ed25519).state();
            assert_eq!(only(&state.unwrap()), expected, "{strange}, late: {late}");
        }
    }
}

#[test]
fn a_well_shaped_answer_to_another_question_is_not_believed_once() {
    let (sim, mut ledger) = device();
    authorize(&mut ledger, 1000).unwrap();
    let mut garbled = Garbled { device: sim.clone(), before: VecDeque::new(), late: false };
    // The right shapes up to the marks, which are those of another moment.
    for request in ["b001000000", "8000000000"] {
        garbled.before.push_back(sim.clone().exchange(&hex::decode(request).unwrap(), Duration::ZERO.into()).unwrap());
    }
    garbled.before.push_back(hex::decode("0000270f0000000000000000000000007a06a7709000").unwrap());
    let state = Ledger::new(garbled, path(PATH), Derivation::Ed25519).state().unwrap();
    assert_eq!(only(&state), (Arming::Armed, marks(1000)));
}

#[test]
fn nothing_but_garbage_is_an_error_and_no_reset_is_sent_twice() {
    let (sim, mut ledger) = device();
    let order = order(&mut ledger, 1000);
    let garbage = Garbled { device: sim.clone(), before: vec![vec![0x90]; 100].into(), late: false };
    let error = Ledger::new(garbage, path(PATH), Derivation::Ed25519).state().unwrap_err();
    assert!(matches!(error, SignerError::Malformed { .. }), "{error}");
    // An order for a key that is not there is refused, with what there is.
    let mut other = Ledger::new(sim.clone(), path("44'"), Derivation::Ed25519);
    assert!(matches!(told(order.send(&mut other)), Err(SignerError::UnknownKey { .. })));
    assert_eq!(sim.lock().memory().main.level, 0);
}
