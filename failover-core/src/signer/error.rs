//! What can go wrong with a device, as data.

use std::time::Duration;

use thiserror::Error;

use super::{DriverError, KeyName};

/// A device counts the unlocks of this time, and takes no more than five in it (TezSign 2026-04-30).
pub const THROTTLE: Duration = Duration::from_secs(30);

/// Why a device did not do what it was asked, or could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignerError {
    /// Nothing fits the selector.
    #[error("no {selector} found")]
    NotFound {
        /// What was looked for.
        selector: String,
    },
    /// More than one device fits the selector; the first is never taken (H18).
    #[error("{} devices fit {selector}: {}", found.len(), found.join(", "))]
    Ambiguous {
        /// What was looked for.
        selector: String,
        /// Selectors that name each of them.
        found: Vec<String>,
    },
    /// The device is there, but this user may not open it.
    #[error("{device} may not be opened by this user: {why}")]
    Permission {
        /// Which device.
        device: String,
        /// What the system said, and what to do.
        why: String,
    },
    /// Another process holds the interface (H18).
    #[error("{device} is held by {holder}")]
    Busy {
        /// Which device or interface.
        device: String,
        /// Which process, as far as it can be seen.
        holder: String,
    },
    /// The device was unplugged, or the connection broke.
    #[error("the connection to {device} broke: {why}")]
    Disconnected {
        /// Which device.
        device: String,
        /// What the system said.
        why: String,
    },
    /// No answer within the deadline (S10). What was asked may still take effect.
    #[error("{device} did not answer {what} within {}", humantime::format_duration(*after))]
    Timeout {
        /// Which device.
        device: String,
        /// Which question.
        what: &'static str,
        /// The deadline.
        after: Duration,
    },
    /// A Ledger drops whatever it is asked while a prompt is on its screen, and nobody has answered that. The host's deadlines say
    /// nothing to it: a late press is carried out.
    #[error("a prompt is on the screen of {device}: level {level}, {}reject it there", if *wanted { "accept or " } else { "" })]
    Prompting {
        /// Which device.
        device: String,
        /// The level on its screen; it is written there as here, without separators.
        level: u64,
        /// A run waits for it that goes on, or can be taken up again. Any other prompt is for nobody any more.
        wanted: bool,
    },
    /// A prompt that was given up, and the device answers again: nobody accepted it.
    #[error("{what} with level {level} was not accepted, and is not on the screen any more")]
    NotAccepted {
        /// What had been asked.
        what: &'static str,
        /// The level that was on its screen.
        level: u64,
    },
    /// The command was ended before it sent what a person would have answered at the buttons.
    #[error("{what} was not sent: the command was ended")]
    NotSent {
        /// Which question.
        what: &'static str,
    },
    /// A Ledger that answers nothing at all, and of whose prompt this program knows nothing.
    #[error("{device} answers nothing, as while a prompt is on its screen: reject it there")]
    Silent {
        /// Which device.
        device: String,
    },
    /// An answer that does not have the shape of an answer to this question.
    #[error("the answer to {what} cannot be understood: {why}")]
    Malformed {
        /// Which question.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The device refuses, with its own code and text.
    #[error("the device refused {what}: {message} (code {code})")]
    Refused {
        /// Which question.
        what: &'static str,
        /// TezSign's error code.
        code: u32,
        /// Its text.
        message: String,
    },
    /// The Ledger answered with a status word other than ok.
    #[error("the Ledger answered {what} with {status}")]
    Status {
        /// Which question.
        what: &'static str,
        /// The status word.
        status: super::ledger::StatusWord,
    },
    /// The passphrase is wrong.
    #[error("the passphrase does not open the key {key}: {message}")]
    WrongPassphrase {
        /// Which key.
        key: KeyName,
        /// The device's words.
        message: String,
    },
    /// The card cannot give the key, whatever the passphrase: a file of it is missing, cut off or damaged.
    #[error("the card does not give the key {key}, whatever the passphrase ({message}): another card is needed")]
    DamagedCard {
        /// Which key.
        key: KeyName,
        /// The device's words.
        message: String,
    },
    /// Five unlocks in [`THROTTLE`], successes counted: the device takes no more for a while.
    #[error("the device takes no more unlocks for now: {message}")]
    Throttled {
        /// The device's words, with the seconds left.
        message: String,
    },
    /// The device has no key of that name.
    #[error("the device has no key {key}; it has {}", list(known))]
    UnknownKey {
        /// What was asked for.
        key: KeyName,
        /// What there is.
        known: Vec<KeyName>,
    },
    /// The key must be unlocked or authorized first.
    #[error("the key {key} is locked")]
    KeyLocked {
        /// Which key.
        key: KeyName,
    },
    /// The device shows no keys. An unreadable store looks the same, so this is unknown, never "no keys" (S3).
    #[error("the device shows no keys: its store may be unreadable")]
    NoKeys,
    /// The Ledger has another app open.
    #[error("the Ledger has {app} open, not Tezos Baking")]
    WrongApp {
        /// Which app.
        app: String,
    },
    /// The order is not one that this device can be given.
    #[error("{what} is not possible on this device: {why}")]
    Unsupported {
        /// Which order.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The device cannot read what the key signed last. No passphrase opens it.
    #[error("the state of the key {key} is damaged: {message}")]
    Damaged {
        /// Which key.
        key: KeyName,
        /// The device's words.
        message: String,
    },
    /// What a driver that is not in this library says; made by [`SignerError::driver`].
    #[error("the driver of {device} failed at {what}: {source}")]
    Driver {
        /// Which device.
        device: String,
        /// Which question or order.
        what: &'static str,
        /// Its own error.
        source: DriverError,
    },
}

fn list(keys: &[KeyName]) -> String {
    if keys.is_empty() {
        return "none".to_owned();
    }
    keys.iter().map(KeyName::as_str).collect::<Vec<_>>().join(", ")
}

impl SignerError {
    /// An error of a driver of your own, for which no other variant stands: which device, at what, and its own error, which is
    /// kept as the source. What was asked counts as unknown, and may still take effect.
    #[must_use]
    pub fn driver(
        device: impl Into<String>,
        what: &'static str,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Driver { device: device.into(), what, source: DriverError::new(error) }
    }

    /// The same of a prompt, once the device was read after it: where it answers, nothing is on its screen any more.
    #[must_use]
    pub(crate) fn once_read(self, what: &'static str) -> Self {
        match self {
            Self::Prompting { level, .. } => Self::NotAccepted { what, level },
            error => error,
        }
    }

    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "plug the device in and run `failover devices`",
            Self::Ambiguous { .. } => "unplug the other device, or name one by its serial or path",
            Self::Permission { .. } => "install the udev rules, add this user to the group plugdev, and log in again",
            Self::Busy { .. } => "stop the process that holds the device, then try again",
            Self::Disconnected { .. } => "check the cable, then read the marks with `failover hwm show`",
            // Where a client left a part of a frame the interface is dead until it has no power; and so is an unlock.
            Self::Timeout { .. } => {
                "unplug the device and plug it in again, then read the marks with `failover hwm show` before trying again"
            }
            Self::Prompting { wanted: true, .. } => {
                "accept the prompt where its level is the one that the run asked for, else reject it"
            }
            Self::Prompting { wanted: false, .. } => "reject the prompt on the Ledger's screen, then try again",
            Self::NotAccepted { .. } => "nothing was changed; try again when somebody is at the buttons",
            Self::Silent { .. } => {
                "reject what is on its screen; where nothing is, unplug it and plug it in again; then try again"
            }
            Self::Status { status: super::ledger::StatusWord::Rejected, .. } => {
                "nothing was changed; try again when it is to be accepted"
            }
            Self::NotSent { .. } => "nothing is on the device's screen; run it again when you want to",
            Self::Malformed { .. } => "try again; if it stays, unplug the device and plug it in again",
            Self::Status { status: super::ledger::StatusWord::Locked, .. } => {
                "enter the PIN on the Ledger, then try again"
            }
            Self::Refused { .. } | Self::Status { .. } => "read the marks with `failover hwm show`",
            Self::WrongPassphrase { .. } => "try again with the right passphrase (5 attempts in 30 s)",
            Self::DamagedCard { .. } => {
                "plug in another backup's signer, or restore this card from its backup: no passphrase mends it"
            }
            Self::Throttled { .. } => "wait 30 s, then try again",
            Self::UnknownKey { .. } => "check `keys` in the configuration against `failover hwm show`",
            Self::KeyLocked { .. } => "unlock the key first, or let `failover run` do it",
            Self::NoKeys => "check the card; another backup may be needed",
            Self::WrongApp { .. } => "open the Tezos Baking app on the Ledger",
            Self::Unsupported { .. } => "see the device's own documentation",
            Self::Driver { .. } => {
                "see what the device's own driver says, then read the marks with `failover hwm show`"
            }
            Self::Damaged { .. } => "do not sign with this device: plug in another one, or restore the card",
        }
    }
}
