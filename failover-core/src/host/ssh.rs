//! Commands on another machine, over the system's own `ssh`.
//!
//! The exit code 255 is ssh's own failure or the command's, and the exit code of a command that a signal ended is 255
//! too (OpenSSH 9.2): so the remote side prints a mark before and after the command, the second with its exit code, and
//! only those are believed. Without the second mark, what ssh says tells whether the session was ever up.

use std::process::Command;
use std::time::{Duration, Instant};

use super::child::{self, Ending};
use super::local::{shown, text};
use super::{Host, HostError, Output};

mod options;
mod script;
mod verdict;

pub use options::{DestinationError, SshOptions};
use script::Between;
use verdict::Call;

/// Another machine, over ssh: no password is ever asked for, no unknown or changed host key accepted, no connection shared.
///
/// The remote side has the same deadline, by `timeout` (GNU coreutils): a command that outlives the session does not
/// outlive its deadline by much. Its login shell must be a POSIX shell.
///
/// ```no_run
/// use failover_core::host::{Host, SshHost, SshOptions};
/// let mut primary = SshHost::new("baker@primary", SshOptions::default())?;
/// let out = primary.run(&["cat", "/etc/machine-id"], std::time::Duration::from_secs(10))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SshHost {
    destination: String,
    options: SshOptions,
}

impl SshHost {
    /// A machine by its ssh destination: `user@host`, or a name from ssh's configuration. Nothing is tried yet.
    ///
    /// # Errors
    /// The destination is empty, looks like an option, or holds spaces or control characters.
    pub fn new(destination: impl Into<String>, options: SshOptions) -> Result<Self, DestinationError> {
        let destination = destination.into();
        options::check(&destination)?;
        Ok(Self { destination, options })
    }
}

impl Host for SshHost {
    fn name(&self) -> &str {
        &self.destination
    }

    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        let start = Instant::now();
        let what = shown(argv);
        let not_run = |why: String| HostError::NotRun { host: self.destination.clone(), what: what.clone(), why };
        if argv.is_empty() {
            return Err(not_run("the command is empty".to_owned()));
        }
        if argv.iter().any(|word| word.contains('\0')) {
            return Err(not_run("an argument holds a NUL byte".to_owned()));
        }
        let marks = script::Marks::random().map_err(|error| not_run(format!("no random numbers: {error}")))?;
        let script = script::script(argv, deadline, self.options.path.as_deref(), &marks).map_err(not_run)?;

        let mut command = Command::new(&self.options.program);
        command.args(self.options.arguments(deadline)).arg("--").arg(&self.destination).arg(script);
        // A service that the command leaves behind keeps the session open: the end mark ends the wait all the same.
        let ended = child::run(&mut command, deadline, None, |stdout| marks.end(&stdout.recent()).is_some())
            .map_err(|error| not_run(format!("{}: {error}", self.options.program.display())))?;

        let stdout = marks.read(ended.stdout.take());
        let stderr = text(ended.stderr.take().0);
        let call = Call { host: &self.destination, what: &what, deadline, took: start.elapsed() };
        match (stdout, ended.ending) {
            (Between::Ended { stdout, code }, _) => call.ran(Output { code, stdout: text(stdout), stderr }),
            (Between::Begun, _) | (_, Ending::Done | Ending::Deadline) => Err(call.lost()),
            (Between::Nothing, Ending::Exited(status)) => Err(call.never_began(status.code(), &stderr)),
        }
    }
}
