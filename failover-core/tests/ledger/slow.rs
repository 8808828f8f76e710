//! A Ledger that is slow, silent or never of one mind: every call ends at its written deadline (S10). Real time passes
//! here, all of it asleep, because the deadlines are those of the system's clock.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::time::{Duration, Instant};

use failover_core::signer::ledger::{
    ApduExchange, DISARM_DEADLINE, Derivation, Ledger, LedgerUse, Prompted, STATE_DEADLINE, Wait,
};
use failover_core::signer::{SignerDevice, SignerError};
use failover_core::tezos::Level;
use failover_sim::ledger::{LedgerOptions, SimLedger};

/// What the sleeps may be longer than they were meant.
const LATE: Duration = Duration::from_millis(50);
/// A data part of 20 bytes and a status word: the marks.
const MARKS: usize = 22;

struct Slow {
    device: SimLedger,
    /// How long it takes to an answer; `None`: there is none.
    answers_after: Option<Duration>,
    questions: u8,
    /// The time that it was given, all questions together.
    given: Duration,
}

impl ApduExchange for Slow {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        self.questions += 1;
        let takes = self.answers_after.unwrap_or(wait.deadline).min(wait.deadline);
        self.given += takes;
        std::thread::sleep(takes);
        if self.answers_after != Some(takes) {
            return Ok(Vec::new());
        }
        let mut answer = self.device.exchange(apdu, wait)?;
        if answer.len() == MARKS {
            *answer.first_mut().unwrap() = self.questions;
        }
        Ok(answer)
    }

    fn device(&self) -> String {
        "ledger:slow".to_owned()
    }
}

fn slow(answers_after: Option<Duration>) -> Ledger<Slow> {
    let device = SimLedger::new(LedgerOptions { name: "slow".to_owned(), ..LedgerOptions::default() });
    let exchange = Slow { device, answers_after, questions: 0, given: Duration::ZERO };
    Ledger::new(exchange, "44'/1729'/0'/0'".parse().unwrap(), Derivation::Ed25519)
}

#[test]
fn a_device_that_never_agrees_with_itself_ends_at_the_deadline_of_a_state() {
    let mut ledger = slow(Some(Duration::from_millis(1900)));
    let error = ledger.state().unwrap_err();
    assert!(matches!(error, SignerError::Timeout { after, .. } if after == STATE_DEADLINE), "{error}");
    let given = ledger.exchange().given;
    assert!(given <= STATE_DEADLINE + LATE, "{given:?}");
}

#[test]
fn disarming_a_silent_device_ends_at_its_deadline() {
    let mut ledger = slow(None);
    ledger.disarm().unwrap_err();
    let (given, questions) = (ledger.exchange().given, ledger.exchange().questions);
    assert!(given <= DISARM_DEADLINE + LATE, "{given:?}");
    assert!(questions > 1, "it is asked again while there is time");
}

/// It signs, and answers nothing before it has.
struct Signs {
    device: SimLedger,
    until: Instant,
}

impl ApduExchange for Signs {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        let left = self.until.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(wait.deadline));
        match left > wait.deadline {
            true => Err(SignerError::Timeout { device: self.device(), what: "a question", after: wait.deadline }),
            false => self.device.exchange(apdu, wait),
        }
    }

    fn device(&self) -> String {
        "ledger:signs".to_owned()
    }
}

fn signs(takes: Duration) -> Ledger<Signs> {
    let device = SimLedger::new(LedgerOptions { name: "signs".to_owned(), ..LedgerOptions::default() });
    let prompted = Some(Prompted { level: Level::new(5000).unwrap(), wanted: false });
    let options = LedgerUse { path: "44'/1729'/0'/0'".parse().unwrap(), prompted, ..LedgerUse::default() };
    Ledger::used(Signs { device, until: Instant::now() + takes }, &options)
}

/// What is written down of a prompt may be long over: an app that signs is as silent, for up to 4.5 s.
#[test]
fn a_device_that_signs_has_no_prompt_on_its_screen() {
    signs(Duration::from_millis(4500)).state().unwrap();
}

/// Once it was found silent it is not asked for long again: a stop tells it four times.
#[test]
fn a_device_that_was_found_silent_costs_its_deadline_once() {
    let begun = Instant::now();
    let mut ledger = signs(Duration::from_secs(600));
    for _ in 0..4 {
        assert!(matches!(ledger.disarm(), Err(SignerError::Prompting { .. })));
        assert!(matches!(ledger.state(), Err(SignerError::Prompting { .. })));
    }
    let took = begun.elapsed();
    assert!(took < DISARM_DEADLINE + Duration::from_secs(2), "{took:?}");
}
