//! TezSign in the registry: what it can do, how it is named and opened (release 2026-04-30).

use super::program::read_status;
use super::{open, release};
use crate::signer::driver::{Driver, OwnProgram, SignerPurpose};
use crate::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use crate::signer::{Listed, Model, SignerError};
use crate::tezos::Level;

const TRAITS: Traits = Traits {
    keys: NamedBy::Alias,
    marks: MarkOf::Kind,
    armed_by: ArmedBy::Passphrase,
    hold: Hold::Possible,
    reboot: Reboot::StaysDisarmed,
    // What it signs has 32-bit levels.
    highest_level: Level::FIRST.above(u32::MAX as u64 - 1),
    vote_at_mark: AtMark::Refused,
    // Unless its state file is damaged, which it says.
    lowering: Lowering::Refused,
    marks_at_rest: AtRest::Hidden,
    setting: Setting::None,
    raised_by: RaisedBy::Command,
    beside_service: Beside::Free,
    replugged: Replugged::FoundAgain,
    words: Words { armed: "unlocked", at_rest: "locked", disarmed: "locked" },
};

impl Model {
    /// A TezSign gadget: keys named by alias, locked by a passphrase, one mark a key and kind.
    #[expect(non_upper_case_globals, reason = "a value of an open enumeration")]
    pub const TezSign: Self = Self::new("tezsign", "TezSign", &TRAITS);
}

/// Its line in the registry.
pub(in crate::signer) const DRIVER: Driver = Driver {
    model: Model::TezSign,
    forms: &["tezsign", "tezsign:SERIAL", "tezsign+unix:PATH"],
    purpose: SignerPurpose::Baking,
    open: |selector, _| open(selector),
    list,
    is_newer: release::is_newer,
    // Where TezBake puts it (xtz.signer, 2026). `lock` exits 0 even where every key failed.
    program: Some(OwnProgram {
        name: "tezsign",
        path: "/bake-buddy/signer/bin/tezsign",
        show: "status",
        disarm: "lock",
        read: read_status,
    }),
};

#[cfg(feature = "tezsign")]
fn list() -> Result<Vec<Listed>, SignerError> {
    use super::usb::{UsbListing, list};
    use crate::signer::{Place, Selector};

    let found = list()?;
    // A cloned card has the same serial: the place it is plugged in at tells the two apart.
    let twice = |serial: &str| found.iter().filter(|other| other.serial.as_deref() == Some(serial)).count() > 1;
    let selector = |device: &UsbListing| {
        let serial = device.serial.clone().filter(|serial| !twice(serial));
        Selector::new(Model::TezSign, Place::Usb(Some(serial.unwrap_or_else(|| device.path.clone()))))
    };
    let listed = |device: &UsbListing| Listed {
        selector: selector(device),
        serial: device.serial.clone(),
        product: Some(format!("TezSign at USB {}", device.path)),
        busy: device.busy(),
        inaccessible: device.accessible.clone().err(),
    };
    Ok(found.iter().map(listed).collect())
}

#[cfg(not(feature = "tezsign"))]
fn list() -> Result<Vec<Listed>, SignerError> {
    // Nothing was looked for, which is not nothing found (S3).
    Err(SignerError::Unsupported { what: "listing it", why: "built without the feature tezsign".to_owned() })
}
