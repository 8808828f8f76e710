//! From parts: what was seen to end as done, in programs that were written against the library alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

use failover_core::clock::{Clock as _, Timestamp};
use failover_core::decision::{Policy, PolicyError, Quarantine, Refusal};
use failover_core::failover::{Parts, PreviousRun, Recorder};
use failover_core::guard::{Guard, GuardStatus};
use failover_core::host::HostIdentity;
use failover_core::journal::record::Record;
use failover_core::journal::{Entry, JournalError};
use failover_core::lock::{FileLock, Holder};
use failover_core::operator::Question;
use failover_core::permit::{Root, RunId};
use failover_core::session::{Session, SessionError};
use failover_core::signer::{Model, SignerDevice as _};
use failover_core::state::{Duplicate, Pin, Pins, Role};
use failover_core::tezos::{KeyHash, Kind, Position, Round};
use failover_sim::Side;

use crate::embedder::{Embedder, Records};

impl Embedder {
    /// There is no session with these parts, and nothing happened.
    fn refused(&self, parts: Parts) -> SessionError {
        let error = Session::from_parts(parts, None).unwrap_err();
        self.nothing_happened();
        assert!(!error.next().is_empty());
        error
    }

    fn nothing_happened(&self) {
        assert!(self.records.all().is_empty());
        assert!(self.world.changes(Side::Primary).is_empty() && self.world.bakes(Side::Primary));
    }
}

fn new() -> Embedder {
    Embedder::new(Model::TezSign, 7)
}

fn refusal(error: &SessionError) -> Option<&Refusal> {
    match error {
        SessionError::Ended(end) => end.refusal.as_ref(),
        _ => None,
    }
}

#[test]
fn as_everything_must_be_it_runs_to_its_end_in_a_thread_of_its_own() {
    let embedder = new();
    let session = Session::from_parts(embedder.parts(), None).unwrap();
    let end = std::thread::spawn(move || session.run()).join().unwrap();
    assert_eq!(end.exit, 0, "{end:?}");
    assert!(embedder.world.bakes(Side::Backup) && embedder.world.alarms().is_empty());
    assert_eq!(embedder.records.done().last(), Some(&"start"));
    let plan = Some(Embedder::plan());
    let about = |record: &Record| matches!(record, Record::Asked { asked: Question::Proceed { plan: named, .. }, .. } if *named == plan);
    assert!(embedder.records.all().iter().any(about), "the person is asked about the plan that was shown");
}

#[test]
fn s7_without_a_lock_there_is_no_session() {
    let embedder = new();
    let mut parts = embedder.parts();
    parts.hands.locks.clear();
    let error = embedder.refused(parts);
    assert_eq!((error.exit(), refusal(&error)), (3, Some(&Refusal::NoLock)));
}

/// A lock that no other run takes excludes nobody.
#[test]
fn s7_a_lock_elsewhere_is_none() {
    let embedder = new();
    let (chain, baker) = (embedder.world.options().chain, embedder.world.baker());
    for (folder, of) in [(embedder.state.path(), baker), (embedder.root(Side::Backup).path(), another())] {
        let mut parts = embedder.parts();
        parts.hands.locks = vec![Box::new(FileLock::acquire_in(folder, chain, of, &Holder::default()).unwrap())];
        let error = embedder.refused(parts);
        assert_eq!((error.exit(), refusal(&error)), (3, Some(&Refusal::NoLock)), "{}", folder.display());
    }
}

#[test]
fn s13_without_a_permit_of_its_own_baker_there_is_no_session() {
    let embedder = new();
    let mut parts = embedder.parts();
    parts.hands.permit = None;
    let error = embedder.refused(parts);
    assert!(error.exit() == 4 && error.to_string().contains("the permit of this run"), "{error}");
    let mut parts = embedder.parts();
    if let Some(permit) = &mut parts.hands.permit {
        permit.permits = embedder.root(Side::Backup).of(embedder.world.options().chain, another());
    }
    let error = embedder.refused(parts);
    assert!(error.exit() == 4 && error.to_string().contains(&another().to_string()), "{error}");
}

fn another() -> KeyHash {
    "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9".parse().unwrap()
}

/// What was stated of one machine says nothing of another, and what one run noted nothing of another run.
#[test]
fn s13_h19_a_run_is_taken_up_again_with_its_own_parts_alone() {
    let embedder = new();
    let cut = Session::from_parts(embedder.parts(), None).unwrap();
    drop(cut);
    let run = embedder.permit(None).run;
    let policy = Policy { host: Some("baker@primary".to_owned()), ..embedder.parts().policy };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let begin = Record::Begin { version, plan: Embedder::plan(), policy, locks: Vec::new(), run: Some(run) };
    let past = PreviousRun::of(&[Entry { seq: 1, at: embedder.world.now(), record: begin }]).unwrap();
    let parts = |change: fn(&mut Parts)| {
        let mut parts = embedder.parts_of(Some(&past));
        parts.policy.host = Some("baker@primary".to_owned());
        change(&mut parts);
        Session::from_parts(parts, Some(past.clone())).map(drop)
    };
    assert!(parts(|_| {}).is_ok());
    let changes: [fn(&mut Parts); 5] = [
        |parts| parts.policy.host = Some("baker@another".to_owned()),
        |parts| parts.policy.signer_apart = true,
        |parts| parts.policy.baker = another(),
        |parts| parts.plan = "QQQQQQ".parse().unwrap(),
        |parts| {
            if let Some(permit) = &mut parts.hands.permit {
                permit.run = RunId::random().unwrap();
            }
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let error = parts(change).unwrap_err();
        assert!(matches!(error, SessionError::Past(_)) && error.exit() == 2, "{number}: {error}");
        assert!(!error.next().is_empty());
    }
    // What a version before let it begin with is no reason to leave it unfinished.
    let wide = PreviousRun { policy: Policy { cap: 300, margin: 2000, ..past.policy.clone() }, ..past.clone() };
    let mut again = embedder.parts_of(Some(&past));
    again.policy = wide.policy.clone();
    assert!(Session::from_parts(again, Some(wide)).is_ok());
    embedder.nothing_happened();
}

/// Kills the run once this is written down.
struct Kills(Records, &'static str);

impl Recorder for Kills {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.0.record(at, record)?;
        if matches!(record, Record::Before { step, .. } if step.name() == self.1) {
            std::panic::resume_unwind(Box::new(()));
        }
        Ok(())
    }
}

/// Whatever a resume is refused for: what the run that was killed has left armed is disarmed, unless it bakes.
#[test]
fn s12_a_resume_that_is_refused_leaves_nothing_armed() {
    for at in ["raise", "start", "unlock"] {
        let embedder = new();
        let mut parts = embedder.parts();
        parts.recorder = Box::new(Kills(embedder.records.clone(), at));
        let session = Session::from_parts(parts, None).unwrap();
        catch_unwind(AssertUnwindSafe(|| session.rehearse())).unwrap_err();
        let mut device = embedder.world.signer(Side::Backup);
        assert_eq!(
            device.state().unwrap().able_to_sign().is_empty(),
            at == "unlock",
            "{at}: nobody was left to lock it"
        );
        let records = embedder.records.0.lock().unwrap().clone();
        let entry = |(seq, (at, record)): (u64, &(Timestamp, Record))| Entry { seq, at: *at, record: record.clone() };
        let past = PreviousRun::of(&(1..).zip(&records).map(entry).collect::<Vec<_>>()).unwrap();
        embedder.state.latch_duplicate(&duplicate(&embedder)).unwrap();
        let error = Session::from_parts(embedder.parts_of(Some(&past)), Some(past)).unwrap_err();
        assert!(error.exit() == 5 && matches!(refusal(&error), Some(Refusal::Latched { .. })), "{at}: {error}");
        embedder.world.clock().sleep(Duration::from_secs(60));
        assert!(device.state().unwrap().able_to_sign().is_empty(), "{at}: {error}");
        assert!(matches!(embedder.guard.status(), GuardStatus::Guarded), "{at}");
    }
}

/// As where a person presses Ctrl-C while a device or ssh is still being opened.
#[test]
fn s18_a_run_that_is_stopped_before_its_first_record_has_done_nothing() {
    let embedder = new();
    let parts = embedder.parts();
    parts.cancel.store(true, Ordering::SeqCst);
    let end = Session::from_parts(parts, None).unwrap().run();
    assert_eq!((end.exit, end.may_be_resumed()), (8, false), "{end:?}");
    embedder.nothing_happened();
}

fn duplicate(embedder: &Embedder) -> Duplicate {
    let world = &embedder.world;
    Duplicate {
        at: world.now(),
        chain: world.options().chain,
        baker: world.baker(),
        kind: Kind::Attestation,
        position: Position { level: world.head_level(), round: Round(0) },
        evidence: "a test".to_owned(),
    }
}

/// `check` has pinned it: an embedder who does not know that is told all the same.
#[test]
fn h19_the_pin_in_the_state_folder_counts() {
    let embedder = new();
    let mut parts = embedder.parts();
    parts.policy.primary_pin = None;
    let identity = HostIdentity { machine_id: "another machine".to_owned() };
    let pin = Pin { host: "primary".to_owned(), identity, at: embedder.world.now() };
    embedder.state.set_pins(&Pins { machines: [(Role::Primary, pin)].into() }).unwrap();
    let end = Session::from_parts(parts, None).unwrap().run();
    assert!(matches!(end.refusal, Some(Refusal::WrongHost { .. })), "{end:?}");
    assert!(embedder.world.changes(Side::Primary).is_empty() && embedder.world.bakes(Side::Primary));
}

/// Whether a primary answers only a look tells: then it is refused, with nothing touched.
#[test]
fn h19_a_primary_that_answers_and_has_no_pin_is_refused_when_it_is_seen() {
    let embedder = new();
    let mut parts = embedder.parts();
    parts.policy.primary_pin = None;
    let end = Session::from_parts(parts, None).unwrap().run();
    assert!(matches!(end.refusal, Some(Refusal::Unpinned { .. })), "{end:?}");
    assert!(embedder.world.changes(Side::Primary).is_empty() && embedder.world.bakes(Side::Primary));
}

#[test]
fn s1a_where_guard_and_services_look_for_two_tokens_there_is_no_session() {
    let embedder = new();
    let mut parts = embedder.parts();
    parts.hands.guard = Guard::new(embedder.state.path().join("elsewhere"));
    let error = embedder.refused(parts);
    assert!(error.exit() == 4 && error.to_string().contains("elsewhere/ACTIVE"), "{error}");
}

#[test]
fn s2_s4_a_margin_below_the_least_or_past_the_most_is_none() {
    for margin in [0, 1, 1001] {
        let embedder = new();
        let mut parts = embedder.parts();
        parts.policy.margin = margin;
        let error = embedder.refused(parts);
        assert!(matches!(error, SessionError::Policy(PolicyError::Margin { margin: of }) if of == margin), "{error}");
        assert_eq!(error.exit(), 2);
    }
}

#[test]
fn s4_a_cap_above_the_usual_one_is_none() {
    let embedder = new();
    let mut parts = embedder.parts();
    parts.policy.cap = 101;
    let error = embedder.refused(parts);
    assert!(matches!(error, SessionError::Policy(PolicyError::Cap { cap: 101 })) && error.exit() == 2, "{error}");
}

#[test]
fn s8_on_a_real_machine_the_quarantine_is_never_off() {
    let embedder = new();
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
    let embedder = new();
    let seen = duplicate(&embedder);
    embedder.state.latch_duplicate(&seen).unwrap();
    let error = embedder.refused(embedder.parts());
    assert!(error.exit() == 5 && matches!(refusal(&error), Some(Refusal::Latched { .. })), "{error}");
}

#[test]
fn s6_while_another_run_is_unfinished_there_is_no_session() {
    let embedder = new();
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
