//! What the end of a line says about its command.

use std::time::Duration;

use super::script::TOO_LATE;
use super::session::Said;
use super::words::text;
use super::{HostError, Output};

/// Exit codes by which a shell reports that a signal ended a command: INT, QUIT, ABRT, BUS, FPE, KILL, SEGV, PIPE, TERM.
/// Not all of 129 to 159: `tezbake` exits with 126 to 155 by itself (Tezos Baking 2.5.1), none of these among them.
const SIGNALLED: [i32; 9] = [130, 131, 134, 135, 136, 137, 139, 141, 143];

/// One call, for its errors.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) host: &'a str,
    pub(super) what: &'a str,
    pub(super) deadline: Duration,
}

impl Call<'_> {
    /// What a line came to.
    pub(super) fn said(&self, said: Said) -> Result<Output, HostError> {
        match said {
            Said::Lost { took } => Err(self.lost_after(self.what.to_owned(), took.min(self.deadline))),
            Said::Ended { code, stdout, stderr, took } => {
                self.ran(Output { code, stdout: text(stdout), stderr: text(stderr) }, took)
            }
        }
    }

    fn lost_after(&self, what: String, after: Duration) -> HostError {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        HostError::Lost { host: self.host.to_owned(), what, after: Duration::from_millis(millis) }
    }

    pub(super) fn not_run(&self, why: String) -> HostError {
        HostError::NotRun { host: self.host.to_owned(), what: self.what.to_owned(), why }
    }

    /// The command's end was seen: an answer, unless the code is that of `timeout` or of a signal.
    fn ran(&self, output: Output, took: Duration) -> Result<Output, HostError> {
        let code = output.code;
        if code == TOO_LATE {
            return Err(self.lost_after(format!("{} (it came too late and was not run)", self.what), took));
        }
        if SIGNALLED.contains(&code) {
            return Err(self.lost_after(format!("{} (ended by signal {})", self.what, code.saturating_sub(128)), took));
        }
        if code == 124 && took >= self.deadline {
            return Err(self.lost_after(self.what.to_owned(), self.deadline));
        }
        // Words of GNU coreutils 9.1 and of the shells dash 0.5.12 and bash 5.2, in the C locale.
        let said = |line: &&str| match code {
            125 => line.starts_with("timeout: "),
            126 | 127 => {
                line.starts_with("timeout: failed to run command")
                    || line.ends_with("timeout: not found")
                    || line.ends_with("timeout: command not found")
                    || (line.starts_with("sh: ") && line.contains(" exec: "))
            }
            _ => false,
        };
        match output.stderr.lines().find(said) {
            Some(line) => Err(self.not_run(line.to_owned())),
            None => Ok(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call<'_> = Call { host: "primary", what: "tezbake start", deadline: Duration::from_secs(10) };

    fn ran(code: i32, stderr: &str) -> Result<Output, HostError> {
        CALL.ran(Output { code, stdout: String::new(), stderr: stderr.to_owned() }, Duration::from_secs(1))
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
            (127, "sh: 1: exec: tezbake: not found"),
            (126, "sh: line 1: exec: /etc/hosts: cannot execute: Permission denied"),
        ] {
            assert!(matches!(ran(code, stderr), Err(HostError::NotRun { .. })), "{stderr}");
        }
    }
}
