//! Why ssh began no session, in its own words.

use crate::host::HostError;
use crate::host::verdict::Call;

/// ssh neither ended nor began a session within the deadline: nothing was asked there.
pub(super) fn silent(call: &Call<'_>) -> HostError {
    let why = "the connection was made, but no shell answered in time: does a start file of the login shell wait?";
    HostError::Unreachable { host: call.host.to_owned(), why: why.to_owned() }
}

/// ssh ended, and the remote side was never seen to begin: nothing was asked there.
pub(super) fn ended(call: &Call<'_>, code: Option<i32>, stderr: &str) -> HostError {
    let host = call.host.to_owned();
    let why = brief(stderr);
    match code {
        Some(255) => match classify(stderr) {
            Some(Failure::HostKey) => HostError::HostKey { host, why },
            Some(Failure::NewHost) => HostError::NewHost { host, why },
            Some(Failure::Denied) => HostError::Denied { host, why },
            Some(Failure::Unreachable) => HostError::Unreachable { host, why },
            Some(Failure::Usage) => call.not_run(why),
            None => HostError::Unreachable { host, why },
        },
        // The session ended in order: what answered does not run `sh`.
        Some(code) => call.not_run(format!("its login shell runs no `sh` (exit {code}): {why}")),
        None => HostError::Unreachable { host, why: format!("ssh was killed: {why}") },
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_session_that_never_began_is_told_apart_by_what_ssh_says() {
        let call = Call { host: "p", what: "x", deadline: Duration::from_secs(1) };
        let end = |code, stderr| ended(&call, code, stderr);
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
