//! EDGE: a signer on another machine, asked through a program there: this one where it is installed, else the signer's own
//! where it has one.
//!
//! # The commands that are run
//! On the machine's [`Host`], as they are, and with `sudo -n` in front where that did not give an answer:
//!
//! | argv | what is read from it |
//! |---|---|
//! | `failover --json --device SELECTOR hwm show` | [records](crate::signer::record), whatever its exit code |
//! | `failover --json --device SELECTOR disarm` | likewise, after it disarmed the device |
//! | `/bake-buddy/signer/bin/tezsign [--device SERIAL] status` | JSON, one object a key (release 2026-04-30); exit 0 |
//! | `/bake-buddy/signer/bin/tezsign [--device SERIAL] lock` | nothing: it exits 0 even where every key failed |
//!
//! No key can be unlocked or authorized this way: a machine that is fenced is only read and disarmed.

use std::time::Duration;

use thiserror::Error;

use crate::host::{Ahead, Host, HostError, Output};
use crate::signer::record::read_records;
use crate::signer::registry::{self, OwnProgram};
use crate::signer::traits::Beside;
use crate::signer::{DeviceState, Selector};
use crate::tezos::ChainId;

/// For one answer: a program starts, finds the device, and asks it (3 s a TezSign's question, 10 s a Ledger's).
pub const DEADLINE: Duration = Duration::from_secs(25);

/// Why a signer on another machine could not be read or disarmed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RemoteSignerError {
    /// The machine itself.
    #[error(transparent)]
    Host(#[from] HostError),
    /// No program there can ask the device.
    #[error("no program on {host} can ask its signer")]
    NotInstalled {
        /// Which machine.
        host: String,
    },
    /// A program ran, and gave no answer that can be used.
    #[error("{what} on {host} gives no answer: {why}")]
    Unclear {
        /// Which machine.
        host: String,
        /// Which command.
        what: String,
        /// What it said, or what is missing.
        why: String,
    },
}

impl RemoteSignerError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Host(error) => error.next(),
            Self::NotInstalled { .. } => {
                "unplug the signer there; install failover on that machine before it is needed again"
            }
            Self::Unclear { .. } => "unplug the signer there: what it can do is not known",
        }
    }
}

/// What is wanted of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Show,
    Disarm,
}

/// A program that can ask the device.
#[derive(Debug, Clone, Copy)]
enum Program {
    Failover,
    /// The signer's own.
    Own(&'static OwnProgram),
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Own(own) => own.name,
        }
    }
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// As which user it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    User,
    Root,
}

/// The signer of another machine.
///
/// ```no_run
/// use failover_core::host::{SshHost, SshOptions};
/// use failover_core::remote_signer::RemoteSigner;
/// let host = SshHost::new("baker@primary", SshOptions::default())?;
/// let mut signer = RemoteSigner::new(host, "tezsign".parse()?);
/// println!("{:?}", signer.state()?.keys);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RemoteSigner<H> {
    host: H,
    selector: Selector,
    /// What gave the last answer.
    known: Option<(Program, As)>,
    /// Whose marks are meant, where it is a Ledger.
    chain: Option<ChainId>,
    ahead: Ahead,
}

impl<H: Host> RemoteSigner<H> {
    /// The device that this selector names on that machine. Nothing is asked yet.
    #[must_use]
    pub const fn new(host: H, selector: Selector) -> Self {
        Self { host, selector, known: None, chain: None, ahead: Ahead::new() }
    }

    /// The same for a baker of this chain: a Ledger that is set up for another one guards it by its other mark.
    #[must_use]
    pub fn of(self, chain: ChainId) -> Self {
        Self { chain: Some(chain), ..self }
    }

    /// What is asked, for a person: `the TezSign on baker@primary`.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("the {} on {}", self.selector.model(), self.host.name())
    }

    /// May it be asked while a service there signs with it?
    #[must_use]
    pub const fn answers_beside_its_service(&self) -> bool {
        matches!(self.selector.model().traits().beside_service, Beside::Free)
    }

    /// Reads every key.
    ///
    /// # Errors
    /// See [`RemoteSignerError`]: nothing is known then (S3).
    pub fn state(&mut self) -> Result<DeviceState, RemoteSignerError> {
        let read = self.first_of(|signer, program, user| {
            let out = signer.run(program, user, Wanted::Show)?;
            signer.read(program, &out)
        });
        // What was asked ahead is as old as this look, and no later one's answer (S15).
        self.ahead = Ahead::new();
        let read = read?;
        Ok(match self.chain {
            Some(chain) => read.guarding(chain),
            None => read,
        })
    }

    /// Takes the device's ability to sign away. The proof is a later [`RemoteSigner::state`] (S5).
    ///
    /// # Errors
    /// See [`RemoteSignerError`]; it may have happened all the same.
    pub fn disarm(&mut self) -> Result<(), RemoteSignerError> {
        self.first_of(|signer, program, user| {
            let out = signer.run(program, user, Wanted::Disarm)?;
            match program {
                Program::Failover => signer.read(program, &out).map(drop),
                Program::Own(_) if out.code == 0 => Ok(()),
                Program::Own(_) => Err(signer.unclear(program, said(&out))),
            }
        })
    }

    /// Tries what answered last, then every program as every user, and remembers what answers. An error is that of the
    /// first program that is there.
    fn first_of<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self, Program, As) -> Result<T, RemoteSignerError>,
    ) -> Result<T, RemoteSignerError> {
        let order: Vec<_> = self.known.into_iter().chain(self.ways()).collect();
        let mut first = None;
        for (n, way) in order.iter().enumerate() {
            if order.iter().take(n).any(|tried| tried == way) {
                continue;
            }
            match ask(self, way.0, way.1) {
                Ok(answer) => {
                    self.known = Some(*way);
                    return Ok(answer);
                }
                // Not there, or no sudo.
                Err(RemoteSignerError::Host(HostError::NotRun { .. })) => {}
                Err(error @ RemoteSignerError::Host(_)) => return Err(error),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| RemoteSignerError::NotInstalled { host: self.host.name().to_owned() }))
    }

    /// Every program that fits, as every user.
    fn ways(&self) -> Vec<(Program, As)> {
        let own = registry::driver(self.selector.model()).and_then(|driver| driver.program.as_ref()).map(Program::Own);
        std::iter::once(Program::Failover)
            .chain(own)
            .flat_map(|program| [(program, As::User), (program, As::Root)])
            .collect()
    }

    /// Asks in every way but the first at once, where that one is of no use: a try each would be a round trip each.
    fn ask_ahead(&mut self) {
        let ways: Vec<_> = self.ways().into_iter().skip(1).collect();
        let words = ways.iter().map(|(program, user)| self.words(*program, *user, Wanted::Show)).collect();
        self.ahead = Ahead::of(&mut self.host, words, DEADLINE);
    }

    fn words(&self, program: Program, user: As, wanted: Wanted) -> Vec<String> {
        let selector = self.selector.to_string();
        let serial = selector.split_once(':').map(|(_, serial)| serial.to_owned());
        let mut argv: Vec<&str> = match user {
            As::User => Vec::new(),
            As::Root => vec!["sudo", "-n"],
        };
        match program {
            Program::Failover => {
                argv.extend(["failover", "--json", "--device", &selector]);
                match wanted {
                    Wanted::Show => argv.extend(["hwm", "show"]),
                    Wanted::Disarm => argv.push("disarm"),
                }
            }
            Program::Own(own) => {
                argv.push(own.path);
                argv.extend(serial.iter().flat_map(|serial| ["--device", serial.as_str()]));
                argv.push(match wanted {
                    Wanted::Show => own.show,
                    Wanted::Disarm => own.disarm,
                });
            }
        }
        argv.into_iter().map(str::to_owned).collect()
    }

    fn run(&mut self, program: Program, user: As, wanted: Wanted) -> Result<Output, RemoteSignerError> {
        let words = self.words(program, user, wanted);
        let argv: Vec<&str> = words.iter().map(String::as_str).collect();
        let changes = wanted == Wanted::Disarm;
        let is_first = self.ways().first() == Some(&(program, user));
        if !changes && !is_first && self.known.is_none() && self.ahead.is_empty() {
            self.ask_ahead();
        }
        if let Some(out) = self.ahead.take(&words).filter(|_| !changes) {
            return self.heard(&argv, out?);
        }
        let out = if changes { self.host.run(&argv, DEADLINE) } else { self.host.ask(&argv, DEADLINE) }?;
        self.heard(&argv, out)
    }

    fn heard(&self, argv: &[&str], out: Output) -> Result<Output, RemoteSignerError> {
        if is_missing(&out) {
            let what = argv.join(" ");
            let host = self.host.name().to_owned();
            return Err(HostError::NotRun { host, what, why: said(&out) }.into());
        }
        Ok(out)
    }

    fn read(&self, program: Program, out: &Output) -> Result<DeviceState, RemoteSignerError> {
        let told = || match said(out) {
            said if said.is_empty() => format!("it exits {}", out.code),
            said => said,
        };
        match program {
            Program::Failover => read_records(&out.stdout).map_err(|why| {
                // An older one does not know the command, and says so on standard error.
                let why = if out.stdout.trim().is_empty() { told() } else { why };
                self.unclear(program, why)
            }),
            Program::Own(_) if out.code != 0 => Err(self.unclear(program, told())),
            Program::Own(own) => (own.read)(&out.stdout, &self.selector.to_string())
                .map_err(|error| self.unclear(program, error.to_string())),
        }
    }

    fn unclear(&self, program: Program, why: String) -> RemoteSignerError {
        let (host, what) = (self.host.name().to_owned(), program.name().to_owned());
        RemoteSignerError::Unclear { host, what, why }
    }
}

/// sudo 1.9 says `sudo: failover: command not found` with exit 1, a shell exits with 127.
fn is_missing(out: &Output) -> bool {
    out.stdout.trim().is_empty() && out.code != 0 && out.stderr.contains("command not found")
}

/// The last thing that a command said.
fn said(out: &Output) -> String {
    let words = |text: &str| text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
    let said = words(&out.stderr).or_else(|| words(&out.stdout)).unwrap_or_default();
    said.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests;
