//! Finding the TezSign that is meant, and telling what is there but not accessible.

use std::fs;
use std::path::{Path, PathBuf};

use rusb::{Context, Device};

use super::candidates;
use crate::signer::tezsign::Interface;
use crate::signer::{Model, Place, Selector, SignerError, udev};

/// A TezSign on the bus.
pub(super) struct Found {
    pub(super) device: Device<Context>,
    /// From sysfs, which needs no permission; `None` where the system has no sysfs.
    pub(super) serial: Option<String>,
    /// `bus-port.port`, as sysfs names it.
    pub(super) path: String,
    node: PathBuf,
}

impl Found {
    fn of(device: Device<Context>) -> Self {
        let ports = device.port_numbers().unwrap_or_default();
        let path = usb_path(device.bus_number(), &ports);
        let serial = fs::read_to_string(sysfs(&path).join("serial")).ok();
        let serial = serial.map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).or_else(|| ask_serial(&device));
        let node = PathBuf::from(format!("/dev/bus/usb/{:03}/{:03}", device.bus_number(), device.address()));
        Self { device, serial, path, node }
    }

    /// What it is called in errors.
    pub(super) fn name(&self) -> String {
        match &self.serial {
            Some(serial) => format!("TezSign {serial} at {}", self.path),
            None => format!("TezSign at {}", self.path),
        }
    }

    /// Its device node.
    pub(super) fn node(&self) -> &Path {
        &self.node
    }

    /// Is it still plugged in, as the same device?
    pub(super) fn is_there(&self) -> bool {
        self.node.exists()
    }

    fn fits(&self, which: Option<&str>) -> bool {
        which.is_none_or(|which| self.path == which || self.serial.as_deref() == Some(which))
    }
}

fn sysfs(path: &str) -> PathBuf {
    Path::new("/sys/bus/usb/devices").join(path)
}

fn ask_serial(device: &Device<Context>) -> Option<String> {
    let descriptor = device.device_descriptor().ok()?;
    device.open().ok()?.read_serial_number_string_ascii(&descriptor).ok()
}

/// `bus-port.port`, as sysfs and the selectors write it.
fn usb_path(bus: u8, ports: &[u8]) -> String {
    let ports: Vec<String> = ports.iter().map(u8::to_string).collect();
    format!("{bus}-{}", ports.join("."))
}

/// How it is named.
pub(super) fn named(which: Option<String>) -> String {
    Selector::new(Model::TezSign, Place::Usb(which)).to_string()
}

/// The one TezSign that fits.
///
/// # Errors
/// None, or several (H18): selectors that tell them apart are listed, paths where serials do not.
pub(super) fn find(context: &Context, which: Option<&str>) -> Result<Found, SignerError> {
    let selector = || named(which.map(str::to_owned));
    let mut fitting: Vec<Found> =
        candidates(context)?.into_iter().map(Found::of).filter(|found| found.fits(which)).collect();
    if fitting.len() > 1 {
        let names: Vec<_> = fitting.iter().map(|f| (f.serial.clone(), f.path.clone())).collect();
        return Err(SignerError::Ambiguous { selector: selector(), found: tell_apart(&names) });
    }
    fitting.pop().ok_or_else(|| SignerError::NotFound { selector: selector() })
}

/// A selector for each of several devices: the serial where nobody else has it, because a cloned card has the same.
fn tell_apart(devices: &[(Option<String>, String)]) -> Vec<String> {
    devices
        .iter()
        .map(|(serial, path)| {
            let unique = serial.is_some() && devices.iter().filter(|(other, _)| other == serial).count() == 1;
            let which = if unique { serial.clone() } else { Some(path.clone()) };
            named(which)
        })
        .collect()
}

/// What to do where a device may not be opened.
pub(super) fn permission_hint(found: &Found) -> String {
    format!("no access to {}; {}", found.node.display(), udev::hint(super::VENDOR))
}

/// A TezSign that is plugged in, whether or not it may be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct UsbListing {
    /// Its serial number. No evidence: a cloned card has the same.
    pub serial: Option<String>,
    /// Its USB path, `bus-port.port`: where it is plugged in.
    pub path: String,
    /// Can this user open it? Why not, and what to do.
    pub accessible: Result<(), String>,
    /// The interfaces that a process has claimed, as sysfs tells anybody. A baking service holds sign.
    pub claimed: Vec<Interface>,
    /// Another process that has it open, as far as this user may see: it may hold one interface, or both.
    pub opened_by: Option<String>,
}

impl UsbListing {
    /// Which interfaces are held, and by whom, in words; `None` where both are free.
    #[must_use]
    pub fn busy(&self) -> Option<String> {
        let held = match self.claimed.as_slice() {
            [] => return None,
            [Interface::Sign] => "the sign interface is held",
            [Interface::Management] => "the management interface is held",
            _ => "both interfaces are held",
        };
        Some(format!("{held} by {}", super::holder::say(self.opened_by.clone())))
    }
}

/// The vendor interfaces of a device that are claimed: usbfs is their driver then (Linux 6.1, `drivers/usb/core/devio.c`).
fn claimed(device: &Path) -> Vec<Interface> {
    let read = |path: PathBuf| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
    let mut vendor: Vec<PathBuf> =
        fs::read_dir(device).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    vendor.retain(|path| read(path.join("bInterfaceClass")) == "ff");
    vendor.sort_by_key(|path| read(path.join("bInterfaceNumber")));
    let by_usbfs = |path: &Path| fs::read_link(path.join("driver")).is_ok_and(|driver| driver.ends_with("usbfs"));
    let places = [Interface::Sign, Interface::Management];
    vendor.iter().zip(places).filter(|(path, _)| by_usbfs(path)).map(|(_, interface)| interface).collect()
}

/// Every TezSign that is plugged in. Nothing is claimed and nothing is asked of them.
///
/// # Errors
/// libusb cannot be used on this machine.
pub fn list() -> Result<Vec<UsbListing>, SignerError> {
    let unusable = |e: rusb::Error| SignerError::Unsupported { what: "USB", why: format!("libusb: {e}") };
    let context = Context::new().map_err(unusable)?;
    let listing = |found: Found| {
        let accessible = match found.device.open() {
            Ok(_) => Ok(()),
            Err(rusb::Error::Access) => Err(permission_hint(&found)),
            Err(e) => Err(e.to_string()),
        };
        let opened_by = super::holder::of(found.node());
        let claimed = claimed(&sysfs(&found.path));
        UsbListing { serial: found.serial, path: found.path, accessible, claimed, opened_by }
    };
    Ok(candidates(&context)?.into_iter().map(Found::of).map(listing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_sysfs_does() {
        assert_eq!(usb_path(1, &[4]), "1-4");
        assert_eq!(usb_path(3, &[1, 10, 2]), "3-1.10.2");
    }

    #[test]
    fn clones_are_told_apart_by_path() {
        let device = |serial: &str, path: &str| (Some(serial.to_owned()), path.to_owned());
        let names = tell_apart(&[device("A", "1-1"), device("A", "1-2"), device("B", "1-3"), (None, "1-4".to_owned())]);
        assert_eq!(names, ["tezsign:1-1", "tezsign:1-2", "tezsign:B", "tezsign:1-4"]);
    }

    #[test]
    fn claimed_interfaces_are_those_that_usbfs_drives() {
        let device = tempfile::tempdir().unwrap();
        assert_eq!(claimed(device.path()), []);
        // A function of another class between them, as a network interface would be.
        for (number, class, driver) in [("00", "ff", "none"), ("01", "02", "usbfs"), ("02", "ff", "usbfs")] {
            let interface = device.path().join(format!("1-1:1.{number}"));
            fs::create_dir(&interface).unwrap();
            fs::write(interface.join("bInterfaceClass"), format!("{class}\n")).unwrap();
            fs::write(interface.join("bInterfaceNumber"), format!("{number}\n")).unwrap();
            std::os::unix::fs::symlink(format!("../../bus/usb/drivers/{driver}"), interface.join("driver")).unwrap();
        }
        assert_eq!(claimed(device.path()), [Interface::Management]);
    }

    #[test]
    fn listing_without_a_device_is_an_empty_list() {
        if let Ok(listing) = list() {
            assert!(listing.iter().all(|l| !l.path.is_empty()));
        }
    }
}
