//! A machine on which commands run: this one, or one over the system's `ssh`.
//!
//! Commands are argv lists, never a shell's line. A command whose end was not seen is [`HostError::Lost`]: what it
//! did is unknown, and the only way on is to look again.

use std::time::Duration;

use thiserror::Error;

mod ahead;
mod batch;
mod capture;
mod child;
mod local;
mod look;
mod script;
mod session;
mod ssh;
mod verdict;
mod words;

pub(crate) use ahead::Ahead;
pub use local::LocalHost;
pub(crate) use look::Looking;
pub use ssh::{DestinationError, SshHost, SshOptions};

/// This machine's name, as a person types it: what its kernel calls it; empty where that cannot be read.
#[must_use]
pub fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// For this long after an answer a refused connection is taken for a limit on connections, not for a machine that is
/// gone ([`HostError::Limited`]). `ufw limit` looks at 30 s.
pub const LIMITED: Duration = Duration::from_secs(60);

/// How much of an output stream is kept, in bytes: 1 MiB. A text this long may have lost its end.
pub const OUTPUT_LIMIT: usize = 1 << 20;

/// What a command said. Its exit code is data, not a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The exit code of the command itself.
    pub code: i32,
    /// Standard output, lossily decoded, 1 MiB at most.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

impl Output {
    /// Whether the end of standard output may be missing: it is about as long as [`OUTPUT_LIMIT`].
    #[must_use]
    pub fn may_be_cut(&self) -> bool {
        self.stdout.len().saturating_add(char::MAX.len_utf8()) > OUTPUT_LIMIT
    }
}

/// Which machine it is, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HostIdentity {
    /// The content of `/etc/machine-id`.
    pub machine_id: String,
}

/// Why a command did not run to its end, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostError {
    /// The machine does not answer: refused, no route, no such name, connect timeout. Nothing was done there.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// Which machine.
        host: String,
        /// What ssh said.
        why: String,
    },
    /// The machine answered a moment ago, and takes no new connection now: `ufw limit`, fail2ban, sshd's `MaxStartups`, or
    /// an sshd that starts again. Nothing was done there.
    #[error("{host} answered a moment ago but accepts no new connection now; it may limit connections: {why}")]
    Limited {
        /// Which machine.
        host: String,
        /// What ssh said.
        why: String,
    },
    /// No known_hosts file that ssh reads here knows the machine. Nothing was done there.
    #[error("{host} has an ssh host key that {} does not know: {why}", this_user())]
    NewHost {
        /// Which machine.
        host: String,
        /// What ssh said.
        why: String,
    },
    /// The machine answers with another host key than the known one (H19). Nothing was done there.
    #[error("{host} does not have the expected ssh host key: {why}")]
    HostKey {
        /// Which machine.
        host: String,
        /// What ssh said.
        why: String,
    },
    /// ssh may not log in. Nothing was done there.
    #[error("{host} does not let this user in: {why}")]
    Denied {
        /// Which machine.
        host: String,
        /// What ssh said.
        why: String,
    },
    /// The session or the deadline ended before the command did: what it did is unknown.
    #[error("the session to {host} ended before {what} did, after {}: what it did is unknown", humantime::format_duration(*after))]
    Lost {
        /// Which machine.
        host: String,
        /// Which command.
        what: String,
        /// The deadline.
        after: Duration,
    },
    /// The program does not exist or may not be run.
    #[error("{what} cannot be run on {host}: {why}")]
    NotRun {
        /// Which machine.
        host: String,
        /// Which command.
        what: String,
        /// What the system said.
        why: String,
    },
}

impl HostError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "make `ssh` to it work for this user: does it run, is its name right, is a firewall between? A run counts a machine \
                 that does not answer as out of reach"
            }
            Self::Limited { .. } => {
                "wait a minute, it is tried again; exempt this machine from `ufw limit` and the like there"
            }
            Self::NewHost { .. } => {
                "as this user run `ssh` to it once, compare the fingerprint with `ssh-keygen -lf \
                 /etc/ssh/ssh_host_ed25519_key.pub` there, and answer yes"
            }
            Self::HostKey { .. } => {
                "find out which machine answers before anything else; do not accept the new key blindly"
            }
            Self::Denied { .. } => "let this user in with its ssh key, then run `failover check`",
            Self::Lost { .. } => "look at the machine again: what was asked may or may not have happened",
            Self::NotRun { .. } => "correct the command in the configuration",
        }
    }
}

/// Whose known_hosts counts.
fn this_user() -> String {
    let root = rustix::process::geteuid().is_root();
    std::env::var("USER").ok().filter(|_| !root).unwrap_or_else(|| if root { "root" } else { "this user" }.to_owned())
}

/// A machine on which commands run.
pub trait Host: Send {
    /// Its name, for a person.
    fn name(&self) -> &str;

    /// Runs a command to its end or to the deadline, with no standard input and no secret in its environment (S9).
    ///
    /// # Errors
    /// See [`HostError`]. A non-zero exit code is no error here.
    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError>;

    /// A question: a command that changes nothing there. One that belongs to a look may be answered from what that look has
    /// asked already.
    ///
    /// # Errors
    /// As [`Host::run`].
    fn ask(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        self.run(argv, deadline)
    }

    /// Several questions, each with its deadline, in their order and in one round trip where the host can; their answers
    /// likewise. Where one is not answered, those after it may not be either.
    fn ask_together(&mut self, questions: &[(&[&str], Duration)]) -> Vec<Result<Output, HostError>> {
        questions.iter().map(|(argv, deadline)| self.run(argv, *deadline)).collect()
    }

    /// The same, with this text as its standard input: what no list of processes may show.
    ///
    /// # Errors
    /// As [`Host::run`]; [`HostError::NotRun`] where this host has no way to do it, which is so over ssh.
    fn feed(&mut self, argv: &[&str], input: &str, deadline: Duration) -> Result<Output, HostError> {
        let _unused = (input, deadline);
        let why = "nothing can be written to a command's input there".to_owned();
        Err(HostError::NotRun { host: self.name().to_owned(), what: words::shown(argv), why })
    }
}

/// One answer of a batch of one.
fn only(answers: Vec<Result<Output, HostError>>, host: &str, argv: &[&str]) -> Result<Output, HostError> {
    let none =
        || HostError::NotRun { host: host.to_owned(), what: words::shown(argv), why: "nothing was said".to_owned() };
    answers.into_iter().next().unwrap_or_else(|| Err(none()))
}

impl<H: Host + ?Sized> Host for Box<H> {
    fn name(&self) -> &str {
        (**self).name()
    }
    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        (**self).run(argv, deadline)
    }
    fn feed(&mut self, argv: &[&str], input: &str, deadline: Duration) -> Result<Output, HostError> {
        (**self).feed(argv, input, deadline)
    }
    fn ask(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        (**self).ask(argv, deadline)
    }
    fn ask_together(&mut self, questions: &[(&[&str], Duration)]) -> Vec<Result<Output, HostError>> {
        (**self).ask_together(questions)
    }
}

/// What a machine's identity is read by.
pub(crate) const MACHINE_ID: [&str; 2] = ["cat", "/etc/machine-id"];

/// Reads which machine it is.
///
/// # Errors
/// The machine does not answer, or has no machine-id.
pub fn identity<H: Host + ?Sized>(host: &mut H) -> Result<HostIdentity, HostError> {
    let out = host.ask(&MACHINE_ID, Duration::from_secs(10))?;
    let machine_id = out.stdout.trim().to_owned();
    if out.code == 0 && machine_id.len() == 32 && machine_id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(HostIdentity { machine_id });
    }
    Err(HostError::NotRun {
        host: host.name().to_owned(),
        what: MACHINE_ID.join(" "),
        why: format!("exit {}, {:?}", out.code, out.stderr.trim()),
    })
}
