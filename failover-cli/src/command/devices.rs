//! `devices`: what is plugged in, and what is there but not accessible, with what to do.

use std::fmt;

use failover_core::session::open;
use failover_core::signer::registry::SignerPurpose;
use failover_core::signer::{Listed, Model, Place, Selector, SignerError, registry};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;
use crate::signals;

/// A device that was found.
#[derive(Serialize)]
#[serde(tag = "record", rename = "device")]
pub(super) struct Found {
    model: Model,
    pub(super) selector: Selector,
    serial: Option<String>,
    product: Option<String>,
    accessible: bool,
    /// What another process holds of it, and which process.
    busy: Option<String>,
    /// Why not, and what to do.
    why: Option<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.selector, self.product.as_deref().unwrap_or(&self.model.to_string()))?;
        if let Some(serial) = &self.serial {
            write!(f, ", serial {serial}")?;
        }
        if let Some(busy) = &self.busy {
            write!(f, "\n  busy: {busy}")?;
        }
        match &self.why {
            Some(why) => write!(f, "\n  not accessible: {why}"),
            None => Ok(()),
        }
    }
}

/// Lists them. Nothing is claimed, and nothing is asked of a device on USB.
///
/// # Errors
/// None: a bus that cannot be read is said, and the other one is shown.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let (mut found, unread) = on_usb();
    if let Ok(signer) = settings.signer()
        && !matches!(signer.device.place(), Place::Usb(_))
    {
        found.push(served(&signer));
    }
    for device in &found {
        out.show(device);
    }
    if let Some(error) = &unread {
        out.warn(format!("not every device can be listed: {error}; {}", error.next()));
    }
    if found.is_empty() {
        out.line(format!("No {} was found.", names(" and no ", |model| model.to_string())));
        return Ok(End::done("plug the device in; a Ledger must be unlocked"));
    }
    let next = match found.iter().find(|device| !device.accessible) {
        Some(_) => "make the device accessible as said above, then run `failover devices` again",
        None => "read the marks with `failover hwm show`",
    };
    Ok(End::done(next))
}

impl From<Listed> for Found {
    fn from(listed: Listed) -> Self {
        Self {
            model: listed.selector.model(),
            selector: listed.selector,
            serial: listed.serial,
            product: listed.product,
            accessible: listed.inaccessible.is_none(),
            busy: listed.busy,
            why: listed.inaccessible,
        }
    }
}

/// What is on the buses, and why one could not be read. Nothing is claimed.
pub(super) fn on_usb() -> (Vec<Found>, Option<SignerError>) {
    let (listed, unread) = registry::list();
    (listed.into_iter().map(Found::from).collect(), unread)
}

/// Every signer that may bake, each as `of` names it.
pub(super) fn names(between: &str, of: fn(Model) -> String) -> String {
    let baking = registry::drivers().filter(|driver| driver.purpose == SignerPurpose::Baking);
    baking.map(|driver| of(driver.model)).collect::<Vec<_>>().join(between)
}

/// A device behind a socket is on no bus: it is asked.
fn served(signer: &failover_core::config::Signer) -> Found {
    let state = open::device_state(signer, signals::flag());
    let version = state.as_ref().ok().and_then(|state| state.info.version.clone());
    Found {
        model: signer.device.model(),
        selector: signer.device.clone(),
        serial: state.as_ref().ok().and_then(|state| state.info.serial.clone()),
        product: version.map(|version| format!("{} {version}", signer.device.model())),
        accessible: state.is_ok(),
        busy: None,
        why: state.err().map(|error| format!("{error}; {}", error.next())),
    }
}
