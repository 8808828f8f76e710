//! A control that is five methods and no more goes through the procedure, and each trait that a machine lacks is unknown
//! there: asked of a person, refused, or said to be missing; never taken for "no" (S3).
#![expect(clippy::unwrap_used, reason = "a test's helpers may stop it like the test itself")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::baker::command::Commands;
use failover_core::baker::{
    BakerControl, BakerError, BakerMachine, BakerState, Bare, BootGuards, Claims, CommandControl, GiveBackOrder,
    GivenBack, Looks, MachineIdentity, MarkFiles, Payouts, Readiness, SeedNonces, ServiceLog, TezbakeControl,
    UnlockSecrets, WithSigner,
};
use failover_core::clock::Timestamp;
use failover_core::guard::{BootGuard, Guard, GuardNote, Lift};
use failover_core::host::LocalHost;
use failover_core::journal::record::End;
use failover_core::nonces::Nonces;
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::permit::{Claim, ClaimAnswer, ClaimOrder, RunId};
use failover_core::session::Session;
use failover_core::signer::{Model, Passphrase};
use failover_sim::operator::Person;
use failover_sim::{Side, SimHost, World, WorldOptions};

use crate::embedder::Embedder;

/// What a machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lacks {
    Nothing,
    /// Its start panics.
    Start,
    Identity,
    Looks,
    Marks,
    Nonces,
    Guard,
    Secret,
    Claims,
    Readiness,
    Payouts,
    Log,
}

/// A machine with TezBake that lacks one trait.
pub(crate) struct Without(pub(crate) TezbakeControl<SimHost>, pub(crate) Lacks);

impl BakerControl for Without {
    fn describe(&self) -> String {
        self.0.describe()
    }
    fn state(&mut self) -> Result<BakerState, BakerError> {
        self.0.state()
    }
    fn stop(&mut self) -> Result<(), BakerError> {
        self.0.stop()
    }
    fn start(&mut self) -> Result<(), BakerError> {
        assert_ne!(self.1, Lacks::Start, "the engine is gone");
        self.0.start()
    }
    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        self.0.restart_delay()
    }
}

impl BakerMachine for Without {
    fn machine_identity(&mut self) -> Option<&mut dyn MachineIdentity> {
        if self.1 == Lacks::Identity { None } else { self.0.machine_identity() }
    }
    fn looks(&mut self) -> Option<&mut dyn Looks> {
        if self.1 == Lacks::Looks { None } else { self.0.looks() }
    }
    fn mark_files(&mut self) -> Option<&mut dyn MarkFiles> {
        if self.1 == Lacks::Marks { None } else { self.0.mark_files() }
    }
    fn seed_nonces(&mut self) -> Option<&mut dyn SeedNonces> {
        if self.1 == Lacks::Nonces { None } else { self.0.seed_nonces() }
    }
    fn boot_guards(&mut self) -> Option<&mut dyn BootGuards> {
        if self.1 == Lacks::Guard { None } else { self.0.boot_guards() }
    }
    fn unlock_secrets(&mut self) -> Option<&mut dyn UnlockSecrets> {
        if self.1 == Lacks::Secret { None } else { self.0.unlock_secrets() }
    }
    fn claims(&mut self) -> Option<&mut dyn Claims> {
        if self.1 == Lacks::Claims { None } else { self.0.claims() }
    }
    fn readiness(&mut self) -> Option<&mut dyn Readiness> {
        if self.1 == Lacks::Readiness { None } else { self.0.readiness() }
    }
    fn payouts(&mut self) -> Option<&mut dyn Payouts> {
        if self.1 == Lacks::Payouts { None } else { self.0.payouts() }
    }
    fn service_log(&mut self) -> Option<&mut dyn ServiceLog> {
        if self.1 == Lacks::Log { None } else { self.0.service_log() }
    }
}

/// An honest person, and what was asked of them.
struct Asked(Person, Arc<Mutex<Vec<Question>>>);

impl Operator for Asked {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        self.1.lock().unwrap().push(question.clone());
        self.0.ask(question)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        self.0.passphrase()
    }
}

/// A run, and what came of it.
#[derive(Debug)]
struct Ran {
    end: End,
    asked: Vec<Question>,
    done: Vec<&'static str>,
    bakes: [bool; 2],
}

impl Ran {
    fn asks(&self, question: impl Fn(&Question) -> bool) -> bool {
        self.asked.iter().any(question)
    }

    /// Did they have to say that nobody runs failover on the primary?
    fn asks_for_other_runs(&self) -> bool {
        self.asks(|question| matches!(question, Question::NoOtherRun { .. }))
    }

    /// Did a person have to say that the primary's signer is unplugged?
    fn asks_for_the_cable(&self) -> bool {
        self.asks(|question| matches!(question, Question::Disconnected { .. }))
    }
}

type Machine = Box<dyn BakerMachine>;

/// Runs once in a simulated world; `machine` makes what controls each side.
fn run(machine: impl Fn(Side, TezbakeControl<SimHost>) -> Option<Machine>) -> Ran {
    let embedder = Embedder::new(Model::TezSign, 7);
    let world = &embedder.world;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mut parts = embedder.parts();
    parts.hands.primary = machine(Side::Primary, embedder.control(Side::Primary));
    parts.hands.backup = machine(Side::Backup, embedder.control(Side::Backup)).unwrap();
    parts.hands.operator = Box::new(Asked(Person::new(world.clone()), Arc::clone(&asked)));
    let end = Session::from_parts(parts, None).unwrap().run();
    assert!(world.alarms().is_empty(), "{:?}", world.alarms());
    let (asked, done) = (asked.lock().unwrap().clone(), embedder.records.done());
    Ran { end, asked, done, bakes: [world.bakes(Side::Primary), world.bakes(Side::Backup)] }
}

/// Five methods, which here are TezBake's.
fn bare(control: TezbakeControl<SimHost>) -> Machine {
    Box::new(Bare::new(control))
}

fn lacking(on: Side, what: Lacks) -> Ran {
    run(|side, control| Some(Box::new(Without(control, if side == on { what } else { Lacks::Nothing }))))
}

#[test]
fn s3_a_bare_primary_is_fenced_as_one_that_cannot_be_reached() {
    let alone = run(|side, control| Some(if side == Side::Primary { bare(control) } else { Box::new(control) }));
    let unreached = run(|side, control| if side == Side::Primary { None } else { Some(Box::new(control)) });
    assert_eq!((&alone.end, &alone.asked, &alone.done), (&unreached.end, &unreached.asked, &unreached.done));
    assert!(alone.asks_for_the_cable() && alone.asks_for_other_runs(), "{alone:?}");
    assert_eq!((alone.end.exit, alone.bakes), (0, [false, true]));
}

#[test]
fn s3_a_bare_backup_is_refused_before_the_primary_is_touched() {
    let ran = run(|side, control| Some(if side == Side::Backup { bare(control) } else { Box::new(control) }));
    assert!(ran.end.exit == 4 && ran.end.message.contains("which machine tezbake on"), "{ran:?}");
    assert!(ran.done.is_empty() && ran.asked.is_empty(), "{ran:?}");
    assert_eq!(ran.bakes, [true, false]);
    // Where the primary is not known either, what guards this machine comes first.
    let ran = run(|_, control| Some(bare(control)));
    assert!(ran.end.exit == 4 && ran.end.message.contains("whether a boot guard holds"), "{ran:?}");
    assert_eq!((ran.done, ran.bakes), (vec!["take-permit", "claim"], [true, false]));
}

/// Each trait that a primary lacks, with what a person is asked, and with the steps that are left out for it.
#[test]
fn s3_what_a_primary_lacks_is_unknown_and_stated_by_a_person() {
    let whole = lacking(Side::Primary, Lacks::Nothing);
    assert_eq!((whole.end.exit, whole.bakes), (0, [false, true]));
    assert!(!whole.asks_for_the_cable() && !whole.asks_for_other_runs(), "{whole:?}");
    let there = ["stop-primary", "guard-primary", "stash-secret", "disarm-primary", "merge-nonces"];
    let table: [(Lacks, bool, bool, &[&str]); 10] = [
        (Lacks::Identity, true, false, &there),
        (Lacks::Guard, true, false, &["guard-primary"]),
        (Lacks::Secret, true, false, &["stash-secret"]),
        (Lacks::Claims, false, true, &[]),
        (Lacks::Nonces, false, false, &["merge-nonces"]),
        (Lacks::Marks, false, false, &[]),
        (Lacks::Looks, false, false, &[]),
        (Lacks::Readiness, false, false, &[]),
        (Lacks::Payouts, false, false, &[]),
        (Lacks::Log, false, false, &[]),
    ];
    for (lacks, cable, other_runs, left_out) in table {
        let ran = lacking(Side::Primary, lacks);
        assert_eq!((ran.end.exit, ran.bakes), (0, [false, true]), "{lacks:?}: {ran:?}");
        assert_eq!((ran.asks_for_the_cable(), ran.asks_for_other_runs()), (cable, other_runs), "{lacks:?}: {ran:?}");
        for step in &whole.done {
            assert_eq!(!ran.done.contains(step), left_out.contains(step), "{lacks:?}, {step}: {:?}", ran.done);
        }
        let missed = ran.end.message.contains("seed nonces were not merged");
        assert_eq!(missed, left_out.contains(&"merge-nonces"), "{lacks:?}: {ran:?}");
    }
}

#[test]
fn s3_a_backup_that_nobody_knows_or_that_nothing_guards_is_refused() {
    for (lacks, why, done) in [
        (Lacks::Identity, "which machine tezbake on", &[][..]),
        (Lacks::Guard, "whether a boot guard holds", &["take-permit", "claim"][..]),
    ] {
        let ran = lacking(Side::Backup, lacks);
        assert!(ran.end.exit == 4 && ran.end.message.contains(why), "{lacks:?}: {ran:?}");
        assert_eq!((ran.done.as_slice(), ran.bakes), (done, [true, false]), "{lacks:?}");
    }
    let lacking =
        [Lacks::Looks, Lacks::Marks, Lacks::Secret, Lacks::Claims, Lacks::Readiness, Lacks::Payouts, Lacks::Log]
            .map(|lacks| (lacks, lacking(Side::Backup, lacks)));
    for (lacks, ran) in lacking {
        assert_eq!((ran.end.exit, ran.bakes), (0, [false, true]), "{lacks:?}: {ran:?}");
    }
    let ran = self::lacking(Side::Backup, Lacks::Nonces);
    assert!(ran.end.exit == 0 && ran.end.message.contains("this machine's own are not known"), "{ran:?}");
}

fn orders() -> (ClaimOrder, GiveBackOrder) {
    let (run, at, text) = (RunId::from_bytes([7; 16]), Timestamp::from_millis(1_796_000_000_000), str::to_owned);
    let claim = Claim { v: Claim::VERSION, run, host: text("backup"), who: text("root@backup"), at };
    let (baker, here) = (text("A-B"), text("elsewhere"));
    let lift = Lift::stated("A", &Lift::sentence("A")).unwrap();
    let back =
        GiveBackOrder { baker: baker.clone(), run, who: claim.who.clone(), at, own: None, here: here.clone(), lift };
    let deadline = Duration::from_secs(10);
    (ClaimOrder { baker, claim, replace: None, asked: None, here, look: false, deadline }, back)
}

/// S3: an error or a word that says so; nothing is an empty list, and nothing is "no".
#[test]
fn s3_whatever_a_bare_machine_is_asked_is_unknown() {
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    let mut machine = bare(TezbakeControl::new(world.host(Side::Primary)));
    let (chain, now) = (world.options().chain, world.now());
    assert!(matches!(machine.identity(), Err(BakerError::NoIdentity { .. })));
    assert!(matches!(machine.marks(chain), Err(BakerError::NoMarkFolder { .. })));
    assert!(matches!(machine.nonces(chain), Err(BakerError::NoMarkFolder { .. })));
    let merged = machine.merge_nonces(chain, &Nonces::default(), now);
    assert!(matches!(merged, Err(BakerError::NoMarkFolder { .. })));
    assert!(
        matches!(machine.boot_guard(), Err(BakerError::NoBootGuard { .. })),
        "unknown is not that there are no units"
    );
    let installed = machine.install_boot_guard(&GuardNote::here(now, None));
    assert!(matches!(installed, Err(BakerError::NoBootGuard { .. })));
    assert!(matches!(machine.unlock_secret(), Err(BakerError::NoSecretPlace { .. })));
    assert!(matches!(machine.stash_unlock_secret(), Err(BakerError::NoSecretPlace { .. })));
    let (claim, back) = orders();
    assert!(matches!(machine.lift_boot_guard(&back.lift, now), Err(BakerError::NoBootGuard { .. })));
    assert!(matches!(machine.claim(&claim), Ok(ClaimAnswer::Unasked { .. })));
    assert!(matches!(machine.give_back(&back), Ok(GivenBack::Not(ClaimAnswer::Unasked { .. }))));
    assert!(matches!((machine.may_change(), machine.startable()), (Ok(false), Ok(None))));
    assert!(machine.payouts().is_none() && machine.service_log().is_none());
    // Nothing was asked there, nor done.
    assert!(world.bakes(Side::Primary) && world.changes(Side::Primary).is_empty());
}

/// S3: what one of two machines lacks is unknown of both.
#[test]
fn s3_a_bare_signer_leaves_nothing_known_of_its_baker_either() {
    let [baker, signer] = [5, 6].map(|seed| World::new(WorldOptions::new(Model::TezSign, seed)));
    let folder = tempfile::tempdir().unwrap();
    let token = Guard::new(folder.path()).token();
    baker.set_guard(Side::Primary, token.clone());
    let full = TezbakeControl::new(baker.host(Side::Primary)).with_guard_token(token);
    let signer = bare(TezbakeControl::new(signer.host(Side::Primary)));
    let mut both = WithSigner::new(Box::new(full), signer);
    assert!(both.identity().is_ok(), "the baker's");
    both.stop().unwrap();
    let Ok(BootGuard::Open { why }) = both.boot_guard() else { panic!("what is open is said") };
    assert!(why.iter().any(|why| why.contains("whether a boot guard holds")), "{why:?}");
    let installed = both.install_boot_guard(&GuardNote::here(baker.now(), None));
    assert!(matches!(installed, Err(BakerError::NoBootGuard { .. })));
    assert!(matches!(both.boot_guard(), Err(BakerError::NoBootGuard { .. })), "the baker's alone is no guard");
    both.stash_unlock_secret().unwrap_err();
    assert!(matches!(both.unlock_secret(), Err(BakerError::NoSecretPlace { .. })));
    assert!(matches!(both.may_change(), Ok(false)));
    assert!(both.reads_back().is_err(), "a signer that may not be stopped is found before its baker is");
    assert!(both.payouts().is_some_and(|payouts| !payouts.pays().is_empty()), "the baker's are told all the same");
}

/// S3: that the baker runs under no services of systemd does not hide that the signer's guard is not known.
#[test]
fn s3_no_services_on_one_machine_say_nothing_of_the_other() {
    let words = |word: &str| vec!["echo".to_owned(), word.to_owned()];
    let commands = Commands { start: words("start"), stop: words("stop"), status: words("stopped"), restart_delay: 1 };
    let by_commands = || Box::new(CommandControl::new(LocalHost::new(), commands.clone()));
    let signer = World::new(WorldOptions::new(Model::TezSign, 7));
    let bare = || bare(TezbakeControl::new(signer.host(Side::Primary)));
    let note = GuardNote::here(signer.now(), None);
    let both: [WithSigner; 2] = [WithSigner::new(by_commands(), bare()), WithSigner::new(bare(), by_commands())];
    for mut both in both {
        assert!(matches!(both.boot_guard(), Err(BakerError::NoBootGuard { .. })));
        assert!(matches!(both.install_boot_guard(&note), Err(BakerError::NoBootGuard { .. })));
    }
}
