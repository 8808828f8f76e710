//! A drill: the whole procedure with the real protocol code, on a simulated world.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use super::act::{Act, Cut, Then};
use super::book::Alarm;
use super::operator::Person;
use super::options::{Pace, Side, WorldOptions};
use super::scenario::{Scenario, Stage};
use super::source::Source;
use super::wire::{Burst, Edge, Jolted, Kill};
use super::world::World;
use failover_core::chain::octez::OctezNode;
use failover_core::clock::Clock;
use failover_core::decision::{Policy, Verdict};
use failover_core::effect::Hands;
use failover_core::facts::Facts;
use failover_core::failover::{Parts, PreviousRun, Recorder};
use failover_core::host::HostIdentity;
use failover_core::journal::record::{End, Record};
use failover_core::journal::{JournalError, JournalFile};
use failover_core::lock::{FailoverLock, FileLock, Holder, LockError};
use failover_core::permit::{PermitError, Root, RunId, RunIdError};
use failover_core::session::{Look, Session};
use failover_core::signer::Model;
use failover_core::state::{PlanId, PlanIdError, StateDir, StateError};

mod back;
mod commands;
mod edges;
mod ends;
mod journals;
mod others;
mod permit;
mod turn;
mod watched;

use ends::{killed, locked};
pub use journals::journal_of;
use others::Acts;
use watched::Watched;
pub use watched::Watcher;

/// After the end of a run the world goes on for this long, so that a late double signature shows.
const AFTERWARDS: Duration = Duration::from_secs(180);

/// Another source has this long for each question, as on the command line.
const OTHER_DEADLINE: Duration = Duration::from_secs(3);

/// What a drill is run with.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// Which devices.
    pub model: Model,
    /// The same seed, the same drill.
    pub seed: u64,
    /// Does waiting take real time?
    pub pace: Pace,
}

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drilled {
    /// The end of each session: one, or more where the run was interrupted and taken up again.
    pub ends: Vec<End>,
    /// Double signatures. None in a drill that went well.
    pub alarms: Vec<Alarm>,
    /// How many signatures were made by both machines.
    pub signatures: usize,
    /// The journal of the last run; `None`: it wrote none.
    pub journal: Option<PathBuf>,
}

impl Drilled {
    /// The end of the last session.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.ends.last()
    }
}

/// Why there was no drill.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrillError {
    /// The scratch folder.
    #[error("the drill's scratch folder cannot be used: {0}")]
    State(#[from] StateError),
    /// No plan id.
    #[error(transparent)]
    PlanId(#[from] PlanIdError),
    /// No name of a run.
    #[error(transparent)]
    RunId(#[from] RunIdError),
    /// The drill's permits.
    #[error(transparent)]
    Permit(#[from] PermitError),
    /// The drill's lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The drill's journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The machine that lost could not be made the backup.
    #[error("standby: {what} is missing: {why}")]
    Standby {
        /// Which part.
        what: String,
        /// Why.
        why: String,
    },
    /// No run has been made in this drill yet.
    #[error("no run has been made in this drill yet")]
    NoRun,
    /// This scenario is for the other kind of signer.
    #[error("the scenario {name} is for a {model}")]
    OtherModel {
        /// Its name.
        name: &'static str,
        /// The signer it is for.
        model: Model,
    },
}

/// Rehearses one scenario; `scratch` holds its state and journal.
///
/// # Errors
/// The scratch folder cannot be used, or the scenario is for the other kind of signer.
pub fn drill(
    scenario: &Scenario,
    options: &DrillOptions,
    scratch: &Path,
    watcher: &Watcher,
) -> Result<Drilled, DrillError> {
    let mut rehearsal = Rehearsal::new(scenario, options, scratch, watcher)?;
    if let Some(meanwhile) = scenario.meanwhile {
        rehearsal.session(None)?;
        meanwhile(rehearsal.world());
        rehearsal.begin_again()?;
    }
    for holds in scenario.breaks {
        if rehearsal.session(Some(Cut::When(*holds)))?.exit != 6 {
            return Ok(rehearsal.finish());
        }
    }
    for _ in 0..scenario.turns {
        if rehearsal.session(None)?.exit != 0 {
            return Ok(rehearsal.finish());
        }
        rehearsal.turn_round()?;
    }
    rehearsal.session(None)?;
    if scenario.gives_back {
        rehearsal.give_back()?;
    }
    Ok(rehearsal.finish())
}

/// A drill, session by session: the first begins the run, each further one takes it up again.
#[derive(Debug)]
pub struct Rehearsal {
    world: World,
    policy: Policy,
    person: Person,
    plan: PlanId,
    /// The run's name: one for each journal.
    run: RunId,
    /// Which machine is the backup; the other one is the primary.
    backup: Side,
    scratch: PathBuf,
    state: StateDir,
    journal: Option<PathBuf>,
    watcher: Shown,
    ends: Vec<End>,
    acts: Acts,
    /// The configured sources.
    sources: &'static [Source],
    other: Option<FileLock>,
}

struct Shown(Watcher);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

impl Rehearsal {
    /// Builds the world and spoils it as the scenario says.
    ///
    /// # Errors
    /// As [`drill`].
    pub fn new(
        scenario: &Scenario,
        options: &DrillOptions,
        scratch: &Path,
        watcher: &Watcher,
    ) -> Result<Self, DrillError> {
        if let Some(model) = scenario.model.filter(|model| *model != options.model) {
            return Err(DrillError::OtherModel { name: scenario.name, model });
        }
        // The same seed, the same drill, exchange by exchange.
        let mut wanted =
            WorldOptions { pace: options.pace, in_turn: true, ..WorldOptions::new(options.model, options.seed) };
        (scenario.world)(&mut wanted);
        let mut rehearsal = Self::begin(wanted, scenario.prepare, scenario.another_run, scratch, watcher)?;
        rehearsal.let_others_act(scenario.then);
        Ok(rehearsal)
    }

    /// Builds a world, lets it be spoiled, and begins.
    pub(crate) fn begin(
        wanted: WorldOptions,
        prepare: impl FnOnce(&mut Stage<'_>),
        another_run: bool,
        scratch: &Path,
        watcher: &Watcher,
    ) -> Result<Self, DrillError> {
        let state = StateDir::open(scratch)?;
        let world = World::new(wanted);
        world.set_guard(Side::Backup, scratch.join("ACTIVE"));
        world.set_guard(Side::Primary, scratch.join(Side::Primary.name()).join("ACTIVE"));
        let mut policy = Policy::new("mybaker".to_owned(), world.baker(), world.options().chain);
        policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
        let mut person = Person::new(world.clone());
        prepare(&mut Stage { world: &world, policy: &mut policy, person: &mut person });
        let (plan, watcher) = (PlanId::random()?, Shown(watcher.clone()));
        let other = Holder::this("failover run, typed by somebody else", world.now(), None);
        let other = match another_run {
            true => {
                Some(FileLock::acquire_under(&Root::at(scratch.join("machine")), policy.chain, policy.baker, &other)?)
            }
            false => None,
        };
        let sources = world.options().sources;
        let (backup, scratch, run) = (Side::Backup, scratch.to_owned(), RunId::random()?);
        Ok(Self {
            world,
            policy,
            person,
            plan,
            run,
            backup,
            scratch,
            state,
            journal: None,
            watcher,
            ends: Vec::new(),
            acts: Acts::default(),
            sources,
            other,
        })
    }

    /// The world, to let things happen in it between two sessions.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The next session is a run of its own, on the same machine.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn begin_again(&mut self) -> Result<(), DrillError> {
        (self.plan, self.run, self.journal) = (PlanId::random()?, RunId::random()?, None);
        Ok(())
    }

    /// What goes wrong on the wires, counted over all sessions.
    pub fn spoil(&self, bursts: Vec<Burst>) {
        self.world.wires().spoil(bursts);
    }

    /// What time does to the next session (H41).
    pub fn jolt(&self, jolted: Jolted) {
        self.world.wires().jolt(jolted);
    }

    /// How its sessions ended so far.
    #[must_use]
    pub fn ends(&self) -> &[End] {
        &self.ends
    }

    /// The thresholds, to change them before the first session.
    pub const fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    /// The person, to change them before the first session.
    pub const fn person_mut(&mut self) -> &mut Person {
        &mut self.person
    }

    /// Runs one session, to its end or to where it is cut. What it held is let go with it: a process that died
    /// holds nothing.
    ///
    /// # Errors
    /// The journal cannot be opened.
    pub fn session(&mut self, cut: Option<Cut>) -> Result<&End, DrillError> {
        self.session_until(cut, None)
    }

    /// The same, to where it is killed between two records: an exchange with a device, a node, a machine, or the journal.
    pub(crate) fn session_until(&mut self, cut: Option<Cut>, kill: Option<Kill>) -> Result<&End, DrillError> {
        let who = Holder::this("failover drill", self.world.now(), Some(self.plan));
        let lock = match FileLock::acquire_under(&self.root_of(self.backup), self.policy.chain, self.policy.baker, &who)
        {
            Ok(lock) => lock,
            // As the command line does it: nothing is written down, nothing is done (S7).
            Err(error @ LockError::Held { .. }) => {
                self.ends.push(locked(&error));
                return self.ends.last().ok_or(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let (file, past) = self.journal()?;
        self.journal = Some(file.path().to_owned());
        if past.is_none() {
            self.permit().permits.begin(&self.run)?;
        }
        let recorder = self.recorder(file, cut);
        let session = match Session::from_parts(self.parts(recorder, vec![Box::new(lock)]), past) {
            Ok(session) => session,
            Err(error) => {
                self.ends.push(error.end());
                return self.ends.last().ok_or(DrillError::NoRun);
            }
        };
        self.world.wires().begin(self.world.now(), kill);
        // A process that is killed does nothing more, and what it held is let go: it unwinds.
        let end = catch_unwind(AssertUnwindSafe(move || session.rehearse()));
        let ended = self.world.wires().end();
        self.ends.push(match (ended, end) {
            (Some(ended), _) => killed(ended),
            (None, Ok(end)) => end,
            (None, Err(why)) => resume_unwind(why),
        });
        self.ends.last().ok_or(DrillError::NoRun)
    }

    /// Looks once, as a session that takes the run up again would, and does nothing.
    ///
    /// # Errors
    /// The journal cannot be opened.
    pub fn look(&mut self) -> Result<(Facts, Verdict), DrillError> {
        let (file, past) = self.journal()?;
        self.journal = Some(file.path().to_owned());
        Ok(Look::from_parts(self.parts(self.recorder(file, None), Vec::new()), past).once())
    }

    fn recorder(&self, file: JournalFile<Record>, cut: Option<Cut>) -> Box<dyn Recorder> {
        let wire = self.world.wire(Edge::Journal);
        let (watcher, others) = (self.watcher.0.clone(), self.others());
        Box::new(Watched { file, watcher, cut, written: 0, broken: false, wire, others })
    }

    fn journal(&self) -> Result<(JournalFile<Record>, Option<PreviousRun>), DrillError> {
        let Some(path) = &self.journal else {
            return Ok((self.state.create_journal(self.world.now(), self.plan)?, None));
        };
        let (file, found) = JournalFile::reopen(path)?;
        let past = PreviousRun::of(&found.entries);
        Ok((file, past))
    }

    /// Lets the world go on for a while, so that a late double signature shows, and sums up.
    #[must_use]
    pub fn finish(self) -> Drilled {
        self.world.clock().sleep(AFTERWARDS);
        let signatures = self.world.book().count();
        Drilled { ends: self.ends, alarms: self.world.alarms(), signatures, journal: self.journal }
    }

    /// The real protocol code over the world's edges.
    fn parts(&self, recorder: Box<dyn Recorder>, locks: Vec<Box<dyn FailoverLock>>) -> Parts {
        let Self { world, policy, plan, state, .. } = self;
        let left_out = |source: &Source| policy.without.iter().any(|name| name == source.name());
        let asked = self.sources.iter().filter(|source| !left_out(source));
        Parts {
            others: asked.map(|source| edges::other(world, *source)).collect(),
            source: Box::new(OctezNode::new(world.node().over(world.wire(Edge::Node)))),
            hands: Hands { locks, permit: Some(self.permit()), ..self.hands() },
            policy: policy.clone(),
            plan: *plan,
            clock: Arc::new(world.clock()),
            recorder,
            state: state.clone(),
            cancel: Arc::new(AtomicBool::new(false)),
        }
    }
}
