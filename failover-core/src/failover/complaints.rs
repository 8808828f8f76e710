//! What the backup's baker says of itself while step 7 waits: for the person who waits too, and judged by nobody.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Failover, Record};
use crate::clock::Clock as _;
use crate::facts::Timestamp;
use crate::journal::JournalError;

/// What services say while they start belongs to it, and this session's steps before.
const BEFORE: Duration = Duration::from_secs(10);

/// What was told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    since: Option<Timestamp>,
    /// Without their digits: the same of another level is nothing new.
    told: BTreeSet<String>,
    /// What was read last.
    last: Vec<String>,
    /// It could not be read.
    slow: bool,
}

impl Failover {
    /// Asks, and writes down what is new. Where it cannot be read nothing is said: it proves nothing either way.
    pub(super) fn hear(&mut self) -> Result<(), JournalError> {
        if !self.progress.kept.started.is_some_and(|started| started.complete) {
            return Ok(());
        }
        let now = self.clock.now();
        let Some(since) = self.heard.since else {
            // They have just been started.
            self.heard.since = Some(now);
            return Ok(());
        };
        if self.heard.slow {
            return Ok(());
        }
        let Some(log) = self.hands.backup.service_log() else { return Ok(()) };
        let said = log.complaints(now.since(since).saturating_add(BEFORE));
        // One that cannot be read, or not in time, is not asked again: the run has to look elsewhere.
        let Ok(said) = said else {
            self.heard.slow = true;
            return Ok(());
        };
        let told = &mut self.heard.told;
        let new: Vec<String> = said.iter().filter(|line| told.insert(without_digits(line))).cloned().collect();
        self.heard.last = said;
        if new.is_empty() { Ok(()) } else { self.record(&Record::Complaints { lines: new }) }
    }

    /// The last of it, for the end of a run that failed.
    pub(super) fn last_complaints(&self) -> Option<String> {
        let last = &self.heard.last;
        let last = last.get(last.len().saturating_sub(2)..).unwrap_or_default();
        (!last.is_empty()).then(|| last.join("; "))
    }
}

fn without_digits(line: &str) -> String {
    line.chars().filter(|c| !c.is_ascii_digit()).collect()
}
