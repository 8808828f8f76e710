//! TezSign, byte for byte: a USB gadget that keeps BLS keys on a card, locked by a passphrase.
//!
//! [`TezSign`] is the driver, generic over the transport ([`Connect`]); [`open`] makes one from a selector. The
//! protocol is that of the gadget's release 2026-04-30, checked against recorded exchanges.
//!
//! Every exchange has one deadline, measured from before the interface is opened ([`message::Ask::deadline`]): unlock
//! 5 s and 1.5 s for each further key, 30 s at most; 3 s for the rest. A call makes two exchanges at most, in one opening;
//! between [`SignerDevice::open`] and [`SignerDevice::close`] all calls are one.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::signer::{
    Arm, CheckedOrder, DeviceInfo, DeviceState, HwmSetter, KeyName, Model, Place, Selector, SignerDevice, SignerError,
};

mod driver;
mod exchange;
pub mod frame;
mod link;
pub mod message;
mod program;
mod release;
pub mod socket;
mod state;
#[cfg(test)]
mod tests;
mod unlock;
#[cfg(feature = "tezsign")]
pub mod usb;

pub(in crate::signer) use driver::DRIVER;
use exchange::{Session, Until};
pub use link::{Connect, Interface, Link, LinkError};
use message::{Answer, Ask, Empty, InitInfo, KeyStatus, Lock, SetLevel, Version};
pub use release::is_newer;

/// What the keys are called by habit: locked by these names too where the gadget cannot list its keys.
const HABIT: [&str; 2] = ["consensus", "companion"];
/// The error of a gadget that does not know the request: version is one of 2026-01-06.
const UNKNOWN_REQUEST: u32 = 1000;
/// How long another program's exchange on the management interface is waited for, and how often it is looked at.
const BUSY: Duration = Duration::from_millis(500);
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// Opens the TezSign that a selector names. Nothing is asked of it yet: that it is missing, or one of two, is the
/// first call's error.
///
/// # Errors
/// The selector is a Ledger's, or names a USB device and this build has no USB.
pub fn open(selector: &Selector) -> Result<Box<dyn HwmSetter>, SignerError> {
    let what = "TezSign";
    if selector.model() != Model::TezSign {
        return Err(SignerError::Unsupported { what, why: format!("{selector} is a {}", selector.model()) });
    }
    match selector.place() {
        Place::Unix(path) => Ok(Box::new(TezSign::new(socket::Socket::new(path)))),
        #[cfg(feature = "tezsign")]
        Place::Usb(which) => Ok(Box::new(TezSign::new(usb::Usb::new(which.clone())?))),
        #[cfg(not(feature = "tezsign"))]
        Place::Usb(_) => {
            Err(SignerError::Unsupported { what: "USB", why: "this build lacks the feature tezsign".to_owned() })
        }
        Place::Tcp { .. } | Place::File(_) => {
            Err(SignerError::Unsupported { what, why: format!("no TezSign is at {selector}") })
        }
    }
}

/// The driver of one TezSign.
pub struct TezSign<C: Connect> {
    connect: C,
    held: Option<C::Link>,
    /// Does the management interface stay open between calls? And the opening that does.
    keeps: bool,
    kept: Option<Session<C::Link>>,
    /// Every alias that was ever seen: disarming names them even where the gadget cannot list them any more.
    seen: BTreeSet<String>,
    version: Option<Version>,
    /// An unlock was sent and not answered: the gadget may be at it all the same.
    unanswered: bool,
}

impl<C: Connect> TezSign<C> {
    /// A driver; nothing is opened yet.
    #[must_use]
    pub fn new(connect: C) -> Self {
        let seen = BTreeSet::new();
        Self { connect, held: None, keeps: false, kept: None, seen, version: None, unanswered: false }
    }

    /// The version of its software; `None`: it does not know the question, as before 2026-01-06.
    ///
    /// # Errors
    /// Not reached, not answered in time, or not an answer.
    pub fn version(&mut self) -> Result<Option<Version>, SignerError> {
        let ask = Ask::Version(Empty {});
        self.version = self.session(ask.deadline(), |session, until| match session.ask(ask, until) {
            Ok(Answer::Version(version)) => Ok(Some(version)),
            Ok(_) => Err(mismatch("version")),
            Err(SignerError::Refused { code: UNKNOWN_REQUEST, .. }) => Ok(None),
            Err(error) => Err(error),
        })?;
        Ok(self.version.clone())
    }

    /// Does its card have a master secret?
    ///
    /// # Errors
    /// Not reached, not answered in time, or not an answer.
    pub fn init_info(&mut self) -> Result<InitInfo, SignerError> {
        let ask = Ask::InitInfo(Empty {});
        self.session(ask.deadline(), |session, until| match session.ask(ask, until)? {
            Answer::InitInfo(info) => Ok(info),
            _ => Err(mismatch("init info")),
        })
    }

    /// Does `work` on the management interface, in one opening, so that nobody else is served between. `deadline` is that of
    /// the first exchange, the opening included.
    fn session<T>(
        &mut self,
        deadline: Duration,
        work: impl FnOnce(&mut Session<C::Link>, Until) -> Result<T, SignerError>,
    ) -> Result<T, SignerError> {
        let until = Until::from_now(deadline);
        let mut session = match self.kept.take() {
            Some(session) => session,
            None => Session::new(self.open_management(until)?, self.connect.selector()),
        };
        let done = work(&mut session, until);
        // After these nothing is known of what is still under way: it is opened anew.
        let broke = |error: &SignerError| {
            matches!(
                error,
                SignerError::Disconnected { .. } | SignerError::Timeout { .. } | SignerError::Malformed { .. }
            )
        };
        if self.keeps && !done.as_ref().is_err_and(broke) {
            self.kept = Some(session);
        }
        done
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

    /// Asks something that must not be sent twice. Where nothing was read in this opening yet the status is first: it takes
    /// the place of whatever an earlier host left half written.
    fn after_status<T>(
        &mut self,
        keys: &[KeyName],
        ask: Ask,
        take: impl FnOnce(Result<Answer, SignerError>) -> Result<T, SignerError>,
    ) -> Result<T, SignerError> {
        self.session(Ask::Status(Empty {}).deadline(), |session, until| {
            let known = known(session, until)?;
            if let Some(key) = keys.iter().find(|k| !known.contains(k)) {
                return Err(SignerError::UnknownKey { key: key.clone(), known });
            }
            let until = Until::from_now(ask.deadline());
            take(session.ask(ask, until))
        })
    }
}

/// The status, whose keys are known in this opening from then on.
fn status<L: Link>(session: &mut Session<L>, until: Until) -> Result<Vec<KeyStatus>, SignerError> {
    match session.ask(Ask::Status(Empty {}), until)? {
        Answer::Status(status) => {
            session.known = Some(status.keys.iter().map(|k| KeyName::new(&k.key)).collect());
            Ok(status.keys)
        }
        _ => Err(mismatch("status")),
    }
}

/// The keys that the gadget lists, asked for once in an opening.
fn known<L: Link>(session: &mut Session<L>, until: Until) -> Result<Vec<KeyName>, SignerError> {
    if session.known.as_ref().is_none_or(Vec::is_empty) {
        status(session, until)?;
    }
    Ok(session.known.clone().unwrap_or_default())
}

fn lock<L: Link>(session: &mut Session<L>, keys: &BTreeSet<String>) -> Result<(), SignerError> {
    let ask = Ask::Lock(Lock { keys: keys.iter().cloned().collect() });
    let until = Until::from_now(ask.deadline());
    match session.ask(ask, until)? {
        // A key that was not loaded since boot answers "unknown key" although it is locked: no result counts.
        Answer::Lock(_) => Ok(()),
        _ => Err(mismatch("lock")),
    }
}

impl<C: Connect> SignerDevice for TezSign<C> {
    fn model(&self) -> Model {
        Model::TezSign
    }

    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let listed = self.session(Ask::Status(Empty {}).deadline(), status)?;
        self.seen.extend(listed.iter().map(|k| k.key.clone()));
        let info = DeviceInfo {
            model: Model::TezSign,
            selector: self.connect.selector(),
            serial: self.connect.serial(),
            version: self.version.as_ref().map(|version| version.version.clone()),
            ledger: None,
        };
        Ok(DeviceState { info, keys: state::keys(&listed)? })
    }

    fn disarm(&mut self) -> Result<(), SignerError> {
        let mut names = self.seen.clone();
        let done = self.session(Ask::Status(Empty {}).deadline(), |session, until| {
            let known = known(session, until)?;
            if known.is_empty() {
                return Err(SignerError::NoKeys);
            }
            names.extend(known.iter().map(|key| key.as_str().to_owned()));
            lock(session, &names)
        });
        self.seen.clone_from(&names);
        if done.is_err() {
            // A key that is in the gadget's memory signs even where the store can no longer be listed.
            names.extend(HABIT.map(str::to_owned));
            self.session(Ask::Status(Empty {}).deadline(), |session, _| lock(session, &names))?;
        }
        done
    }

    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        match arm {
            Arm::Unlock { keys, passphrase } => self.unlock(keys, passphrase),
            Arm::Authorize { .. } => {
                Err(SignerError::Unsupported { what: "authorize", why: "a TezSign is unlocked".to_owned() })
            }
        }
    }

    fn unlock_may_end(&self) -> bool {
        self.unanswered
    }

    fn unlock_is_over(&mut self) {
        self.unanswered = false;
    }

    fn hold(&mut self) -> Result<(), SignerError> {
        let ask = || Ask::Version(Empty {});
        let until = Until::from_now(ask().deadline());
        if let Some(link) = &mut self.held {
            // A claim ends when the device is unplugged, and only then: a gadget that is slow is still held.
            let asked = Session::new(link, self.connect.selector()).ask(ask(), until);
            if !matches!(asked, Err(SignerError::Disconnected { .. })) {
                return Ok(());
            }
        }
        self.held = None;
        let Some(mut link) = self.connect.hold(until.after)? else { return Ok(()) };
        if !self.connect.claim_is_proof() {
            let device = self.connect.selector();
            match Session::new(&mut link, device.clone()).ask(ask(), until) {
                // One that does not know the question has answered it.
                Ok(_) | Err(SignerError::Refused { .. }) => {}
                Err(SignerError::Disconnected { .. } | SignerError::Timeout { .. }) => {
                    return Err(SignerError::Busy { device, holder: "another client of its sign socket".to_owned() });
                }
                Err(other) => return Err(other),
            }
        }
        self.held = Some(link);
        Ok(())
    }

    fn holds(&self) -> bool {
        self.held.is_some()
    }

    fn release(&mut self) {
        self.held = None;
    }

    fn open(&mut self) {
        self.keeps = true;
    }

    fn close(&mut self) {
        (self.keeps, self.kept) = (false, None);
    }

    fn version(&mut self) -> Result<Option<String>, SignerError> {
        Ok(TezSign::version(self)?.map(|version| version.version))
    }
}

impl<C: Connect> HwmSetter for TezSign<C> {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        let ask = Ask::SetLevel(SetLevel { key: order.key().as_str().to_owned(), level: order.level().get() });
        self.after_status(std::slice::from_ref(order.key()), ask, |answer| match answer? {
            Answer::Ok(done) if done.ok => Ok(()),
            _ => Err(mismatch("set level")),
        })
    }
}

fn mismatch(what: &'static str) -> SignerError {
    SignerError::Malformed { what, why: "it answers another question".to_owned() }
}
