//! `disarm`: locks or deauthorizes every key of the device. Never gated: no configuration, no plan, no lock (S12).

use failover_core::effect::disarm_keys;

use super::hwm;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::parts;
use crate::settings::Settings;

/// Disarms the device and shows its keys as they read back.
///
/// # Errors
/// The device cannot be told or read.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let mut device = parts::open_device(&settings.signer()?)?;
    let told = disarm_keys(&mut *device);
    hwm::table(&device.state()?, out);
    match told {
        Ok(()) => {
            Ok(End::done("no key of this device can sign; a service that unlocks it by itself is not stopped by this"))
        }
        Err(error) => {
            out.error(&error);
            Ok(End::new(Exit::Failed, "unplug the device: it could not be read back as unable to sign"))
        }
    }
}
