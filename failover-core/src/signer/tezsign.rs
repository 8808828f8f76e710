//! TezSign, byte for byte: a USB gadget that keeps BLS keys on a card, locked by a passphrase.
//!
//! [`TezSign`] is the driver, generic over the transport ([`Connect`]); [`open`] makes one from a selector. The
//! protocol is that of the gadget's release 2026-04-30, checked against recorded exchanges.
//!
//! Every exchange has one deadline, measured from before the interface is opened ([`message::Ask::deadline`]): unlock
//! 5 s and 1.5 s for each further key, 30 s at most; 3 s for the rest. A call makes two exchanges at most.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::signer::{
    Arm, DeviceInfo, DeviceState, HwmSetter, KeyName, Model, Passphrase, RaiseOrder, Selector, SignerDevice,
    SignerError,
};

mod exchange;
pub mod frame;
mod link;
pub mod message;
pub(crate) mod program;
pub mod socket;
mod state;
#[cfg(test)]
mod tests;
#[cfg(feature = "tezsign")]
pub mod usb;

use exchange::{Session, Until};
pub use link::{Connect, Interface, Link, LinkError};
use message::{Answer, Ask, Empty, InitInfo, KeyStatus, Lock, SetLevel, Unlock, Version};

/// What the keys are called by habit: locked by these names too where the gadget cannot list its keys.
const HABIT: [&str; 2] = ["consensus", "companion"];
/// How long another program's exchange on the management interface is waited for, and how often it is looked at.
const BUSY: Duration = Duration::from_millis(500);
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// Opens the TezSign that a selector names. Nothing is asked of it yet: that it is missing, or one of two, is the
/// first call's error.
///
/// # Errors
/// The selector is a Ledger's, or names a USB device and this build has no USB.
pub fn open(selector: &Selector) -> Result<Box<dyn HwmSetter>, SignerError> {
    match selector {
        Selector::TezSignUnix(path) => Ok(Box::new(TezSign::new(socket::Socket::new(path)))),
        #[cfg(feature = "tezsign")]
        Selector::TezSign(which) => Ok(Box::new(TezSign::new(usb::Usb::new(which.clone())?))),
        #[cfg(not(feature = "tezsign"))]
        Selector::TezSign(_) => {
            Err(SignerError::Unsupported { what: "USB", why: "this build lacks the feature tezsign".to_owned() })
        }
        Selector::Ledger(_) | Selector::LedgerTcp { .. } => {
            Err(SignerError::Unsupported { what: "TezSign", why: format!("{selector} is a Ledger") })
        }
    }
}

/// The driver of one TezSign.
pub struct TezSign<C: Connect> {
    connect: C,
    held: Option<C::Link>,
    /// Every alias that was ever seen: disarming names them even where the gadget cannot list them any more.
    seen: BTreeSet<String>,
}

impl<C: Connect> TezSign<C> {
    /// A driver; nothing is opened yet.
    #[must_use]
    pub fn new(connect: C) -> Self {
        Self { connect, held: None, seen: BTreeSet::new() }
    }

    /// The version of its software.
    ///
    /// # Errors
    /// Not reached, not answered in time, or not an answer.
    pub fn version(&mut self) -> Result<Version, SignerError> {
        self.ask_one(Ask::Version(Empty {}), version)
    }

    /// Has its card a master secret?
    ///
    /// # Errors
    /// Not reached, not answered in time, or not an answer.
    pub fn init_info(&mut self) -> Result<InitInfo, SignerError> {
        self.ask_one(Ask::InitInfo(Empty {}), |answer| match answer {
            Answer::InitInfo(info) => Ok(info),
            _ => Err(mismatch("init info")),
        })
    }

    /// Is the sign interface held by this driver?
    #[must_use]
    pub fn holds(&self) -> bool {
        self.held.is_some()
    }

    fn ask_one<T>(&mut self, ask: Ask, take: impl Fn(Answer) -> Result<T, SignerError>) -> Result<T, SignerError> {
        self.with_session(ask, |_, answer| take(answer))
    }

    /// Opens the management interface, asks `first`, and hands the answer on with the session; both in one opening,
    /// so that nobody else is served between.
    fn with_session<T>(
        &mut self,
        first: Ask,
        then: impl FnOnce(&mut Session<'_, C::Link>, Answer) -> Result<T, SignerError>,
    ) -> Result<T, SignerError> {
        let until = Until::from_now(first.deadline());
        let mut link = self.open_management(until)?;
        let device = self.connect.selector();
        let mut session = Session::new(&mut link, &device);
        let answer = session.ask(first, until)?;
        then(&mut session, answer)
    }

    /// Other programs open the management interface for an exchange too: busy is asked again for a moment.
    fn open_management(&mut self, until: Until) -> Result<C::Link, SignerError> {
        let patience = Until::from_now(BUSY);
        loop {
            let left = until.left().unwrap_or(BUSY_PAUSE);
            match self.connect.open(Interface::Management, left) {
                Err(SignerError::Busy { .. }) if patience.left().is_some() => std::thread::sleep(BUSY_PAUSE),
                opened => return opened,
            }
        }
    }

    /// Reads the status, which also takes the place of whatever an earlier host left half written, and then asks
    /// something that must not be sent twice.
    fn after_status<T>(
        &mut self,
        keys: &[KeyName],
        ask: Ask,
        take: impl FnOnce(Answer) -> Result<T, SignerError>,
    ) -> Result<T, SignerError> {
        self.with_session(Ask::Status(Empty {}), |session, answer| {
            let known: Vec<KeyName> = status(answer)?.iter().map(|k| KeyName::new(&k.key)).collect();
            if let Some(key) = keys.iter().find(|k| !known.contains(k)) {
                return Err(SignerError::UnknownKey { key: key.clone(), known });
            }
            let until = Until::from_now(ask.deadline());
            take(session.ask(ask, until)?)
        })
    }

    fn lock(&mut self, keys: Vec<String>) -> Result<(), SignerError> {
        self.ask_one(Ask::Lock(Lock { keys }), |answer| match answer {
            // A key that was not loaded since boot answers "unknown key" although it is locked: no result counts.
            Answer::Lock(_) => Ok(()),
            _ => Err(mismatch("lock")),
        })
    }
}

impl<C: Connect> SignerDevice for TezSign<C> {
    fn model(&self) -> Model {
        Model::TezSign
    }

    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let (status, version) = self.with_session(Ask::Status(Empty {}), |session, answer| {
            let until = Until::from_now(Ask::Version(Empty {}).deadline());
            Ok((status(answer)?, version(session.ask(Ask::Version(Empty {}), until)?)?))
        })?;
        self.seen.extend(status.iter().map(|k| k.key.clone()));
        let info = DeviceInfo {
            model: Model::TezSign,
            selector: self.connect.selector(),
            serial: self.connect.serial(),
            version: Some(version.version),
        };
        Ok(DeviceState { info, keys: state::keys(&status)? })
    }

    fn disarm(&mut self) -> Result<(), SignerError> {
        let listed = self
            .ask_one(Ask::Status(Empty {}), status)
            .and_then(|keys| if keys.is_empty() { Err(SignerError::NoKeys) } else { Ok(keys) });
        match listed {
            Ok(keys) => {
                self.seen.extend(keys.into_iter().map(|k| k.key));
                self.lock(self.seen.iter().cloned().collect())
            }
            // A key that is in the gadget's memory signs even where the store can no longer be listed.
            Err(error) => {
                let names: BTreeSet<String> =
                    self.seen.iter().cloned().chain(HABIT.into_iter().map(str::to_owned)).collect();
                self.lock(names.into_iter().collect())?;
                Err(error)
            }
        }
    }

    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        match arm {
            Arm::Unlock { keys, passphrase } => self.unlock(keys, passphrase),
            Arm::Authorize { .. } => {
                Err(SignerError::Unsupported { what: "authorize", why: "a TezSign is unlocked".to_owned() })
            }
        }
    }

    fn hold(&mut self) -> Result<(), SignerError> {
        let ask = Ask::Version(Empty {});
        let until = Until::from_now(ask.deadline());
        if let Some(link) = &mut self.held {
            // A claim ends when the device is unplugged, and only then: a gadget that is slow is still held.
            let device = self.connect.selector();
            if !matches!(Session::new(link, &device).ask(ask, until), Err(SignerError::Disconnected { .. })) {
                return Ok(());
            }
        }
        self.held = None;
        let Some(mut link) = self.connect.hold(until.after)? else { return Ok(()) };
        if !self.connect.claim_is_proof() {
            let device = self.connect.selector();
            Session::new(&mut link, &device).ask(Ask::Version(Empty {}), until).map_err(|error| match error {
                SignerError::Disconnected { .. } | SignerError::Timeout { .. } => {
                    SignerError::Busy { device: device.clone(), holder: "another client of its sign socket".to_owned() }
                }
                other => other,
            })?;
        }
        self.held = Some(link);
        Ok(())
    }

    fn release(&mut self) {
        self.held = None;
    }
}

impl<C: Connect> TezSign<C> {
    fn unlock(&mut self, keys: &[KeyName], passphrase: &Passphrase) -> Result<(), SignerError> {
        let names = keys.iter().map(|k| k.as_str().to_owned()).collect();
        let ask = Ask::Unlock(Unlock { keys: names, passphrase: Some(passphrase.expose().to_vec()) });
        let answer = self.after_status(keys, ask, |answer| match answer {
            Answer::Unlock(results) => Ok(results.results),
            _ => Err(mismatch("unlock")),
        });
        let results = answer.map_err(|error| match error {
            SignerError::Refused { code: 12, message, .. } => SignerError::Throttled { message },
            other => other,
        })?;
        for key in keys {
            let result = results.iter().find(|r| r.key == key.as_str()).ok_or_else(|| SignerError::Malformed {
                what: "unlock",
                why: format!("it says nothing of the key {key}"),
            })?;
            // Both slots of its state file are bad: the passphrase may well be right (TezSign 2026-04-30).
            if !result.ok && result.error.contains("state corrupted") {
                return Err(SignerError::Damaged { key: key.clone(), message: result.error.clone() });
            }
            if !result.ok {
                return Err(SignerError::WrongPassphrase { key: key.clone(), message: result.error.clone() });
            }
        }
        Ok(())
    }
}

impl<C: Connect> HwmSetter for TezSign<C> {
    fn set(&mut self, order: &RaiseOrder) -> Result<(), SignerError> {
        let ask = Ask::SetLevel(SetLevel { key: order.key().as_str().to_owned(), level: order.level().get() });
        self.after_status(std::slice::from_ref(order.key()), ask, |answer| match answer {
            Answer::Ok(done) if done.ok => Ok(()),
            _ => Err(mismatch("set level")),
        })
    }
}

fn status(answer: Answer) -> Result<Vec<KeyStatus>, SignerError> {
    match answer {
        Answer::Status(status) => Ok(status.keys),
        _ => Err(mismatch("status")),
    }
}

fn version(answer: Answer) -> Result<Version, SignerError> {
    match answer {
        Answer::Version(version) => Ok(version),
        _ => Err(mismatch("version")),
    }
}

fn mismatch(what: &'static str) -> SignerError {
    SignerError::Malformed { what, why: "it answers another question".to_owned() }
}
