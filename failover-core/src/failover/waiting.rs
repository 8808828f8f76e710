//! Waits: said when they begin and while they last, and how long until the next look.

use std::mem::discriminant;
use std::time::Duration;

use super::{Failover, SHOW_AGAIN};
use crate::decision::{WaitFor, Waiting, reads_since_refusal};
use crate::facts::Facts;
use crate::journal::JournalError;
use crate::journal::record::Record;
use crate::signer::traits::Beside;

impl Failover {
    pub(super) fn wait(&mut self, facts: &Facts, waiting: Waiting) -> Result<(), JournalError> {
        let kind = discriminant(&waiting.why);
        self.reads_back |= reads_since_refusal(&waiting);
        // Once when a wait begins, and now and then while it lasts: every wait shows how long is left (S10).
        if self.last_wait.is_none_or(|(last, at)| last != kind || facts.now.since(at) >= SHOW_AGAIN) {
            self.last_wait = Some((kind, facts.now));
            let head = facts.chain.head.as_ref().ok().map(|h| h.value.level);
            self.record(&Record::Wait { head, waiting: waiting.clone() })?;
            self.hear()?;
        }
        self.slow = 0;
        self.sleep(self.poll(facts, &waiting));
        Ok(())
    }

    /// Often enough to see a foreign signature within a second (S8). A device that answers between the answers to its service
    /// is not asked more than once a block while that signs.
    fn poll(&self, facts: &Facts, waiting: &Waiting) -> Duration {
        let block = facts.chain.block_seconds().clamp(1, 60);
        let shared = facts.backup.device.as_ref().is_ok_and(|d| d.value.traits().beside_service == Beside::Shared);
        match waiting.why {
            WaitFor::Chain { .. } => Duration::from_secs(block),
            _ if shared && self.progress.kept.started.is_some() => Duration::from_secs(block),
            _ => Duration::from_millis((block * 1000 / 4).clamp(250, 900)),
        }
    }
}
