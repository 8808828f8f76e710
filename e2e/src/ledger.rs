//! The simulated Ledger on USB HID: its APDUs behind `f_hid`, in reports of 64 bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use failover_core::signer::ledger::hid::VENDOR;
use failover_sim::ledger::{LedgerOptions, Reply, SimLedger};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::configfs::{Gadget, Identity};
use crate::tezsign::locked;

/// So that a thread that waits for the host can be told to end.
const O_NONBLOCK: i32 = 0o4000;
/// How long nothing is waited for at a time.
const LOOK_WHETHER_TO_END: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
const REPORT: usize = 64;
const CHANNEL_AND_TAG: [u8; 3] = [0x01, 0x01, 0x05];
/// An APDU that does nothing: given to fetch the answer to a prompt.
const VERSION: [u8; 5] = [0x80, 0, 0, 0, 0];
const LOOK: Duration = Duration::from_millis(50);
/// Usage page 0xffa0, one report of 64 bytes each way, as the device's own descriptor has it.
const REPORTS: [u8; 34] = [
    0x06, 0xa0, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x03, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81,
    0x08, 0x09, 0x04, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x08, 0xc0,
];

/// A Ledger on the bus, until it is dropped.
#[derive(Debug)]
pub(crate) struct UsbLedger {
    pub(crate) usb: Gadget,
    pub(crate) sim: SimLedger,
    function: PathBuf,
    serving: Option<Serving>,
}

/// The threads of a device that is plugged in.
#[derive(Debug)]
struct Serving {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            // One that panicked said so.
            let _ended = thread.join();
        }
    }
}

impl UsbLedger {
    /// A new device, plugged in.
    pub(crate) fn new(serial: &str) -> io::Result<Self> {
        let options = LedgerOptions { name: serial.to_owned(), seed: serial.to_owned(), ..LedgerOptions::default() };
        Self::serving(SimLedger::new(options), serial)
    }

    /// A simulated device, on USB as well.
    pub(crate) fn serving(sim: SimLedger, serial: &str) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("ledger{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let identity = Identity {
            vendor: VENDOR,
            product: 0x4011,
            maker: "Ledger",
            name: "Nano X",
            serial: serial.to_owned(),
            full_speed: true,
        };
        let usb = Gadget::new(&name, &identity)?;
        let function = usb.function(&format!("hid.{name}"), |folder| {
            fs::write(folder.join("protocol"), "0")?;
            fs::write(folder.join("subclass"), "0")?;
            fs::write(folder.join("report_length"), REPORT.to_string())?;
            fs::write(folder.join("report_desc"), REPORTS)
        })?;
        let mut device = Self { usb, sim, function, serving: None };
        device.plug()?;
        Ok(device)
    }

    /// Plugs it in, and answers from then on.
    pub(crate) fn plug(&mut self) -> io::Result<()> {
        self.usb.plug()?;
        let numbers = fs::read_to_string(self.function.join("dev"))?;
        let minor = numbers.trim().split(':').nth(1).unwrap_or_default().to_owned();
        let mut options = OpenOptions::new();
        let node = options.read(true).write(true).custom_flags(O_NONBLOCK).open(format!("/dev/hidg{minor}"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let served = Served { sim: self.sim.clone(), node: Arc::new(node), asked: Arc::default(), stop: stop.clone() };
        let late = served.clone();
        let threads = vec![std::thread::spawn(move || served.read()), std::thread::spawn(move || late.answer_late())];
        self.serving = Some(Serving { stop, threads });
        Ok(())
    }

    /// Pulls it out: its node on this side goes too.
    pub(crate) fn unplug(&mut self) -> io::Result<()> {
        self.serving = None;
        self.usb.unplug()
    }

    /// Its node on the host.
    pub(crate) fn node(&self) -> Option<PathBuf> {
        let place = fs::canonicalize(self.usb.place()?).ok()?;
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mine = |node: &String| {
            fs::canonicalize(Path::new("/sys/class/hidraw").join(node)).is_ok_and(|real| real.starts_with(&place))
        };
        let node = fs::read_dir("/sys/class/hidraw").ok()?.flatten().map(name).find(mine)?;
        Some(Path::new("/dev").join(node))
    }
}

impl Drop for UsbLedger {
    fn drop(&mut self) {
        // The node must be closed before the function can go.
        self.serving = None;
    }
}

#[derive(Clone)]
struct Served {
    sim: SimLedger,
    node: Arc<File>,
    /// Is somebody owed the answer to a prompt?
    asked: Arc<Mutex<bool>>,
    stop: Arc<AtomicBool>,
}

impl Served {
    fn read(&self) {
        let (mut report, mut apdu, mut length) = ([0; REPORT], Vec::new(), 0);
        while !self.stop.load(Ordering::SeqCst) {
            let mut waited = [PollFd::new(&*self.node, PollFlags::IN)];
            let _woken = poll(&mut waited, Some(&LOOK_WHETHER_TO_END));
            if !matches!((&*self.node).read(&mut report), Ok(REPORT)) {
                // Nothing came, or the host is away for a moment.
                std::thread::sleep(Duration::from_millis(2));
                continue;
            }
            let Some(rest) = report.strip_prefix(&CHANNEL_AND_TAG) else { continue };
            match rest {
                [0, 0, high, low, data @ ..] => {
                    length = usize::from(u16::from_be_bytes([*high, *low]));
                    apdu = data.to_vec();
                }
                [_, _, data @ ..] => apdu.extend_from_slice(data),
                _ => continue,
            }
            if apdu.len() >= length {
                apdu.truncate(length);
                self.take(&apdu);
                apdu.clear();
            }
        }
    }

    fn take(&self, apdu: &[u8]) {
        let mut asked = locked(&self.asked);
        if *asked {
            // While a prompt is on the screen, what comes is dropped.
            return;
        }
        let reply = self.sim.lock().apdu(apdu);
        match reply {
            Reply::Answer(answer) => self.write(&answer),
            Reply::Silent => *asked = true,
        }
    }

    /// Gives the answer to a prompt when the person has pressed, whoever waits by then.
    fn answer_late(&self) {
        while !self.stop.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK);
            let mut asked = locked(&self.asked);
            let mut sim = self.sim.lock();
            if *asked && !sim.is_prompting() {
                let reply = sim.apdu(&VERSION);
                drop(sim);
                *asked = false;
                if let Reply::Answer(answer) = reply {
                    self.write(&answer);
                }
            }
        }
    }

    fn write(&self, answer: &[u8]) {
        let length = u16::try_from(answer.len()).unwrap_or_default().to_be_bytes();
        let whole = [&length[..], answer].concat();
        for (number, part) in (0_u16..).zip(whole.chunks(REPORT - 5)) {
            let mut report = [&CHANNEL_AND_TAG[..], &number.to_be_bytes(), part].concat();
            report.resize(REPORT, 0);
            // One report at a time: the next waits until the host has read it, or is gone.
            while !self.stop.load(Ordering::SeqCst)
                && (&*self.node).write(&report).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}
