//! From parts: what was seen to end as done, in programs that were written against the library alone.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use failover_core::baker::TezbakeControl;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::clock::Timestamp;
use failover_core::decision::{Policy, PolicyError, Quarantine, Refusal};
use failover_core::effect::Hands;
use failover_core::failover::{Parts, Recorder};
use failover_core::guard::Guard;
use failover_core::host::HostIdentity;
use failover_core::journal::JournalError;
use failover_core::journal::record::Record;
use failover_core::lock::{FileLock, Holder};
use failover_core::operator::Question;
use failover_core::permit::{Root, RunId, RunPermit};
use failover_core::remote_signer::RemoteSigner;
use failover_core::session::{Session, SessionError};
use failover_core::signer::{Model, Selector};
use failover_core::state::{Duplicate, StateDir};
use failover_core::tezos::{Kind, Position, Round};
use failover_sim::operator::Person;
use failover_sim::{Side, Source, World, WorldOptions};

#[derive(Clone, Default)]
pub(crate) struct Records(pub(crate) Arc<Mutex<Vec<Record>>>);

impl Recorder for Records {
    fn record(&mut self, _: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.0.lock().unwrap().push(record.clone());
        Ok(())
    }
}

pub(crate) struct Embedder {
    pub(crate) world: World,
    pub(crate) state: StateDir,
    pub(crate) records: Records,
    _folder: tempfile::TempDir,
}

impl Embedder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        let world = World::new(WorldOptions::new(Model::TezSign, 7));
        world.set_guard(Side::Backup, Guard::new(state.path()).token());
        Self { world, state, records: Records::default(), _folder: folder }
    }

    fn root(&self, side: Side) -> Root {
        Root::at(self.state.path().join(format!("machine of the {side}")))
    }

    /// Everything as it must be.
    pub(crate) fn parts(&self) -> Parts {
        let Self { world, state, .. } = self;
        let (chain, baker) = (world.options().chain, world.baker());
        let control = |side| TezbakeControl::new(world.host(side)).with_root(self.root(side));
        let guard = Guard::new(state.path());
        let mut policy = Policy::new("mybaker".to_owned(), baker, chain);
        policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
        let (permits, run) = (self.root(Side::Backup).of(chain, baker), RunId::random().unwrap());
        permits.begin(&run).unwrap();
        let hands = Hands {
            device: world.signer(Side::Backup),
            primary: Some(Box::new(control(Side::Primary))),
            backup: Box::new(control(Side::Backup).with_guard_token(guard.token())),
            guard,
            operator: Box::new(Person::new(world.clone())),
            passphrase: None,
            primary_signer: Some(RemoteSigner::new(
                Box::new(world.host(Side::Primary)),
                Selector::any(world.options().model),
            )),
            power: None,
            locks: vec![Box::new(FileLock::acquire_in(state.path(), chain, baker, &Holder::default()).unwrap())],
            permit: Some(RunPermit { permits, run, who: "a test".to_owned(), known: Vec::new() }),
        };
        Parts {
            source: Box::new(OctezNode::new(world.node())),
            others: vec![Box::new(Tzkt::new(world.source(Source::Tzkt)))],
            hands,
            policy,
            plan: "K7MPQ2".parse().unwrap(),
            clock: Arc::new(world.clock()),
            recorder: Box::new(self.records.clone()),
            state: state.clone(),
            cancel: Arc::new(AtomicBool::new(false)),
        }
    }

    /// There is no session with these parts, and nothing happened.
    fn refused(&self, parts: Parts) -> SessionError {
        let error = Session::from_parts(parts, None).unwrap_err();
        self.nothing_happened();
        assert!(!error.next().is_empty());
        error
    }

    fn nothing_happened(&self) {
        assert!(self.records.0.lock().unwrap().is_empty());
        assert!(self.world.changes(Side::Primary).is_empty() && self.world.bakes(Side::Primary));
    }
}

fn refusal(error: &SessionError) -> Option<&Refusal> {
    match error {
        SessionError::Ended(end) => end.refusal.as_ref(),
        _ => None,
    }
}

#[test]
fn as_everything_must_be_it_runs_to_its_end_in_a_thread_of_its_own() {
    let embedder = Embedder::new();
    let session = Session::from_parts(embedder.parts(), None).unwrap();
    let end = std::thread::spawn(move || session.run()).join().unwrap();
    assert_eq!(end.exit, 0, "{end:?}");
    assert!(embedder.world.bakes(Side::Backup) && embedder.world.alarms().is_empty());
    let plan = "K7MPQ2".parse().ok();
    let about = |record: &Record| matches!(record, Record::Asked { asked: Question::Proceed { plan: named, .. }, .. } if *named == plan);
    assert!(embedder.records.0.lock().unwrap().iter().any(about), "the person is asked about the plan that was shown");
}

#[test]
fn s7_without_a_lock_there_is_no_session() {
    let embedder = Embedder::new();
    let mut parts = embedder.parts();
    parts.hands.locks.clear();
    let error = embedder.refused(parts);
    assert_eq!((error.exit(), refusal(&error)), (3, Some(&Refusal::NoLock)));
}

/// Whether a primary answers only a look tells: then it is refused, with nothing touched.
#[test]
fn h19_a_primary_that_answers_and_has_no_pin_is_refused_when_it_is_seen() {
    let embedder = Embedder::new();
    let mut parts = embedder.parts();
    parts.policy.primary_pin = None;
    let end = Session::from_parts(parts, None).unwrap().run();
    assert!(matches!(end.refusal, Some(Refusal::Unpinned { .. })), "{end:?}");
    assert!(embedder.world.changes(Side::Primary).is_empty() && embedder.world.bakes(Side::Primary));
}

#[test]
fn s1a_where_guard_and_services_look_for_two_tokens_there_is_no_session() {
    let embedder = Embedder::new();
    let mut parts = embedder.parts();
    parts.hands.guard = Guard::new(embedder.state.path().join("elsewhere"));
    let error = embedder.refused(parts);
    assert!(error.exit() == 4 && error.to_string().contains("elsewhere/ACTIVE"), "{error}");
}

#[test]
fn s2_a_margin_below_the_least_is_none() {
    for margin in [0, 1] {
        let embedder = Embedder::new();
        let mut parts = embedder.parts();
        parts.policy.margin = margin;
        let error = embedder.refused(parts);
        assert!(matches!(error, SessionError::Policy(PolicyError::Margin { margin: of }) if of == margin), "{error}");
        assert_eq!(error.exit(), 2);
    }
}

#[test]
fn s8_on_a_real_machine_the_quarantine_is_never_off() {
    let embedder = Embedder::new();
    let mut parts = embedder.parts();
    parts.policy.quarantine = Quarantine::off_in_a_simulation();
    // Where the permits of a real machine lie; nothing is made there.
    if let Some(permit) = &mut parts.hands.permit {
        permit.permits = Root::usual().of(parts.policy.chain, parts.policy.baker);
    }
    let error = embedder.refused(parts);
    assert!(matches!(error, SessionError::Policy(PolicyError::Quarantine)), "{error}");
    let mut parts = embedder.parts();
    parts.policy.quarantine = Quarantine::off_in_a_simulation();
    parts.hands.permit = None;
    assert!(matches!(embedder.refused(parts), SessionError::Policy(PolicyError::Quarantine)));
    let mut parts = embedder.parts();
    parts.policy.quarantine = Quarantine::off_in_a_simulation();
    assert!(Session::from_parts(parts, None).is_ok(), "the simulator's own tests switch it off");
}

#[test]
fn s8_with_a_latched_duplicate_there_is_no_session() {
    let embedder = Embedder::new();
    let world = &embedder.world;
    let seen = Duplicate {
        at: world.now(),
        chain: world.options().chain,
        baker: world.baker(),
        kind: Kind::Attestation,
        position: Position { level: world.head_level(), round: Round(0) },
        evidence: "a test".to_owned(),
    };
    embedder.state.latch_duplicate(&seen).unwrap();
    let error = embedder.refused(embedder.parts());
    assert!(error.exit() == 5 && matches!(refusal(&error), Some(Refusal::Latched { .. })), "{error}");
}

#[test]
fn s6_while_another_run_is_unfinished_there_is_no_session() {
    let embedder = Embedder::new();
    let plan = "QQQQQQ".parse().unwrap();
    let policy = embedder.parts().policy;
    let mut file = embedder.state.create_journal(embedder.world.now(), plan).unwrap();
    let (version, run) = ("0.1.0".to_owned(), Some(RunId::random().unwrap()));
    file.append(
        embedder.world.now(),
        &Record::Begin { version: version.clone(), plan, policy, locks: Vec::new(), run },
    )
    .unwrap();
    file.append(embedder.world.now(), &Record::Resume { version, locks: Vec::new() }).unwrap();
    drop(file);
    let error = embedder.refused(embedder.parts());
    assert!(error.exit() == 6 && matches!(refusal(&error), Some(Refusal::Unfinished { .. })), "{error}");
}
