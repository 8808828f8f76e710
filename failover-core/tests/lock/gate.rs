//! A lock that is lost in the middle of a run: nothing that arms is tried any more, and what disarms is (S7, S12).
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use failover_core::baker::{BakerControl as _, BakerState, TezbakeControl};
use failover_core::clock::Timestamp;
use failover_core::decision::Refusal;
use failover_core::failover::{Parts, PreviousRun};
use failover_core::guard::{Guard, GuardStatus};
use failover_core::journal::Entry;
use failover_core::journal::record::{End, Outcome, Record};
use failover_core::lock::{FailoverLock, FencingToken, HeldLock, LockError};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::session::{Session, SessionError};
use failover_core::signer::{Arming, Model, Passphrase, SignerDevice as _};
use failover_sim::Side;
use failover_sim::operator::Person;

use crate::embedder::Embedder;

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

struct Run(Embedder);

impl Run {
    fn new(model: Model, seed: u64) -> Self {
        Self(Embedder::new(model, seed))
    }

    fn session(&self, lock: Runs, past: Option<PreviousRun>) -> End {
        self.with(Box::new(Person::new(self.0.world.clone())), lock, past)
    }

    fn with(&self, operator: Box<dyn Operator>, lock: Runs, past: Option<PreviousRun>) -> End {
        let mut parts = self.0.parts_of(past.as_ref());
        parts.hands.operator = operator;
        parts.hands.locks.push(Box::new(lock));
        ended(parts, past)
    }

    /// Nothing here can sign, all of it looked at now.
    fn is_disarmed(&self) {
        let keys = self.0.world.signer(Side::Backup).state().unwrap().keys;
        assert!(keys.iter().all(|key| key.arming == Arming::Disarmed), "{keys:?}");
        let services = TezbakeControl::new(self.0.world.host(Side::Backup)).state().unwrap();
        assert!(matches!(services, BakerState::Stopped { .. }), "{services:?}");
        assert!(matches!(Guard::new(self.0.state.path()).status(), GuardStatus::Guarded));
    }

    /// Was there a wait after the last step?
    fn waited_at_the_end(&self) -> bool {
        let records = self.0.records.all();
        let last = records.iter().rev();
        last.take_while(|record| !matches!(record, Record::After { .. })).any(|r| matches!(r, Record::Wait { .. }))
    }

    fn done(&self) -> Vec<&'static str> {
        self.0.records.done()
    }
}

/// What a run that was cut here has left.
fn past(embedder: &Embedder) -> PreviousRun {
    let records = embedder.records.0.lock().unwrap();
    let entry = |(seq, (at, record)): (u64, &(Timestamp, Record))| Entry { seq, at: *at, record: record.clone() };
    let entries: Vec<_> = (1..).zip(records.iter()).map(entry).collect();
    PreviousRun::of(&entries).unwrap()
}

fn ended(parts: Parts, past: Option<PreviousRun>) -> End {
    Session::from_parts(parts, past).map_or_else(SessionError::end, Session::run)
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
        assert!(!done.contains(&"start") && !run.0.world.bakes(Side::Backup), "{out}");
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
        let resumed = run.session(Runs::out(u32::MAX, known), Some(past(&run.0)));
        if done.contains(&"take-permit") {
            assert_eq!(resumed.exit, 0, "{out}: {resumed:?}");
        } else {
            assert!(done.is_empty() && resumed.next.contains("failover run"), "{out}: {done:?}, {resumed:?}");
            assert_eq!(run.session(Runs::out(u32::MAX, known), None).exit, 0, "{out}");
        }
        assert!(run.0.world.alarms().is_empty(), "{out}");
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
    let person = Slow(Person::new(run.0.world.clone()), Arc::clone(&lock.out));
    let end = run.with(Box::new(person), lock, None);
    assert_eq!((end.exit, &end.outcome), (7, &Outcome::Locked), "{end:?}");
    assert!(!run.done().contains(&"prove-passphrase"), "{:?}", run.done());
    run.is_disarmed();
}

#[test]
fn the_beginning_says_which_locks_are_held_and_older_journals_read_without() {
    let run = Run::new(Model::TezSign, 7);
    run.session(Runs::out(3, false), None);
    let records = run.0.records.all();
    let begin = records.first().unwrap();
    let Record::Begin { locks, .. } = begin else { unreachable!("{begin:?}") };
    let file = HeldLock { lock: run.0.lock().describe(), token: None };
    let held = HeldLock { lock: "a lock that runs out".to_owned(), token: FencingToken::new(7) };
    assert_eq!(*locks, [file, held]);
    let mut json = serde_json::to_value(begin).unwrap();
    assert_eq!(json["locks"][1]["token"], 7);
    json.as_object_mut().unwrap().remove("locks");
    let old: Record = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(old).unwrap(), json);
}

/// S17: a program that embeds the library and takes no lock, or gives guard and services another token, begins nothing.
#[test]
fn a_run_without_a_lock_or_with_two_tokens_is_refused_before_it_writes_anything() {
    let Run(embedder) = Run::new(Model::TezSign, 7);
    let mut parts = embedder.parts();
    parts.hands.locks.clear();
    let end = ended(parts, None);
    assert_eq!((end.exit, &end.refusal), (3, &Some(Refusal::NoLock)), "{end:?}");
    let mut parts = embedder.parts();
    let elsewhere = embedder.control(Side::Backup).with_guard_token(Guard::usual().token());
    parts.hands.backup = Box::new(elsewhere);
    let end = ended(parts, None);
    assert!(end.exit == 4 && end.message.contains("/var/lib/failover/ACTIVE"), "{end:?}");
    assert!(embedder.records.all().is_empty() && embedder.world.changes(Side::Primary).is_empty());
    assert!(embedder.world.bakes(Side::Primary));
}
