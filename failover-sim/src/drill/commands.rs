//! What a person types between two sessions.

use super::{DrillError, Rehearsal};
use crate::source::Source;
use failover_core::effect::{self, Disarmed, Whose};
use failover_core::failover::is_over;
use failover_core::journal::JournalFile;
use failover_core::journal::record::{End, Record};
use failover_core::returning::stood_down;
use failover_core::state::{Clearance, StateError};

impl Rehearsal {
    /// `failover stand-down`: stops and disarms whatever goes on, and ends a run that was interrupted in its journal.
    ///
    /// # Errors
    /// The journal cannot be opened or written.
    pub fn stand_down(&mut self) -> Result<&End, DrillError> {
        let (clock, mut hands) = (self.world.clock(), self.hands());
        let permits = self.permit().permits;
        let Disarmed { proven, what } =
            effect::stand_down(&mut hands, Whose::Baker(&permits), "`failover stand-down`", &clock);
        let end = stood_down(proven);
        if let Some(path) = &self.journal {
            let (mut file, found) = JournalFile::reopen(path)?;
            if !is_over(&found.entries) {
                file.append(self.world.now(), &Record::Disarmed { proven, what })?;
                file.append(self.world.now(), &Record::End(end.clone()))?;
            }
        }
        self.ends.push(end);
        self.ends.last().ok_or(DrillError::NoRun)
    }

    /// `failover clear`: a person found the machine that signed, and says so.
    ///
    /// # Errors
    /// The latch is still there.
    pub fn clear(&self) -> Result<(), StateError> {
        let name = &self.policy.name;
        match Clearance::stated(name, &Clearance::sentence(name)) {
            Some(stated) => self.state.clear_duplicate(stated, self.world.now()),
            None => Ok(()),
        }
    }

    /// The other run, on this machine or the other one, ends or is stood down there.
    ///
    /// # Errors
    /// Its permit is still there.
    pub fn the_other_run_ends(&mut self) -> Result<(), DrillError> {
        self.other = None;
        let there = self.root_of(self.backup.other()).of(self.policy.chain, self.policy.baker);
        there.take_away("`failover stand-down` there")?;
        Ok(())
    }

    /// The configuration names these sources from now on.
    pub const fn configure(&mut self, sources: &'static [Source]) {
        self.sources = sources;
    }
}
