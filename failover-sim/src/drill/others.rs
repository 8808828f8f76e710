//! What others do while a session goes on: a second shell on the same machine, or the other machine (S13, S14).

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use super::Rehearsal;
use crate::act::{Act, Cut, Then};
use crate::machine;
use crate::options::Side;
use crate::world::World;
use failover_core::clock::Timestamp;
use failover_core::effect::{self, Hands, Whose};
use failover_core::journal::record::Record;
use failover_core::lock::{FileLock, Holder};
use failover_core::permit::{Claim, PermitKind, Permits, RunId, hostname, script};

/// Who will act, and what was done.
#[derive(Debug, Clone, Default)]
pub(super) struct Acts(Arc<Mutex<Told>>);

/// Who will act, what was done, and whether it stopped the run.
type Told = (Vec<Then>, Vec<Act>, bool);

impl Acts {
    pub(super) fn new(then: &[Then]) -> Self {
        Self(Arc::new(Mutex::new((then.to_vec(), Vec::new(), false))))
    }

    pub(super) fn done(&self) -> Vec<Act> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Was a run stood down that had begun?
    fn stopped(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).2
    }

    fn stop(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).2 = true;
    }

    fn is_none(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.is_empty()
    }

    fn due(&self, index: usize, record: &Record) -> Vec<Act> {
        let mut acts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (pending, done, _) = &mut *acts;
        let due = |then: &Then| match then.when {
            Cut::When(holds) => holds(record),
            Cut::After(wanted) | Cut::Before(wanted) => wanted == index,
        };
        let now: Vec<Act> = pending.iter().filter(|then| due(then)).map(|then| then.act).collect();
        pending.retain(|then| !due(then));
        done.extend(&now);
        now
    }
}

/// Everybody but the run itself, as long as a session goes on.
pub(super) struct Others {
    acts: Acts,
    world: World,
    hands: Hands,
    here: Permits,
    there: Permits,
    /// The machine that the run is on.
    side: Side,
    policy: failover_core::decision::Policy,
    /// Of a run at the other machine; it ends with the session.
    locks: Vec<FileLock>,
}

impl Rehearsal {
    /// What somebody else did so far, in order.
    #[must_use]
    pub fn acted(&self) -> Vec<Act> {
        self.acts.done()
    }

    /// Was the run stood down by somebody else, after it had begun?
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.acts.stopped()
    }

    /// Others act after these records.
    pub(crate) fn let_others_act(&mut self, then: &[Then]) {
        self.acts = Acts::new(then);
    }

    pub(super) fn others(&self) -> Option<Others> {
        let permits = |side| self.root_of(side).of(self.policy.chain, self.policy.baker);
        (!self.acts.is_none()).then(|| Others {
            acts: self.acts.clone(),
            world: self.world.clone(),
            hands: self.hands(),
            here: permits(self.backup),
            there: permits(self.backup.other()),
            side: self.backup,
            policy: self.policy.clone(),
            locks: Vec::new(),
        })
    }
}

impl Others {
    /// A record is on disk.
    pub(super) fn after(&mut self, index: usize, record: &Record) {
        for act in self.acts.due(index, record) {
            if act == Act::StandsDown {
                self.acts.stop();
            }
            // What they cannot do, as on a real machine, is for the records and the judge to see.
            let _what_came_of_it = self.act(act);
        }
    }

    fn act(&mut self, act: Act) -> Option<()> {
        let Self { world, hands, here, there, side, policy, locks, .. } = self;
        let now = world.now();
        match act {
            Act::StandsDown => {
                let _read_back_by_the_run = effect::stand_down(
                    hands,
                    Whose::Baker(here),
                    "`failover stand-down` in a second shell",
                    &world.clock(),
                );
            }
            Act::TakesAway => {
                here.take_away("somebody in a second shell").ok()?;
            }
            Act::RunsThere => {
                let who = Holder::this("failover run, on the other machine", now, None);
                locks.push(FileLock::acquire_under(there.root(), policy.chain, policy.baker, &who).ok()?);
                let run = RunId::random().ok()?;
                there.begin(&run).ok()?;
                there.make(&run, PermitKind::Run, "the other machine", now).ok()?;
            }
            Act::Claims => {
                let run = RunId::random().ok()?;
                there.begin(&run).ok()?;
                there.make(&run, PermitKind::Run, "the other machine", now).ok()?;
                claim((run, None), here, &there.root().here().ok()?, now);
            }
            Act::ReplacesTheClaim => {
                let own = there.claims().ok()?.first()?.run;
                claim((RunId::random().ok()?, Some(own)), there, "a machine with copied files", now);
            }
            Act::RemovesTheClaim => {
                let own = there.claims().ok()?.first()?.run;
                fs::remove_file(there.part("claims").join(own.to_string())).ok()?;
            }
            Act::LeavesUnlocked => {
                world.unlock(*side, &world.passphrase());
            }
        }
        Some(())
    }
}

/// A run of a machine that knows itself by `from` claims the one whose permits these are, and does not see the lock there.
fn claim((run, replace): (RunId, Option<RunId>), on: &Permits, from: &str, now: Timestamp) {
    let claim = Claim { v: Claim::VERSION, run, host: hostname(), who: "the other machine".to_owned(), at: now }.line();
    let root = on.root().path();
    let unseen = root.join("another-run-lock").to_string_lossy().into_owned();
    let replace = replace.map_or_else(|| "-".to_owned(), |own| own.to_string());
    let (root, run) = (root.to_string_lossy(), run.to_string());
    machine::claim(&[&root, on.baker(), &unseen, &run, &claim, &replace, "-", "5", script::NAME, from]);
}
