//! A program whose standard input is a pseudo-terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// The program, waiting at its terminal.
pub(crate) struct Terminal {
    pub(crate) keyboard: File,
    program: Child,
}

impl Terminal {
    pub(crate) fn start(mut program: Command) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let screen = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        program.stdin(Stdio::from(screen)).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { keyboard: keyboard.into(), program: program.spawn().unwrap() }
    }

    /// Waits until the program asks, and types; what it said up to there.
    pub(crate) fn answer(&mut self, asked: &str, typed: &[u8]) -> String {
        let mut said = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&said).contains(asked) {
            let read = self.program.stderr.as_mut().unwrap().read(&mut byte).unwrap();
            assert_eq!(read, 1, "{asked} was not asked: {}", String::from_utf8_lossy(&said));
            said.push(byte[0]);
        }
        self.keyboard.write_all(typed).unwrap();
        String::from_utf8(said).unwrap()
    }

    /// The exit code, and what was said on standard output.
    pub(crate) fn end(mut self) -> (i32, String) {
        let mut out = String::new();
        self.program.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (self.program.wait().unwrap().code().unwrap(), out)
    }
}
