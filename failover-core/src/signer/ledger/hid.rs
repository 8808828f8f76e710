//! Ledger over USB HID: finding it, and talking to it through a child process.
//!
//! Enumeration is hidapi's (vendor 0x2c97, usage page 0xffa0; a Ledger's FIDO and keyboard interfaces have others); the
//! framing is `ledger-transport-hid`'s. Neither logs: no logger is installed, so the crate's packet log goes nowhere.

use std::ffi::{CString, OsString};
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hidapi::HidApi;
use ledger_apdu::APDUCommand;
use ledger_transport_hid::TransportNativeHID;

use super::child::{self, ChildExchange, Ending};
use super::{ApduExchange, Wait, holders};
use crate::signer::{Model, Place, Selector, SignerError, udev};

/// Ledger's USB vendor id.
pub const VENDOR: u16 = 0x2c97;
/// The usage page of the interface that takes APDUs.
pub const USAGE_PAGE: u16 = 0xffa0;
/// The hidden first argument of the child process; the second is the device's hidraw path.
pub const CHILD_ARG: &str = "__ledger-hid-child";

/// A Ledger that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Its hidraw node.
    pub path: PathBuf,
    /// Its serial number, where it has one; most Ledgers say `0001`.
    pub serial: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Why this user cannot open it, if so, and what to do.
    pub inaccessible: Option<String>,
}

impl Found {
    /// The selector that names this one.
    #[must_use]
    pub fn selector(&self) -> Selector {
        Selector::new(Model::Ledger, Place::Usb(Some(self.path.to_string_lossy().into_owned())))
    }
}

/// Every Ledger that is plugged in, accessible or not, by path.
///
/// # Errors
/// The system's device list cannot be read.
pub fn list() -> Result<Vec<Found>, SignerError> {
    let failed =
        |e: hidapi::HidError| SignerError::Disconnected { device: "the USB HID layer".into(), why: e.to_string() };
    let api = HidApi::new().map_err(failed)?;
    let mut found: Vec<_> = api
        .device_list()
        .filter(|d| d.vendor_id() == VENDOR && d.usage_page() == USAGE_PAGE)
        .map(|device| {
            let path = PathBuf::from(device.path().to_string_lossy().into_owned());
            let text = |t: Option<&str>| t.filter(|t| !t.is_empty()).map(str::to_owned);
            let (serial, product) = (text(device.serial_number()), text(device.product_string()));
            let inaccessible = accessible(&path).err().map(|e| why(&e));
            Found { path, serial, product, inaccessible }
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// Why a node cannot be opened, and what to do where it is a matter of rights.
fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{error}; {}", udev::hint(VENDOR)),
        _ => error.to_string(),
    }
}

/// Who else has a Ledger's node open, in words, as far as this user may see; `None` where nobody is seen.
#[must_use]
pub fn busy(node: &Path) -> Option<String> {
    let found = holders::holders(node, &[std::process::id()]).ok()?;
    let names: Vec<String> = found.seen.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| format!("opened by {}", names.join(", ")))
}

fn accessible(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(true).open(path).map(|_| ())
}

/// The one Ledger, or the one with this serial number or hidraw path.
///
/// # Errors
/// None fits, more than one fits (never the first found, H18), or this user may not open it.
pub fn open(which: Option<&str>) -> Result<Hid, SignerError> {
    Ok(Hid::new(choose(list()?, which)?, which.map(str::to_owned)))
}

fn choose(found: Vec<Found>, which: Option<&str>) -> Result<Found, SignerError> {
    let fits = |f: &Found| which.is_none_or(|w| f.serial.as_deref() == Some(w) || f.path == Path::new(w));
    let selector = Selector::new(Model::Ledger, Place::Usb(which.map(str::to_owned))).to_string();
    let mut fitting: Vec<_> = found.into_iter().filter(fits).collect();
    match (fitting.pop(), fitting.len()) {
        (None, _) => Err(SignerError::NotFound { selector }),
        (Some(Found { inaccessible: Some(why), path, .. }), 0) => {
            Err(SignerError::Permission { device: path.display().to_string(), why })
        }
        (Some(one), 0) => Ok(one),
        (Some(last), _) => {
            fitting.push(last);
            Err(SignerError::Ambiguous { selector, found: fitting.iter().map(|f| f.selector().to_string()).collect() })
        }
    }
}

/// A Ledger on USB, behind a child process.
#[derive(Debug)]
pub struct Hid {
    which: Option<String>,
    found: Found,
    child: ChildExchange,
    /// It was unplugged, as far as the last exchange says.
    gone: bool,
}

impl Hid {
    fn new(found: Found, which: Option<String>) -> Self {
        let device = found.selector().to_string();
        let program = this_program(std::env::current_exe());
        let args = vec![CHILD_ARG.into(), found.path.clone().into()];
        Self { which, found, child: ChildExchange::new(program, args, device), gone: false }
    }
}

/// What the child process runs: this program. One whose file was replaced or removed since it began, by an upgrade, is
/// still there by the kernel's own name for it, and speaks as this one does.
fn this_program(path: io::Result<PathBuf>) -> PathBuf {
    path.ok().filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("/proc/self/exe"))
}

impl ApduExchange for Hid {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        // Plugged in again, it may have another node; its keys say whether it is the same.
        if self.gone {
            *self = open(self.which.as_deref())?;
        }
        let answer = self.child.exchange(apdu, wait);
        self.gone = matches!(answer, Err(SignerError::NotFound { .. } | SignerError::Disconnected { .. }));
        answer
    }

    fn device(&self) -> String {
        self.child.device()
    }

    fn serial(&self) -> Option<String> {
        self.found.serial.clone()
    }

    /// Looks who else has the hidraw node open. Another user's processes can be looked into by root only: those count as
    /// nobody here, and [`holders::Holders::unseen`] says how many there are.
    fn undisturbed(&mut self) -> Result<(), SignerError> {
        let device = self.device();
        let except: Vec<_> = self.child.pid().into_iter().chain([std::process::id()]).collect();
        let found = holders::holders(&self.found.path, &except)
            .map_err(|e| SignerError::Disconnected { device: device.clone(), why: e.to_string() })?;
        if found.seen.is_empty() {
            return Ok(());
        }
        let holder = found.seen.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Err(SignerError::Busy { device, holder })
    }

    fn resync(&mut self) {
        self.child.resync();
    }
}

/// What the program's `main` does first: where its arguments (program name included) are those of the child process, be it, and
/// end with what this gives. `None` for every other start.
///
/// ```no_run
/// # use std::process::ExitCode;
/// # fn main() -> ExitCode {
/// if let Some(code) = failover_core::signer::ledger::hid::serve_child(std::env::args_os()) {
///     return code;
/// }
/// # ExitCode::SUCCESS
/// # }
/// ```
pub fn serve_child(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    if args.next()? != CHILD_ARG {
        return None;
    }
    Some(match (args.next(), args.next()) {
        (Some(path), None) => serve(Path::new(&path)),
        _ => child::end(Ending::NotFound, "one device path is needed"),
    })
}

fn serve(path: &Path) -> ExitCode {
    if let Err(error) = accessible(path) {
        let ending = match error.kind() {
            io::ErrorKind::NotFound => Ending::NotFound,
            io::ErrorKind::PermissionDenied => Ending::Permission,
            _ => Ending::Broken,
        };
        return child::end(ending, &why(&error));
    }
    match transport(path) {
        Ok(transport) => child::serve(|apdu| exchange(&transport, apdu)),
        Err((ending, why)) => child::end(ending, &why),
    }
}

fn transport(path: &Path) -> Result<TransportNativeHID, (Ending, String)> {
    let api = HidApi::new().map_err(|e| (Ending::Broken, e.to_string()))?;
    let name = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|e| (Ending::NotFound, e.to_string()))?;
    let device = api
        .device_list()
        .find(|d| d.path() == name.as_c_str() && d.vendor_id() == VENDOR && d.usage_page() == USAGE_PAGE)
        .ok_or_else(|| (Ending::NotFound, format!("{} is not a Ledger", path.display())))?;
    TransportNativeHID::open_device(&api, device).map_err(|e| (Ending::Broken, e.to_string()))
}

fn exchange(transport: &TransportNativeHID, apdu: &[u8]) -> Result<Vec<u8>, String> {
    let [cla, ins, p1, p2, len, data @ ..] = apdu else { return Err("a request of less than five bytes".to_owned()) };
    if usize::from(*len) != data.len() {
        return Err("a request whose length is not its data's".to_owned());
    }
    let command = APDUCommand { cla: *cla, ins: *ins, p1: *p1, p2: *p2, data };
    let answer = transport.exchange(&command).map_err(|e| e.to_string())?;
    Ok([answer.apdu_data(), &answer.retcode().to_be_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, serial: &str, inaccessible: Option<&str>) -> Found {
        let inaccessible = inaccessible.map(str::to_owned);
        Found { path: path.into(), serial: Some(serial.to_owned()), product: None, inaccessible }
    }

    #[test]
    fn one_is_taken_and_of_two_none() {
        let (one, two) = (found("/dev/hidraw1", "0001", None), found("/dev/hidraw4", "0001", None));
        assert_eq!(choose(vec![one.clone()], None), Ok(one.clone()));
        let both = vec![one, two.clone()];
        for which in [None, Some("0001")] {
            let error = choose(both.clone(), which).unwrap_err();
            assert!(matches!(&error, SignerError::Ambiguous { found, .. } if found.len() == 2), "{error}");
            assert!(error.to_string().contains("ledger:/dev/hidraw4"), "{error}");
        }
        assert_eq!(choose(both.clone(), Some("/dev/hidraw4")), Ok(two));
        assert!(matches!(choose(both, Some("0002")), Err(SignerError::NotFound { .. })));
    }

    #[test]
    fn a_device_that_may_not_be_opened_is_named_with_what_to_do() {
        let denied = why(&io::ErrorKind::PermissionDenied.into());
        let error = choose(vec![found("/dev/hidraw1", "0001", Some(&denied))], None).unwrap_err();
        assert!(matches!(error, SignerError::Permission { .. }));
        assert!(error.to_string().contains("udev"), "{error}");
    }

    #[test]
    fn a_program_whose_file_is_gone_is_its_own_child_all_the_same() {
        let here = std::env::current_exe().unwrap();
        assert_eq!(this_program(Ok(here.clone())), here);
        let gone = PathBuf::from(format!("{} (deleted)", here.display()));
        for program in [this_program(Ok(gone)), this_program(Err(io::ErrorKind::NotFound.into()))] {
            assert_eq!(program.canonicalize().unwrap(), here.canonicalize().unwrap());
        }
    }

    #[test]
    fn only_the_hidden_argument_makes_a_child() {
        let args = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(serve_child(args(&["failover"])).is_none());
        assert!(serve_child(args(&["failover", "run"])).is_none());
        assert!(serve_child(args(&["failover", CHILD_ARG, "/dev/no-such-hidraw"])).is_some());
    }
}
