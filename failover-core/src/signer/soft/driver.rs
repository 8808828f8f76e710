//! The soft signer in the registry.

use super::Soft;
use crate::signer::driver::{Driver, SignerPurpose};
use crate::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use crate::signer::{HwmSetter, Model, Place, Selector, SignerError};
use crate::tezos::Level;

const TRAITS: Traits = Traits {
    keys: NamedBy::Alias,
    marks: MarkOf::Kind,
    armed_by: ArmedBy::Passphrase,
    hold: Hold::Possible,
    reboot: Reboot::StaysDisarmed,
    highest_level: Level::FIRST.above(i32::MAX as u64 - 1),
    vote_at_mark: AtMark::Refused,
    lowering: Lowering::Refused,
    // Anybody can read the file.
    marks_at_rest: AtRest::Shown,
    setting: Setting::None,
    raised_by: RaisedBy::Command,
    beside_service: Beside::Free,
    replugged: Replugged::FoundAgain,
    words: Words { armed: "unlocked", at_rest: "locked", disarmed: "locked" },
};

impl Model {
    /// A signer in a file, for tests and examples only.
    #[expect(non_upper_case_globals, reason = "a value of an open enumeration")]
    pub const Soft: Self = Self::new("soft", "soft signer", &TRAITS);
}

/// Its line in the registry.
pub(in crate::signer) const DRIVER: Driver = Driver {
    model: Model::Soft,
    forms: &["soft+file:PATH"],
    purpose: SignerPurpose::Tests,
    open,
    list: || Ok(Vec::new()),
    is_newer: |_| false,
    program: None,
};

fn open(selector: &Selector, _: &crate::signer::driver::OpenOptions) -> Result<Box<dyn HwmSetter>, SignerError> {
    match selector.place() {
        Place::File(path) => Ok(Box::new(Soft::new(path))),
        _ => Err(SignerError::Unsupported {
            what: "opening it as a file",
            why: format!("{selector} is not soft+file:PATH"),
        }),
    }
}
