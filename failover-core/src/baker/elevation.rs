//! Root's rights: whether they are there, and commands that need them.

use std::time::Duration;

use super::BakerError;
use crate::host::{Host, HostError, Output};

const SHORT: Duration = Duration::from_secs(10);

/// Root is 0.
pub(super) const WHO: [&str; 2] = ["id", "-u"];

/// Without asking for a password.
const SUDO: [&str; 2] = ["sudo", "-n"];

/// Whether commands on one machine run as root already. Asked once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Elevation {
    root: Option<bool>,
}

impl Elevation {
    /// Runs a command as root: directly, or by `sudo -n`. Its exit code is data, but for a refusal of rights.
    pub(super) fn run<H: Host + ?Sized>(
        &mut self,
        host: &mut H,
        argv: &[&str],
        deadline: Duration,
    ) -> Result<Output, BakerError> {
        self.call(host, argv, |host, argv| host.run(argv, deadline))
    }

    /// A question as root.
    pub(super) fn ask<H: Host + ?Sized>(
        &mut self,
        host: &mut H,
        argv: &[&str],
        deadline: Duration,
    ) -> Result<Output, BakerError> {
        self.call(host, argv, |host, argv| host.ask(argv, deadline))
    }

    /// The words by which a command is run as root.
    pub(super) fn words<'a, H: Host + ?Sized>(
        &mut self,
        host: &mut H,
        argv: &[&'a str],
    ) -> Result<Vec<&'a str>, BakerError> {
        self.is_root(host)?;
        Ok(self.known_words(argv).unwrap_or_else(|| argv.to_vec()))
    }

    /// The same, where it is known who this user is.
    pub(super) fn known_words<'a>(&self, argv: &[&'a str]) -> Option<Vec<&'a str>> {
        Some(if self.root? { argv.to_vec() } else { SUDO.iter().chain(argv).copied().collect() })
    }

    /// What was said to those words: without sudo's own, and a refusal of rights is an error.
    pub(super) fn heard<H: Host + ?Sized>(&self, host: &H, argv: &[&str], out: Output) -> Result<Output, BakerError> {
        allowed(host, argv, &out)?;
        Ok(if self.root == Some(true) { out } else { without_sudos(out) })
    }

    /// The same, with a text as the command's standard input.
    pub(super) fn feed<H: Host + ?Sized>(
        &mut self,
        host: &mut H,
        argv: &[&str],
        input: &str,
        deadline: Duration,
    ) -> Result<Output, BakerError> {
        self.call(host, argv, |host, argv| host.feed(argv, input, deadline))
    }

    fn call<H: Host + ?Sized>(
        &mut self,
        host: &mut H,
        argv: &[&str],
        call: impl Fn(&mut H, &[&str]) -> Result<Output, HostError>,
    ) -> Result<Output, BakerError> {
        let words = self.words(host, argv)?;
        let out = match call(host, &words) {
            // Without sudo the machine may still allow it (polkit); if not, it says so.
            Err(HostError::NotRun { .. }) if words.len() > argv.len() => call(host, argv)?,
            other => other?,
        };
        self.heard(host, argv, out)
    }

    /// Would a command be run as root? Asked of sudo, which only lists what it allows.
    pub(super) fn is_given<H: Host + ?Sized>(&mut self, host: &mut H) -> Result<bool, BakerError> {
        if self.is_root(host)? {
            return Ok(true);
        }
        match host.ask(&["sudo", "-n", "-l", "systemctl", "stop", "x"], SHORT) {
            Ok(out) => Ok(out.code == 0),
            Err(HostError::NotRun { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn is_root<H: Host + ?Sized>(&mut self, host: &mut H) -> Result<bool, BakerError> {
        if let Some(root) = self.root {
            return Ok(root);
        }
        // If the answer is odd, sudo is used: root may use it too.
        let out = host.ask(&WHO, SHORT)?;
        let root = out.code == 0 && out.stdout.trim() == "0";
        self.root = Some(root);
        Ok(root)
    }
}

/// A refusal of rights as an error.
pub(super) fn allowed<H: Host + ?Sized>(host: &H, argv: &[&str], out: &Output) -> Result<(), BakerError> {
    if refused(out) || argv.first() == Some(&"systemctl") && out.code == 4 {
        return Err(BakerError::Elevation { host: host.name().to_owned(), what: argv.join(" ") });
    }
    Ok(())
}

/// The words of sudo 1.9, sudo-rs 0.2, PAM and systemd 252 to someone who has no rights, in the C locale.
fn refused(out: &Output) -> bool {
    const WORDS: [&str; 15] = [
        "a password is required",
        "a terminal is required to read the password",
        "is not in the sudoers file",
        "may not run sudo on",
        "is not allowed to execute",
        "is not allowed to run sudo",
        "no new privileges",
        // requiretty
        "you must have a tty to run sudo",
        // sudo-rs
        "interactive authentication is required",
        "I'm sorry",
        // PAM
        "PAM account management error",
        "account validation failure",
        "Account or password is expired",
        // polkit
        "Access denied",
        "Interactive authentication required",
    ];
    out.code != 0 && out.stderr.lines().any(|line| WORDS.iter().any(|words| line.contains(words)))
}

/// What the command said, without what sudo said beside it: `sudo: unable to resolve host pi: Name or service not known`.
fn without_sudos(out: Output) -> Output {
    let sudos =
        |line: &str| line.starts_with("sudo: ") && (out.code == 0 || line.starts_with("sudo: unable to resolve host"));
    if !out.stderr.lines().any(sudos) {
        return out;
    }
    let stderr = out.stderr.split_inclusive('\n').filter(|line| !sudos(line)).collect();
    Output { stderr, ..out }
}

/// What a command that failed said last: its error output, or else its output.
pub(super) fn last_words(out: &Output) -> String {
    let last = |text: &str| {
        let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).rev().take(3).collect();
        lines.reverse();
        lines.join("; ")
    };
    let words = match last(&out.stderr) {
        words if words.is_empty() => last(&out.stdout),
        words => words,
    };
    words.chars().map(|c| if c.is_control() { '?' } else { c }).take(300).collect()
}

/// A non-zero exit as an error.
pub(super) fn succeeded<H: Host + ?Sized>(host: &H, what: &str, out: &Output) -> Result<(), BakerError> {
    if out.code == 0 {
        return Ok(());
    }
    Err(BakerError::Failed {
        host: host.name().to_owned(),
        what: what.to_owned(),
        code: out.code,
        message: last_words(out),
    })
}
