//! Root's rights: whether they are there, and commands that need them.

use std::time::Duration;

use super::BakerError;
use crate::host::{Host, HostError, Output};

const SHORT: Duration = Duration::from_secs(10);

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
        let out = if self.is_root(host)? {
            call(host, argv)?
        } else {
            let sudo: Vec<&str> = ["sudo", "-n"].iter().chain(argv).copied().collect();
            match call(host, &sudo) {
                // Without sudo the machine may still allow it (polkit); if not, it says so.
                Err(HostError::NotRun { .. }) => call(host, argv)?,
                other => other?,
            }
        };
        allowed(host, argv, &out)?;
        Ok(out)
    }

    /// Would a command be run as root? Asked of sudo, which only lists what it allows.
    pub(super) fn is_given<H: Host + ?Sized>(&mut self, host: &mut H) -> Result<bool, BakerError> {
        if self.is_root(host)? {
            return Ok(true);
        }
        match host.run(&["sudo", "-n", "-l", "systemctl", "stop", "x"], SHORT) {
            Ok(out) => Ok(out.code == 0),
            Err(HostError::NotRun { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn is_root<H: Host + ?Sized>(&mut self, host: &mut H) -> Result<bool, BakerError> {
        if let Some(root) = self.root {
            return Ok(root);
        }
        // Where the answer is odd, sudo it is: root may use it too.
        let out = host.run(&["id", "-u"], SHORT)?;
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

/// The words of sudo 1.9 and of systemd 252 to someone who has no rights, in the C locale.
fn refused(out: &Output) -> bool {
    const WORDS: [&str; 8] = [
        "a password is required",
        "a terminal is required to read the password",
        "is not in the sudoers file",
        "may not run sudo on",
        "is not allowed to execute",
        "no new privileges",
        "Access denied",
        "Interactive authentication required",
    ];
    out.code != 0 && out.stderr.lines().any(|line| WORDS.iter().any(|words| line.contains(words)))
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
