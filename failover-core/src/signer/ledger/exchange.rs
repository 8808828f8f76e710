//! One APDU out, one answer back; and what to do with answers that belong to another question.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::StatusWord;
use super::apdu::{self, Command};
use crate::signer::SignerError;

/// How long an answer is waited for, and by what the wait ends earlier.
#[derive(Debug, Clone, Copy)]
pub struct Wait<'a> {
    /// This long at most.
    pub deadline: Duration,
    cancelled: Option<&'a AtomicBool>,
}

impl From<Duration> for Wait<'_> {
    /// For what the device answers by itself.
    fn from(deadline: Duration) -> Self {
        Self { deadline, cancelled: None }
    }
}

impl<'a> Wait<'a> {
    /// For what a person answers at the buttons: it ends, as a timeout, where `cancelled` is set.
    #[must_use]
    pub const fn for_a_person(deadline: Duration, cancelled: &'a AtomicBool) -> Self {
        Self { deadline, cancelled: Some(cancelled) }
    }

    /// Does a person answer it?
    #[must_use]
    pub const fn is_for_a_person(&self) -> bool {
        self.cancelled.is_some()
    }

    /// Does nobody wait any more? What is on the screen stays there.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_some_and(|cancelled| cancelled.load(Ordering::SeqCst))
    }
}

/// The byte edge: carries an APDU to the device and its answer back.
///
/// The driver is generic over it: HID, Speculos' TCP, or a simulated device in memory.
pub trait ApduExchange: Send {
    /// Sends `apdu` and waits for the answer, data and status word. A transport that may wait for long looks about ten times a
    /// second whether [`Wait::is_cancelled`].
    ///
    /// # Errors
    /// Not answered in time, or the connection broke. The device may still do what was asked, and its answer may
    /// arrive as the answer to a later question.
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError>;

    /// Which device this is, as a selector spells it.
    fn device(&self) -> String;

    /// Its serial number where the transport knows one.
    fn serial(&self) -> Option<String> {
        None
    }

    /// Asked before SETUP and RESET: does nobody else talk to the device (S4)?
    ///
    /// # Errors
    /// [`SignerError::Busy`], with who it is.
    fn undisturbed(&mut self) -> Result<(), SignerError> {
        Ok(())
    }

    /// Told after an answer that belongs to another question: drop what may still be under way to this side.
    fn resync(&mut self) {}
}

impl<X: ApduExchange + ?Sized> ApduExchange for Box<X> {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        (**self).exchange(apdu, wait)
    }
    fn device(&self) -> String {
        (**self).device()
    }
    fn serial(&self) -> Option<String> {
        (**self).serial()
    }
    fn undisturbed(&mut self) -> Result<(), SignerError> {
        (**self).undisturbed()
    }
    fn resync(&mut self) {
        (**self).resync();
    }
}

/// How long a series of questions may take together, whatever each may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    until: Instant,
    whole: Duration,
}

impl Budget {
    pub(super) fn new(whole: Duration) -> Self {
        Self { until: Instant::now() + whole, whole }
    }

    fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// How often a question is asked again after an answer that is not one.
const TRIES: u32 = 4;
/// Between the second and the third try, and twice as long before the last one.
const PAUSE: Duration = Duration::from_millis(200);

/// Asks once.
pub(super) fn ask<X: ApduExchange, C: Command>(
    exchange: &mut X,
    command: &C,
    deadline: Duration,
) -> Result<C::Answer, SignerError> {
    let answer = exchange.exchange(&command.to_bytes(), deadline.into())?;
    read(command, &answer)
}

/// Asks once what a person answers at the buttons, and what must not be asked twice: SETUP and RESET.
pub(super) fn ask_a_person<X: ApduExchange, C: Command>(
    exchange: &mut X,
    command: &C,
    cancelled: &AtomicBool,
) -> Result<C::Answer, SignerError> {
    let answer = exchange.exchange(&command.to_bytes(), Wait::for_a_person(C::DEADLINE, cancelled))?;
    read(command, &answer)
}

fn read<C: Command>(command: &C, answer: &[u8]) -> Result<C::Answer, SignerError> {
    let malformed = |why| SignerError::Malformed { what: C::NAME, why };
    let (data, status) =
        apdu::split(answer).ok_or_else(|| malformed(format!("{} bytes hold no status word", answer.len())))?;
    match status {
        StatusWord::Ok => command.parse(data).map_err(malformed),
        StatusWord::WrongClass | StatusWord::UnknownInstruction => {
            Err(SignerError::WrongApp { app: format!("another app (it answered {} with {status})", C::NAME) })
        }
        status => Err(SignerError::Status { what: C::NAME, status }),
    }
}

/// Asks until the answer has this question's shape: what a person pressed late arrives as the answer to whatever was
/// asked last, and the question itself was dropped by the device. One that is not answered is asked again too: while the app
/// signs, for up to 4.5 s, it answers nothing else. Only for what may be asked twice.
pub(super) fn query<X: ApduExchange, C: Command>(
    exchange: &mut X,
    command: &C,
    budget: Budget,
) -> Result<C::Answer, SignerError> {
    let mut tries = TRIES;
    loop {
        let left = budget.left();
        if left.is_zero() {
            return Err(SignerError::Timeout { device: exchange.device(), what: C::NAME, after: budget.whole });
        }
        tries = tries.saturating_sub(1);
        match ask(exchange, command, C::DEADLINE.min(left)) {
            Err(error) if tries > 0 && may_be_late(&error) => {
                exchange.resync();
                // The first may be a late answer. After that another process is at it, whose questions take a moment.
                if !matches!(error, SignerError::Timeout { .. }) {
                    let pause = PAUSE.saturating_mul(TRIES.saturating_sub(tries).saturating_sub(1));
                    thread::sleep(pause.min(budget.left()));
                }
            }
            Err(SignerError::Malformed { what, why }) => {
                return Err(SignerError::Malformed {
                    what,
                    why: format!("{why}; does another process use the device?"),
                });
            }
            result => return result,
        }
    }
}

/// May this be the answer to an earlier SETUP or RESET, or that of a device which is at work? A locked device or another app
/// answers every question the same.
const fn may_be_late(error: &SignerError) -> bool {
    match error {
        SignerError::Malformed { .. } | SignerError::Timeout { .. } => true,
        SignerError::Status { status, .. } => !matches!(status, StatusWord::Locked),
        _ => false,
    }
}
