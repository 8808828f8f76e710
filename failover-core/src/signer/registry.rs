//! Which signers there are: one line each. Selectors, opening, listing and the texts that name them all are drawn from here.
//!
//! A signer of your own need not be here to be used: everything in this library takes a [`SignerDevice`], and asks it for
//! its traits. It has to be here to be named by a [`Selector`], and to be read back from a record by its name.
//!
//! [`SignerDevice`]: super::SignerDevice

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;

use super::ledger::{self, Derivation, KeyPath, Prompted};
use super::{DeviceState, HwmSetter, Model, Selector, SignerError, tezsign};
use crate::tezos::ChainId;

/// Every signer of this build.
const DRIVERS: &[&Driver] = &[
    &tezsign::DRIVER,
    &ledger::DRIVER,
    #[cfg(feature = "soft")]
    &super::soft::DRIVER,
];

/// A device, or why there is none.
pub(super) type Opened = Result<Box<dyn HwmSetter>, SignerError>;

/// A signer that can be named, opened and listed.
pub struct Driver {
    /// Which kind, with what it can do.
    pub model: Model,
    /// The forms of its selectors, as a person reads them: `tezsign+unix:PATH`. What they accept is read from here too.
    pub forms: &'static [&'static str],
    /// May it bake?
    pub purpose: Purpose,
    pub(super) open: fn(&Selector, &Options) -> Opened,
    pub(super) list: fn() -> Result<Vec<Listed>, SignerError>,
    pub(super) is_newer: fn(&str) -> bool,
    pub(crate) program: Option<OwnProgram>,
}

/// What a signer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It signs for real.
    Baking,
    /// It is tried with, and no program should offer it to a baker.
    Tests,
}

/// How a device is used that was named by a selector. Each takes what concerns it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where its key is, where keys are named by their path.
    pub path: Option<KeyPath>,
    /// And on which curve.
    pub derivation: Derivation,
    /// The chain that its key bakes on, where the device has a mark for each.
    pub chain: Option<ChainId>,
    /// Set by whoever wants no person to be waited for any more: what is on the screen stays there.
    pub cancelled: Arc<AtomicBool>,
    /// A prompt that an earlier process sent and that nobody answered, as it was written down.
    pub prompted: Option<Prompted>,
}

/// A device that is plugged in. Nothing was asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// What names it, and no other one that is plugged in.
    pub selector: Selector,
    /// Its serial number, where the system knows it.
    pub serial: Option<String>,
    /// What it calls itself.
    pub product: Option<String>,
    /// What another process holds of it, and which process.
    pub busy: Option<String>,
    /// Why it cannot be used as things are, and what to do.
    pub inaccessible: Option<String>,
}

/// A signer's own program, which shows and disarms it where this software is not installed.
#[derive(Debug)]
pub(crate) struct OwnProgram {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Where it is.
    pub(crate) path: &'static str,
    /// What shows every key.
    pub(crate) show: &'static str,
    /// What takes the device's ability to sign away; its exit code is no proof.
    pub(crate) disarm: &'static str,
    /// A device from what `show` prints; the second is how the device is named.
    pub(crate) read: fn(&str, &str) -> Result<DeviceState, SignerError>,
}

/// Every signer of this build.
pub fn drivers() -> impl Iterator<Item = &'static Driver> {
    DRIVERS.iter().copied()
}

/// The signer of this kind; `None`: it is not of this registry.
#[must_use]
pub fn driver(model: Model) -> Option<&'static Driver> {
    drivers().find(|driver| driver.model == model)
}

/// Opens the device that a selector names. Nothing is asked of it yet, unless it is a driver's first question.
///
/// # Errors
/// It is not there, not the only one that fits, may not be opened, or lacks an option.
pub fn open(selector: &Selector, options: &Options) -> Result<Box<dyn HwmSetter>, SignerError> {
    match driver(selector.model()) {
        Some(driver) => (driver.open)(selector, options),
        None => Err(SignerError::Unsupported {
            what: "opening it by its name",
            why: format!("{} is not in the registry", selector.model()),
        }),
    }
}

/// What is plugged in, of all signers; and why one kind could not be looked for. Nothing is claimed.
#[must_use]
pub fn list() -> (Vec<Listed>, Option<SignerError>) {
    let (mut found, mut unread) = (Vec::new(), None);
    for driver in drivers() {
        match (driver.list)() {
            Ok(listed) => found.extend(listed),
            Err(error) => unread = Some(error),
        }
    }
    (found, unread)
}

impl Driver {
    /// Is this version of a device's software newer than every one that this software was tried with?
    #[must_use]
    pub fn is_newer(&self, version: &str) -> bool {
        (self.is_newer)(version)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("model", &self.model).finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = drivers().map(|driver| driver.model).find(|model| model.name() == name);
        known.ok_or_else(|| serde::de::Error::custom(format!("{name:?} is no signer that this version knows")))
    }
}
