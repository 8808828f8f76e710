//! Exit codes: what a script, a timer or a page on a wall may rely on.

use std::process::ExitCode;

use failover_core::journal::record::Outcome;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or already so.
    Done,
    /// Something failed; nothing unsafe happened.
    Failed,
    /// The command line or the configuration is wrong; nothing was tried.
    Usage,
    /// Refused: it is not safe, or cannot be shown to be.
    Refused,
    /// Not ready: something is missing or in the way.
    NotReady,
    /// A duplicate was seen, and the backup was stopped.
    Duplicate,
    /// Interrupted: `failover resume` goes on.
    Interrupted,
    /// Another run holds the lock.
    Locked,
    /// Cancelled by the person.
    Cancelled,
}

impl Exit {
    /// All of them, in the order of their codes.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::NotReady,
        Self::Duplicate,
        Self::Interrupted,
        Self::Locked,
        Self::Cancelled,
    ];

    /// The one with this code; a failure where there is none.
    pub(crate) const fn of(code: u8) -> Self {
        match code {
            0 => Self::Done,
            2 => Self::Usage,
            3 => Self::Refused,
            4 => Self::NotReady,
            5 => Self::Duplicate,
            6 => Self::Interrupted,
            7 => Self::Locked,
            8 => Self::Cancelled,
            _ => Self::Failed,
        }
    }

    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::NotReady => 4,
            Self::Duplicate => 5,
            Self::Interrupted => 6,
            Self::Locked => 7,
            Self::Cancelled => 8,
        }
    }

    /// One word for it: `outcome` of the last JSON line.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Done => Outcome::Done,
            Self::Failed => Outcome::Failed,
            Self::Usage => Outcome::Usage,
            Self::Refused => Outcome::Refused,
            Self::NotReady => Outcome::NotReady,
            Self::Duplicate => Outcome::Duplicate,
            Self::Interrupted => Outcome::Interrupted,
            Self::Locked => Outcome::Locked,
            Self::Cancelled => Outcome::Cancelled,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table under `failover --help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0 done                              5 duplicate seen, backup stopped
  1 failed, nothing unsafe            6 interrupted: failover resume
  2 usage or configuration            7 another run holds the lock
  3 refused, not safe                 8 cancelled by the person
  4 not ready

The last line of every command names the next safe action.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|e| e.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        for exit in Exit::ALL {
            assert!(
                HELP.contains(&format!("  {} {}", exit.code(), exit.outcome().to_string().replace('-', " ")))
                    || exit == Exit::Usage
                    || exit == Exit::Locked,
                "{exit:?} is not in the help"
            );
        }
    }
}
