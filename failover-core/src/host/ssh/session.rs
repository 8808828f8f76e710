//! One session: an `sh` on the other machine that is fed, and answers between marks.
//!
//! The login shell sees one line, which every shell takes as it is (bash, dash, zsh, fish, tcsh): it starts `sh`. Whatever
//! its start files print comes before the session's own mark, or outside of a command's.

use std::io;
use std::process::Command;
use std::time::Instant;

use super::script::{Between, Marks};
use crate::host::child::{Ending, Input, Piped};

/// A session that has begun.
#[derive(Debug)]
pub(super) struct Session {
    child: Piped,
    /// Set up before the first command: what every command finds in its environment.
    set_up: Option<String>,
}

/// What a session did not come to.
#[derive(Debug)]
pub(super) enum Unopened {
    /// No ssh runs here.
    NoSsh(io::Error),
    /// ssh ended, with this code, having said this.
    Ended(Option<i32>, String),
    /// Nothing was heard until the deadline. Nothing was asked there either.
    Silent,
}

/// What a command in a session came to: both streams between their marks, and whether the session is still there.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) stdout: Between,
    pub(super) stderr: Vec<u8>,
    pub(super) goes_on: bool,
}

impl Session {
    /// Opens a session with this ssh command, to which the remote line is added. Nothing is asked before its mark is seen.
    pub(super) fn open(command: &mut Command, marks: &Marks, set_up: String, until: Instant) -> Result<Self, Unopened> {
        command.arg(marks.hello());
        let mut child = Piped::start(command, &Input::Kept).map_err(Unopened::NoSsh)?;
        child.stdout = marks.hearing();
        let ending = child.wait(until, |stdout, _| stdout.has_begun());
        if child.stdout.has_begun() {
            return Ok(Self { child, set_up: Some(set_up) });
        }
        let mut said = child.stderr.take().0;
        if said.is_empty() {
            // nologin says it there.
            said = child.stdout.before().to_vec();
        }
        Err(match ending {
            Ending::Exited(status) => Unopened::Ended(status.code(), String::from_utf8_lossy(&said).into_owned()),
            Ending::Done | Ending::Deadline => Unopened::Silent,
        })
    }

    /// Runs a script between these marks.
    pub(super) fn run(&mut self, script: &str, marks: &Marks, until: Instant) -> Said {
        (self.child.stdout, self.child.stderr) = (marks.beginning(), marks.beginning());
        if let Some(set_up) = self.set_up.take() {
            self.child.send(&set_up);
        }
        self.child.send(script);
        let ending = self.child.wait(until, |stdout, stderr| {
            let over = |stream: &crate::host::capture::Capture| marks.end(&stream.recent()).is_some();
            over(stdout) && over(stderr)
        });
        let goes_on = matches!(ending, Ending::Done);
        let stdout = marks.read(&mut self.child.stdout);
        let stderr = match marks.read(&mut self.child.stderr) {
            Between::Ended { text, .. } | Between::Begun(text) => text,
            Between::Nothing => Vec::new(),
        };
        Said { stdout, stderr, goes_on }
    }
}
