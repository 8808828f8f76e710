//! Ledger in the registry: what it can do, how it is named and opened (Tezos Baking 2.5.1).

use super::open;
use crate::signer::driver::{Driver, OpenOptions, SignerPurpose};
use crate::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use crate::signer::{HwmSetter, Listed, Model, Selector, SignerError};
use crate::tezos::Level;

/// The highest level that a RESET of the Ledger app takes (Tezos Baking 2.5.1: the top two bits must be 0).
pub const LEDGER_LEVEL_MAX: Level = match Level::new(0x3fff_ffff) {
    Some(level) => level,
    None => Level::FIRST,
};

const TRAITS: Traits = Traits {
    keys: NamedBy::Path,
    marks: MarkOf::Device,
    armed_by: ArmedBy::Press,
    hold: Hold::Impossible,
    // Its setting "High Watermark" decides that.
    reboot: Reboot::NotKnown,
    highest_level: LEDGER_LEVEL_MAX,
    vote_at_mark: AtMark::Allowed,
    // SETUP and RESET, by anybody who presses.
    lowering: Lowering::Obeyed,
    marks_at_rest: AtRest::Shown,
    setting: Setting::LookedAt {
        name: "High Watermark",
        otherwise: "where the Ledger's setting \"High Watermark\" is disabled, it forgets at power-off that no key is \
                    authorized, and no question shows that: look at the setting on its screen",
    },
    raised_by: RaisedBy::Prompt { title: "Reset HWM" },
    beside_service: Beside::Shared,
    replugged: Replugged::OpenedAnew,
    words: Words { armed: "authorized", at_rest: "not authorized", disarmed: "deauthorized" },
};

impl Model {
    /// A Ledger with the Tezos Baking app: one authorized key, one mark for all kinds.
    #[expect(non_upper_case_globals, reason = "a value of an open enumeration")]
    pub const Ledger: Self = Self::new("ledger", "Ledger", &TRAITS);
}

/// Its line in the registry.
pub(in crate::signer) const DRIVER: Driver = Driver {
    model: Model::Ledger,
    forms: &["ledger", "ledger:SERIAL-OR-PATH", "ledger+tcp:HOST:PORT"],
    purpose: SignerPurpose::Baking,
    open: opened,
    list,
    is_newer: |_| false,
    program: None,
};

fn opened(selector: &Selector, options: &OpenOptions) -> Result<Box<dyn HwmSetter>, SignerError> {
    let OpenOptions { path, derivation, chain, cancelled, prompted } = options.clone();
    let path = path.ok_or_else(|| SignerError::Unsupported {
        what: "opening it as a Ledger",
        why: "no key path is configured".to_owned(),
    })?;
    open(selector, &super::LedgerUse { path, derivation, chain, cancelled, prompted })
}

#[cfg(feature = "ledger")]
fn list() -> Result<Vec<Listed>, SignerError> {
    use super::hid::{Found, busy, list};

    let listed = |device: Found| Listed {
        selector: device.selector(),
        busy: busy(&device.path),
        serial: device.serial,
        product: device.product,
        inaccessible: device.inaccessible,
    };
    Ok(list()?.into_iter().map(listed).collect())
}

#[cfg(not(feature = "ledger"))]
fn list() -> Result<Vec<Listed>, SignerError> {
    // Nothing was looked for, which is not nothing found (S3).
    Err(SignerError::Unsupported { what: "listing it", why: "built without the feature ledger".to_owned() })
}
