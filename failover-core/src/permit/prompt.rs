//! A prompt on this machine's Ledger, written down for a command that finds the device silent. For people only: no
//! verdict asks it.

use std::fs;

use super::disk::read;
use super::{PermitState, Root, RunId};
use crate::tezos::Level;

/// Its name below the root.
const NAME: &str = "prompt";

/// Whose prompt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PromptOf {
    /// SETUP, by which a run authorizes the key.
    Run(RunId),
    /// RESET, by which this command raises the marks.
    Command(&'static str),
}

/// A prompt that nobody answered, as far as it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptNote {
    /// The level on the screen.
    pub level: Level,
    /// A run asked for it that goes on or can be taken up again: its permit is there. Nobody waits for any other.
    pub wanted: bool,
}

impl Root {
    /// A prompt with this level is about to be sent to this machine's Ledger.
    pub(crate) fn prompted(&self, level: Level, of: PromptOf) {
        let what = match of {
            PromptOf::Run(run) => format!("SETUP run {run}"),
            PromptOf::Command(command) => format!("RESET {command}"),
        };
        let _for_people = fs::write(self.path().join(NAME), format!("{} {what}\n", level.get()));
    }

    /// It was answered, or the device answers other questions by now.
    pub fn not_prompted(&self) {
        let _for_people = fs::remove_file(self.path().join(NAME));
    }

    /// Somebody has read the device: what is written down is over, unless a prompt is being sent at this moment.
    pub fn device_answered(&self) {
        if self.path().join(NAME).exists() && self.effect_under_way().is_none() {
            self.not_prompted();
        }
    }

    /// The last prompt that nobody answered. Older versions wrote its level alone.
    #[must_use]
    pub fn prompt(&self) -> Option<PromptNote> {
        let text = read(&self.path().join(NAME)).ok()??;
        let (level, what) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let run = what.strip_prefix("SETUP run ").and_then(|run| run.parse().ok());
        Some(PromptNote { level: Level::new(level.parse().ok()?)?, wanted: run.is_some_and(|run| self.lives(&run)) })
    }

    fn lives(&self, run: &RunId) -> bool {
        let valid = |state| state == PermitState::Valid;
        self.every().is_ok_and(|all| all.iter().any(|permits| permits.look(run).is_ok_and(valid)))
    }
}
