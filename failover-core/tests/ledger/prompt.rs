//! A Ledger's prompt that is given up: whose it is, whether it may be accepted, and when it is over.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::permit::{PermitKind, PromptNote, Root, RunId};
use failover_core::signer::ledger::{ApduExchange, Derivation, Ledger, StatusWord, Wait};
use failover_core::signer::{
    Arming, Cap, DeviceReading, KeyName, Mark, Marks, RaiseError, SignerDevice, SignerError, raise,
};
use failover_core::tezos::{ChainId, Level, Position};
use failover_sim::ledger::{LedgerOptions, Person, SimLedger};

const PATH: &str = "44'/1729'/0'/0'";

fn level(level: u64) -> Level {
    Level::new(level).unwrap()
}

fn cap(at: u64) -> Cap {
    Cap::new(level(at)).unwrap()
}

fn keys() -> Vec<KeyName> {
    vec![KeyName::new(PATH)]
}

fn ignored() -> SimLedger {
    let sim = SimLedger::new(LedgerOptions::default());
    sim.lock().person(Person::Ignores);
    sim
}

/// The PIN gone in the moment of the press.
#[test]
fn setup_that_answers_6982_has_set_everything_all_the_same() {
    let sim = SimLedger::new(LedgerOptions::default());
    sim.lock().person(Person::AcceptsAndLocks);
    let mut ledger = Ledger::new(sim.clone(), PATH.parse().unwrap(), Derivation::Ed25519);
    let reading = DeviceReading::of(&mut ledger).unwrap();
    let order = reading.order_to_authorize(&KeyName::new(PATH), level(5000), cap(6000)).unwrap();
    let answer = order.authorize(&mut ledger, ChainId::MAINNET);
    let said = SignerError::Status { what: "SETUP", status: StatusWord::Security };
    assert_eq!(answer, Err(RaiseError::Signer(said)));
    let locked = ledger.state().unwrap_err();
    assert!(locked.to_string().contains("the device is locked: enter the PIN"), "{locked}");
    sim.lock().lock(false);
    let state = ledger.state().unwrap();
    let [key] = state.keys.as_slice() else { panic!("{:?}", state.keys) };
    assert_eq!((key.arming, key.marks), (Arming::Armed, Some(Marks::all(Mark::at(Position::start_of(level(5000)))))));
}

/// Only a run waits for a prompt beyond its time, and a run never sends RESET.
#[test]
fn a_reset_that_nobody_answers_is_to_be_rejected() {
    let mut ledger = Ledger::new(ignored(), PATH.parse().unwrap(), Derivation::Ed25519);
    let error = raise(&mut ledger, &keys(), level(5000), cap(6000)).unwrap_err();
    assert!(error.to_string().ends_with(": level 5000, reject it there"), "{error}");
}

/// Rejected right after the wait for it ended.
struct RejectedLate(SimLedger);

impl ApduExchange for RejectedLate {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        let answer = self.0.exchange(apdu, wait);
        if wait.is_for_a_person() {
            self.0.lock().reject();
        }
        answer
    }

    fn device(&self) -> String {
        self.0.device()
    }
}

#[test]
fn a_prompt_that_is_gone_once_the_device_was_read_is_not_said_to_be_there() {
    let sim = ignored();
    let mut ledger = Ledger::new(RejectedLate(sim.clone()), PATH.parse().unwrap(), Derivation::Ed25519);
    let error = raise(&mut ledger, &keys(), level(5000), cap(6000)).unwrap_err();
    assert_eq!(error, RaiseError::Signer(SignerError::NotAccepted { what: "RESET", level: 5000 }));
    assert_eq!(sim.lock().memory().main.level, 0);
}

/// What is written down of it: only a run that lives by its permit waits for a press.
#[test]
fn a_written_prompt_is_wanted_while_its_run_has_its_permit() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::at(folder.path());
    let write = |text: String| fs::write(folder.path().join("prompt"), text).unwrap();
    let note = |wanted| Some(PromptNote { level: level(15_304_086), wanted });
    let run = RunId::from_bytes([7; 16]);
    let baker = "tz1WnfXMPaNTBmH7DBPwqCWs9cPDJdkGBTZ8".parse().unwrap();
    let permits = root.of(ChainId::MAINNET, baker);
    permits.begin(&run).unwrap();
    permits.make(&run, PermitKind::Run, "somebody", Timestamp::from_millis(0)).unwrap();
    write(format!("15304086 SETUP run {run}\n"));
    assert_eq!(root.prompt(), note(true));
    // An older version wrote the level alone; and no command waits for RESET any more.
    for text in ["15304086\n", "15304086 RESET hwm raise\n", "15304086 SETUP run 12\n", "15304086 what is this\n"] {
        write(text.to_owned());
        assert_eq!(root.prompt(), note(false), "{text}");
    }
    for text in ["", "no level\n", "0 SETUP\n", "-1\n"] {
        write(text.to_owned());
        assert_eq!(root.prompt(), None, "{text}");
    }
    write(format!("15304086 SETUP run {run}\n"));
    permits.take_away("a stop").unwrap();
    assert_eq!(root.prompt(), note(false), "stopped");
    // While an effect is under way it may be about to be shown.
    let lock = root.effect_lock("authorize", Duration::ZERO).unwrap();
    root.device_answered();
    assert_eq!(root.prompt(), note(false));
    drop(lock);
    root.device_answered();
    assert_eq!(root.prompt(), None);
}
