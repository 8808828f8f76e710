//! Several commands as the lines of one session, and what came of each.

use std::time::Duration;

use super::script::Marks;
use super::session::{Line, Session};
use super::verdict::Call;
use super::words::shown;
use super::{HostError, Output};

/// What one command came to.
pub(super) type Answer = Result<Output, HostError>;

/// Commands, each with its deadline and its marks.
pub(super) struct Batch<'a> {
    host: &'a str,
    what: Vec<String>,
    lines: Vec<Line>,
    /// Those of the session that they may open.
    pub(super) marks: Marks,
}

impl<'a> Batch<'a> {
    /// Lines as `text` makes them. The error is every command's.
    pub(super) fn new(
        host: &'a str,
        commands: &[(&[&str], Duration)],
        late: Duration,
        text: impl Fn(&Marks, &[&str], Duration) -> String,
    ) -> Result<Self, HostError> {
        let what = |argv: &[&str], why: &str| HostError::NotRun {
            host: host.to_owned(),
            what: shown(argv),
            why: why.to_owned(),
        };
        for (argv, _) in commands {
            if argv.is_empty() {
                return Err(what(argv, "the command is empty"));
            }
            if argv.iter().any(|word| word.contains('\0')) {
                return Err(what(argv, "an argument holds a NUL byte"));
            }
        }
        let marks = Marks::random().map_err(|error| what(&[], &format!("no random numbers: {error}")))?;
        let line = |(n, (argv, deadline)): (usize, &(&[&str], Duration))| {
            let marks = marks.of(n);
            Line { text: text(&marks, argv, *deadline), marks, deadline: *deadline, late }
        };
        let lines = commands.iter().enumerate().map(line).collect();
        Ok(Self { host, what: commands.iter().map(|(argv, _)| shown(argv)).collect(), lines, marks })
    }

    /// One of the commands, for its errors.
    pub(super) fn call(&self, n: usize) -> Call<'_> {
        Call {
            host: self.host,
            what: self.what.get(n).map_or("", String::as_str),
            deadline: self.lines.get(n).map_or(Duration::ZERO, |line| line.deadline),
        }
    }

    /// The same error for each: nothing was asked.
    pub(super) fn failed(&self, error: &HostError) -> Vec<Answer> {
        self.lines.iter().map(|_| Err(error.clone())).collect()
    }

    /// Runs them all; `true`: the session goes on.
    pub(super) fn run(&self, session: &mut Session) -> (Vec<Answer>, bool) {
        let (said, goes_on) = session.run(&self.lines);
        (said.into_iter().enumerate().map(|(n, said)| self.call(n).said(said)).collect(), goes_on)
    }
}
