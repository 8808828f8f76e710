//! A Ledger that is slow, silent or never of one mind: every call ends at its written deadline (S10). Real time passes
//! here, all of it asleep, because the deadlines are those of the system's clock.
#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use failover_core::signer::ledger::{ApduExchange, DISARM_DEADLINE, Derivation, Ledger, STATE_DEADLINE};
use failover_core::signer::{SignerDevice, SignerError};
use failover_core::sim::ledger::{LedgerOptions, SimLedger};

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
    fn exchange(&mut self, apdu: &[u8], deadline: Duration) -> Result<Vec<u8>, SignerError> {
        self.questions += 1;
        let takes = self.answers_after.unwrap_or(deadline).min(deadline);
        self.given += takes;
        std::thread::sleep(takes);
        if self.answers_after != Some(takes) {
            return Ok(Vec::new());
        }
        let mut answer = self.device.exchange(apdu, deadline)?;
        if answer.len() == MARKS {
            *answer.first_mut().unwrap() = self.questions;
        }
        Ok(answer)
    }

    fn exchange_with_a_person(
        &mut self,
        apdu: &[u8],
        deadline: Duration,
        _: &AtomicBool,
    ) -> Result<Vec<u8>, SignerError> {
        // It answers at once, and leaves nothing to end.
        self.exchange(apdu, deadline)
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
