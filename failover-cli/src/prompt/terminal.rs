//! One line from a terminal: with a deadline, with Ctrl-C as an answer, with or without echo.
//!
//! Not the events of the crate `crossterm`: its 0.29.0 keeps each key that was typed in buffers that nobody wipes (S9), and
//! a line's editing would be ours instead of the terminal's.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use failover_core::operator::OperatorError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::text::{columns, fit};

/// Ctrl-C.
const INTERRUPT: u8 = 0x03;
/// No typed line is longer: the terminal's own limit on Linux.
const LIMIT: usize = 4096;

/// Is what is typed shown?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    On,
    Off,
}

/// Standard input, where it is a terminal. Its settings come back when this is dropped.
///
/// Ctrl-C raises no signal meanwhile: it ends the line, and is an answer. So nothing dies with the echo off.
pub(super) struct Terminal {
    before: Termios,
}

impl Terminal {
    /// Opens it.
    ///
    /// # Errors
    /// Standard input is no terminal; `flag` answers the question.
    pub(super) fn open(what: &'static str, flag: &'static str) -> Result<Self, OperatorError> {
        let none = OperatorError::NoTerminal { what, flag };
        if !io::stdin().is_terminal() {
            return Err(none);
        }
        tcgetattr(io::stdin()).map(|before| Self { before }).map_err(|_| none)
    }

    /// Shows a question, on standard error because standard output may be a program's, and reads one line, without its end.
    ///
    /// # Errors
    /// Ctrl-C, Ctrl-D, the terminal went away, or nothing typed in time.
    pub(super) fn line(
        &mut self,
        question: &str,
        what: &'static str,
        echo: Echo,
        deadline: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, OperatorError> {
        let mut modes = self.before.clone();
        modes.local_modes.insert(LocalModes::ICANON);
        modes.local_modes.remove(LocalModes::ISIG);
        modes.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        if echo == Echo::Off {
            modes.local_modes.remove(LocalModes::ECHO);
            modes.local_modes.insert(LocalModes::ECHONL);
        }
        // Flush: what was typed before the question was asked is no answer to it.
        tcsetattr(io::stdin(), OptionalActions::Flush, &modes).map_err(|_| OperatorError::Cancelled)?;
        // What is to be typed stands in a line of its own, to be copied.
        let whole = |line: &str| line.starts_with("  ");
        let fitted =
            question.lines().map(|line| fit(line, columns().filter(|_| !whole(line) && io::stderr().is_terminal())));
        let _ = writeln!(io::stderr(), "{}", fitted.collect::<Vec<_>>().join("\n"));
        let line = read(what, deadline);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        line
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// While this lives, Ctrl-C on the terminal ends nothing: a device that was unlocked must be locked again first.
pub(crate) struct Uninterrupted {
    _restored_at_the_end: Option<Terminal>,
}

impl Uninterrupted {
    /// Takes Ctrl-C away, where there is a terminal.
    pub(crate) fn new() -> Self {
        let terminal = Terminal::open("nothing", "nothing").ok();
        if let Some(Terminal { before }) = &terminal {
            let mut modes = before.clone();
            modes.local_modes.remove(LocalModes::ISIG);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
        }
        Self { _restored_at_the_end: terminal }
    }
}

fn read(what: &'static str, after: Duration) -> Result<Zeroizing<Vec<u8>>, OperatorError> {
    let deadline = Instant::now() + after;
    let stdin = io::stdin();
    let mut line = Zeroizing::new(Vec::with_capacity(LIMIT));
    let mut chunk = Zeroizing::new([0_u8; LIMIT]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| OperatorError::Timeout { what, after })?;
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Err(OperatorError::Timeout { what, after }),
            Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return Err(OperatorError::Cancelled),
        }
        // Not through the standard library's buffer, which would keep a copy that nobody wipes.
        let count = match rustix::io::read(&stdin, chunk.as_mut_slice()) {
            Ok(0) | Err(Errno::IO) => return Err(OperatorError::Cancelled),
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(_) => return Err(OperatorError::Cancelled),
            Ok(count) => count,
        };
        let bytes = chunk.get(..count).unwrap_or_default();
        if bytes.contains(&INTERRUPT) || line.len() + bytes.len() > LIMIT {
            return Err(OperatorError::Cancelled);
        }
        line.extend_from_slice(bytes);
        if line.last() == Some(&b'\n') {
            line.pop();
            return Ok(line);
        }
    }
}
