//! `devices`: what is plugged in, and what is there but not accessible, with what to do.

use std::fmt;

use failover_core::signer::ledger::hid;
use failover_core::signer::tezsign::usb;
use failover_core::signer::{Model, Selector, SignerError};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{End, Output};
use crate::parts;
use crate::settings::Settings;

/// A device that was found.
#[derive(Serialize)]
#[serde(tag = "record", rename = "device")]
pub(super) struct Found {
    model: Model,
    pub(super) selector: String,
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
        && matches!(signer.device, Selector::TezSignUnix(_) | Selector::LedgerTcp { .. })
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
        out.line("No TezSign and no Ledger was found.");
        return Ok(End::done("plug the device in; a Ledger must be unlocked"));
    }
    let next = match found.iter().find(|device| !device.accessible) {
        Some(_) => "make the device accessible as said above, then run `failover devices` again",
        None => "read the marks with `failover hwm show`",
    };
    Ok(End::done(next))
}

/// What is on the buses, and why one could not be read. Nothing is claimed.
pub(super) fn on_usb() -> (Vec<Found>, Option<SignerError>) {
    let mut found = Vec::new();
    let mut unread = None;
    for listed in [tezsigns(), ledgers()] {
        match listed {
            Ok(list) => found.extend(list),
            Err(error) => unread = Some(error),
        }
    }
    (found, unread)
}

fn tezsigns() -> Result<Vec<Found>, SignerError> {
    let listed = usb::list()?;
    // A cloned card has the same serial: the place it is plugged in at tells the two apart.
    let twice = |serial: &str| listed.iter().filter(|other| other.serial.as_deref() == Some(serial)).count() > 1;
    let selector = |device: &usb::UsbListing| {
        let serial = device.serial.clone().filter(|serial| !twice(serial));
        Selector::TezSign(Some(serial.unwrap_or_else(|| device.path.clone()))).to_string()
    };
    Ok(listed
        .iter()
        .map(|device| Found {
            model: Model::TezSign,
            selector: selector(device),
            serial: device.serial.clone(),
            product: Some(format!("TezSign at USB {}", device.path)),
            accessible: device.accessible.is_ok(),
            busy: device.busy(),
            why: device.accessible.clone().err(),
        })
        .collect())
}

fn ledgers() -> Result<Vec<Found>, SignerError> {
    let shown = |device: hid::Found| Found {
        model: Model::Ledger,
        selector: device.selector().to_string(),
        busy: hid::busy(&device.path),
        serial: device.serial,
        product: device.product,
        accessible: device.inaccessible.is_none(),
        why: device.inaccessible,
    };
    Ok(hid::list()?.into_iter().map(shown).collect())
}

/// A device behind a socket is on no bus: it is asked.
fn served(signer: &crate::config::Signer) -> Found {
    let state = parts::look_at_device(signer);
    let version = state.as_ref().ok().and_then(|state| state.info.version.clone());
    Found {
        model: signer.device.model(),
        selector: signer.device.to_string(),
        serial: state.as_ref().ok().and_then(|state| state.info.serial.clone()),
        product: version.map(|version| format!("{} {version}", signer.device.model())),
        accessible: state.is_ok(),
        busy: None,
        why: state.err().map(|error| format!("{error}; {}", error.next())),
    }
}
