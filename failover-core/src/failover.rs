//! The loop: gather, decide, record, perform, record.

use std::mem::Discriminant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::chain::{ChainLevelSource, ChainNode};
use crate::clock::{Clock, Steady, Timestamp};
use crate::decision::{
    Approved, Policy, Progress, Refusal, RungKind, Step, ThisSession, Verdict, WaitFor, consensus_marks, decide, fence,
    is_open, is_running, shared,
};
use crate::effect::{self, EffectError, Hands};
use crate::facts::{Facts, Gatherer, Scope};
use crate::journal::JournalError;
use crate::journal::record::{End, Record, StepResult};
use crate::lock::{HeldLock, LockError};
use crate::operator::{Answer, OperatorError, Question};
use crate::preflight::Purpose;
use crate::state::{PlanId, StateDir};
use crate::tezos::Level;

/// A wait that lasts is shown again after this.
const SHOW_AGAIN: Duration = Duration::from_secs(15);

mod arming;
mod complaints;
pub(crate) mod duplicate;
pub(crate) mod ending;
mod nonces;
mod panicked;
pub(crate) mod pin;
mod plan;
mod preflight;
mod refusals;
mod rumours;
mod unanswered;
mod waiting;

#[cfg(feature = "config")]
pub(crate) use ending::BAKES_ON;

pub use crate::journal::{PreviousRun, Recorder, apply, is_over};
pub use plan::PlanRefused;
pub(crate) use plan::plan;
pub use refusals::{earlier_refusal, refused_before};

/// All that a run needs.
pub struct Parts {
    /// The chain: the own node.
    pub source: Box<dyn ChainNode>,
    /// Other sources, held against it (H1, H20).
    pub others: Vec<Box<dyn ChainLevelSource>>,
    /// What it acts on.
    pub hands: Hands,
    /// The thresholds.
    pub policy: Policy,
    /// The plan's id.
    pub plan: PlanId,
    /// Time. The run counts by its steady one.
    pub clock: Arc<dyn Clock>,
    /// Where records go.
    pub recorder: Box<dyn Recorder>,
    /// Where the duplicate is latched.
    pub state: StateDir,
    /// Set from outside (Ctrl-C): stand down at the next look.
    pub cancel: Arc<AtomicBool>,
}

/// One run. A [`Session`](crate::session::Session) alone makes one.
pub(crate) struct Failover {
    gatherer: Gatherer,
    hands: Hands,
    policy: Policy,
    plan: PlanId,
    progress: Progress,
    clock: Steady,
    recorder: Box<dyn Recorder>,
    state: StateDir,
    cancel: Arc<AtomicBool>,
    /// The next look remembers nothing: it is for an effect that arms.
    anew: bool,
    /// Everything is counted anew, and that is not written down yet.
    counted_anew: bool,
    /// Looks in a row that were too slow for one.
    slow: u32,
    last_wait: Option<(Discriminant<WaitFor>, Timestamp)>,
    last_rungs: Vec<crate::decision::Rung>,
    /// The plan that the run was begun with, where it is taken up again.
    resumed: Option<PlanId>,
    /// The session's first record is on disk.
    begun: bool,
    /// What lies around the decision was looked at, and is as it must be (S17).
    cleared: bool,
    backup_runs: bool,
    /// What was said of the mempool's rumours.
    rumours: rumours::Told,
    /// What the backup said of itself.
    heard: complaints::Heard,
    /// What was signed since an earlier refusal decides: it is read, though this run noted a level of its own.
    reads_back: bool,
    /// Another machine signs: this run ends so, whatever else goes wrong.
    alarmed: Option<End>,
}

impl std::fmt::Debug for Failover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Failover")
            .field("policy", &self.policy)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl Failover {
    /// A new run, or with `past` one that is taken up again.
    pub(crate) fn new(parts: Parts, past: Option<PreviousRun>) -> Self {
        let Parts { source, others, hands, mut policy, plan, clock, recorder, state, cancel } = parts;
        pin::take(&state, &mut policy);
        policy.plans = state.plans().ok().map(|own| own.into_iter().chain([plan]).collect());
        let resumed = past.as_ref().map(|past| past.plan);
        let clock = Steady::new(clock);
        let mut progress = Progress {
            kept: past.map(|past| past.kept).unwrap_or_default(),
            session: ThisSession { resumed: resumed.is_some(), ..ThisSession::default() },
        };
        // How old a statement from the future is, nobody can say: it is asked again.
        progress.kept.statements.retain(|_, at| *at <= clock.now());
        Self {
            gatherer: Gatherer::new(source, others),
            hands,
            policy,
            plan,
            progress,
            clock,
            recorder,
            state,
            cancel,
            anew: false,
            counted_anew: false,
            slow: 0,
            last_wait: None,
            last_rungs: Vec::new(),
            resumed,
            begun: false,
            cleared: false,
            backup_runs: false,
            rumours: rumours::Told::default(),
            heard: complaints::Heard::default(),
            reads_back: false,
            alarmed: None,
        }
    }

    /// [`Failover::run`] of a rehearsal, whose panic stands for a process that is killed: nothing more is done after it.
    pub(crate) fn rehearse(&mut self) -> End {
        if let Err(refusal) = self.standing(Purpose::Run) {
            return self.refused_unwritten(&refusal);
        }
        let end = match self.go() {
            Ok(end) => self.at_rest(end),
            Err(error) => self.interrupted(&error),
        };
        // A journal begins with a beginning, or nothing in it can be taken up again.
        if !self.begun {
            return end;
        }
        // Whatever could not be written down has happened all the same; the exit code says so.
        match self.record(&Record::End(end.clone())) {
            // Not before: a run whose end is not on disk is taken up again, and looks for its permit.
            Ok(()) => {
                self.end_permit(&end);
                end
            }
            Err(error) if end.exit == 0 => End { exit: 6, next: error.next().to_owned(), ..end },
            Err(_) => end,
        }
    }

    fn go(&mut self) -> Result<End, JournalError> {
        // A run that was stopped while its parts were opened has done nothing.
        if self.resumed.is_none() && self.cancel.load(Ordering::SeqCst) {
            return Ok(self.refused_unwritten(&Refusal::Cancelled));
        }
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let locks = self.hands.locks.iter().map(|lock| HeldLock::of(&**lock)).collect();
        let begin = if self.resumed.is_some() {
            Record::Resume { version, locks }
        } else {
            let run = self.hands.permit.as_ref().map(|permit| permit.run);
            Record::Begin { version, plan: self.plan, policy: self.policy.clone(), locks, run }
        };
        self.record(&begin)?;
        self.begun = true;
        if self.resumed.is_none()
            && let Ok(plan) = plan::of_a_run(self)
        {
            self.record(&Record::Plan(plan))?;
        }
        loop {
            // Not only after the look: that may take many seconds over a slow line.
            if self.cancel.load(Ordering::SeqCst) {
                return self.cancelled();
            }
            let facts = self.look();
            self.record_anew(&facts)?;
            self.record_fence(&facts)?;
            self.record_rumours(&facts)?;
            if self.cancel.load(Ordering::SeqCst) {
                return self.cancelled();
            }
            if let Some(lost) = self.lock_known_lost() {
                return self.lock_lost(&lost);
            }
            let verdict = decide(&facts, &self.policy, &self.progress);
            if let Some(end) = self.preflight(&facts, &verdict)? {
                return Ok(end);
            }
            match verdict {
                Verdict::Do(step) => {
                    if let Some(end) = self.approved(&facts, step)? {
                        return Ok(end);
                    }
                }
                Verdict::Ask(question) => {
                    if let Some(end) = self.ask(question)? {
                        return Ok(end);
                    }
                }
                Verdict::Wait(waiting) => self.wait(&facts, waiting)?,
                Verdict::Refuse(refusal) => return self.refused(refusal),
                Verdict::Failed { step, why } => return self.failed(step, why),
                Verdict::Duplicate(signed) => {
                    let shared = shared(&facts, &self.progress);
                    return self.duplicate(signed, shared);
                }
                Verdict::Denounced(signed) => return self.denounced(signed),
                Verdict::Done(resumed) => return Ok(self.done(resumed)),
            }
        }
    }

    fn look(&mut self) -> Facts {
        let bakes = self.backup_runs && self.progress.kept.started.is_some_and(|started| started.complete);
        let scope = Scope {
            baker: self.policy.baker,
            from: self.judged_from(),
            // After the start, what the primary's host says changes nothing: the chain and the device decide.
            primary: !self.policy.emergency && !bakes,
            marks: (!self.policy.leaves_out_marks()).then_some(self.policy.chain),
            manner: self.manner(),
        };
        let Self { gatherer, hands, clock, .. } = self;
        let eyes = crate::facts::Eyes {
            primary: match &mut hands.primary {
                Some(primary) => Some(&mut **primary),
                None => None,
            },
            signer: hands.primary_signer.as_mut(),
            power: hands.power.as_mut().filter(|_| !self.policy.leaves_out_power()),
            backup: &mut *hands.backup,
            guard: &hands.guard,
            device: &mut *hands.device,
            permit: hands.permit.as_ref(),
        };
        let facts = gatherer.gather(eyes, &scope, clock);
        self.counted_anew |= self.progress.observe(&facts, consensus_marks(&facts));
        pin::renew(&self.state, &mut self.policy, &facts.chain, facts.asked.wall);
        self.progress.session.closed_since = match is_open(&facts, &self.policy, &self.progress) {
            true => None,
            false => self.progress.session.closed_since.or(Some(facts.now)),
        };
        self.backup_runs = facts
            .backup
            .services
            .as_ref()
            .map_or(self.backup_runs, |seen| matches!(seen.value, crate::facts::BakerState::Running { .. }));
        // S6: silence starts over where a run was interrupted before its start.
        if self.resumed.is_some()
            && self.progress.session.silent_above.is_none()
            && let Ok(head) = &facts.chain.head
        {
            self.progress.session.silent_above = Some(head.value.level);
        }
        facts
    }

    /// The first level to judge: above B, or above the B of the refusal while nothing was noted yet.
    fn judged_from(&self) -> Option<Level> {
        let refused = self.progress.session.refused_before.map(|refused| refused.noted);
        let noted = self.progress.kept.noted.or(refused).map(|noted| noted.bound);
        let since = refused.filter(|_| self.reads_back).map(|refused| refused.bound);
        noted.map(|noted| since.map_or(noted, |since| since.min(noted)).above(1))
    }

    /// Before the start a lock that is gone ends the run at once: keys are not kept unlocked for the next step. After it
    /// only what arms asks: the one that bakes goes on.
    fn lock_known_lost(&self) -> Option<LockError> {
        match self.progress.kept.started {
            None => self.hands.locks.iter().find_map(|lock| lock.lost()),
            Some(_) => None,
        }
    }

    fn perform(&mut self, step: Approved<Step>) -> Result<Option<End>, JournalError> {
        self.last_wait = None;
        let wanted = step.get().clone();
        // Here already, so that a step which cannot be tried does not look as if it had been.
        if !wanted.only_disarms()
            && let Err(lost) = self.hands.still_locked()
        {
            return self.lock_lost(&lost).map(Some);
        }
        let untried = self.progress.clone();
        self.record(&Record::before(&wanted))?;
        let mut lost = None;
        let result = match effect::perform(step, &mut self.hands, &self.clock, self.plan) {
            Ok(effect::Performed { raised, nonces, claim, unlocked, .. }) => {
                StepResult::Done { raised, nonces, claim, unlocked }
            }
            Err(EffectError::Lock(error)) => {
                let (why, next) = (error.to_string(), error.next().to_owned());
                lost = Some(error);
                StepResult::Failed { why, next, nonces: None }
            }
            Err(EffectError::TooOld(old)) => return self.was_too_old(&wanted, old, untried),
            Err(error) => {
                if matches!(wanted, Step::Authorize { .. }) {
                    self.progress.session.given_up += u32::from(error.gave_up_prompt());
                    self.progress.session.rejected = error.is_rejected();
                }
                let mut why = error.to_string();
                if !error.worth_a_retry() {
                    // What went wrong first says more than why it cannot be tried again.
                    if let Some((_, before)) = self.progress.failed(wanted.kind()) {
                        why = format!("{before}; {why}");
                    }
                    self.progress.session.failures.insert(wanted.kind(), (u32::MAX, why.clone()));
                }
                if matches!(&error, EffectError::Signer(crate::signer::SignerError::Throttled { .. })) {
                    self.clock.sleep(crate::signer::THROTTLE);
                }
                let nonces = match &error {
                    EffectError::NotMerged { theirs, .. } => Some(*theirs),
                    _ => None,
                };
                StepResult::Failed { why, next: error.next().to_owned(), nonces }
            }
        };
        if matches!(wanted, Step::Claim { .. } | Step::GuardPrimary | Step::StashSecret | Step::DisarmPrimary) {
            self.gatherer.primary_changed();
        }
        self.record(&Record::after(&wanted, result))?;
        lost.map(|lost| self.lock_lost(&lost)).transpose()
    }

    fn ask(&mut self, question: Question) -> Result<Option<End>, JournalError> {
        self.last_wait = None;
        let question = question.of_plan(self.plan);
        match self.hands.operator.ask(&question) {
            Ok(answer) => {
                self.record(&Record::Asked { asked: question.clone(), answer })?;
                match (question, answer) {
                    (Question::Proceed { .. }, Answer::No) => self.refused(Refusal::Cancelled).map(Some),
                    // Said at the same prompt, it counts from now on, and not from a later look.
                    (Question::Disconnected { name, host }, Answer::No) if !self.policy.signer_apart => {
                        self.ask(Question::PoweredOff { name, host })
                    }
                    _ => Ok(None),
                }
            }
            Err(OperatorError::Cancelled) => self.refused(Refusal::Cancelled).map(Some),
            Err(error) => self.unanswered(&error).map(Some),
        }
    }

    fn record_fence(&mut self, facts: &Facts) -> Result<(), JournalError> {
        // A start whose baker went down again is no proof of the fence: what a second one is approved by is written down too.
        if self.progress.kept.noted.is_none() || is_running(facts, &self.progress) {
            return Ok(());
        }
        let fence = fence(facts, &self.policy, &self.progress);
        let proven = |rungs: &[crate::decision::Rung]| -> Vec<(RungKind, bool)> {
            rungs.iter().map(|r| (r.kind, r.proven)).collect()
        };
        if proven(&fence.rungs) != proven(&self.last_rungs) {
            self.record(&Record::fence(&fence))?;
            self.last_rungs = fence.rungs;
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<(), JournalError> {
        // A reader of the journal has only the wall clock.
        self.recorder.record(self.clock.wall(), record)?;
        apply(&mut self.progress, record, self.clock.now(), true);
        Ok(())
    }
}
