//! The watch: after a failover, or always. Duplicates, missed votes, a dead baker.
//!
//! On the machine that bakes it looks out for another one with the same keys: every position of the baker that is seen,
//! on chain or in the mempool, is judged by the decision's own rule ([`foreign`](crate::decision::foreign), S8) against
//! the device's marks, read after it was seen. At the first foreign one this machine is stopped and disarmed, at once
//! and without asking (S12), and it stays so until `failover clear`. Where the marks cannot be read, nothing is decided
//! and nothing is stopped; that is said, and said again while it lasts.
//!
//! It is stopped so, too, when the chain has proof that the baker signed twice.
//!
//! On a machine that stands by it looks out for the silence of the one that bakes, and says when a failover may be due;
//! and for itself: that nothing that signs is started here, and that a run would not be refused.
//! It starts nothing, ever; it takes no lock, so that a run can begin beside it; and it writes nothing to the disk but a
//! duplicate and the pinned head. A service that does not ask the guard starts again at the next boot: only the guard keeps it stopped then.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::chain::{ChainLevelSource, ChainNode};
use crate::clock::{Clock, Steady, Timestamp};
use crate::decision::Policy;
use crate::effect::Hands;
use crate::facts::{BakerState, ChainFacts, DeviceState, Fact, Gatherer, Signed, Unknown, seen};
use crate::failover::pin;
use crate::guard::GuardStatus;
use crate::journal::record::{End, Outcome, Record};
use crate::state::{PlanId, StateDir};
use crate::tezos::Level;

mod here;
mod hook;
mod hooks;
mod judge;
mod lasting;
mod look;
mod previous_run;
mod ready;
mod record;
mod role;
mod stop;
mod votes;

pub use hook::Hook;
pub use hooks::{AGAIN as HOOK_AGAIN, DEADLINE as HOOK_DEADLINE, Hooks};
pub use judge::{Judge, Judged};
pub use record::{Finding, Listener, Trouble, WatchLook, WatchRecord, WatchRole};
pub use votes::{Vote, VoteCount};

use lasting::Lasting;
use ready::Readiness;
use role::Taken;

/// A primary that signed nothing for so many levels with rights, in a row, may be down: about a minute.
pub const SILENT: u64 = 10;
/// It is told of no sooner, whatever is configured: one level alone is missed by many a baker that goes on.
pub const SILENT_LEAST: u64 = 2;
/// Nor so late that nobody is told at all: more than half a day.
pub const SILENT_MOST: u64 = 10_000;

/// All that a watch needs. Of its hands it uses the device, the services and the guard of this machine.
pub struct WatchParts {
    /// The own node.
    pub source: Box<dyn ChainNode>,
    /// Other sources, held against it where the backup's readiness is looked at (H1, H20).
    pub others: Vec<Box<dyn ChainLevelSource>>,
    /// Is a run of this baker going on here? Its device is left alone then.
    pub busy: Box<dyn FnMut() -> bool + Send>,
    /// What it looks at, and stops. The operator is asked nothing.
    pub hands: Hands,
    /// Whose baker, and on which chain.
    pub policy: Policy,
    /// After so many silent levels with rights a failover is proposed; [`SILENT`] by default.
    pub silent: u64,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where the duplicate is latched, and the journal of the run is.
    pub state: StateDir,
    /// Set from outside (Ctrl-C): end at the next look.
    pub cancel: Arc<AtomicBool>,
    /// Who hears what is said.
    pub listener: Box<dyn Listener>,
}

/// One watch.
pub struct Watch {
    gatherer: Gatherer,
    hands: Hands,
    policy: Policy,
    silent: u64,
    clock: Steady,
    state: StateDir,
    cancel: Arc<AtomicBool>,
    listener: Box<dyn Listener>,
    readiness: Readiness,
    /// What this machine is, once that is known.
    taken: Option<Taken>,
    judge: Option<Judge>,
    /// The run before it, and its journal.
    run: Option<(PlanId, PathBuf)>,
    votes: VoteCount,
    lasting: Lasting,
    /// The next settled level to read.
    from: Option<Level>,
    /// The first of the levels that were passed over because they could not be read.
    unread: Option<Level>,
    /// The last reading of the device, and when.
    device: Fact<DeviceState>,
    device_at: Option<Timestamp>,
    services: Fact<BakerState>,
    /// Services that were seen running while this machine baked.
    known_services: BTreeSet<String>,
    guard: Option<GuardStatus>,
    /// When the services, the guard and the latch were looked at.
    looked: Option<Timestamp>,
    /// The head, and since when it is the same.
    head: Option<(Level, Timestamp)>,
    alive: Option<Level>,
    poll: Duration,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("taken", &self.taken).field("votes", &self.votes).finish_non_exhaustive()
    }
}

impl Watch {
    /// A watch that has not looked yet.
    #[must_use]
    pub fn new(parts: WatchParts) -> Self {
        let WatchParts { source, others, busy, hands, mut policy, silent, clock, state, cancel, listener } = parts;
        pin::take(&state, &mut policy);
        let unread = || Unknown { why: "it was not read yet".to_owned(), next: "wait a moment".to_owned() };
        Self {
            gatherer: Gatherer::new(source, others),
            hands,
            policy,
            silent,
            clock: Steady::new(clock),
            state,
            cancel,
            listener,
            readiness: Readiness::new(busy),
            taken: None,
            judge: None,
            run: None,
            votes: VoteCount::default(),
            lasting: Lasting::default(),
            from: None,
            unread: None,
            device: Err(unread()),
            device_at: None,
            services: Err(unread()),
            known_services: BTreeSet::new(),
            guard: None,
            looked: None,
            head: None,
            alive: None,
            poll: look::POLL,
        }
    }

    /// Watches until a duplicate is seen or somebody ends it. The end is said last.
    pub fn run(&mut self) -> End {
        loop {
            if let Some(end) = self.step() {
                return end;
            }
        }
    }

    /// Looks once and lets the time to the next look pass; the end, where it has come.
    pub fn step(&mut self) -> Option<End> {
        let end = if self.cancel.load(Ordering::SeqCst) { Some(self.ended()) } else { self.look() };
        match &end {
            Some(end) => self.say_record(Record::End(end.clone())),
            None => {
                self.listener.looked(&WatchLook {
                    role: self.role(),
                    head: self.head.map(|(level, _)| level),
                    missed: self.votes.in_a_row,
                    troubles: self.lasting.said(),
                });
                self.clock.sleep(self.poll);
            }
        }
        end
    }

    /// What this machine is taken for, once that is known.
    #[must_use]
    pub fn role(&self) -> Option<WatchRole> {
        self.taken.as_ref().map(Taken::role)
    }

    /// The count of settled levels.
    #[must_use]
    pub const fn votes(&self) -> VoteCount {
        self.votes
    }

    /// How many levels and positions are kept: however long it watches, some hundred.
    #[must_use]
    pub fn remembered(&self) -> usize {
        let positions = self.judge.as_ref().map_or(0, Judge::remembered);
        self.gatherer.remembered().saturating_add(positions).saturating_add(self.known_services.len())
    }

    fn say(&mut self, said: WatchRecord) {
        self.listener.hear(self.clock.wall(), &said);
    }

    fn say_record(&mut self, record: Record) {
        self.say(WatchRecord::Run(Box::new(record)));
    }

    fn note(&mut self, note: impl Into<Option<Finding>>) {
        if let Some(note) = note.into() {
            self.say(WatchRecord::Finding(note));
        }
    }

    /// The person ended it.
    fn ended(&self) -> End {
        let next = match self.role() {
            Some(WatchRole::Baker) => "this machine goes on baking, unwatched; start `failover watch` again",
            Some(WatchRole::Sentinel) | None => "nobody watches the primary now; start `failover watch` again",
        };
        End::new(Outcome::Done, 0, "the watch was stopped by the person".to_owned(), next.to_owned())
    }

    /// Reads the device's marks now. One that did not answer is left alone for a moment.
    fn read_device(&mut self, now: Timestamp) {
        if self.device.is_err() && self.device_at.is_some_and(|at| now.since(at) < here::ASK_FAILED) {
            return;
        }
        self.device = seen(self.hands.device.state(), "this machine's signer", &self.clock);
        self.device_at = Some(self.clock.now());
    }

    /// Judges what the chain shows; the foreign positions, where there are any.
    fn judge(&mut self, now: Timestamp, chain: &ChainFacts) -> Option<Vec<Signed>> {
        let judge = self.judge.as_mut()?;
        if judge.is_unexplained(now, chain, &self.device) {
            // Only a mark that is read after the position was seen can accuse (S8).
            self.read_device(now);
        }
        let judge = self.judge.as_mut()?;
        let judged = judge.judge(now, chain, &self.device);
        if !judged.foreign.is_empty() {
            return Some(judged.foreign);
        }
        let note = if judged.undecided > 0 {
            let why = match &self.device {
                Err(unknown) => unknown.why.clone(),
                Ok(_) => "the signer does not show the marks of the consensus key (locked, or another card)".to_owned(),
            };
            let why = format!("{} positions of this baker cannot be told from its own: {why}", judged.undecided);
            let next = "look at the signer with `failover status`; nothing is stopped while its marks are not known";
            self.lasting.wrong(now, Trouble::Signer, look::PATIENCE, &Unknown { why, next: next.to_owned() })
        } else {
            None
        };
        self.note(note);
        None
    }
}
