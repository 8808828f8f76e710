//! What an ssh call's end says about the command.

use std::time::Duration;

use crate::host::{HostError, Output};

/// Exit codes by which a shell reports that a signal ended a command: INT, QUIT, ABRT, BUS, FPE, KILL, SEGV, PIPE, TERM.
/// Not all of 129 to 159: `tezbake` exits with 126 to 155 by itself (Tezos Baking 2.5.1), none of these among them.
const SIGNALLED: [i32; 9] = [130, 131, 134, 135, 136, 137, 139, 141, 143];

/// One call, for its errors.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) host: &'a str,
    pub(super) what: &'a str,
    pub(super) deadline: Duration,
    pub(super) took: Duration,
}

impl Call<'_> {
    /// The command's end was not seen.
    pub(super) fn lost(&self) -> HostError {
        self.lost_after(self.what.to_owned(), self.took.min(self.deadline))
    }

    fn lost_after(&self, what: String, after: Duration) -> HostError {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        HostError::Lost { host: self.host.to_owned(), what, after: Duration::from_millis(millis) }
    }

    pub(super) fn not_run(&self, why: String) -> HostError {
        HostError::NotRun { host: self.host.to_owned(), what: self.what.to_owned(), why }
    }

    /// The command's end was seen: an answer, unless the code is that of `timeout` or of a signal.
    pub(super) fn ran(&self, output: Output) -> Result<Output, HostError> {
        let code = output.code;
        if SIGNALLED.contains(&code) {
            return Err(
                self.lost_after(format!("{} (ended by signal {})", self.what, code.saturating_sub(128)), self.took)
            );
        }
        if code == 124 && self.took >= self.deadline {
            return Err(self.lost());
        }
        // Words of GNU coreutils 9.1 and of the shells dash 0.5.12 and bash 5.2, in the C locale.
        let said = |line: &&str| match code {
            125 => line.starts_with("timeout: "),
            126 | 127 => {
                line.starts_with("timeout: failed to run command")
                    || line.ends_with("timeout: not found")
                    || line.ends_with("timeout: command not found")
            }
            _ => false,
        };
        match output.stderr.lines().find(said) {
            Some(line) => Err(self.not_run(line.to_owned())),
            None => Ok(output),
        }
    }

    /// ssh neither ended nor began a session within the deadline: nothing was asked there.
    pub(super) fn silent(&self) -> HostError {
        let why = "a connection came up, and no shell within the deadline; does a start file of the login shell wait?";
        HostError::Unreachable { host: self.host.to_owned(), why: why.to_owned() }
    }

    /// ssh ended, and the remote side was never seen to begin: nothing was asked there.
    pub(super) fn never_began(&self, code: Option<i32>, stderr: &str) -> HostError {
        let host = self.host.to_owned();
        let why = brief(stderr);
        match code {
            Some(255) => match classify(stderr) {
                Some(Failure::HostKey) => HostError::HostKey { host, why },
                Some(Failure::NewHost) => HostError::NewHost { host, why },
                Some(Failure::Denied) => HostError::Denied { host, why },
                Some(Failure::Unreachable) => HostError::Unreachable { host, why },
                Some(Failure::Usage) => self.not_run(why),
                None => HostError::Unreachable { host, why },
            },
            // The session ended in order: what answered does not run `sh`.
            Some(code) => self.not_run(format!("its login shell runs no `sh` (exit {code}): {why}")),
            None => HostError::Unreachable { host, why: format!("ssh was killed: {why}") },
        }
    }
}

/// What kept ssh from beginning a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    HostKey,
    NewHost,
    Denied,
    Unreachable,
    Usage,
}

/// ssh's own words, OpenSSH 9.2. What is not known here may have been said after the session began.
fn classify(stderr: &str) -> Option<Failure> {
    let any = |known: &[&str]| stderr.lines().any(|line| known.iter().any(|words| line.contains(words)));
    let begins = |known: &[&str]| stderr.lines().any(|line| known.iter().any(|words| line.starts_with(words)));
    if any(&["REMOTE HOST IDENTIFICATION HAS CHANGED", "REVOKED HOST KEY"]) {
        return Some(Failure::HostKey);
    }
    // "No ED25519 host key is known for primary and you have requested strict checking."
    if any(&["host key is known for "]) {
        return Some(Failure::NewHost);
    }
    if any(&["Host key verification failed", "you have requested strict checking"]) {
        return Some(Failure::HostKey);
    }
    if any(&["Permission denied (", "Too many authentication failures"]) {
        return Some(Failure::Denied);
    }
    if begins(&["ssh: connect to host ", "ssh: Could not resolve hostname ", "kex_exchange_identification: "])
        || any(&["during banner exchange", "banner exchange: "])
    {
        return Some(Failure::Unreachable);
    }
    if any(&["Bad configuration option", "Bad owner or permissions", "Can't open user config file"]) {
        return Some(Failure::Usage);
    }
    None
}

/// The last lines of a text, on one line.
fn brief(text: &str) -> String {
    let mut lines: Vec<&str> =
        text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('@')).rev().take(2).collect();
    lines.reverse();
    let brief: String = lines.join("; ").chars().map(|c| if c.is_control() { '?' } else { c }).take(300).collect();
    if brief.is_empty() { "ssh said nothing".to_owned() } else { brief }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call<'_> = Call {
        host: "primary",
        what: "tezbake start",
        deadline: Duration::from_secs(10),
        took: Duration::from_secs(1),
    };

    fn ran(code: i32, stderr: &str) -> Result<Output, HostError> {
        CALL.ran(Output { code, stdout: String::new(), stderr: stderr.to_owned() })
    }

    #[test]
    fn codes_of_the_command_are_data() {
        for code in [0, 1, 3, 124, 125, 126, 127, 129, 132, 133, 148, 149, 150, 151, 152, 153, 155, 255] {
            assert_eq!(ran(code, "x").unwrap().code, code);
        }
    }

    #[test]
    fn a_command_that_a_signal_ended_is_lost() {
        for code in SIGNALLED {
            assert!(matches!(ran(code, ""), Err(HostError::Lost { .. })), "{code}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_did_not_run() {
        for (code, stderr) in [
            (127, "timeout: failed to run command 'tezbake': No such file or directory"),
            (126, "timeout: failed to run command 'tezbake': Permission denied"),
            (127, "sh: 1: timeout: not found"),
            (127, "bash: line 1: timeout: command not found"),
        ] {
            assert!(matches!(ran(code, stderr), Err(HostError::NotRun { .. })), "{stderr}");
        }
    }

    #[test]
    fn a_session_that_never_began_is_told_apart_by_what_ssh_says() {
        let end = |code, stderr| CALL.never_began(code, stderr);
        for (stderr, expected) in [
            ("ssh: connect to host p port 22: Connection refused", "Unreachable"),
            ("ssh: connect to host p port 22: No route to host", "Unreachable"),
            ("ssh: connect to host p port 22: Connection timed out", "Unreachable"),
            ("ssh: Could not resolve hostname p: Name or service not known", "Unreachable"),
            ("Connection timed out during banner exchange\nConnection to 127.0.0.1 port 22 timed out", "Unreachable"),
            (
                "No ED25519 host key is known for p and you have requested strict checking.\nHost key verification failed.",
                "NewHost",
            ),
            ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", "HostKey"),
            ("baker@p: Permission denied (publickey).", "Denied"),
            ("command line: line 0: Bad configuration option: nonsense", "NotRun"),
            ("Connection closed by 127.0.0.1 port 22", "Unreachable"),
            ("client_loop: send disconnect: Broken pipe", "Unreachable"),
            ("", "Unreachable"),
        ] {
            let error = format!("{:?}", end(Some(255), stderr));
            assert!(error.starts_with(expected), "{stderr}: {error}");
        }
        assert!(matches!(end(Some(1), "This account is currently not available."), HostError::NotRun { .. }));
        assert!(matches!(end(None, ""), HostError::Unreachable { .. }));
    }
}
