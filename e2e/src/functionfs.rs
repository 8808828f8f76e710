//! A USB function served from here (Linux 6.1, FunctionFS): two vendor interfaces with a bulk endpoint each way.
//!
//! Control requests are read from `ep0` as events of 12 bytes, endpoints are files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

const DESCRIPTORS_V2: u32 = 3;
const STRINGS: u32 = 2;
const FULL_AND_HIGH_SPEED: u32 = 1 | 2;
const SETUP: u8 = 4;

/// A mounted function.
#[derive(Debug)]
pub(crate) struct Function {
    folder: PathBuf,
    control: File,
}

/// A control request from the host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) kind: u8,
    pub(crate) request: u8,
}

impl Function {
    /// Mounts the function `name` and says what it has.
    pub(crate) fn new(name: &str, folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mounted = Command::new("mount").args(["-t", "functionfs", name]).arg(folder).status()?;
        if !mounted.success() {
            return Err(io::Error::other(format!("FunctionFS could not be mounted: {mounted}")));
        }
        let mut control = OpenOptions::new().read(true).write(true).open(folder.join("ep0"))?;
        control.write_all(&descriptors())?;
        // No strings.
        control.write_all(&[STRINGS, 16, 0, 0].map(u32::to_le_bytes).concat())?;
        Ok(Self { folder: folder.to_owned(), control })
    }

    /// Endpoint `number`, as counted from 1 in the descriptors: out, in, out, in.
    pub(crate) fn endpoint(&self, number: u8) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.folder.join(format!("ep{number}")))
    }

    /// The control endpoint.
    pub(crate) fn control(&self) -> io::Result<Control> {
        Ok(Control(self.control.try_clone()?))
    }
}

/// The control endpoint.
#[derive(Debug)]
pub(crate) struct Control(File);

impl Control {
    /// The next requests; none where only something else happened.
    pub(crate) fn next(&mut self) -> io::Result<Vec<Setup>> {
        let mut events = [0; 12 * 8];
        let read = self.0.read(&mut events)?;
        let setup = |event: &[u8]| match event {
            [kind, request, _, _, _, _, _, _, SETUP, ..] => Some(Setup { kind: *kind, request: *request }),
            _ => None,
        };
        Ok(events.get(..read).unwrap_or_default().chunks_exact(12).filter_map(setup).collect())
    }

    /// Answers a request that reads.
    pub(crate) fn answer(&mut self, data: &[u8]) -> io::Result<()> {
        self.0.write(data).map(|_| ())
    }

    /// Stalls a request that reads: a read where a write is due.
    pub(crate) fn stall(&mut self) {
        let _stalled = self.0.read(&mut []);
    }
}

/// Two interfaces, at full and at high speed.
fn descriptors() -> Vec<u8> {
    let speed = |packet: u16| {
        let [low, high] = packet.to_le_bytes();
        let interface = |number: u8, input: u8, output: u8| {
            [
                &[9, 4, number, 0, 2, 0xff, 0, 0, 0][..],
                &[7, 5, output, 2, low, high, 0],
                &[7, 5, input | 0x80, 2, low, high, 0],
            ]
            .concat()
        };
        // Numbers as the real gadget has them; the controller gives its own.
        [interface(0, 1, 2), interface(1, 3, 4)].concat()
    };
    let body = [&6_u32.to_le_bytes()[..], &6_u32.to_le_bytes(), &speed(64), &speed(512)].concat();
    let length = u32::try_from(body.len() + 12).unwrap_or_default();
    [&[DESCRIPTORS_V2, length, FULL_AND_HIGH_SPEED].map(u32::to_le_bytes).concat(), &body[..]].concat()
}
