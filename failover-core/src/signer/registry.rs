//! Which signers there are: one line each. Selectors, opening, listing and the texts that name them all are drawn from here.
//!
//! A signer of your own need not be here to be used: everything in this library takes a [`SignerDevice`], and asks it for
//! its traits. It has to be here to be named by a [`Selector`], and to be read back from a record by its name.
//!
//! [`SignerDevice`]: super::SignerDevice

use serde::Deserialize;

pub(crate) use super::driver::OwnProgram;
pub use super::driver::{Driver, Listed, OpenOptions, SignerPurpose};
use super::{HwmSetter, Model, Selector, SignerError, ledger, tezsign};

/// Every signer of this build.
const DRIVERS: &[&Driver] = &[
    &tezsign::DRIVER,
    &ledger::DRIVER,
    #[cfg(feature = "soft")]
    &super::soft::DRIVER,
];

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
pub fn open(selector: &Selector, options: &OpenOptions) -> Result<Box<dyn HwmSetter>, SignerError> {
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

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = drivers().map(|driver| driver.model).find(|model| model.name() == name);
        known.ok_or_else(|| serde::de::Error::custom(format!("{name:?} is not a signer that this version knows")))
    }
}
