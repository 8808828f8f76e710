//! The simulated TezSign on USB: its bytes behind FunctionFS, and what can go wrong on the wire.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::signer::tezsign::Interface;
use failover_core::signer::tezsign::frame::HEADER_LEN;
use failover_core::signer::tezsign::usb::{PRODUCT, VENDOR};
use failover_sim::tezsign::{SimGadget, TezSignOptions, TezSignSim};

use crate::configfs::{Gadget, Identity, pull};
use crate::functionfs::{Control, Function};
use crate::wire::{Ready, Wire};

/// "Cannot send after transport endpoint shutdown": what an endpoint says when the host resets or leaves.
const ESHUTDOWN: i32 = 108;
const EINTR: i32 = 4;
/// What a halted endpoint says.
const EBADMSG: i32 = 74;
const READY_TYPE: u8 = 0x81;
const READY_REQUEST: u8 = 0x5a;

/// A device on the bus, until it is dropped.
#[derive(Debug)]
pub(crate) struct UsbTezSign {
    pub(crate) usb: Gadget,
    pub(crate) sim: SimGadget,
    pub(crate) wire: Wire,
    stop: Arc<AtomicBool>,
}

impl UsbTezSign {
    /// A device with the recorded keys, plugged in.
    pub(crate) fn new(serial: &str) -> io::Result<Self> {
        Self::of(serial, |_| ())
    }

    /// The same, with something else about it.
    pub(crate) fn of(serial: &str, change: impl FnOnce(&mut Identity)) -> io::Result<Self> {
        let options = TezSignOptions { serial: serial.to_owned(), ..TezSignOptions::default() };
        Self::serving(SimGadget::new(TezSignSim::new(options), Arc::new(SystemClock)), serial, change)
    }

    /// A simulated device, on USB as well.
    pub(crate) fn serving(sim: SimGadget, serial: &str, change: impl FnOnce(&mut Identity)) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tezsign{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let mut identity = Identity {
            vendor: VENDOR,
            product: PRODUCT,
            maker: "TzC",
            name: "tezsign-gadget",
            serial: serial.to_owned(),
            full_speed: false,
        };
        change(&mut identity);
        let usb = Gadget::new(&name, &identity)?;
        usb.function(&format!("ffs.{name}"), |_| Ok(()))?;
        let function = Function::new(&name, &Path::new("/run").join(&name))?;
        let (wire, stop) = (Wire::new(usb.folder()), Arc::new(AtomicBool::new(false)));
        for (interface, number) in [(Interface::Sign, 1), (Interface::Management, 3)] {
            let (output, input) = (function.endpoint(number)?, function.endpoint(number + 1)?);
            let (sender, answers) = channel();
            let served = Served { sim: sim.clone(), wire: wire.clone(), stop: stop.clone(), interface };
            let writing = served.clone();
            std::thread::spawn(move || served.read(output, &sender));
            std::thread::spawn(move || writing.write(input, &answers));
        }
        let (control, state, stopped) = (function.control()?, wire.clone(), stop.clone());
        std::thread::spawn(move || serve_control(control, &state, &stopped, function));
        usb.plug()?;
        Ok(Self { usb, sim, wire, stop })
    }
}

impl Drop for UsbTezSign {
    fn drop(&mut self) {
        // Endpoints that are read end with an error when the gadget is pulled out, and then see this.
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// Answers the ready request; `_function` keeps it mounted and alive.
fn serve_control(mut control: Control, wire: &Wire, stop: &AtomicBool, _function: Function) {
    while !stop.load(Ordering::SeqCst) {
        let Ok(requests) = control.next() else { return };
        for setup in requests {
            if (setup.kind, setup.request) != (READY_TYPE, READY_REQUEST) {
                control.stall();
                continue;
            }
            let ready = match wire.ready() {
                Ready::Yes => 1,
                Ready::No => 0,
                Ready::Stalls => {
                    control.stall();
                    continue;
                }
            };
            let _gone = control.answer(&[b'T', b'Z', b'S', b'G', 1, 0, ready, 0]);
        }
    }
}

#[derive(Clone)]
struct Served {
    sim: SimGadget,
    wire: Wire,
    stop: Arc<AtomicBool>,
    interface: Interface,
}

impl Served {
    /// A broken transfer is tried again, as the gadget does, unless this is the end.
    fn goes_on(&self, error: &io::Error) -> bool {
        std::thread::sleep(Duration::from_millis(5));
        !self.stop.load(Ordering::SeqCst) && matches!(error.raw_os_error(), Some(ESHUTDOWN | EINTR))
    }

    fn read(&self, mut output: File, answers: &Sender<Vec<u8>>) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match output.read(&mut buffer) {
                // The zero-length packet that closes a transfer.
                Ok(0) => {}
                Ok(read) => {
                    let request = buffer.get(..read).unwrap_or_default();
                    let act = || self.sim.with(|sim| sim.receive(self.interface, request, SystemClock.now()));
                    for part in self.wire.pass(request, act) {
                        match part {
                            crate::wire::Part::Send(bytes) => {
                                if answers.send(bytes).is_err() {
                                    return;
                                }
                            }
                            // What was sent before must have left.
                            crate::wire::Part::Pull => {
                                self.wire.drained();
                                let _pulled = pull(self.wire.gadget());
                            }
                            // The zero-length packet that follows is not taken any more.
                            crate::wire::Part::Halt => {
                                let halted = halt(&mut output);
                                eprintln!("the endpoint of the request is halted: {halted}");
                            }
                        }
                    }
                }
                Err(error) if self.goes_on(&error) => {}
                Err(_) => return,
            }
        }
    }

    fn write(&self, mut input: File, answers: &Receiver<Vec<u8>>) {
        for bytes in answers {
            self.wire.writing(true);
            // What the host never read is lost with the connection.
            let written = input.write_all(&bytes);
            if written.is_ok() {
                let _closed = input.write(&[]);
            }
            self.wire.writing(false);
            if written.is_err_and(|error| !self.goes_on(&error)) {
                return;
            }
        }
    }
}

/// Halts an endpoint that the host writes to: a write here, where a read is due.
fn halt(output: &mut File) -> bool {
    matches!(output.write(&[0]), Err(error) if error.raw_os_error() == Some(EBADMSG))
}

/// The frames in `bytes`, one each.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut frames) = (bytes, Vec::new());
    while let Some([_, ..]) = rest.get(..HEADER_LEN) {
        let length = rest.get(18..22).and_then(|l| l.try_into().ok()).map_or(0, u32::from_le_bytes);
        let whole = HEADER_LEN + usize::try_from(length).unwrap_or_default();
        let (frame, after) = rest.split_at(whole.min(rest.len()));
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

/// The state of a wire under a lock that a panic elsewhere does not spoil.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
