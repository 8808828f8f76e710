//! A recorder or an operator that somebody brought, and that panics, fails or is slow: nothing that could sign stays behind, and
//! the journal has an end where it still can be written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::baker::TezbakeControl;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::clock::{Clock as _, Timestamp};
use failover_core::decision::Policy;
use failover_core::effect::Hands;
use failover_core::failover::{Parts, Recorder};
use failover_core::guard::{Guard, GuardStatus};
use failover_core::host::HostIdentity;
use failover_core::journal::JournalError;
use failover_core::journal::record::{End, Record};
use failover_core::lock::{FileLock, Holder};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::permit::{Root, RunId, RunPermit};
use failover_core::remote_signer::RemoteSigner;
use failover_core::session::Session;
use failover_core::signer::{Model, Passphrase, Selector, SignerDevice as _};
use failover_core::state::StateDir;
use failover_sim::operator::Person;
use failover_sim::{Side, Source, World, WorldOptions};

use crate::support::{BOTH, name, scratch};

/// What is wrong with who was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing.
    None,
    /// The operator panics where it is asked.
    Asked,
    /// It panics where it is asked for the passphrase.
    Passphrase,
    /// The recorder panics at this record, and works after that.
    Once(usize),
    /// It panics from this record on.
    Ever(usize),
    /// It fails from this record on.
    Fails(usize),
    /// It takes so long for every record of a step.
    Slow(Duration),
}

struct Asks(Person, Fault);

impl Operator for Asks {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        assert_ne!(self.1, Fault::Asked, "the page is gone");
        self.0.ask(question)
    }
    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        self.0.can_answer(question)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        assert_ne!(self.1, Fault::Passphrase, "the page is gone");
        self.0.passphrase()
    }
}

#[derive(Clone)]
struct Records {
    kept: Arc<Mutex<Vec<Record>>>,
    asked: usize,
    fault: Fault,
    world: World,
}

impl Recorder for Records {
    fn record(&mut self, _: Timestamp, record: &Record) -> Result<(), JournalError> {
        let number = self.asked;
        self.asked += 1;
        match self.fault {
            Fault::Once(at) => assert_ne!(number, at, "the screen is gone"),
            Fault::Ever(from) => assert!(number < from, "the screen is gone"),
            Fault::Fails(from) if number >= from => {
                return Err(JournalError::Full { path: PathBuf::from("journal"), why: "no room".to_owned() });
            }
            Fault::Slow(takes) if matches!(record, Record::Before { .. }) => self.world.clock().sleep(takes),
            _ => {}
        }
        self.kept.lock().unwrap().push(record.clone());
        Ok(())
    }
}

struct Run {
    /// `None`: it panicked, with these words.
    end: Result<End, String>,
    world: World,
    records: Vec<Record>,
    guarded: bool,
}

impl Run {
    fn of(model: Model, fault: Fault) -> Self {
        let folder = scratch();
        let state = StateDir::open(folder.path()).unwrap();
        let world = World::new(WorldOptions::new(model, 1));
        let guard = Guard::new(state.path());
        world.set_guard(Side::Backup, guard.token());
        let root = |side| Root::at(state.path().join(format!("machine of the {side}")));
        let control = |side| TezbakeControl::new(world.host(side)).with_root(root(side));
        let (chain, baker) = (world.options().chain, world.baker());
        let mut policy = Policy::new("mybaker".to_owned(), baker, chain);
        policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
        let permits = root(Side::Backup).of(chain, baker);
        let run = RunId::random().unwrap();
        permits.begin(&run).unwrap();
        let recorder = Records { kept: Arc::default(), asked: 0, fault, world: world.clone() };
        let kept = Arc::clone(&recorder.kept);
        let hands = Hands {
            device: world.signer(Side::Backup),
            primary: Some(Box::new(control(Side::Primary))),
            backup: Box::new(control(Side::Backup).with_guard_token(guard.token())),
            guard: guard.clone(),
            operator: Box::new(Asks(Person::new(world.clone()), fault)),
            passphrase: None,
            primary_signer: Some(RemoteSigner::new(Box::new(world.host(Side::Primary)), Selector::any(model))),
            power: None,
            locks: vec![Box::new(FileLock::acquire_in(state.path(), chain, baker, &Holder::default()).unwrap())],
            permit: Some(RunPermit { permits, run, who: "a test".to_owned(), known: Vec::new() }),
        };
        let parts = Parts {
            source: Box::new(OctezNode::new(world.node())),
            others: vec![Box::new(Tzkt::new(world.source(Source::Tzkt)))],
            hands,
            policy,
            plan: "K7MPQ2".parse().unwrap(),
            clock: Arc::new(world.clock()),
            recorder: Box::new(recorder),
            state,
            cancel: Arc::new(AtomicBool::new(false)),
        };
        let session = Session::from_parts(parts, None).unwrap();
        let end = catch_unwind(AssertUnwindSafe(move || session.run()));
        let words = |panic: &(dyn std::any::Any + Send)| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
        };
        let end = end.map_err(|panic| words(&*panic));
        let records = kept.lock().unwrap().clone();
        Self { end, world, records, guarded: matches!(guard.status(), GuardStatus::Guarded) }
    }

    /// No key of the backup can sign, and its baker does not run.
    fn left_nothing(&self, case: &str) {
        let state = self.world.signer(Side::Backup).state().unwrap();
        assert_eq!(state.able_to_sign(), Vec::<&_>::new(), "{case}");
        assert!(!self.world.bakes(Side::Backup), "{case}");
        assert!(self.world.alarms().is_empty(), "{case}: {:?}", self.world.alarms());
    }

    fn last_end(&self) -> Option<&End> {
        self.records.last().and_then(|record| if let Record::End(end) = record { Some(end) } else { None })
    }
}

/// Before, the run was gone with whatever it had armed, and its journal had no end.
#[test]
fn an_operator_that_panics_leaves_nothing_armed_and_an_end() {
    for (model, fault) in [(BOTH[0], Fault::Asked), (BOTH[0], Fault::Passphrase), (BOTH[1], Fault::Asked)] {
        let (run, case) = (Run::of(model, fault), format!("{model} {fault:?}"));
        assert!(run.end.as_ref().unwrap_err().contains("the page is gone"), "{case}: the panic goes on");
        run.left_nothing(&case);
        let end = run.last_end().unwrap_or_else(|| panic!("{case}: no end"));
        assert!(end.exit == 6 && end.may_be_resumed(), "{case}: {end:?}");
        assert!(end.message.contains("the page is gone") && end.next.contains("failover resume"), "{case}: {end:?}");
    }
}

#[test]
fn a_recorder_that_panics_or_fails_at_any_record_before_the_start_leaves_nothing_armed() {
    let clean = Run::of(Model::TezSign, Fault::None);
    assert_eq!(clean.end.as_ref().unwrap().exit, 0);
    let start = clean.records.iter().position(|record| name(record) == "before start").unwrap();
    let armed = clean.records.iter().position(|record| name(record) == "after unlock").unwrap();
    for at in (0..=start).step_by(3).chain([armed, armed + 1, start]) {
        for fault in [Fault::Once(at), Fault::Ever(at), Fault::Fails(at)] {
            let (run, case) = (Run::of(Model::TezSign, fault), format!("{fault:?} of {start}"));
            if fault == Fault::Fails(at) {
                assert_eq!(run.end.as_ref().unwrap().exit, 6, "{case}");
            } else {
                assert!(run.end.as_ref().unwrap_err().contains("the screen is gone"), "{case}");
            }
            run.left_nothing(&case);
            assert!(run.guarded, "{case}");
            // A journal that has begun ends, where it can be written once more.
            assert_eq!(run.last_end().is_some(), fault == Fault::Once(at) && at > 0, "{case}");
        }
    }
}

/// What decided a step is too old by the time that it is written down: it is not taken.
#[test]
fn a_recorder_that_is_slow_lets_nothing_be_armed_by_what_was_seen_long_ago() {
    let run = Run::of(Model::TezSign, Fault::Slow(Duration::from_secs(40)));
    let end = run.end.as_ref().unwrap();
    assert_ne!(end.exit, 0, "{end:?}");
    run.left_nothing("slow");
    assert!(!run.records.iter().any(|record| name(record) == "after start"));
}
