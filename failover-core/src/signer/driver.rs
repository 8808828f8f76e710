//! What a signer has to have to be named, opened and listed: a line of the [registry](super::registry).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::key_path::{Derivation, KeyPath};
use super::prompted::Prompted;
use super::{DeviceState, HwmSetter, Model, Selector, SignerError};
use crate::tezos::ChainId;

/// A device, or why there is none.
pub(super) type Opened = Result<Box<dyn HwmSetter>, SignerError>;

/// A signer that can be named, opened and listed.
pub struct Driver {
    /// Which kind, with what it can do.
    pub model: Model,
    /// The forms of its selectors, as a person reads them: `tezsign+unix:PATH`. What they accept is read from here too.
    pub forms: &'static [&'static str],
    /// May it bake?
    pub purpose: SignerPurpose,
    pub(super) open: fn(&Selector, &OpenOptions) -> Opened,
    pub(super) list: fn() -> Result<Vec<Listed>, SignerError>,
    pub(super) is_newer: fn(&str) -> bool,
    pub(crate) program: Option<OwnProgram>,
}

/// What a signer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerPurpose {
    /// It signs for real.
    Baking,
    /// It is tried with, and no program should offer it to a baker.
    Tests,
}

/// How a device is used that was named by a selector. Each takes what concerns it.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Where its key is, where keys are named by their path.
    pub path: Option<KeyPath>,
    /// And on which curve.
    pub derivation: Derivation,
    /// The chain that its key bakes on, where the device has a mark for each.
    pub chain: Option<ChainId>,
    /// Set so that no person is waited for any more: what is on the screen stays there.
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
