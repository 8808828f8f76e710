//! Earlier runs that were refused because nothing fenced the primary (H27).

use crate::clock::{Clock as _, Timestamp};
use crate::decision::policy::REFUSAL_LIFE;
use crate::decision::{Policy, Refusal, RefusedBefore};
use crate::failover::{Failover, PreviousRun};
use crate::journal::record::{End, Outcome, Record};
use crate::journal::{self, Entry};
use crate::operator::unplugged_flag;
use crate::state::{StateDir, StateError};

impl Failover {
    /// An earlier run of this baker was refused because nothing fenced the primary: it is taken into account.
    pub(crate) fn after_refusal(&mut self, refused: Option<RefusedBefore>) {
        let now = self.clock.now();
        self.progress.session.refused_before = refused.filter(|refused| refused.counts(now));
    }
}

/// Was this run refused because nothing fenced the primary? Then when, and what was noted.
#[must_use]
pub fn refused_before(entries: &[Entry<Record>]) -> Option<RefusedBefore> {
    let last = entries.last()?;
    let Record::End(End { refusal: Some(Refusal::NotFenced { .. }), .. }) = &last.record else { return None };
    PreviousRun::of(entries)?.kept.noted.map(|noted| RefusedBefore { at: last.at, noted })
}

/// How the primary gets its job back after a refusal that stopped it. Where the backup's device cannot say what it signed, or
/// its marks are not this run's, `return` finds no proof in it: the cable or the other machine's own run are what is left.
pub(super) fn way_back(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Damaged { .. } | Refusal::MarksPastCap { .. } => format!(
            "; or unplug this machine's signer and run `failover return {}`, which gives the primary its job back; or \
             `failover standby` on the primary, then `failover run` there",
            unplugged_flag()
        ),
        _ => "; or give the primary its job back with `failover return`".to_owned(),
    }
}

/// The newest refusal of this kind on this machine, for the same baker on the same chain, of the last 24 hours. A run
/// since then that was refused, cancelled or never begun changes nothing; one that began to do more ends the search, and
/// so does a journal that cannot be read. Whether the baker signed since is for the decision to see.
///
/// # Errors
/// The folder of the journals cannot be read.
pub fn earlier_refusal(state: &StateDir, policy: &Policy, now: Timestamp) -> Result<Option<RefusedBefore>, StateError> {
    for path in state.journals()? {
        let Ok(journal) = journal::read::<Record>(&path) else { return Ok(None) };
        let Some(last) = journal.entries.last() else { continue };
        if now.since(last.at) >= REFUSAL_LIFE {
            return Ok(None);
        }
        let ours = |entry: &Entry<Record>| match &entry.record {
            Record::Begin { policy: begun, .. } => begun.baker == policy.baker && begun.chain == policy.chain,
            _ => false,
        };
        if !journal.entries.first().is_some_and(ours) {
            continue;
        }
        if let Some(refused) = refused_before(&journal.entries) {
            return Ok(Some(refused));
        }
        // One that is not over is taken up again: it does not count as a later run.
        let over = matches!(&last.record, Record::End(end) if end.outcome != Outcome::Interrupted);
        let armed = |entry: &Entry<Record>| PreviousRun::is_armed_by(&entry.record);
        if over && journal.entries.iter().any(armed) {
            return Ok(None);
        }
    }
    Ok(None)
}
