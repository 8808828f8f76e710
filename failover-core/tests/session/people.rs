//! What people and disks do to the run of a program of its own: answers that come late or never, records that are slow or lost.
//! Whatever they do, nothing is signed twice, and nothing can sign that the run did not prove.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::clock::{Clock as _, Timestamp};
use failover_core::decision::{Refusal, Step};
use failover_core::failover::{Parts, Recorder};
use failover_core::journal::JournalError;
use failover_core::journal::record::{End, Record};
use failover_core::lock::{FileLock, Holder, LockError};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::session::Session;
use failover_core::signer::{Arming, Model, Passphrase};
use failover_core::tezos::Level;
use failover_sim::operator::Person;
use failover_sim::{Side, World};

use crate::embedder::Embedder;

/// These parts, where a person has to say that the primary's signer is unplugged.
fn parts(embedder: &Embedder) -> Parts {
    let mut parts = embedder.parts();
    parts.hands.primary_signer = None;
    parts
}

fn can_sign(world: &World) -> bool {
    let state = world.signer(Side::Backup).state().unwrap();
    state.keys.iter().any(|key| key.arming != Arming::Disarmed)
}

/// Runs to the end, and sees that it holds.
fn ended(embedder: &Embedder, parts: Parts) -> End {
    let end = Session::from_parts(parts, None).unwrap().run();
    holds(embedder, &end);
    end
}

/// Some minutes on, so that a late double signature shows. Only a backup that was started may sign.
fn holds(embedder: &Embedder, end: &End) {
    let world = &embedder.world;
    world.clock().sleep(Duration::from_secs(180));
    assert!(world.alarms().is_empty(), "{end:?}: {:?}", world.alarms());
    let started = embedder.records.names(|record| match record {
        Record::Before { step, .. } => Some(step).filter(|step| matches!(step, Step::Start { .. })),
        _ => None,
    });
    if started.is_empty() {
        assert!(!world.bakes(Side::Backup) && !can_sign(world), "{end:?}");
    }
}

/// Takes so long for each answer, and then says what an honest person says; with the head of the last one.
struct Late(Person, World, Duration, Arc<Mutex<Option<Level>>>);

impl Late {
    fn takes_its_time(&self) {
        self.1.clock().sleep(self.2);
        *self.3.lock().unwrap() = Some(self.1.head_level());
    }
}

impl Operator for Late {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        self.takes_its_time();
        self.0.ask(question)
    }

    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        self.takes_its_time();
        self.0.passphrase()
    }
}

#[test]
fn s10_s15_however_late_an_answer_comes_it_is_held_against_what_is_seen_then() {
    for late in [20, 300, 1_200] {
        let embedder = Embedder::new(Model::TezSign, 7);
        let world = &embedder.world;
        let answered_at = Arc::default();
        let mut parts = parts(&embedder);
        let late = Duration::from_secs(late);
        parts.hands.operator =
            Box::new(Late(Person::new(world.clone()), world.clone(), late, Arc::clone(&answered_at)));
        let end = ended(&embedder, parts);
        assert_eq!(end.exit, 0, "{late:?}: {end:?}");
        let floor = end.resumed.unwrap().floor;
        let answered_at = answered_at.lock().unwrap().unwrap();
        assert!(floor > answered_at, "{late:?}: {floor} is of a head before the last answer, at {answered_at}");
    }
}

/// Says when it is asked, and answers nothing until it is let go: then its own deadline is over.
struct Blocked {
    person: Person,
    at: fn(&Question) -> bool,
    asked: Sender<()>,
    over: Receiver<()>,
}

impl Operator for Blocked {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        if !(self.at)(question) {
            return self.person.ask(question);
        }
        self.asked.send(()).unwrap();
        self.over.recv().unwrap();
        Err(OperatorError::Timeout { what: "a test", after: Duration::from_secs(3_600) })
    }

    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        self.person.passphrase()
    }
}

#[test]
fn s7_s10_while_an_operator_blocks_nothing_is_armed_and_no_other_run_begins() {
    for (at, touched) in [
        ((|asked| matches!(asked, Question::Proceed { .. })) as fn(&Question) -> bool, false),
        (|asked| matches!(asked, Question::Disconnected { .. }), true),
    ] {
        let embedder = Embedder::new(Model::TezSign, 7);
        let world = &embedder.world;
        let ((asked, was_asked), (let_go, over)) = (channel(), channel());
        let mut parts = parts(&embedder);
        parts.hands.operator = Box::new(Blocked { person: Person::new(world.clone()), at, asked, over });
        let session = Session::from_parts(parts, None).unwrap();
        let run = std::thread::spawn(move || session.run());
        was_asked.recv().unwrap();
        world.clock().sleep(Duration::from_secs(3_600));
        assert!(!can_sign(world) && !world.bakes(Side::Backup));
        let (chain, baker) = (world.options().chain, world.baker());
        let second = FileLock::acquire_under(&embedder.root(Side::Backup), chain, baker, &Holder::default());
        assert!(matches!(second, Err(LockError::Held { .. })), "{second:?}");
        let_go.send(()).unwrap();
        let end = run.join().unwrap();
        holds(&embedder, &end);
        // Before its permit a run has done nothing, and a resume could go on with nothing.
        assert_eq!((end.exit, end.may_be_resumed()), if touched { (6, true) } else { (8, false) }, "{end:?}");
        assert!(end.message.contains("nobody answered within 1h"), "{end:?}");
        assert_eq!(world.bakes(Side::Primary), !touched, "{end:?}");
        assert!(FileLock::acquire_under(&embedder.root(Side::Backup), chain, baker, &Holder::default()).is_ok());
    }
}

/// Each record takes so long until it is on the disk.
struct Slow(Box<dyn Recorder>, World, Duration);

impl Recorder for Slow {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.1.clock().sleep(self.2);
        self.0.record(at, record)
    }
}

#[test]
fn s6_s15_a_slow_disk_makes_a_run_slow_and_never_old() {
    for (slow, exit) in [(1, 0), (20, 3), (300, 3)] {
        let embedder = Embedder::new(Model::TezSign, 7);
        let mut parts = parts(&embedder);
        parts.recorder = Box::new(Slow(parts.recorder, embedder.world.clone(), Duration::from_secs(slow)));
        let end = ended(&embedder, parts);
        assert_eq!(end.exit, exit, "{slow} s: {end:?}");
        assert_eq!(matches!(end.refusal, Some(Refusal::Slow { .. })), exit == 3, "{slow} s: {end:?}");
    }
}

/// No room from this record on.
struct Full(Box<dyn Recorder>, usize);

impl Recorder for Full {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        let Some(left) = self.1.checked_sub(1) else {
            return Err(JournalError::Full { path: "a test".into(), why: "no space left on device".to_owned() });
        };
        self.1 = left;
        self.0.record(at, record)
    }
}

#[test]
fn s6_s12_whichever_record_cannot_be_written_the_backup_is_left_unable_to_sign() {
    let whole = Embedder::new(Model::TezSign, 7);
    assert_eq!(ended(&whole, parts(&whole)).exit, 0);
    let records = whole.records.all().len();
    for room in 0..records {
        let embedder = Embedder::new(Model::TezSign, 7);
        let mut parts = parts(&embedder);
        parts.recorder = Box::new(Full(parts.recorder, room));
        let end = ended(&embedder, parts);
        // The last one is the end itself: the run is over, and its answer says that this is not written down.
        assert!(end.exit == 6 && end.next.starts_with("make room on the disk"), "{room} of {records}: {end:?}");
    }
}
