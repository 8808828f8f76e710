//! The wires between the tool and the world, and what can go wrong on them: counted for each edge, so that "the
//! fortieth answer of the node is lost" is the same in every replay.
//!
//! Faults lie under the real drivers: bytes of the backup's device, answers of HTTP sources, commands of machines,
//! records of the journal. They do what these transports can do: an exchange does not arrive, its answer is lost, late,
//! repeated, cut short or garbage. A bit within a payload does not flip: USB, TCP and ssh have checksums of their own,
//! and a digit that is wrong all the same is a source that lies, which [`super::SourceFault`] and
//! [`super::MarkFileState`] have.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::SimClock;
use failover_core::clock::{Clock, Timestamp};

/// What the tool talks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// The backup's signing device.
    Device,
    /// The primary's machine, as the services there are controlled.
    Primary,
    /// The primary's machine, as a program there is asked for its signer.
    PrimarySigner,
    /// The backup's machine.
    Backup,
    /// The own node.
    Node,
    /// Another source.
    Source,
    /// The journal.
    Journal,
}

/// What goes wrong with one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It does not arrive: nothing happens at the other end.
    Dropped,
    /// It arrives and is done, and the answer is lost.
    Lost,
    /// The answer takes this many seconds; past the deadline, it comes when nobody waits for it any more.
    Late(u64),
    /// The answer comes twice: the next question finds the second copy first.
    Twice,
    /// The answer stops in the middle.
    Cut,
    /// Something else comes in place of the answer, or before it; drawn from this number.
    Garbage(u64),
}

impl Mishap {
    /// Its kind, for counting.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Lost => "lost",
            Self::Late(_) => "late",
            Self::Twice => "twice",
            Self::Cut => "cut",
            Self::Garbage(_) => "garbage",
        }
    }
}

/// Exchanges of one edge, one after the other, to which the same happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// Which edge.
    pub edge: Edge,
    /// The first exchange, counted from 0 over all sessions.
    pub from: u64,
    /// How many.
    pub count: u64,
    /// What happens to each.
    pub mishap: Mishap,
}

/// A session dies at an exchange: nothing more of it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// Which exchange of the session, of whatever edge, counted from 0.
    pub at: u64,
    /// Had it taken effect at the other end?
    pub done: bool,
}

/// What time does to the tool at an exchange of a session (H41).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jolt {
    /// The wall clock is set: so many seconds on, or back.
    Step(i64),
    /// The process stands still for so many seconds, and the world does not.
    Pause(u64),
}

/// When it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jolted {
    /// At which exchange of the session, of whatever edge, counted from 0.
    pub at: u64,
    /// Once it is done; else right before it.
    pub done: bool,
    /// What happens.
    pub jolt: Jolt,
}

/// How a session that is no more was ended, as the payload of its unwinding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As [`Kill`] says.
    Killed,
    /// It does not come to an end by itself (S10).
    Endless,
}

/// No session makes more exchanges than this, or takes longer.
const EXCHANGES: u64 = 400_000;
const LONGEST: Duration = Duration::from_secs(4 * 60 * 60);

#[derive(Debug, Default)]
struct Counts {
    bursts: Vec<Burst>,
    counted: BTreeMap<Edge, u64>,
    injected: BTreeMap<&'static str, u64>,
    /// What time does in the next session.
    jolted: Option<Jolted>,
    /// The session that goes on, if one does.
    session: Option<Session>,
    /// When each edge was asked last, in the world's time.
    asked: BTreeMap<Edge, Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Session {
    kill: Option<Kill>,
    exchanges: u64,
    jolted: Option<Jolted>,
    begins: Timestamp,
    /// It was ended: whatever unwinds asks nothing any more, as a process that was killed does not.
    ended: Option<Ended>,
}

/// All wires of a world. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wires(Arc<Mutex<Counts>>);

impl Wires {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What will go wrong.
    pub(crate) fn spoil(&self, bursts: Vec<Burst>) {
        self.lock().bursts = bursts;
    }

    /// What time does to the next session.
    pub(crate) fn jolt(&self, jolted: Jolted) {
        self.lock().jolted = Some(jolted);
    }

    /// When an edge was asked last.
    pub(crate) fn asked(&self, edge: Edge) -> Option<Timestamp> {
        self.lock().asked.get(&edge).copied()
    }

    /// How many exchanges the session made so far; 0 where none goes on.
    pub(crate) fn exchanges(&self) -> u64 {
        self.lock().session.map_or(0, |session| session.exchanges)
    }

    /// A session begins: only within one exchanges are counted, and spoiled.
    pub(crate) fn begin(&self, now: Timestamp, kill: Option<Kill>) {
        let mut counts = self.lock();
        let jolted = counts.jolted.take();
        counts.session = Some(Session { kill, exchanges: 0, jolted, begins: now, ended: None });
    }

    /// It is over; and how it was ended, where that did not come from itself, whatever it made of that.
    pub(crate) fn end(&self) -> Option<Ended> {
        self.lock().session.take().and_then(|session| session.ended)
    }

    /// How often each kind of mishap happened.
    pub(crate) fn injected(&self) -> BTreeMap<&'static str, u64> {
        self.lock().injected.clone()
    }

    pub(crate) fn wire(&self, edge: Edge, clock: SimClock) -> Wire {
        Wire { wires: self.clone(), edge, clock }
    }
}

/// One end of a wire.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    wires: Wires,
    edge: Edge,
    clock: SimClock,
}

impl Wire {
    /// One exchange, as it may go wrong. The session may die before it or after it.
    pub(crate) fn exchange<T>(&self, run: impl FnOnce(Option<Mishap>) -> T) -> T {
        let Some((mishap, kill, jolted)) = self.count() else { return run(None) };
        self.clock.stand_still();
        if let Some(Jolted { done: false, jolt, .. }) = jolted {
            self.jolt(jolt);
        }
        match kill {
            None => {
                let answer = run(mishap);
                if let Some(Jolted { done: true, jolt, .. }) = jolted {
                    self.jolt(jolt);
                }
                answer
            }
            Some(Kill { done, .. }) => {
                if done {
                    run(mishap);
                }
                self.die(Ended::Killed)
            }
        }
    }

    /// The session is no more: it unwinds, what it held is let go, and its other wires are dead, too.
    pub(crate) fn die(&self, ended: Ended) -> ! {
        if let Some(session) = &mut self.wires.lock().session {
            session.ended.get_or_insert(ended);
        }
        unwind(ended)
    }

    fn jolt(&self, jolt: Jolt) {
        match jolt {
            Jolt::Step(seconds) => self.clock.step(seconds),
            Jolt::Pause(seconds) => self.clock.sleep(Duration::from_secs(seconds)),
        }
    }

    /// Lets a late answer's time pass. `false`: the deadline came first.
    pub(crate) fn waits(&self, seconds: u64, deadline: Duration) -> bool {
        let late = Duration::from_secs(seconds);
        self.clock.sleep(late.min(deadline));
        late <= deadline
    }

    /// Lets a deadline pass: nothing comes.
    pub(crate) fn waits_in_vain(&self, deadline: Duration) {
        self.clock.sleep(whole(deadline));
    }

    /// What happens to this exchange; nothing outside of a session.
    fn count(&self) -> Option<(Option<Mishap>, Option<Kill>, Option<Jolted>)> {
        let mut counts = self.wires.lock();
        let session = counts.session.as_mut()?;
        if let Some(ended) = session.ended {
            drop(counts);
            unwind(ended);
        }
        let (index, kill) = (session.exchanges, session.kill);
        session.exchanges += 1;
        let jolted = session.jolted.filter(|jolted| jolted.at == index);
        let endless = index >= EXCHANGES || self.clock.time().since(session.begins) >= LONGEST;
        let counted = counts.counted.entry(self.edge).or_default();
        let number = *counted;
        *counted += 1;
        let edge = self.edge;
        counts.asked.insert(edge, self.clock.time());
        let hit = |burst: &&Burst| burst.edge == edge && number >= burst.from && number - burst.from < burst.count;
        let mishap = counts.bursts.iter().find(hit).map(|burst| burst.mishap);
        if let Some(mishap) = mishap {
            *counts.injected.entry(mishap.name()).or_default() += 1;
        }
        let kill = kill.filter(|kill| kill.at == index);
        if kill.is_some() {
            *counts.injected.entry("kill").or_default() += 1;
        }
        drop(counts);
        if endless {
            self.die(Ended::Endless);
        }
        Some((mishap, kill, jolted))
    }
}

/// Real deadlines are measured by a real clock: what is left of them differs a little from run to run, and a second
/// that has begun passes whole, so that a replay is the same.
pub(crate) fn whole(left: Duration) -> Duration {
    Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0))
}

fn unwind(ended: Ended) -> ! {
    resume_unwind(Box::new(ended))
}
