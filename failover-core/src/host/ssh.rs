//! Commands on another machine, over the system's own `ssh`: one connection, and an `sh` there that is fed.
//!
//! The exit code 255 is ssh's own failure or the command's, and the exit code of a command that a signal ended is 255
//! too (OpenSSH 9.2): so the remote side prints a mark before and after the command, the second with its exit code, and
//! only those are believed. Before the session's own mark nothing is asked there: what ssh says until then tells why.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::local::{shown, text};
use super::{Host, HostError, Output};

mod line;
mod options;
mod script;
mod session;
mod verdict;

use line::Line;
pub use options::{DestinationError, SshOptions};
use script::{Between, Marks};
use session::{Session, Unopened};
use verdict::Call;

/// How much later than its deadline a command's end may still be heard: until then `timeout` there has killed it.
const LATE: Duration = Duration::from_secs(3);

/// Another machine, over ssh: no password is ever asked for, no unknown or changed host key accepted.
///
/// One connection carries every command of this value and its clones, one after the other. Where it is lost, what was
/// asked is unknown, and the next command opens a new one; after that, one every 10 s at most. It is this value's own,
/// never the user's shared one, and ends with the last clone.
///
/// The remote side has a command's deadline, by `timeout` (GNU coreutils): a command that outlives the session does not
/// outlive its deadline by much. Any login shell will do that runs `sh`.
///
/// ```no_run
/// use failover_core::host::{Host, SshHost, SshOptions};
/// let mut primary = SshHost::new("baker@primary", SshOptions::default())?;
/// let out = primary.run(&["cat", "/etc/machine-id"], std::time::Duration::from_secs(10))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SshHost {
    name: String,
    destination: String,
    options: SshOptions,
    line: Arc<Mutex<Line>>,
}

impl SshHost {
    /// A machine by its ssh destination: `user@host`, `user@host:port`, or a name from ssh's configuration. Nothing is
    /// tried yet.
    ///
    /// # Errors
    /// The destination is empty, looks like an option, or holds spaces or control characters.
    pub fn new(destination: impl Into<String>, mut options: SshOptions) -> Result<Self, DestinationError> {
        let name = destination.into();
        let (destination, port) = options::check(&name)?;
        options.port = port.or(options.port);
        Ok(Self { destination: destination.to_owned(), name, options, line: Arc::default() })
    }

    /// The session, a new one where there is none.
    fn open<'a>(&self, line: &'a mut Line, call: &Call<'_>, marks: &Marks) -> Result<&'a mut Session, HostError> {
        let not_run = |why: String| call.not_run(why);
        let set_up = script::set_up(self.options.path.as_deref()).map_err(not_run)?;
        line.open(&self.name, Instant::now(), || {
            let try_it = |dated| {
                let mut command = Command::new(&self.options.program);
                command.args(self.options.arguments(call.deadline, dated)).arg("--").arg(&self.destination);
                Session::open(&mut command, marks, set_up.clone(), Instant::now() + call.deadline)
            };
            let opened = match try_it(false) {
                // Before OpenSSH 8.7; nothing was connected to yet.
                Err(Unopened::Ended(Some(255), said)) if options::is_dated(&said) => try_it(true),
                opened => opened,
            };
            opened.map_err(|unopened| match unopened {
                Unopened::NoSsh(error) => call.not_run(format!("{}: {error}", self.options.program.display())),
                Unopened::Ended(code, said) => call.never_began(code, &said),
                Unopened::Silent => call.silent(),
            })
        })
    }
}

impl Host for SshHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        let what = shown(argv);
        let call = |took| Call { host: &self.name, what: &what, deadline, took };
        let not_run = |why: String| call(Duration::ZERO).not_run(why);
        if argv.is_empty() {
            return Err(not_run("the command is empty".to_owned()));
        }
        if argv.iter().any(|word| word.contains('\0')) {
            return Err(not_run("an argument holds a NUL byte".to_owned()));
        }
        let marks = Marks::random().map_err(|error| not_run(format!("no random numbers: {error}")))?;

        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let session = self.open(&mut line, &call(Duration::ZERO), &marks)?;
        let start = Instant::now();
        let said = session.run(&marks.line(argv, deadline), &marks, start + deadline + LATE);
        if said.goes_on {
            line.answered(Instant::now());
        } else {
            line.lost();
        }
        drop(line);
        match said.stdout {
            Between::Ended { text: stdout, code } => {
                call(start.elapsed()).ran(Output { code, stdout: text(stdout), stderr: text(said.stderr) })
            }
            Between::Begun(_) | Between::Nothing => Err(call(start.elapsed()).lost()),
        }
    }
}
