//! The signing device that the configuration names.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::noted_prompt::Noted;
use crate::config::Signer;
use crate::permit::PromptNote;
use crate::signer::registry::{self, SignerPurpose};
use crate::signer::traits::RaisedBy;
use crate::signer::{DeviceState, HwmSetter, SignerDevice as _, SignerError, ledger};

/// What a device says of itself, its version too, for a person who looks.
///
/// # Errors
/// As [`device`], or its keys cannot be read. A version that it does not say is unknown, and no error.
pub fn device_state(signer: &Signer, cancelled: Arc<AtomicBool>) -> Result<DeviceState, SignerError> {
    let mut device = device(signer, cancelled)?;
    device.open();
    let _only_shown = device.version();
    device.state()
}

/// Is a device newer than every one that was tried? Then what to say.
#[must_use]
pub fn newer_than_tried(state: &DeviceState) -> Option<String> {
    let model = state.info.model;
    let newer = |version: &&str| registry::driver(model).is_some_and(|driver| driver.is_newer(version));
    let version = state.info.version.as_deref().filter(newer)?;
    Some(format!(
        "this {model} is {version}, newer than what this version of failover was tried with; it is used like the others"
    ))
}

/// The device; `cancelled` ends a wait for its answer.
///
/// # Errors
/// It is not there, not the only one that fits, or not made to bake with.
pub fn device(signer: &Signer, cancelled: Arc<AtomicBool>) -> Result<Box<dyn HwmSetter>, SignerError> {
    let model = signer.device.model();
    // Who opens a configuration bakes with it; a signer in a file may be part of the same build.
    if registry::driver(model).is_some_and(|driver| driver.purpose != SignerPurpose::Baking) {
        let why = format!("a {model} is for tests, and nobody bakes with it");
        return Err(SignerError::Unsupported { what: "opening it", why });
    }
    let options = registry::OpenOptions {
        path: signer.path.clone(),
        derivation: signer.curve,
        chain: signer.chain,
        cancelled,
        prompted: signer.root.prompt().map(|PromptNote { level, wanted }| ledger::Prompted { level, wanted }),
    };
    let device = registry::open(&signer.device, &options)?;
    Ok(match device.model().traits().raised_by {
        RaisedBy::Prompt { .. } => Box::new(Noted::new(device, signer.root.clone())),
        RaisedBy::Command => device,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::Selector;

    #[test]
    fn a_signer_that_is_for_tests_is_not_opened() {
        // Without the feature `soft` not even its name is known.
        let Ok(soft) = "soft+file:/nonexistent/keys.json".parse::<Selector>() else { return };
        let refused = device(&Signer::of(soft), Arc::default()).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|why| why.contains("nobody bakes with it")), "{refused:?}");
    }
}
