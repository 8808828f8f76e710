//! A person at a terminal: a pseudo-terminal is the program's standard input.

use std::io::Read as _;

use failover_sim::tezsign::PASSPHRASE;

use crate::keyboard::Terminal;
use crate::support::{Gadget, failover, gadget};

fn locked(gadget: &Gadget) -> bool {
    gadget.sim.with(|sim| sim.keys()).into_iter().all(|(_, _, unlocked, _)| !unlocked)
}

fn raise(gadget: &Gadget) -> Terminal {
    let args = ["--json", "--device", &gadget.selector, "hwm", "raise", "--head", "15000000", "15000050"];
    Terminal::start(failover(&args))
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
