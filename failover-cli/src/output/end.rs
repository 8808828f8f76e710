//! The last line of a command.

use failover_core::journal::record as journal;
use serde::Serialize;

use crate::exit::Exit;

/// How a command ended, and the next safe action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// The exit code.
    pub(crate) exit: Exit,
    /// The next safe action, one sentence without its full stop.
    pub(crate) next: String,
    /// A run's own last record, where it was a run.
    pub(super) run: Option<Box<journal::End>>,
}

impl End {
    /// The end of a command that did what it was asked.
    pub(crate) fn done(next: impl Into<String>) -> Self {
        Self::new(Exit::Done, next)
    }

    /// Any other end.
    pub(crate) fn new(exit: Exit, next: impl Into<String>) -> Self {
        Self { exit, next: next.into(), run: None }
    }

    /// The same after a rehearsal: its next action is what would be done then.
    pub(crate) fn rehearsed(mut self) -> Self {
        self.next = format!("nothing needs to be done: this was a rehearsal. In earnest: {}", self.next);
        if let Some(run) = &mut self.run {
            run.next.clone_from(&self.next);
        }
        self
    }

    /// The end of a run, which its journal has too.
    pub(crate) fn of_run(run: journal::End) -> Self {
        Self { exit: Exit::of(run.exit), next: run.next.clone(), run: Some(Box::new(run)) }
    }
}

#[derive(Serialize)]
#[serde(tag = "record", rename = "end")]
pub(super) struct EndRecord<'a> {
    pub(super) outcome: journal::Outcome,
    pub(super) exit: u8,
    pub(super) next: &'a str,
}
