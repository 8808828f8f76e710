//! From the operator's configuration to a session.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Look, Session, SessionError, left_armed, open};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::decision::Policy;
use crate::effect::Hands;
use crate::failover::{Parts, PreviousRun, Recorder, is_over};
use crate::journal::record::Record;
use crate::journal::{JournalError, JournalFile};
use crate::operator::{Nobody, Operator};
use crate::permit::RunId;
use crate::preflight;
use crate::state::{PlanId, StateDir};

/// What a person wants of a run beside the configuration. [`Wanted::default`] is nothing else.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Another state folder than the configured one.
    pub state: Option<PathBuf>,
    /// Another margin than the configured one, in levels. A run that is taken up again keeps its own.
    pub margin: Option<u64>,
    /// The primary is not to be controlled. A run that is taken up again goes on as it was begun.
    pub emergency: bool,
    /// Sources that are left out, never the own node. A run that is taken up again goes on without the same.
    pub without: Vec<String>,
    /// Hosts of which a person said that their run is over (S13).
    pub claims_over: Vec<String>,
    /// Set from outside (Ctrl-C): the run stands down at its next look, and a wait for the device ends.
    pub cancel: Arc<AtomicBool>,
}

impl Wanted {
    /// The state folder, made where there is none.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn state(&self, config: &Config) -> Result<StateDir, SessionError> {
        let configured = self.state.clone().or_else(|| config.state.clone());
        Ok(StateDir::open(configured.unwrap_or_else(|| StateDir::DEFAULT.into()))?)
    }

    /// The thresholds of a new run.
    ///
    /// # Errors
    /// As [`open::policy`].
    pub fn policy(&self, config: &Config, state: &StateDir) -> Result<Policy, SessionError> {
        let mut policy = open::policy(config, state, self.margin, self.emergency)?;
        policy.without.clone_from(&self.without);
        policy.claims_over.clone_from(&self.claims_over);
        Ok(policy)
    }
}

/// A run that holds its locks and has not looked at anything yet. Dropped, it gives the locks back; then nothing was done.
#[must_use = "the locks are given back when this is dropped"]
pub struct Opening {
    config: Config,
    state: StateDir,
    policy: Policy,
    plan: PlanId,
    run: RunId,
    locks: open::Locks,
    /// What the run left that is taken up again, and its journal.
    past: Option<(JournalFile<Record>, PreviousRun)>,
    cancel: Arc<AtomicBool>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("plan", &self.plan).field("locks", &self.locks).finish_non_exhaustive()
    }
}

impl Session {
    /// Begins a new run: from then on a stop is one of this run (S14), and every lock that is configured is held (S7).
    ///
    /// # Errors
    /// A duplicate is latched, a run is unfinished, another run holds a lock; or state folder, permits or thresholds are
    /// not as they must be. Then the locks are free again.
    pub fn open(config: &Config, wanted: &Wanted) -> Result<Opening, SessionError> {
        let state = wanted.state(config)?;
        preflight::no_duplicate(&state)?;
        let policy = wanted.policy(config, &state)?;
        // Before the lock, so that no stop falls between the two.
        let run = open::begin(config)?;
        let locks = open::locks(config)?;
        preflight::no_other_run(&state, None)?;
        let (plan, cancel) = (PlanId::random()?, Arc::clone(&wanted.cancel));
        Ok(Opening { config: config.clone(), state, policy, plan, run, locks, past: None, cancel })
    }

    /// Takes the interrupted run of the state folder up again; `None`: no run was interrupted.
    ///
    /// # Errors
    /// As [`Session::open`], and where the run was begun with another configuration.
    pub fn resume(config: &Config, wanted: &Wanted) -> Result<Option<Opening>, SessionError> {
        let state = wanted.state(config)?;
        preflight::no_duplicate(&state)?;
        let here = open::lock_here(config)?;
        let Some((path, _)) = state.unfinished(is_over)? else { return Ok(None) };
        let (file, journal) = JournalFile::<Record>::reopen(&path)?;
        let left = PreviousRun::of(&journal.entries);
        let begun = open::previous_run(&path, &journal.entries, config);
        let opened = begun.and_then(|past| Ok((past, open::locks_beside(here, config)?)));
        let (past, locks) = opened.map_err(|error| match &left {
            Some(left) => left_armed::disarmed(error, left, config, &state, &wanted.cancel),
            None => error,
        })?;
        let mut policy = past.policy.clone();
        policy.claims_over.clone_from(&wanted.claims_over);
        let run = past.run.map_or_else(RunId::random, Ok)?;
        let (plan, cancel) = (past.plan, Arc::clone(&wanted.cancel));
        Ok(Some(Opening { config: config.clone(), state, policy, plan, run, locks, past: Some((file, past)), cancel }))
    }
}

impl Opening {
    /// The thresholds that it runs with.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The state folder.
    #[must_use]
    pub const fn state(&self) -> &StateDir {
        &self.state
    }

    /// The run's plan.
    #[must_use]
    pub const fn plan(&self) -> PlanId {
        self.plan
    }

    /// What a person should know: others can read a file with a secret.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.locks.warning.as_deref()
    }

    /// The run has the name of a plan that a person was shown, and made a statement about. One that is taken up again keeps
    /// its own.
    pub fn of_plan(mut self, shown: PlanId) -> Self {
        if self.past.is_none() {
            self.plan = shown;
        }
        self
    }

    /// Opens the journal, the sources, the device and both machines. `operator` is asked; `recorder` gets the journal, and
    /// writes each record into it before it shows it (S6).
    ///
    /// # Errors
    /// One of them cannot be used, or as [`Session::from_parts`].
    pub fn session(
        self,
        operator: Box<dyn Operator>,
        recorder: impl FnOnce(JournalFile<Record>) -> Box<dyn Recorder>,
    ) -> Result<Session, SessionError> {
        let Self { config, state, policy, plan, run, locks, past, cancel } = self;
        let opened = || {
            let permit = open::permit(&config, &state, run)?;
            let others = open::others(&config.chain, &policy.without)?;
            Ok((permit, others, open::hands(&config, &state, operator, &cancel)?))
        };
        let (permit, others, hands) = opened().map_err(|error: SessionError| match &past {
            Some((_, past)) => left_armed::disarmed(error, past, &config, &state, &cancel),
            None => error,
        })?;
        // The last: what cannot be opened leaves no journal behind that would stand for the last run.
        let (file, past) = match past {
            Some((file, past)) => (file, Some(past)),
            None => (state.create_journal(SystemClock.now(), plan)?, None),
        };
        let journal = file.path().to_owned();
        let parts = Parts {
            source: open::node(&config.chain.node),
            others,
            hands: Hands { locks: locks.held, permit: Some(permit), ..hands },
            policy,
            plan,
            clock: Arc::new(SystemClock),
            recorder: recorder(file),
            state,
            cancel,
        };
        Session::from_parts(parts, past).inspect_err(|_| {
            if fs::metadata(&journal).is_ok_and(|file| file.len() == 0) {
                let _passed_over_where_it_stays = fs::remove_file(&journal);
            }
        })
    }
}

/// For a look that writes nothing down, because it does nothing.
struct Unwritten;

impl Recorder for Unwritten {
    fn record(&mut self, _: Timestamp, _: &Record) -> Result<(), JournalError> {
        Ok(())
    }
}

impl Look {
    /// A look with what the configuration names, as a new run, or with `past` one that is taken up again, would look. A
    /// device that is not plugged in is one of the things that it sees. No lock is taken.
    ///
    /// # Errors
    /// The ssh destination or the state folder cannot be used.
    pub fn open(
        config: &Config,
        state: &StateDir,
        policy: Policy,
        plan: PlanId,
        past: Option<PreviousRun>,
        cancel: Arc<AtomicBool>,
    ) -> Result<Self, SessionError> {
        let run = past.as_ref().and_then(|past| past.run).map_or_else(RunId::random, Ok)?;
        let source = open::node(&config.chain.node);
        let others = open::others(&config.chain, &policy.without)?;
        let permit = Some(open::permit(config, state, run)?);
        let hands = Hands { permit, ..open::disarming(config, state, Box::new(Nobody), &cancel)? };
        let (clock, recorder, state) = (Arc::new(SystemClock), Box::new(Unwritten), state.clone());
        Ok(Self::from_parts(Parts { source, others, hands, policy, plan, clock, recorder, state, cancel }, past))
    }
}
