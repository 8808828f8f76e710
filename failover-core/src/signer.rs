//! EDGE: the devices that hold the keys.
//!
//! [`SignerDevice`] reads a device, arms it and disarms it; [`HwmSetter`] raises its high watermarks.
//! [`tezsign`] and [`ledger`] implement both at the byte level, generic over the transport.
//! What each can do it says in its [`traits`], once; the [`registry`] has a line for each.
//! Nothing here knows the procedure.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::tezos::{ChainId, KeyHash};

mod cap;
mod disarm;
mod driver;
mod error;
mod key_path;
pub mod ledger;
mod mark;
mod model;
mod needed;
mod order;
mod own;
mod passphrase;
mod prompted;
mod raise;
pub mod record;
pub mod registry;
mod selector;
#[cfg(feature = "soft")]
pub mod soft;
pub mod tezsign;
pub mod traits;
#[cfg(any(feature = "tezsign", feature = "ledger"))]
mod udev;
mod unlocked;
pub mod watermark;

pub use cap::Cap;
pub use disarm::{DisarmError, UNLOCK_LATE, disarm};
pub(crate) use disarm::{WAITS, lock_until_over};
pub use error::{SignerError, THROTTLE};
pub use ledger::LEDGER_LEVEL_MAX;
pub use mark::{LedgerMarks, Mark, Marks};
pub use model::Model;
pub use needed::{LevelNeeded, RaiseError, Raised, compare, plan_authorize, plan_raise, reached, refuse_lower};
pub use order::{CheckedOrder, DeviceReading, RaiseOrder};
pub use own::DriverError;
pub use passphrase::Passphrase;
pub use raise::{raise, raise_to_floor};
pub use registry::Listed;
pub use selector::{Place, Selector, SelectorError};
use traits::{AtRest, Hold, Traits};
pub use unlocked::{UnlockedError, with_unlocked};
pub(crate) use unlocked::{caught, held, next_where_not_locked, unlocked, words_of};

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeviceInfo {
    /// Which kind of device.
    pub model: Model,
    /// How it was found, in the selector's own form, for example `tezsign+unix:/run/t.sock`.
    pub selector: String,
    /// Its serial number where it has one. No evidence: a cloned card has the same.
    pub serial: Option<String>,
    /// The version of its software, where it was asked for (see [`SignerDevice::version`]) and the device said it.
    pub version: Option<String>,
    /// A Ledger's own marks, and which chain each guards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerMarks>,
}

/// A key's name on its device: TezSign's alias (`consensus`), or a Ledger's path (`44'/1729'/0'/0'`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KeyName(String);

impl KeyName {
    /// A key's name, as the device writes it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for KeyName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for KeyName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

/// Any text is a name; whether the device has such a key, it says itself.
impl FromStr for KeyName {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self::new(name))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Can the device sign with a key?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arming {
    /// It cannot: TezSign locked and not corrupted, Ledger not authorized.
    Disarmed,
    /// It can: TezSign unlocked, Ledger authorized.
    Armed,
    /// It says locked, but its state is corrupted, and a later set-level would let it sign: not disarmed.
    Corrupted,
}

/// One key, as its device shows it now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeyState {
    /// Its name on the device.
    pub name: KeyName,
    /// Its hash, as the chain knows it.
    pub key: KeyHash,
    /// Can the device sign with it?
    pub arming: Arming,
    /// Its marks; `None` where the device does not show them (a locked TezSign key). Never zero for unknown (S3).
    pub marks: Option<Marks>,
}

/// A device, as it shows itself now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeviceState {
    /// What it says of itself.
    pub info: DeviceInfo,
    /// Its keys, by name. An empty list is an error, never a state.
    pub keys: Vec<KeyState>,
}

impl DeviceState {
    /// The same device as a baker of this chain sees it: a Ledger that is set up for another chain guards this one by its other
    /// mark. A TezSign makes no difference between chains.
    #[must_use]
    pub fn guarding(mut self, chain: ChainId) -> Self {
        if let Some(ledger) = self.info.ledger {
            for key in &mut self.keys {
                key.marks = key.marks.and(Some(Marks::all(ledger.guarding(chain))));
            }
        }
        self
    }

    /// The key with this hash.
    #[must_use]
    pub fn key(&self, key: &KeyHash) -> Option<&KeyState> {
        self.keys.iter().find(|k| k.key == *key)
    }

    /// The keys that can sign now, or of which it is not known that they cannot.
    #[must_use]
    pub fn able_to_sign(&self) -> Vec<&KeyName> {
        self.keys.iter().filter(|key| key.arming != Arming::Disarmed).map(|key| &key.name).collect()
    }

    /// What this kind of device can do.
    #[must_use]
    pub const fn traits(&self) -> &'static Traits {
        self.info.model.traits()
    }

    /// Which of these keys show no marks because they are locked: they are unlocked first.
    #[must_use]
    pub fn hidden(&self, keys: &[KeyName]) -> Vec<KeyName> {
        let hidden = |key: &&KeyName| self.named(key).is_none_or(|found| found.marks.is_none());
        match self.traits().marks_at_rest {
            AtRest::Hidden => keys.iter().filter(hidden).cloned().collect(),
            AtRest::Shown => Vec::new(),
        }
    }

    /// The key with this name.
    #[must_use]
    pub fn named(&self, name: &KeyName) -> Option<&KeyState> {
        self.keys.iter().find(|k| k.name == *name)
    }
}

/// How a device is let sign. The passphrase is never shown by `Debug` (S9).
#[derive(Debug)]
pub enum Arm<'a> {
    /// TezSign: unlock these keys; their marks stay as they are.
    Unlock {
        /// The keys' aliases.
        keys: &'a [KeyName],
        /// The master passphrase.
        passphrase: &'a Passphrase,
    },
    /// Ledger: SETUP, which authorizes a key and sets the main chain's mark in one press of a person.
    Authorize {
        /// Which key, and to which level its mark goes: compared with what was read right before (S4).
        order: &'a CheckedOrder<'a>,
        /// The chain whose mark it is. Zero makes every chain the main chain, and is refused.
        chain: ChainId,
    },
}

/// A signing device: read, arm, disarm.
///
/// No call returns later than the deadline that is written beside its transport (S10), and no answer of a command
/// counts as done: only a later [`SignerDevice::state`] does (S5).
pub trait SignerDevice: Send {
    /// Which kind of device.
    fn model(&self) -> Model;

    /// Reads every key: lock, hash, marks.
    ///
    /// # Errors
    /// The device does not answer, or its answer is not what it should be: all unknown then, never zero.
    fn state(&mut self) -> Result<DeviceState, SignerError>;

    /// Takes away the device's ability to sign: TezSign locks every key whatever its state, a Ledger is
    /// deauthorized (no button). Needs no approval (S12); the proof is the next [`SignerDevice::state`].
    ///
    /// # Errors
    /// The device could not be told.
    fn disarm(&mut self) -> Result<(), SignerError>;

    /// Lets the device sign, see [`Arm`].
    ///
    /// # Errors
    /// Refused by the device or the person, or not answered in time: after that, read the state again before
    /// anything else, because an unlock or a press may still take effect (see [`SignerDevice::unlock_may_end`]).
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError>;

    /// Was an unlock sent that was not answered? It may still end, and open its keys after they read back as locked, until
    /// [`SignerDevice::unlock_is_over`] is called.
    fn unlock_may_end(&self) -> bool {
        false
    }

    /// Such an unlock was waited for, and is over.
    fn unlock_is_over(&mut self) {}

    /// Keeps everybody else on this host from asking for a signature, where the device can be held so (S1b):
    /// TezSign's sign interface is claimed. A Ledger cannot be held; the call does nothing there. A device that says in its
    /// traits that it can be held has to bring its own.
    ///
    /// # Errors
    /// Another process holds the interface.
    fn hold(&mut self) -> Result<(), SignerError> {
        match self.model().traits().hold {
            Hold::Impossible => Ok(()),
            Hold::Possible => Err(SignerError::Unsupported {
                what: "holding it",
                why: "its driver says that it can be held, and does not say how".to_owned(),
            }),
        }
    }

    /// Is it held so? `false` too where there is nothing to hold.
    fn holds(&self) -> bool {
        false
    }

    /// Gives up what [`SignerDevice::hold`] took.
    fn release(&mut self) {}

    /// From now on the connection stays open between calls, until [`SignerDevice::close`], so that the calls of one effect
    /// are one opening. A TezSign serves nobody else on this host meanwhile: no person is waited for in between.
    fn open(&mut self) {}

    /// Gives up the connection that [`SignerDevice::open`] kept.
    fn close(&mut self) {}

    /// The version of the device's software, for people; `None`: it does not say (a TezSign before 2026-01-06). Later
    /// readings of the state have it too.
    ///
    /// # Errors
    /// The device does not answer.
    fn version(&mut self) -> Result<Option<String>, SignerError> {
        Ok(None)
    }
}

/// A device whose high watermarks can be raised: a driver says how a level is sent, and no more.
///
/// Raising itself is no method, so that no driver can leave a part of it out: [`raise()`] and [`raise_to_floor`] are the whole
/// of it (read, refuse to lower, refuse past the cap, send, read back, compare), [`RaiseOrder::send`] is one order of it.
/// Nothing outside of this room can make the [`CheckedOrder`] that a driver is handed, nor keep it for later; so no driver can
/// be told to set a mark that was not read in the same call (S4): right before, unless the device itself refuses what is lower.
pub trait HwmSetter: SignerDevice {
    /// Sends one level to the device. What it answers proves nothing (S5).
    ///
    /// # Errors
    /// Refused by the device or the person, or not answered in time.
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError>;
}

impl<T: SignerDevice + ?Sized> SignerDevice for Box<T> {
    fn model(&self) -> Model {
        (**self).model()
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        (**self).state()
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        (**self).disarm()
    }
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        (**self).arm(arm)
    }
    fn unlock_may_end(&self) -> bool {
        (**self).unlock_may_end()
    }
    fn unlock_is_over(&mut self) {
        (**self).unlock_is_over();
    }
    fn hold(&mut self) -> Result<(), SignerError> {
        (**self).hold()
    }
    fn holds(&self) -> bool {
        (**self).holds()
    }
    fn release(&mut self) {
        (**self).release();
    }
    fn open(&mut self) {
        (**self).open();
    }
    fn close(&mut self) {
        (**self).close();
    }
    fn version(&mut self) -> Result<Option<String>, SignerError> {
        (**self).version()
    }
}

impl<T: HwmSetter + ?Sized> HwmSetter for Box<T> {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        (**self).send_level(order)
    }
}
