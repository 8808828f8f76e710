//! The primary gets its job back, as `failover stand-down` and `failover return` do it.

use super::{DrillError, Rehearsal};
use failover_core::effect::{self, Hands, Whose};
use failover_core::journal::JournalFile;
use failover_core::journal::record::End;
use failover_core::lock::{FileLock, Holder};
use failover_core::permit::{RunId, RunPermit};
use failover_core::returning::{self, Taken};

impl Rehearsal {
    /// Stands the backup down, whatever it does, and asks for the primary to bake again.
    ///
    /// # Errors
    /// There is no run to take back, or its journal cannot be opened.
    pub fn give_back(&mut self) -> Result<&End, DrillError> {
        let permits = self.permit().permits;
        let (mut hands, clock) = (self.hands(), self.world.clock());
        let _whatever_is_proven =
            effect::stand_down(&mut hands, Whose::Baker(&permits), "`failover stand-down`", &clock);
        drop(hands);
        self.hand_back()
    }

    /// `failover return` alone: the backup is left as it is.
    ///
    /// # Errors
    /// As [`Rehearsal::give_back`].
    pub fn hand_back(&mut self) -> Result<&End, DrillError> {
        let clock = self.world.clock();
        // As on the command line: a permit of its own, and the runs of the journals are this machine's own.
        let run = self.run;
        let permit = RunPermit { run: RunId::random()?, known: vec![run], ..self.permit() };
        let who = Holder::this("failover return", self.world.now(), None);
        let lock = FileLock::acquire_under(&self.root_of(self.backup), self.policy.chain, self.policy.baker, &who)?;
        permit.permits.begin(&permit.run)?;
        let mut hands = Hands { permit: Some(permit), locks: vec![Box::new(lock)], ..self.hands() };
        let taken = Taken::newest(&self.state, self.plan)?.ok_or(DrillError::NoRun)?;
        let (file, _) = JournalFile::reopen(&taken.journal)?;
        let mut recorder = self.recorder(file, None);
        let end = returning::give_back(&mut hands, (&self.state, &taken), &self.policy, &clock, &mut *recorder);
        self.ends.push(end);
        self.ends.last().ok_or(DrillError::NoRun)
    }
}
