//! A recorder or an operator that somebody brought, and that panics, fails or is slow: nothing that could sign stays behind, and
//! the journal has an end where it still can be written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use failover_core::clock::{Clock as _, Timestamp};
use failover_core::decision::{WaitFor, Waiting, raise_by_hand};
use failover_core::effect::raise_marks;
use failover_core::failover::Recorder;
use failover_core::guard::GuardStatus;
use failover_core::journal::JournalError;
use failover_core::journal::record::{End, Outcome, Record};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::permit::Permits;
use failover_core::session::Session;
use failover_core::signer::{Cap, Model, Passphrase, SignerDevice as _};
use failover_core::state::Latch;
use failover_sim::operator::Person;
use failover_sim::tezsign::Fault::Hang;
use failover_sim::{DeviceCondition, Event, Side, World};

use crate::bare_control::{Lacks, Without};
use crate::embedder::{Embedder, Records};
use crate::support::{BOTH, name};

/// What is wrong with who was brought.
#[derive(Debug, Clone, Copy)]
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
    /// It panics at every one of these records.
    AtEvery(fn(&Record) -> bool),
    /// The same, where somebody has stopped the run by then.
    StoppedAt(fn(&Record) -> bool),
    /// It fails from this record on.
    Fails(usize),
    /// It fails at every one of these records.
    FailsAt(fn(&Record) -> bool),
    /// It takes so long for every record of a step.
    Slow(Duration),
}

struct Asks(Person, Fault);

impl Operator for Asks {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        assert!(!matches!(self.1, Fault::Asked), "the page is gone");
        self.0.ask(question)
    }
    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        self.0.can_answer(question)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        assert!(!matches!(self.1, Fault::Passphrase), "the page is gone");
        self.0.passphrase()
    }
}

struct Breaks {
    records: Records,
    asked: usize,
    fault: Fault,
    happens: fn(&World, &Record),
    world: World,
    permits: Permits,
}

impl Recorder for Breaks {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        (self.happens)(&self.world, record);
        let number = self.asked;
        self.asked += 1;
        let fails = match self.fault {
            Fault::Once(at) => number == at,
            Fault::Ever(from) => number >= from,
            Fault::AtEvery(which) => which(record),
            Fault::StoppedAt(which) => which(record) && self.permits.take_away("a test").is_ok(),
            _ => false,
        };
        assert!(!fails, "the screen is gone");
        let full = match self.fault {
            Fault::Fails(from) => number >= from,
            Fault::FailsAt(which) => which(record),
            Fault::Slow(takes) if matches!(record, Record::Before { .. }) => {
                self.world.clock().sleep(takes);
                false
            }
            _ => false,
        };
        if full {
            return Err(JournalError::Full { path: PathBuf::from("journal"), why: "no room".to_owned() });
        }
        self.records.record(at, record)
    }
}

struct Run {
    /// `None`: it panicked, with these words.
    end: Result<End, String>,
    embedder: Embedder,
}

impl Run {
    fn of(model: Model, fault: Fault) -> Self {
        Self::with(model, fault, Lacks::Nothing, |_, _| {})
    }

    /// `lacks`: what the backup's control lacks; `happens`: what happens in the world when a record is written.
    fn with(model: Model, fault: Fault, lacks: Lacks, happens: fn(&World, &Record)) -> Self {
        let embedder = Embedder::new(model, 1);
        let world = embedder.world.clone();
        let mut parts = embedder.parts();
        parts.hands.backup = Box::new(Without(embedder.control(Side::Backup), lacks));
        parts.hands.operator = Box::new(Asks(Person::new(world.clone()), fault));
        let permits = embedder.permit(None).permits;
        parts.recorder =
            Box::new(Breaks { records: embedder.records.clone(), asked: 0, fault, happens, world, permits });
        let session = Session::from_parts(parts, None).unwrap();
        let end = catch_unwind(AssertUnwindSafe(move || session.run()));
        let words = |panic: &(dyn std::any::Any + Send)| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
        };
        Self { end: end.map_err(|panic| words(&*panic)), embedder }
    }

    fn is_guarded(&self) -> bool {
        matches!(self.embedder.guard.status(), GuardStatus::Guarded)
    }

    /// No key of the backup can sign, not a minute later either, and its baker does not run.
    fn left_nothing(&self, case: &str) {
        let world = &self.embedder.world;
        world.clock().sleep(Duration::from_secs(60));
        let state = world.signer(Side::Backup).state().unwrap();
        assert_eq!(state.able_to_sign(), Vec::<&_>::new(), "{case}");
        assert!(!world.bakes(Side::Backup), "{case}");
        assert!(world.alarms().is_empty(), "{case}: {:?}", world.alarms());
    }

    fn records(&self) -> Vec<Record> {
        self.embedder.records.all()
    }

    fn last_end(&self) -> Option<End> {
        self.records().pop().and_then(|record| if let Record::End(end) = record { Some(end) } else { None })
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
    let start = clean.records().iter().position(|record| name(record) == "before start").unwrap();
    let armed = clean.records().iter().position(|record| name(record) == "after unlock").unwrap();
    for at in (0..=start).step_by(3).chain([armed, armed + 1, start]) {
        for fault in [Fault::Once(at), Fault::Ever(at), Fault::Fails(at)] {
            let (run, case) = (Run::of(Model::TezSign, fault), format!("{fault:?} of {start}"));
            if matches!(fault, Fault::Fails(_)) {
                assert_eq!(run.end.as_ref().unwrap().exit, 6, "{case}");
            } else {
                assert!(run.end.as_ref().unwrap_err().contains("the screen is gone"), "{case}");
            }
            run.left_nothing(&case);
            assert!(run.is_guarded(), "{case}");
            // A journal that has begun ends, where it can be written once more.
            assert_eq!(run.last_end().is_some(), matches!(fault, Fault::Once(_)) && at > 0, "{case}");
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
    assert!(!run.records().iter().any(|record| name(record) == "after start"));
}

/// What may still open the keys is waited for, though it cannot be told any more.
#[test]
fn s1_s12_a_recorder_that_panics_at_the_wait_for_a_late_unlock_leaves_nothing_open() {
    let waits = |record: &Record| {
        let known =
            |waiting: &Waiting| matches!(&waiting.why, WaitFor::Known { what } if what.contains("not answered"));
        matches!(record, Record::Wait { waiting, .. } if known(waiting))
    };
    for fault in [Fault::None, Fault::AtEvery(waits), Fault::FailsAt(waits)] {
        let run = Run::with(Model::TezSign, fault, Lacks::Nothing, |world, record| {
            if matches!(record, Record::Begin { .. }) {
                world.apply(Event::Device(Side::Backup, DeviceCondition::LateUnlock(15)));
            }
        });
        let case = format!("{fault:?}");
        assert_eq!(run.end.as_ref().unwrap().exit, 1, "{case}: {:?}", run.end);
        run.left_nothing(&case);
        assert!(run.is_guarded() && run.last_end().is_some(), "{case}");
    }
}

/// Nobody can be told anything.
struct Gone(Person);

impl Operator for Gone {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        self.0.ask(question)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        self.0.passphrase()
    }
    fn tell(&mut self, text: &str) {
        unreachable!("the page is gone: {text}");
    }
}

#[test]
fn s1_s12_marks_that_are_raised_for_nobody_leave_nothing_open() {
    let embedder = Embedder::new(Model::TezSign, 1);
    let world = &embedder.world;
    let mut device = world.signer(Side::Backup);
    let before = device.state().unwrap();
    let keys = before.keys.iter().map(|key| key.name.clone()).collect();
    let head = world.head_level();
    let step = raise_by_hand(&before, keys, head.above(10), Cap::above(head, 100)).unwrap();
    world.apply(Event::Device(Side::Backup, DeviceCondition::LateUnlock(15)));
    let mut operator = Gone(Person::new(world.clone()));
    let raised = catch_unwind(AssertUnwindSafe(|| {
        raise_marks(step, &mut *device, &mut operator, &world.clock(), None)
            .map(drop)
            .map_err(|error| error.to_string())
    }));
    assert!(raised.is_err(), "{raised:?}");
    world.clock().sleep(Duration::from_secs(60));
    assert_eq!(world.signer(Side::Backup).state().unwrap().able_to_sign(), Vec::<&_>::new());
}

fn after_start(record: &Record) -> bool {
    name(record) == "after start"
}

/// What was started and runs goes on; what was only to be started does not.
#[test]
fn s12_a_panic_after_a_tried_start_leaves_armed_only_what_runs() {
    for fault in [Fault::AtEvery(after_start), Fault::FailsAt(after_start)] {
        let run = Run::of(Model::TezSign, fault);
        let world = &run.embedder.world;
        world.clock().sleep(Duration::from_secs(60));
        assert!(world.bakes(Side::Backup) && world.alarms().is_empty(), "{fault:?}: {:?}", run.end);
        let end = run.last_end().unwrap();
        assert!(end.exit == 6 && end.message.contains("goes on baking"), "{fault:?}: {end:?}");
    }
    let run = Run::with(Model::TezSign, Fault::None, Lacks::Start, |_, _| {});
    assert!(run.end.as_ref().unwrap_err().contains("the engine is gone"), "{:?}", run.end);
    run.left_nothing("its start panics");
    assert!(run.is_guarded());
}

/// Whoever took the permit away may act here by now.
#[test]
fn s14_a_panic_after_the_start_of_a_run_that_was_stopped_leaves_nothing_armed() {
    let run = Run::with(Model::TezSign, Fault::StoppedAt(after_start), Lacks::Nothing, |_, _| {});
    assert!(run.end.as_ref().unwrap_err().contains("the screen is gone"), "{:?}", run.end);
    run.left_nothing("stopped");
    assert!(run.is_guarded());
}

/// Nor is it said that all is well where the keys cannot be read back as locked.
#[test]
fn s12_a_run_that_was_stopped_and_cannot_be_read_back_leads_to_the_plug() {
    let run = Run::with(Model::TezSign, Fault::StoppedAt(after_start), Lacks::Nothing, |world, record| {
        if after_start(record) {
            world.gadget(Side::Backup).unwrap().with(|sim| sim.set_fault(Some(Hang)));
        }
    });
    let end = run.last_end().unwrap();
    assert!(end.message.contains("not proven locked"), "{end:?}");
    assert!(end.next.starts_with("unplug the backup's signer now"), "{end:?}");
}

/// S8: it is latched by then, and no other end is told of it.
#[test]
fn s8_a_duplicate_that_cannot_be_written_down_is_one_all_the_same() {
    let duplicate = |record: &Record| matches!(record, Record::Duplicate { .. });
    for fault in [Fault::None, Fault::AtEvery(duplicate), Fault::FailsAt(duplicate)] {
        let run = Run::with(Model::TezSign, fault, Lacks::Nothing, |world, record| {
            if after_start(record) {
                world.apply(Event::Denounce);
            }
        });
        let case = format!("{fault:?}: {:?}", run.end);
        let end = run.last_end().unwrap_or_else(|| panic!("{case}: no end"));
        assert_eq!((end.exit, &end.outcome), (5, &Outcome::Duplicate), "{case}: {end:?}");
        assert_eq!(run.end.is_err(), matches!(fault, Fault::AtEvery(_)), "{case}");
        assert!(run.end.iter().all(|end| end.exit == 5), "{case}");
        assert!(matches!(run.embedder.state.latch(), Latch::Latched(_)), "{case}");
        assert!(!run.embedder.world.bakes(Side::Backup), "{case}");
    }
}
