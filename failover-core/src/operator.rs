//! EDGE: the person. The library has no terminal code; a program that embeds it brings its own [`Operator`].

use std::time::Duration;

use crate::signer::Passphrase;

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "question")]
#[non_exhaustive]
pub enum Question {
    /// The plan was shown: go on? Typed: the baker's name.
    Proceed {
        /// The baker's name, which is to be typed.
        name: String,
    },
    /// "The primary's signer is unplugged." Typed in full, with the baker's name.
    Disconnected {
        /// The baker's name.
        name: String,
    },
    /// "The primary is switched off, and I am standing at it." Typed in full. Asked where the first is answered no.
    PoweredOff {
        /// The baker's name.
        name: String,
    },
    /// The Ledger's setting "High Watermark" cannot be read by software: is it enabled on its screen (H17)?
    LedgerSetting,
    /// The statement that stands in for proof where nobody can reach, unplug or switch off the primary.
    Unproven {
        /// The sentence to be typed.
        sentence: String,
        /// What waiting another hour costs: this many levels without votes and blocks, and no stake.
        levels_an_hour: u64,
    },
    /// "Nobody runs failover on HOST." Typed in full, of a machine that could not be asked (S13).
    NoOtherRun {
        /// Which machine.
        host: String,
    },
    /// This machine's own signer cannot be read: is it unplugged and without power? Typed in full, with the host's name
    /// (H28).
    Unplugged {
        /// This machine's name.
        host: String,
    },
    /// The Ledger has been at this machine, and at no other, since it became the backup. Typed in full, with the host's
    /// name (S16).
    NotMoved {
        /// This machine's name.
        host: String,
    },
}

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Typed as asked, or given by a flag that says the same.
    Yes,
    /// Anything else.
    No,
}

/// The person could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// There is no terminal, and no flag answered the question.
    #[error("there is no terminal to ask {what}; answer it with {flag}")]
    NoTerminal {
        /// What was to be asked.
        what: &'static str,
        /// The flag that answers it.
        flag: &'static str,
    },
    /// Ctrl-C, or the end of the input.
    #[error("cancelled")]
    Cancelled,
    /// No answer in time (S10).
    #[error("asked {what}, and nobody answered within {}", humantime::format_duration(*after))]
    Timeout {
        /// What was asked.
        what: &'static str,
        /// The deadline.
        after: Duration,
    },
}

/// Asks the person.
pub trait Operator: Send {
    /// Asks one question.
    ///
    /// # Errors
    /// Nobody could be asked, or the person cancelled.
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError>;

    /// Asks for TezSign's passphrase, for as many times as it is wrong.
    ///
    /// # Errors
    /// Nobody could be asked, or the person cancelled.
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError>;

    /// The one that was right once more: it was wiped after its use (S9), and the keys have to be unlocked again.
    ///
    /// # Errors
    /// As [`Operator::passphrase`].
    fn passphrase_once_more(&mut self) -> Result<Passphrase, OperatorError> {
        self.passphrase()
    }

    /// Says something that a person should know while an effect waits; nothing is answered.
    fn tell(&mut self, text: &str) {
        let _ = text;
    }

    /// Is there somebody who could be asked this question, or a flag that answers it? Asked before anything is touched;
    /// asks nobody anything.
    ///
    /// # Errors
    /// There is neither: [`OperatorError::NoTerminal`] names the flag.
    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        let _ = question;
        Ok(())
    }

    /// The same of the passphrase.
    ///
    /// # Errors
    /// As [`Operator::can_answer`].
    fn can_give_passphrase(&self) -> Result<(), OperatorError> {
        Ok(())
    }
}

/// Nobody: for what only looks or disarms. Every question ends as [`OperatorError::Cancelled`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Operator for Nobody {
    fn ask(&mut self, _: &Question) -> Result<Answer, OperatorError> {
        Err(OperatorError::Cancelled)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        Err(OperatorError::Cancelled)
    }
}

/// The flag by which it is stated that this machine's signer is unplugged.
#[must_use]
pub fn unplugged_flag() -> String {
    format!("--confirm-unplugged {}", crate::host::host_name())
}
