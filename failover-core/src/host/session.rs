//! One session: an `sh` that is fed, here or on another machine, and answers between marks.
//!
//! Over ssh the login shell sees one line, which every shell takes as it is (bash, dash, zsh, fish, tcsh): it starts `sh`.
//! Whatever its start files print comes before the session's own mark, or outside of a command's.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::child::{Ending, Input, Piped};
use super::script::Marks;

/// The deadline where a machine does not say for how many seconds it has run: it is never reached.
const NEVER: u64 = 2_147_483_647;

/// No line takes longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A session that has begun.
#[derive(Debug)]
pub(super) struct Session {
    child: Piped,
    /// For how many seconds that machine had run when the session began, and what was shown here then.
    began: Option<(u64, Duration)>,
}

/// This machine's time since its start, a suspend included.
fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or(Duration::MAX)
}

/// Why a session did not begin.
#[derive(Debug)]
pub(super) enum Unopened {
    /// It could not be started here.
    NotStarted(io::Error),
    /// It ended with this code, having said this. Nothing was asked there.
    Ended(Option<i32>, String),
    /// Nothing was heard until the deadline. Nothing was asked there either.
    Silent,
}

/// One line of a session: the command between its marks, and how long it may take.
pub(super) struct Line {
    pub(super) marks: Marks,
    pub(super) text: String,
    pub(super) deadline: Duration,
    /// How much later than that its end may still be heard.
    pub(super) late: Duration,
}

/// What a line came to.
#[derive(Debug)]
pub(super) enum Said {
    /// Its end was seen.
    Ended { code: i32, stdout: Vec<u8>, stderr: Vec<u8>, took: Duration },
    /// It was not: what was done is unknown, and the session is nobody's any more.
    Lost { took: Duration },
}

impl Session {
    /// Opens a session with this command, which is to run a shell with [`Marks::hello`], or one that is fed it. Nothing is asked before that is
    /// heard.
    pub(super) fn open(command: &mut Command, fed: &str, marks: &Marks, until: Instant) -> Result<Self, Unopened> {
        let mut child = Piped::start(command, &Input::Kept).map_err(Unopened::NotStarted)?;
        child.send(fed);
        child.stdout = marks.hearing();
        let ending = child.wait(until, |stdout, _| stdout.code().is_some());
        if let Some(seconds) = child.stdout.code() {
            let began = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
            return Ok(Self { child, began: began.map(|seconds| (seconds, now())) });
        }
        let mut said = child.stderr.take();
        if said.is_empty() {
            // nologin says it there.
            said = child.stdout.before().to_vec();
        }
        Err(match ending {
            Ending::Exited(status) => Unopened::Ended(status.code(), String::from_utf8_lossy(&said).into_owned()),
            Ending::Done | Ending::Deadline => Unopened::Silent,
        })
    }

    /// Has it not ended by itself since it was used last?
    pub(super) fn is_alive(&mut self) -> bool {
        self.child.is_alive()
    }

    /// The second of that machine at which a deadline from now on has passed; rounded up.
    fn second(&self, deadline: Duration) -> u64 {
        let second = self.began.map(|(seconds, at)| {
            seconds.saturating_add(now().saturating_sub(at).saturating_add(deadline).as_secs()).saturating_add(2)
        });
        second.unwrap_or(NEVER).min(NEVER)
    }

    /// Says what every later line finds.
    pub(super) fn set_up(&mut self, line: &str) {
        self.child.send(line);
    }

    /// Runs these lines, all sent at once; `true`: the session goes on.
    pub(super) fn run(&mut self, lines: &[Line]) -> (Vec<Said>, bool) {
        for line in lines {
            let until = self.second(line.deadline).to_string();
            self.child.send(&line.text.replace(&line.marks.until(), &until));
        }
        let (mut said, mut goes_on) = (Vec::with_capacity(lines.len()), true);
        let mut rest = (Vec::new(), Vec::new());
        for line in lines {
            let start = Instant::now();
            let Piped { stdout, stderr, .. } = &mut self.child;
            (*stdout, *stderr) = (line.marks.listening(), line.marks.listening());
            stdout.keep(&rest.0);
            stderr.keep(&rest.1);
            if goes_on {
                let longest = line.deadline.saturating_add(line.late).min(LONGEST);
                let until = start + longest;
                let ending =
                    self.child.wait(until, |stdout, stderr| stdout.code().is_some() && stderr.code().is_some());
                goes_on = matches!(ending, Ending::Done);
            }
            let took = start.elapsed();
            let Piped { stdout, stderr, .. } = &mut self.child;
            said.push(match stdout.code() {
                Some(code) => Said::Ended { code, stdout: stdout.take(), stderr: stderr.take(), took },
                None => Said::Lost { took },
            });
            rest = (stdout.take_rest(), stderr.take_rest());
        }
        (said, goes_on)
    }
}
