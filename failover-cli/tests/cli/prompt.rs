//! A person at a terminal: a pseudo-terminal is the program's standard input.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};

use failover_core::sim::tezsign::PASSPHRASE;
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Gadget, failover, gadget};

/// The program, waiting at its terminal.
struct Terminal {
    keyboard: File,
    program: Child,
}

impl Terminal {
    fn start(args: &[&str]) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let screen = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let mut program = failover(args);
        program.stdin(Stdio::from(screen)).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { keyboard: keyboard.into(), program: program.spawn().unwrap() }
    }

    /// Waits until the program asks, and types.
    fn answer(&mut self, asked: &str, typed: &[u8]) {
        let mut said = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&said).contains(asked) {
            assert_eq!(self.program.stderr.as_mut().unwrap().read(&mut byte).unwrap(), 1, "{said:?}");
            said.push(byte[0]);
        }
        self.keyboard.write_all(typed).unwrap();
    }

    /// The exit code, and what was said on standard output.
    fn end(mut self) -> (i32, String) {
        let mut out = String::new();
        self.program.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (self.program.wait().unwrap().code().unwrap(), out)
    }
}

fn locked(gadget: &Gadget) -> bool {
    gadget.sim.with(|sim| sim.keys()).into_iter().all(|(_, _, unlocked, _)| !unlocked)
}

fn raise(gadget: &Gadget) -> Terminal {
    Terminal::start(&["--json", "--device", &gadget.selector, "hwm", "raise", "--head", "15000000", "15000050"])
}

#[test]
fn a_wrong_passphrase_is_asked_again_and_none_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let gadget = gadget(folder.path());
    let mut terminal = raise(&gadget);
    terminal.answer("while you type):", b"wrong\n");
    terminal.answer("while you type):", &[PASSPHRASE, b"\n"].concat());
    let mut keyboard = terminal.keyboard.try_clone().unwrap();
    let (code, out) = terminal.end();
    assert_eq!(code, 0, "{out}");
    assert!(locked(&gadget));
    // What the terminal showed of what was typed: the line ends, and nothing else.
    let mut shown = [0; 64];
    let count = keyboard.read(&mut shown).unwrap();
    assert_eq!(String::from_utf8_lossy(&shown[..count]).trim(), "");
}

#[test]
fn ctrl_c_at_a_question_cancels() {
    let folder = tempfile::tempdir().unwrap();
    let gadget = gadget(folder.path());
    let mut terminal = raise(&gadget);
    terminal.answer("while you type):", b"half a pass\x03");
    let (code, out) = terminal.end();
    assert_eq!(code, 8, "{out}");
    assert!(out.lines().last().unwrap().contains("\"outcome\":\"cancelled\""), "{out}");
    assert!(locked(&gadget));
}
