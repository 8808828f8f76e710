//! Commands on another machine, over the system's own `ssh`: one connection, and an `sh` there that is fed.
//!
//! The exit code 255 is ssh's own failure or the command's, and the exit code of a command that a signal ended is 255
//! too (OpenSSH 9.2): so the remote side prints a mark before and after the command, the second with its exit code, and
//! only those are believed. Before the session's own mark nothing is asked there: what ssh says until then tells why.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::batch::{Answer, Batch};
use super::script::{self, Marks};
use super::session::{Session, Unopened};
use super::verdict::Call;
use super::{Host, HostError, Output};

mod connection;
mod failure;
mod options;

use connection::Connection;
pub use options::{DestinationError, SshOptions};

/// How much later than its deadline a command's end may still be heard: until then `timeout` there has killed it.
const LATE: Duration = Duration::from_secs(3);

/// Another machine, over ssh: no password is ever asked for, no unknown or changed host key accepted.
///
/// One connection carries every command of this value and its clones, one after the other. Where it is lost, what was
/// asked is unknown, and the next command opens a new one; after that, one every 10 s at most. It is this value's own,
/// never the user's shared one, and ends with the last clone. To stop something there while a clone is in a long
/// command, make a new value.
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
    connection: Arc<Mutex<Connection>>,
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
        Ok(Self { destination: destination.to_owned(), name, options, connection: Arc::default() })
    }

    /// A new session.
    fn session(&self, call: &Call<'_>, marks: &Marks) -> Result<Session, HostError> {
        let set_up = script::set_up(self.options.path.as_deref()).map_err(|why| call.not_run(why))?;
        let try_it = |dated| {
            let mut command = Command::new(&self.options.program);
            command.args(self.options.arguments(call.deadline, dated)).arg("--").arg(&self.destination);
            // Every system's own, whatever PATH the login has.
            command.arg(format!("/bin/sh -c '{}; exec /bin/sh'", marks.hello()));
            Session::open(&mut command, "", marks, Instant::now() + call.deadline)
        };
        let opened = match try_it(false) {
            // Before OpenSSH 8.7; nothing was connected to yet.
            Err(Unopened::Ended(Some(255), said)) if options::is_dated(&said) => try_it(true),
            opened => opened,
        };
        let mut session = opened.map_err(|unopened| match unopened {
            Unopened::NotStarted(error) => call.not_run(format!("{}: {error}", self.options.program.display())),
            Unopened::Ended(code, said) => failure::ended(call, code, &said),
            Unopened::Silent => failure::silent(call),
        })?;
        session.set_up(&set_up);
        Ok(session)
    }

    /// Runs what these words make a line of, all in one go.
    fn run_all(
        &self,
        commands: &[(&[&str], Duration)],
        effect: bool,
        text: impl Fn(&Marks, &[&str], Duration) -> String,
    ) -> Vec<Answer> {
        let batch = match Batch::new(&self.name, commands, LATE, text) {
            Ok(batch) => batch,
            Err(error) => return commands.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || self.session(&batch.call(0), &batch.marks);
        let (answers, goes_on) = match connection.open(&self.name, Instant::now(), effect, open) {
            Ok(session) => batch.run(session),
            Err(error) => return batch.failed(&error),
        };
        if goes_on {
            connection.answered(Instant::now());
        } else {
            connection.lost();
        }
        answers
    }
}

impl Host for SshHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        super::only(self.run_all(&[(argv, deadline)], true, Marks::command), self.name(), argv)
    }

    fn ask(&mut self, argv: &[&str], deadline: Duration) -> Answer {
        super::only(self.ask_together(&[(argv, deadline)]), &self.name.clone(), argv)
    }

    fn ask_together(&mut self, questions: &[(&[&str], Duration)]) -> Vec<Answer> {
        self.run_all(questions, false, |marks, argv, deadline| marks.question(argv, Some(deadline)))
    }
}
