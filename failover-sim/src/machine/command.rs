//! A command, who asks for it, and what it did.

use std::time::Duration;

use super::Machine;
use failover_core::clock::Timestamp;
use failover_core::host::Output;

/// What runs a command line on a machine; `None`: there is no such program.
pub(crate) type Runs = fn(&mut Machine, Timestamp, &[&str], &str) -> Option<Ran>;

/// What a command did, and how long it would have taken.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub(crate) output: Output,
    pub(crate) took: Duration,
}

impl Ran {
    pub(crate) fn new(code: i32, stdout: impl Into<String>, stderr: impl Into<String>) -> Self {
        let output = Output { code, stdout: stdout.into(), stderr: stderr.into() };
        Self { output, took: Duration::ZERO }
    }

    pub(crate) fn ok(stdout: impl Into<String>) -> Self {
        Self::new(0, stdout, "")
    }
}

/// A command without what stands in front of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command<'a> {
    pub(crate) name: &'a str,
    pub(crate) args: &'a [&'a str],
    pub(crate) root: bool,
    /// Its standard input.
    pub(crate) input: &'a str,
}

impl Command<'_> {
    /// Does it change something, where it is let?
    pub(super) fn changes(&self) -> bool {
        match self.name {
            "systemctl" => {
                !self.args.iter().any(|arg| ["show", "list-unit-files", "list-units", "is-active"].contains(arg))
            }
            "tezbake" => self.args.iter().any(|arg| ["start", "stop"].contains(arg)),
            "failover" | "tezsign" => self.args.iter().any(|arg| ["disarm", "lock"].contains(arg)),
            // Whose run lives is no change to what bakes there, and a look is none.
            "sh" => ![failover_core::permit::script::CLAIM, failover_core::baker::secret::LOOK]
                .iter()
                .any(|s| self.args.contains(s)),
            "mv" | "rm" | "touch" => true,
            _ => false,
        }
    }
}
