//! A lock that is lost in the middle of a run: nothing that arms is tried any more, and what disarms is (S7, S12).
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use failover_core::baker::{BakerControl as _, BakerState, TezbakeControl};
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::clock::Timestamp;
use failover_core::decision::{Policy, Refusal, Step};
use failover_core::effect::Hands;
use failover_core::failover::{Parts, PreviousRun, Recorder};
use failover_core::guard::{Guard, GuardStatus};
use failover_core::host::HostIdentity;
use failover_core::journal::record::{End, Outcome, Record, StepResult};
use failover_core::journal::{Entry, JournalError};
use failover_core::lock::{FailoverLock, FencingToken, HeldLock, LockError};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::permit::{Root, RunId, RunPermit};
use failover_core::remote_signer::RemoteSigner;
use failover_core::session::Session;
use failover_core::signer::{Arming, Model, Passphrase, Selector, SignerDevice as _};
use failover_core::state::StateDir;
use failover_sim::operator::Person;
use failover_sim::{Side, Source, World, WorldOptions};

/// A lock that is held for so many questions and then never again.
struct Runs {
    out: Arc<AtomicU32>,
    /// It can be told without asking.
    known: bool,
}

impl Runs {
    fn out(questions: u32, known: bool) -> Self {
        Self { out: Arc::new(AtomicU32::new(questions)), known }
    }
}

impl FailoverLock for Runs {
    fn describe(&self) -> String {
        "a lock that runs out".to_owned()
    }
    fn token(&self) -> Option<FencingToken> {
        FencingToken::new(7)
    }
    fn lost(&self) -> Option<LockError> {
        (self.known && self.out.load(Ordering::SeqCst) == 0).then(lost)
    }
    fn still_held(&mut self) -> Result<(), LockError> {
        let left = self.out.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map(drop).map_err(|_| lost())
    }
}

fn lost() -> LockError {
    LockError::Lost { why: "the test took it".to_owned(), holder: None }
}

#[derive(Clone, Default)]
struct Records(Arc<Mutex<Vec<(Timestamp, Record)>>>);

impl Recorder for Records {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.0.lock().unwrap().push((at, record.clone()));
        Ok(())
    }
}

struct Run {
    world: World,
    state: StateDir,
    _folder: tempfile::TempDir,
    records: Records,
}

impl Run {
    fn new(model: Model, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        let world = World::new(WorldOptions::new(model, seed));
        world.set_guard(Side::Backup, folder.path().join("ACTIVE"));
        Self { world, state, _folder: folder, records: Records::default() }
    }

    fn session(&self, lock: Runs, past: Option<PreviousRun>) -> End {
        self.with(Box::new(Person::new(self.world.clone())), lock, past)
    }

    fn with(&self, operator: Box<dyn Operator>, lock: Runs, past: Option<PreviousRun>) -> End {
        self.holding(operator, vec![Box::new(lock)], &Guard::new(self.state.path()), past)
    }

    /// `token`: the guard whose token the services here look for.
    fn holding(
        &self,
        operator: Box<dyn Operator>,
        locks: Vec<Box<dyn FailoverLock>>,
        token: &Guard,
        past: Option<PreviousRun>,
    ) -> End {
        let Self { world, state, records, .. } = self;
        let root = |side| Root::at(state.path().join(format!("machine of the {side}")));
        let control = |side| TezbakeControl::new(world.host(side)).with_root(root(side));
        let guard = Guard::new(state.path());
        let mut policy = Policy::new("mybaker".to_owned(), world.baker(), world.options().chain);
        policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
        let hands = Hands {
            device: world.signer(Side::Backup),
            primary: Some(Box::new(control(Side::Primary))),
            backup: Box::new(control(Side::Backup).with_guard_token(token.token())),
            guard,
            operator,
            passphrase: None,
            primary_signer: Some(RemoteSigner::new(
                Box::new(world.host(Side::Primary)),
                Selector::any(world.options().model),
            )),
            power: None,
            locks,
            permit: Some(self.permit(past.as_ref())),
        };
        let parts = Parts {
            source: Box::new(OctezNode::new(world.node())),
            others: vec![Box::new(Tzkt::new(world.source(Source::Tzkt)))],
            hands,
            policy,
            plan: "K7MPQ2".parse().unwrap(),
            clock: Arc::new(world.clock()),
            recorder: Box::new(records.clone()),
            state: state.clone(),
            cancel: Arc::new(AtomicBool::new(false)),
        };
        match Session::from_parts(parts, past) {
            Ok(session) => session.run(),
            Err(error) => error.end(),
        }
    }

    fn permit(&self, past: Option<&PreviousRun>) -> RunPermit {
        let root = Root::at(self.state.path().join("machine of the backup"));
        let permits = root.of(self.world.options().chain, self.world.baker());
        let run = past.and_then(|past| past.run).unwrap_or_else(|| {
            let run = RunId::random().unwrap();
            permits.begin(&run).unwrap();
            run
        });
        RunPermit { permits, run, who: "a test".to_owned(), known: Vec::new() }
    }

    fn past(&self) -> PreviousRun {
        let records = self.records.0.lock().unwrap();
        let entries: Vec<Entry<Record>> = (1..)
            .zip(records.iter())
            .map(|(seq, (at, record))| Entry { seq, at: *at, record: record.clone() })
            .collect();
        PreviousRun::of(&entries).unwrap()
    }

    /// Nothing here can sign, all of it looked at now.
    fn is_disarmed(&self) {
        let keys = self.world.signer(Side::Backup).state().unwrap().keys;
        assert!(keys.iter().all(|key| key.arming == Arming::Disarmed), "{keys:?}");
        let services = TezbakeControl::new(self.world.host(Side::Backup)).state().unwrap();
        assert!(matches!(services, BakerState::Stopped { .. }), "{services:?}");
        assert!(matches!(Guard::new(self.state.path()).status(), GuardStatus::Guarded));
    }

    /// Was there a wait after the last step?
    fn waited_at_the_end(&self) -> bool {
        let records = self.records.0.lock().unwrap();
        let last = records.iter().rev().map(|(_, record)| record);
        last.take_while(|record| !matches!(record, Record::After { .. })).any(|r| matches!(r, Record::Wait { .. }))
    }

    fn names(&self, wanted: impl Fn(&Record) -> Option<&Step>) -> Vec<&'static str> {
        self.records.0.lock().unwrap().iter().filter_map(|(_, record)| wanted(record).map(Step::name)).collect()
    }

    fn done(&self) -> Vec<&'static str> {
        self.names(|record| match record {
            Record::After { step, result: StepResult::Done { .. }, .. } => Some(step),
            _ => None,
        })
    }
}

/// Loses the lock at the first question, at the second, and so on, until a run needs no more questions.
fn at_every_question(model: Model, known: bool) {
    let mut stopped_before: BTreeSet<&str> = BTreeSet::new();
    let whole = Run::new(model, 7);
    assert_eq!(whole.session(Runs::out(u32::MAX, known), None).exit, 0);
    let whole_steps = whole.done();
    for out in 0.. {
        let run = Run::new(model, 7);
        let end = run.session(Runs::out(out, known), None);
        if end.exit == 0 {
            break;
        }
        assert_eq!((end.exit, &end.outcome), (7, &Outcome::Locked), "{out}: {end:?}");
        assert!(end.message.contains("the test took it") && end.next.contains("failover resume"), "{end:?}");
        run.is_disarmed();
        let done = run.done();
        assert!(!done.contains(&"start") && !run.world.bakes(Side::Backup), "{out}");
        // Once the run has its permit and its claim, what disarms was done all the same, and nobody waited any more.
        assert!(known || !done.contains(&"claim") || done.contains(&"disarm-backup"), "{out}: {done:?}");
        assert!(!known || !run.waited_at_the_end(), "{out}");
        // What was done is a beginning of a whole run, each step asked about twice: before it is written down, and right
        // before it is done.
        assert!(whole_steps.starts_with(&done), "{out}: {done:?}");
        let disarms = ["stop-backup", "guard-backup", "install-boot-guard", "disarm-backup"];
        let armed = done.iter().filter(|name| !disarms.contains(name)).count();
        assert!(armed <= (out / 2) as usize, "{out}: {done:?}");
        stopped_before.extend(whole_steps.get(done.len()));
        // It is taken up again, and comes to its end; what had no permit did nothing, and begins anew (S13).
        let resumed = run.session(Runs::out(u32::MAX, known), Some(run.past()));
        if done.contains(&"take-permit") {
            assert_eq!(resumed.exit, 0, "{out}: {resumed:?}");
        } else {
            assert!(done.is_empty() && resumed.next.contains("failover run"), "{out}: {done:?}, {resumed:?}");
            assert_eq!(run.session(Runs::out(u32::MAX, known), None).exit, 0, "{out}");
        }
        assert!(run.world.alarms().is_empty(), "{out}");
    }
    for step in ["stop-primary", "note-level", "start"] {
        assert!(stopped_before.contains(step), "{stopped_before:?}");
    }
}

#[test]
fn a_tezsign_run_stops_before_whatever_step_is_next() {
    at_every_question(Model::TezSign, false);
}

#[test]
fn a_ledger_run_stops_before_whatever_step_is_next() {
    at_every_question(Model::Ledger, false);
}

#[test]
fn a_lock_that_is_known_to_be_lost_ends_a_wait_as_well() {
    at_every_question(Model::TezSign, true);
}

/// Types so slowly that the lock is gone afterwards.
struct Slow(Person, Arc<AtomicU32>);

impl Operator for Slow {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        self.0.ask(question)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        self.1.store(0, Ordering::SeqCst);
        self.0.passphrase()
    }
}

#[test]
fn a_lock_that_is_lost_while_a_person_types_unlocks_nothing() {
    let run = Run::new(Model::TezSign, 7);
    let lock = Runs::out(u32::MAX, false);
    let person = Slow(Person::new(run.world.clone()), Arc::clone(&lock.out));
    let end = run.with(Box::new(person), lock, None);
    assert_eq!((end.exit, &end.outcome), (7, &Outcome::Locked), "{end:?}");
    assert!(!run.done().contains(&"prove-passphrase"), "{:?}", run.done());
    run.is_disarmed();
}

#[test]
fn the_beginning_says_which_locks_are_held_and_older_journals_read_without() {
    let run = Run::new(Model::TezSign, 7);
    run.session(Runs::out(3, false), None);
    let records = run.records.0.lock().unwrap();
    let (_, begin) = records.first().unwrap();
    let Record::Begin { locks, .. } = begin else { unreachable!("{begin:?}") };
    let held = HeldLock { lock: "a lock that runs out".to_owned(), token: FencingToken::new(7) };
    assert_eq!(*locks, [held]);
    let mut json = serde_json::to_value(begin).unwrap();
    assert_eq!(json["locks"][0]["token"], 7);
    json.as_object_mut().unwrap().remove("locks");
    let old: Record = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(old).unwrap(), json);
}

/// S17: a program that embeds the library and takes no lock, or gives guard and services another token, begins nothing.
#[test]
fn a_run_without_a_lock_or_with_two_tokens_is_refused_before_it_writes_anything() {
    let run = Run::new(Model::TezSign, 7);
    let own = Guard::new(run.state.path());
    let person = || Box::new(Person::new(run.world.clone()));
    let end = run.holding(person(), Vec::new(), &own, None);
    assert_eq!((end.exit, &end.refusal), (3, &Some(Refusal::NoLock)), "{end:?}");
    let end = run.holding(person(), vec![Box::new(Runs::out(u32::MAX, false))], &Guard::usual(), None);
    assert!(end.exit == 4 && end.message.contains("/var/lib/failover/ACTIVE"), "{end:?}");
    assert!(run.records.0.lock().unwrap().is_empty() && run.world.changes(Side::Primary).is_empty());
    assert!(run.world.bakes(Side::Primary));
}
