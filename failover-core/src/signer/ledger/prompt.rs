//! A prompt on the screen: sent and waited for by this driver, or by a process before it.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::apdu::{Command, GetAppAndVersion, QUERY_DEADLINE};
use super::exchange::{ApduExchange, ask, ask_a_person};
use super::{Ledger, SignerError};
use crate::signer::prompted::Prompted;

/// How long a device that is prompting, as far as this driver knows itself, is given to answer, the start of its transport
/// included.
const PROBE: Duration = Duration::from_millis(800);
/// What somebody wrote down may be over: an app that signs answers nothing for up to 4.5 s, and is no prompt.
const PATIENT: [Duration; 2] = [QUERY_DEADLINE, Duration::from_secs(2)];
/// And for how long it is believed that it does not: for the calls of one effect.
const SILENT: Duration = Duration::from_millis(2000);

/// What a driver knows of its device's screen.
#[derive(Debug, Default)]
pub(super) struct Screen {
    prompted: Option<Prompted>,
    /// Another process sent it: this one never saw it.
    noted: bool,
    /// Until when it is known to have answered nothing.
    silent: Option<Instant>,
}

impl Screen {
    /// As an earlier process wrote it down.
    pub(super) fn noted(prompted: Option<Prompted>) -> Self {
        Self { prompted, noted: prompted.is_some(), silent: None }
    }
}

impl<X: ApduExchange> Ledger<X> {
    /// While it is known to be silent, or a prompt is known of, a short question tells: the device answers none.
    pub(super) fn answers(&mut self) -> Result<(), SignerError> {
        let probes: &[Duration] = match (self.screen.silent, self.screen.prompted) {
            (None, None) => return Ok(()),
            (Some(since), _) if since.elapsed() < SILENT => return Err(self.unanswered()),
            (None, Some(_)) if self.screen.noted => &PATIENT,
            _ => &[PROBE],
        };
        let asked = Instant::now();
        for probe in probes {
            match ask(&mut self.exchange, &GetAppAndVersion, *probe) {
                Err(SignerError::Timeout { .. }) => {}
                // Any answer will do: the prompt was pressed by now, or the device was without power.
                _ => {
                    self.exchange.resync();
                    self.screen = Screen::default();
                    return Ok(());
                }
            }
        }
        Err(self.found_silent(asked))
    }

    /// Is it known to be silent by this driver itself?
    pub(super) const fn is_silent(&self) -> bool {
        self.screen.silent.is_some()
    }

    /// It answers: nothing is on its screen that keeps it from that.
    pub(super) fn answered(&mut self) {
        self.screen = Screen::default();
    }

    /// It has answered nothing since then.
    pub(super) fn found_silent(&mut self, asked: Instant) -> SignerError {
        // Not where no time has passed, as in a simulated world: then it is asked each time.
        self.screen.silent = Some(Instant::now()).filter(|_| asked.elapsed() >= PROBE);
        self.unanswered()
    }

    /// One that answers nothing to its first question, however often, is most likely prompting.
    fn unanswered(&self) -> SignerError {
        let device = self.exchange.device();
        match self.screen.prompted {
            Some(Prompted { level, wanted }) => SignerError::Prompting { device, level: level.get(), wanted },
            None => SignerError::Silent { device },
        }
    }

    /// Sends what a person answers at the buttons. Not answered, it stays on the screen, whatever this side does.
    pub(super) fn prompt<C: Command>(&mut self, command: &C, prompted: Prompted) -> Result<C::Answer, SignerError> {
        // Nobody waits for it any more: what is not on the screen yet does not get there.
        if self.cancelled.load(Ordering::SeqCst) {
            return Err(SignerError::NotSent { what: C::NAME });
        }
        self.screen = Screen { prompted: Some(prompted), ..Screen::default() };
        let asked = Instant::now();
        let answer = ask_a_person(&mut self.exchange, command, &self.cancelled);
        if let Err(SignerError::Timeout { .. }) = answer {
            // Nobody waits for another question then; else the next one tells whether it was pressed right after.
            return Err(match self.cancelled.load(Ordering::SeqCst) {
                true => self.found_silent(asked),
                false => self.unanswered(),
            });
        }
        self.answered();
        answer
    }
}
