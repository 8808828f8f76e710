//! One line from a terminal: with a deadline, with Ctrl-C as an answer, with or without echo.
//!
//! Not the events of the crate `crossterm`: its 0.29.0 keeps each key that was typed in buffers that nobody wipes (S9), and
//! a line's editing would be ours instead of the terminal's.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use failover_core::operator::OperatorError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::SIGCONT;
use zeroize::Zeroizing;

use crate::signals;
use crate::text::{columns, fit};

/// Ctrl-C.
const INTERRUPT: u8 = 0x03;
/// A key that raises no signal, on Linux.
const NO_KEY: u8 = 0;
/// So often it is looked whether the program was stopped and goes on.
const TICK: Duration = Duration::from_millis(500);
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
/// Ctrl-C raises no signal meanwhile: it ends the line, and is an answer. So nothing dies with the echo off. Ctrl-Z stops the
/// program as everywhere, and the question is asked again when it goes on.
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
        modes.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
        for key in [SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT] {
            modes.special_codes[key] = NO_KEY;
        }
        modes.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        if echo == Echo::Off {
            modes.local_modes.remove(LocalModes::ECHO);
            modes.local_modes.insert(LocalModes::ECHONL);
        }
        // What is to be typed stands in a line of its own, to be copied.
        let whole = |line: &str| line.starts_with("  ");
        let (begun, goes_on) = (Instant::now(), goes_on());
        let line = loop {
            // Before the modes: whoever stops it from here on has it asked again.
            goes_on.store(false, Ordering::SeqCst);
            // Flush: what was typed before the question was asked is no answer to it.
            tcsetattr(io::stdin(), OptionalActions::Flush, &modes).map_err(|_| OperatorError::Cancelled)?;
            let fitted = question
                .lines()
                .map(|line| fit(line, columns().filter(|_| !whole(line) && io::stderr().is_terminal())));
            let _ = writeln!(io::stderr(), "{}", fitted.collect::<Vec<_>>().join("\n"));
            let left = deadline.saturating_sub(begun.elapsed());
            // `None`: it was stopped, and a shell has used the terminal since.
            if let Some(line) = read(left, &goes_on).map_err(|error| error.of(what, deadline)).transpose() {
                break line;
            }
        };
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

/// Is set when the program goes on after it was stopped.
fn goes_on() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::default();
        // Where it cannot be set the question stands, and is not said once more.
        let _stands = signal_hook::flag::register(SIGCONT, Arc::clone(&flag));
        flag
    });
    Arc::clone(flag)
}

/// Why there is no line.
enum NoLine {
    Cancelled,
    TooLate,
}

impl NoLine {
    const fn of(self, what: &'static str, after: Duration) -> OperatorError {
        match self {
            Self::Cancelled => OperatorError::Cancelled,
            Self::TooLate => OperatorError::Timeout { what, after },
        }
    }
}

/// One line; `None`: the program was stopped meanwhile, and goes on.
fn read(left: Duration, goes_on: &AtomicBool) -> Result<Option<Zeroizing<Vec<u8>>>, NoLine> {
    let deadline = Instant::now() + left;
    let (stdin, cancelled) = (io::stdin(), signals::flag());
    let mut line = Zeroizing::new(Vec::with_capacity(LIMIT));
    let mut chunk = Zeroizing::new([0_u8; LIMIT]);
    loop {
        // Told to end: a question does not hold it up.
        if cancelled.load(Ordering::SeqCst) {
            return Err(NoLine::Cancelled);
        }
        if goes_on.swap(false, Ordering::SeqCst) {
            return Ok(None);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let tick = Timespec::try_from(left.min(TICK)).map_err(|_| NoLine::TooLate)?;
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&tick)) {
            Ok(0) if left.is_zero() => return Err(NoLine::TooLate),
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return Err(NoLine::Cancelled),
        }
        // Not through the standard library's buffer, which would keep a copy that nobody wipes.
        let count = match rustix::io::read(&stdin, chunk.as_mut_slice()) {
            Ok(0) | Err(Errno::IO) => return Err(NoLine::Cancelled),
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(_) => return Err(NoLine::Cancelled),
            Ok(count) => count,
        };
        let bytes = chunk.get(..count).unwrap_or_default();
        if bytes.contains(&INTERRUPT) || line.len() + bytes.len() > LIMIT {
            return Err(NoLine::Cancelled);
        }
        line.extend_from_slice(bytes);
        if line.last() == Some(&b'\n') {
            line.pop();
            return Ok(Some(line));
        }
    }
}
