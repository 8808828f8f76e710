//! `return`: gives the fenced primary its job back, where this machine is proven to have signed nothing since it last
//! became the backup (S16). The verdict is [`crate::decision::give_back()`]; here it is gathered, recorded and performed.

use crate::baker::BakerState;
use crate::clock::Clock;
use crate::decision::{self, Policy, Refusal, ReturnAnswers, Step, Verdict};
use crate::effect::{self, EffectError, Hands, Performed, pays};
use crate::facts::{DeviceState, Giving, Unknown, seen};
use crate::host::host_name;
use crate::journal::record::{End, Outcome, Record, StepResult};
use crate::journal::{self, Entry, JournalError, PreviousRun, Recorder};
use crate::operator::{Answer, OperatorError, Question, unplugged_flag};
use crate::permit::PermitError;
use crate::preflight::{self, Purpose};
use crate::signer::SignerDevice as _;
use crate::state::{PlanId, StateDir, StateError};

mod account;

pub use account::account;

/// The run that took the primary's job away: what is done is written into its journal.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its journal.
    pub journal: std::path::PathBuf,
    /// Its plan; a random one where its first record is no beginning.
    pub plan: PlanId,
}

impl Taken {
    /// The newest run here that went as far as to stop the primary, else the newest with any record; `None`: there was none.
    ///
    /// # Errors
    /// A journal cannot be read.
    pub fn newest(state: &StateDir, or: PlanId) -> Result<Option<Self>, StateError> {
        let mut newest = None;
        for journal in state.journals()? {
            let entries: Vec<Entry<Record>> = journal::read(&journal)?.entries;
            if entries.is_empty() {
                continue;
            }
            let past = PreviousRun::of(&entries);
            let taken = Self { journal, plan: past.as_ref().map_or(or, |past| past.plan) };
            if past.is_some_and(|past| past.kept.stop_sent) {
                return Ok(Some(taken));
            }
            newest = newest.or(Some(taken));
        }
        Ok(newest)
    }
}

/// Goes through it to its end. Where the primary runs again the end is recorded too: then the run is over. A refusal is not:
/// the run is what it was. `hands` hold this machine's lock, and a permit that is this command's own: every other one for this
/// baker here is taken away first (S13, S16).
pub fn give_back(
    hands: &mut Hands,
    (state, taken): (&StateDir, &Taken),
    policy: &Policy,
    clock: &dyn Clock,
    recorder: &mut dyn Recorder,
) -> End {
    let mut returning =
        Returning { hands, state, taken, policy, clock, recorder, said: ReturnAnswers::default(), unlocked: None };
    returning.go().unwrap_or_else(|error| End::new(Outcome::Interrupted, 6, error.to_string(), error.next().to_owned()))
}

struct Returning<'a> {
    hands: &'a mut Hands,
    state: &'a StateDir,
    taken: &'a Taken,
    policy: &'a Policy,
    clock: &'a dyn Clock,
    recorder: &'a mut dyn Recorder,
    said: ReturnAnswers,
    unlocked: Option<DeviceState>,
}

impl Returning<'_> {
    fn go(&mut self) -> Result<End, JournalError> {
        if let Err(refusal) = preflight::standing(self.state, self.hands, self.policy, None, Purpose::Return) {
            return Ok(refused(refusal));
        }
        if let Some(permit) = &self.hands.permit
            && let Err(error) =
                permit.permits.take_away_others(&format!("`failover return` by {}", permit.who), &permit.run)
        {
            return Ok(self.failed(&error.into()));
        }
        loop {
            let giving = self.look();
            match decision::give_back(&giving, self.policy, &self.said) {
                Verdict::Ask(question) => {
                    if let Some(end) = self.ask(question)? {
                        return Ok(end);
                    }
                }
                Verdict::Do(step) => {
                    let wanted = step.get().clone();
                    self.record(&Record::before(&wanted))?;
                    let done = effect::perform(step, self.hands, self.clock, self.taken.plan);
                    let result = match &done {
                        Ok(Performed { raised, .. }) => {
                            StepResult::Done { raised: raised.clone(), nonces: None, claim: None, unlocked: Vec::new() }
                        }
                        Err(error) => {
                            let (why, next) = (error.to_string(), error.next().to_owned());
                            StepResult::Failed { why, next, nonces: None }
                        }
                    };
                    self.record(&Record::after(&wanted, result))?;
                    match (done, wanted) {
                        (Err(error), _) => return Ok(self.failed(&error)),
                        (Ok(performed), Step::GiveBack { .. }) => return self.given(performed.no_script),
                        (Ok(performed), _) => self.unlocked = performed.read,
                    }
                }
                Verdict::Refuse(refusal) => return Ok(refused(refusal)),
                // It gives no other.
                _ => {
                    return Ok(End::new(
                        Outcome::Refused,
                        3,
                        "no verdict".to_owned(),
                        "run `failover return` again".to_owned(),
                    ));
                }
            }
        }
    }

    fn look(&mut self) -> Giving {
        let account =
            account(self.state).map_err(|error| Unknown { why: error.to_string(), next: error.next().to_owned() });
        let Hands { primary, backup, device, .. } = &mut *self.hands;
        let primary = match primary {
            Some(primary) => {
                let source = primary.describe();
                seen(primary.identity(), &source, self.clock)
            }
            None => {
                let (error, next) = (EffectError::NoControl.to_string(), EffectError::NoControl.next().to_owned());
                Err(Unknown { why: error, next })
            }
        };
        let source = backup.describe();
        let identity = seen(backup.identity(), &source, self.clock);
        let source = device.model().to_string();
        let state = match device.state() {
            // The connection broke: is the device still there?
            Err(error) if effect::is_gone(&error) => device.state(),
            state => state,
        };
        let gone = state.as_ref().is_err_and(effect::is_gone);
        let device = seen(state, &source, self.clock);
        let awake = effect::awake(self.hands);
        Giving { account, host: host_name(), primary, identity, awake, device, gone, unlocked: self.unlocked.clone() }
    }

    fn ask(&mut self, question: Question) -> Result<Option<End>, JournalError> {
        let question = question.of_plan(self.taken.plan);
        if matches!(question, Question::Proceed { .. }) {
            self.hands.operator.tell(&self.intends());
        }
        let answer = match self.hands.operator.ask(&question) {
            Ok(answer) => answer,
            Err(error) => return Ok(Some(unanswered(&error, &question))),
        };
        match &question {
            Question::Unplugged { .. } => self.said.unplugged = Some(answer),
            Question::NotMoved { .. } => self.said.not_moved = Some(answer),
            _ => self.said.proceed = Some(answer),
        }
        // That nothing was done needs no record.
        if answer == Answer::Yes {
            self.record(&Record::Asked { asked: question, answer })?;
        }
        Ok(None)
    }

    /// What it will do, before it asks whether to go on.
    fn intends(&self) -> String {
        let Policy { name, primary, .. } = self.policy;
        format!(
            "This gives {primary} its job back, as the machine that bakes for {name}:\n  1  this machine's marks are read: they \
             must show that nothing was signed here since it became the backup\n  2  the boot guard on {primary} is taken away, and \
             the baker there is started\n  3  this machine stays the backup: stopped, guarded, its keys locked or not authorized"
        )
    }

    fn failed(&self, error: &EffectError) -> End {
        let next = match error {
            EffectError::Lock(lost) => return End::new(Outcome::Locked, 7, error.to_string(), lost.next().to_owned()),
            EffectError::Permit(
                gone @ (PermitError::Gone { .. } | PermitError::GoneThere { .. } | PermitError::OtherBoot),
            ) => return End::new(Outcome::Locked, 7, error.to_string(), gone.next().to_owned()),
            EffectError::NotLet(answer) => {
                if let Err(refusal) = decision::claimed(answer, &[], self.policy) {
                    return refused(refusal);
                }
                error.next().to_owned()
            }
            EffectError::NotDisarmed { .. } => {
                return End::new(Outcome::Refused, 3, error.to_string(), error.next().to_owned());
            }
            // Nothing can be told from a signer that does not do what it is told: it is out of the way without power.
            EffectError::Signer(_) | EffectError::NotLockedAgain { .. } => {
                let flag = unplugged_flag();
                format!("{}; or unplug this machine's signer and run `failover return {flag}`", error.next())
            }
            EffectError::Operator(OperatorError::NoTerminal { .. }) => {
                return End::new(Outcome::Usage, 2, error.to_string(), error.next().to_owned());
            }
            error => error.next().to_owned(),
        };
        End::new(Outcome::Failed, 1, error.to_string(), next)
    }

    /// It was told to start: does it run?
    fn given(&mut self, no_script: Option<String>) -> Result<End, JournalError> {
        let state = self.hands.primary.as_mut().map(|primary| primary.state());
        let what = match state {
            Some(Ok(BakerState::Running { what })) => what.join(", "),
            Some(Ok(BakerState::Stopped { .. })) | None => {
                let message = "the primary was told to start and does not run".to_owned();
                return Ok(End::new(Outcome::Failed, 1, message, "look at its services there".to_owned()));
            }
            Some(Err(error)) => return Ok(End::new(Outcome::Failed, 1, error.to_string(), error.next().to_owned())),
        };
        let next = "look for its signatures with `failover activity`; a signer that was locked or deauthorized is unlocked \
                    there by hand";
        let pays = self.hands.primary.as_mut().map(|primary| pays::said(&mut **primary)).unwrap_or_default();
        let next = format!("{next}{pays}");
        let what = match no_script {
            None => what,
            Some(why) => format!("{what}; sent as single commands, so that a late one could not be recognised: {why}"),
        };
        let end = End::new(Outcome::Returned, 0, format!("the primary has its job back: {what}"), next);
        self.record(&Record::End(end.clone()))?;
        Ok(end)
    }

    fn record(&mut self, record: &Record) -> Result<(), JournalError> {
        self.recorder.record(self.clock.now(), record)
    }
}

/// How a stand-down ends. One that is not proven leads to the cable, and to who bakes then.
#[must_use]
pub fn stood_down(proven: bool) -> End {
    if proven {
        let next = "the backup is stopped, guarded and disarmed; `failover run` starts over";
        return End::new(Outcome::StoodDown, 0, "the backup stood down".to_owned(), next.to_owned());
    }
    let next = format!(
        "unplug the backup's signer: it could not be read back as unable to sign. Then `failover return {}` gives the primary \
         its job back, where this machine never baked",
        unplugged_flag()
    );
    End::new(Outcome::StoodDown, 1, "the backup stood down, and is not read back disarmed".to_owned(), next)
}

fn refused(refusal: Refusal) -> End {
    let (outcome, message, next) = (Outcome::of(&refusal), refusal.to_string(), refusal.next());
    let end = End::new(outcome, refusal.exit(), message, next);
    End { refusal: Some(refusal), ..end }
}

fn unanswered(error: &OperatorError, question: &Question) -> End {
    let next = match question {
        Question::Unplugged { .. } => format!(
            "unplug this machine's signer, then run `failover return {}`; or plug it in, and run `failover return`",
            unplugged_flag()
        ),
        Question::NotMoved { host } => {
            format!("if the Ledger has not left this host, run `failover return --confirm-not-moved {host}`")
        }
        _ => "run again where a person can answer, or with the flag named above".to_owned(),
    };
    match error {
        OperatorError::NoTerminal { .. } => End::new(Outcome::Usage, 2, error.to_string(), next),
        _ => End::new(Outcome::Interrupted, 6, error.to_string(), next),
    }
}
