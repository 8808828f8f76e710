//! A TezSign on USB, through libusb (TezSign 2026-04-30, `common/connect.go`, `app/ffs_registrar`).
//!
//! Vendor 0x9997, product 1. Two vendor-class interfaces with a bulk endpoint each way, taken from the descriptors:
//! by number, the first is sign, the second management. Before an interface is claimed the gadget must say that it
//! is ready, else some device controllers wedge; each claim is one process's.

use std::time::{Duration, Instant};

use rusb::{Context, Device, DeviceHandle, UsbContext};

use super::link::{Connect, Interface, Link, LinkError};
use crate::signer::SignerError;

mod find;
mod holder;
mod layout;

use find::{Found, find};
pub use find::{UsbListing, list};
use layout::{Endpoints, parse_ready};

/// Vendor number.
pub const VENDOR: u16 = 0x9997;
/// Product number.
pub const PRODUCT: u16 = 0x0001;

/// The ready request: vendor, interface, device to host.
const READY_TYPE: u8 = 0x81;
const READY_REQUEST: u8 = 0x5a;
/// How long one ready request may take; a gadget that boots does not answer it.
const READY_ONCE: Duration = Duration::from_millis(500);
/// How long until it is asked again.
const READY_PAUSE: Duration = Duration::from_millis(100);

/// Opens the TezSign on USB that a serial number or a USB path names, or the only one.
pub struct Usb {
    context: Context,
    which: Option<String>,
    serial: Option<String>,
}

impl Usb {
    /// The TezSign with this serial number or USB path (`bus-port.port`); the only one for `None`.
    ///
    /// # Errors
    /// libusb cannot be used on this machine.
    pub fn new(which: Option<String>) -> Result<Self, SignerError> {
        Ok(Self { context: context()?, which, serial: None })
    }

    fn open_once(&mut self, interface: Interface, start: Instant, deadline: Duration) -> Result<UsbLink, SignerError> {
        let found = find(&self.context, self.which.as_deref())?;
        let name = found.name();
        let handle = found.device.open().map_err(|e| open_error(e, &found))?;
        let (configuration, endpoints) = layout::of(&found.device, interface)?;
        loop {
            let left = deadline.checked_sub(start.elapsed()).filter(|left| !left.is_zero()).ok_or_else(|| {
                SignerError::Timeout { device: name.clone(), what: "ready", after: rounded(deadline) }
            })?;
            if ready(&handle, endpoints.interface, left.min(READY_ONCE), &found)? {
                break;
            }
            std::thread::sleep(left.min(READY_PAUSE));
        }
        // Selecting a configuration is refused while anybody holds an interface, and resets the device: only if none is.
        if handle.active_configuration().unwrap_or(0) != configuration {
            handle.set_active_configuration(configuration).map_err(|e| claim_error(e, &found))?;
        }
        handle.claim_interface(endpoints.interface).map_err(|e| claim_error(e, &found))?;
        self.serial = found.serial;
        Ok(UsbLink { handle, endpoints })
    }
}

fn context() -> Result<Context, SignerError> {
    Context::new().map_err(|e| SignerError::Unsupported { what: "USB", why: format!("libusb: {e}") })
}

impl Connect for Usb {
    type Link = UsbLink;

    fn open(&mut self, interface: Interface, deadline: Duration) -> Result<UsbLink, SignerError> {
        let start = Instant::now();
        match self.open_once(interface, start, deadline) {
            // libusb hears from udevd of what comes and goes. Where none runs, as in a container, it goes on showing what
            // was there at the beginning: a new look finds what was plugged in again.
            Err(SignerError::NotFound { .. } | SignerError::Disconnected { .. }) => {
                self.context = context()?;
                self.open_once(interface, start, deadline)
            }
            opened => opened,
        }
    }

    fn selector(&self) -> String {
        find::named(self.which.clone())
    }

    fn serial(&self) -> Option<String> {
        self.serial.clone()
    }
}

/// Asks once whether the interface may be claimed.
fn ready(handle: &DeviceHandle<Context>, interface: u8, wait: Duration, found: &Found) -> Result<bool, SignerError> {
    let (mut answer, index) = ([0; 8], u16::from(interface));
    match handle.read_control(READY_TYPE, READY_REQUEST, 0, index, &mut answer, at_least_a_tick(wait)) {
        Ok(read) => parse_ready(answer.get(..read).unwrap_or_default()),
        // Not answered yet, or stalled by what boots the gadget.
        Err(rusb::Error::Timeout | rusb::Error::Pipe | rusb::Error::Interrupted) => Ok(false),
        Err(e) => Err(claim_error(e, found)),
    }
}

/// An I/O error on the ready request: usbfs claims the interface for it, so another process holds it; or the device
/// has left.
fn busy_or_gone(found: &Found) -> SignerError {
    match holder::of(found.node()) {
        None if !found.is_there() => {
            SignerError::Disconnected { device: found.name(), why: "it was unplugged".to_owned() }
        }
        holder => SignerError::Busy { device: found.name(), holder: holder::say(holder) },
    }
}

fn open_error(error: rusb::Error, found: &Found) -> SignerError {
    match error {
        rusb::Error::Access => SignerError::Permission { device: found.name(), why: find::permission_hint(found) },
        rusb::Error::NoDevice | rusb::Error::NotFound => {
            SignerError::Disconnected { device: found.name(), why: error.to_string() }
        }
        rusb::Error::Busy => busy_or_gone(found),
        other => SignerError::Disconnected { device: found.name(), why: other.to_string() },
    }
}

fn claim_error(error: rusb::Error, found: &Found) -> SignerError {
    match error {
        rusb::Error::Busy | rusb::Error::Io => busy_or_gone(found),
        other => open_error(other, found),
    }
}

/// A deadline as a person reads it: what is left of 3 s after some microseconds is 3 s.
fn rounded(deadline: Duration) -> Duration {
    let tenths = deadline.as_millis().saturating_add(50) / 100;
    Duration::from_millis(u64::try_from(tenths).unwrap_or(u64::MAX).saturating_mul(100))
}

/// libusb takes a timeout of 0 ms for none at all.
fn at_least_a_tick(left: Duration) -> Duration {
    left.max(Duration::from_millis(1))
}

/// A claimed interface. Dropping it gives the interface free.
pub struct UsbLink {
    handle: DeviceHandle<Context>,
    endpoints: Endpoints,
}

impl UsbLink {
    /// A stalled endpoint says so until it is told to go on; the exchange is lost all the same.
    fn broken(&self, error: rusb::Error, endpoint: u8) -> LinkError {
        match error {
            rusb::Error::Timeout => LinkError::Timeout,
            rusb::Error::Pipe => {
                let cleared = self.handle.clear_halt(endpoint).is_ok();
                let why = if cleared { "an endpoint stalled" } else { "an endpoint stalled, and stays so" };
                LinkError::Broken { why: why.to_owned() }
            }
            other => LinkError::Broken { why: other.to_string() },
        }
    }

    fn write(&self, bytes: &[u8], deadline: Duration) -> Result<usize, LinkError> {
        let endpoint = self.endpoints.output;
        self.handle.write_bulk(endpoint, bytes, at_least_a_tick(deadline)).map_err(|e| self.broken(e, endpoint))
    }
}

impl Link for UsbLink {
    fn send(&mut self, frame: &[u8], deadline: Duration) -> Result<(), LinkError> {
        let start = Instant::now();
        let written = self.write(frame, deadline)?;
        if written != frame.len() {
            return Err(LinkError::Broken { why: format!("{written} of {} bytes were written", frame.len()) });
        }
        let left = deadline.checked_sub(start.elapsed()).ok_or(LinkError::Timeout)?;
        // The zero-length packet that closes a transfer, as the gadget's own host sends it after every frame.
        self.write(&[], left).map(|_| ())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, LinkError> {
        let start = Instant::now();
        loop {
            let left = deadline.checked_sub(start.elapsed()).ok_or(LinkError::Timeout)?;
            let endpoint = self.endpoints.input;
            let read = self
                .handle
                .read_bulk(endpoint, buffer, at_least_a_tick(left))
                .map_err(|error| self.broken(error, endpoint))?;
            // A zero-length packet closes a transfer and says nothing more.
            if read > 0 {
                return Ok(read);
            }
        }
    }
}

impl Drop for UsbLink {
    fn drop(&mut self) {
        // Closing the handle would do it too; a device that has left has nothing to release.
        let _ = self.handle.release_interface(self.endpoints.interface);
    }
}

/// Every device with TezSign's vendor and product numbers.
fn candidates(context: &Context) -> Result<Vec<Device<Context>>, SignerError> {
    let all = context.devices().map_err(|e| SignerError::Unsupported { what: "USB", why: format!("libusb: {e}") })?;
    Ok(all
        .iter()
        .filter(|d| d.device_descriptor().is_ok_and(|d| d.vendor_id() == VENDOR && d.product_id() == PRODUCT))
        .collect())
}
