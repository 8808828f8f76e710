//! A gadget on a virtual port (`dummy_hcd`), made by writing files in configfs (Linux 6.1, `gadget_configfs.txt`).

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const GADGETS: &str = "/sys/kernel/config/usb_gadget";
const BUS: &str = "/sys/bus/usb/devices";
/// How long the kernel may take to see a device come or go.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

/// What a device says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    pub(crate) maker: &'static str,
    pub(crate) name: &'static str,
    pub(crate) serial: String,
    /// 64-byte packets, as on a hub of long ago.
    pub(crate) full_speed: bool,
}

/// A gadget; not plugged in before [`Gadget::plug`].
#[derive(Debug)]
pub(crate) struct Gadget {
    path: PathBuf,
    port: String,
    serial: String,
}

impl Gadget {
    /// Makes one on a port that no other gadget has.
    pub(crate) fn new(name: &str, identity: &Identity) -> io::Result<Self> {
        let path = Path::new(GADGETS).join(name);
        let port = free_port()?;
        fs::create_dir(&path)?;
        fs::write(path.join("idVendor"), format!("{:#06x}", identity.vendor))?;
        fs::write(path.join("idProduct"), format!("{:#06x}", identity.product))?;
        fs::write(path.join("max_speed"), if identity.full_speed { "full-speed" } else { "high-speed" })?;
        let strings = path.join("strings/0x409");
        fs::create_dir(&strings)?;
        fs::write(strings.join("manufacturer"), identity.maker)?;
        fs::write(strings.join("product"), identity.name)?;
        fs::write(strings.join("serialnumber"), &identity.serial)?;
        fs::create_dir(path.join("configs/c.1"))?;
        Ok(Self { path, port, serial: identity.serial.clone() })
    }

    /// Adds a function, `TYPE.NAME`, and gives its folder. What must be set before it is in use is set by `set`.
    pub(crate) fn function(&self, name: &str, set: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
        let function = self.path.join("functions").join(name);
        fs::create_dir(&function)?;
        set(&function)?;
        symlink(&function, self.path.join("configs/c.1").join(name))?;
        Ok(function)
    }

    /// Plugs it in, and waits until the kernel has configured it.
    pub(crate) fn plug(&self) -> io::Result<()> {
        fs::write(self.path.join("UDC"), &self.port)?;
        self.until("configured", || self.place().is_some_and(|place| read(&place.join("bConfigurationValue")) == "1"))
    }

    /// Pulls it out, and waits until the kernel has seen it go.
    pub(crate) fn unplug(&self) -> io::Result<()> {
        self.pull()?;
        self.until("gone", || self.place().is_none())
    }

    /// Pulls it out, without a look at the bus.
    pub(crate) fn pull(&self) -> io::Result<()> {
        pull(&self.path)
    }

    /// Its folder, for [`pull`].
    pub(crate) fn folder(&self) -> PathBuf {
        self.path.clone()
    }

    /// Its folder among the host's USB devices: `BUS-PORT` is its name.
    pub(crate) fn place(&self) -> Option<PathBuf> {
        let named = |path: &PathBuf| read(&path.join("serial")) == self.serial && self.is_mine(path);
        fs::read_dir(BUS).ok()?.flatten().map(|entry| entry.path()).find(named)
    }

    /// Two devices may have one serial: the virtual controller tells them apart.
    fn is_mine(&self, place: &Path) -> bool {
        let number = self.port.rsplit('.').next().unwrap_or_default();
        fs::canonicalize(place).is_ok_and(|real| real.to_string_lossy().contains(&format!("/dummy_hcd.{number}/")))
    }

    /// Its node in usbfs, for who may open it.
    pub(crate) fn node(&self) -> PathBuf {
        let number = |name: &str| {
            let text = read(&Path::new("/sys/bus/usb/devices").join(self.usb_path()).join(name));
            text.trim().parse::<u32>().unwrap_or(0)
        };
        PathBuf::from(format!("/dev/bus/usb/{:03}/{:03}", number("busnum"), number("devnum")))
    }

    /// Its USB path, as a selector has it.
    pub(crate) fn usb_path(&self) -> String {
        self.place().and_then(|place| Some(place.file_name()?.to_string_lossy().into_owned())).unwrap_or_default()
    }

    fn until(&self, what: &str, holds: impl Fn() -> bool) -> io::Result<()> {
        let start = Instant::now();
        while !holds() {
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("{} is not {what} after {PATIENCE:?}", self.serial)));
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

/// Pulls out the gadget of this folder; no error where it is out already.
pub(crate) fn pull(gadget: &Path) -> io::Result<()> {
    match fs::write(gadget.join("UDC"), "\n") {
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ENODEV) => Ok(()),
        written => written,
    }
}

/// "No such device": nothing is plugged in.
const ENODEV: i32 = 19;

/// The ports that gadgets have, plugged in or not.
static TAKEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn free_port() -> io::Result<String> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ports: Vec<String> =
        fs::read_dir("/sys/class/udc")?.flatten().map(|port| port.file_name().to_string_lossy().into_owned()).collect();
    ports.sort();
    let free = ports.into_iter().find(|port| !taken.contains(port));
    let free = free.ok_or_else(|| io::Error::other("every virtual port is taken"))?;
    taken.push(free.clone());
    Ok(free)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

impl Drop for Gadget {
    fn drop(&mut self) {
        let _unplugged = self.unplug();
        // There are four HID functions at most. What cannot be removed goes with the machine.
        for function in fs::read_dir(self.path.join("functions")).into_iter().flatten().flatten() {
            let _unlinked = fs::remove_file(self.path.join("configs/c.1").join(function.file_name()));
            let _removed = fs::remove_dir(function.path());
        }
        for folder in ["configs/c.1", "strings/0x409", ""] {
            let _removed = fs::remove_dir(self.path.join(folder));
        }
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).retain(|port| *port != self.port);
    }
}
