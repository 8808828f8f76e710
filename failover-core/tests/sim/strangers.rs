//! The whole procedure on a backup whose signer is in no registry: what it says of itself is all that anything knows of it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use failover_core::HwmSetter;
use failover_core::decision::raise_by_hand;
use failover_core::effect::raise_marks;
use failover_core::journal::record::{End, Record};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::remote_signer::RemoteSigner;
use failover_core::session::Session;
use failover_core::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use failover_core::signer::{
    Arm, Cap, CheckedOrder, DeviceState, Marks, Model, Passphrase, Selector, SignerDevice, SignerError,
};
use failover_core::tezos::Level;
use failover_sim::operator::Person;
use failover_sim::{Side, World, WorldOptions};

use crate::embedder::Embedder;

/// Armed by a passphrase as a TezSign is, with ONE mark a key for all kinds; and nobody can be kept from asking it.
const VAULT: Model = Model::new("vault", "vault", &VAULT_TRAITS);
const VAULT_TRAITS: Traits = Traits {
    keys: NamedBy::Alias,
    marks: MarkOf::Key,
    armed_by: ArmedBy::Passphrase,
    hold: Hold::Impossible,
    reboot: Reboot::NotKnown,
    highest_level: Level::FIRST.above(i32::MAX as u64),
    vote_at_mark: AtMark::Allowed,
    lowering: Lowering::Obeyed,
    marks_at_rest: AtRest::Hidden,
    setting: Setting::None,
    raised_by: RaisedBy::Command,
    beside_service: Beside::Free,
    replugged: Replugged::FoundAgain,
    words: Words { armed: "open", at_rest: "shut", disarmed: "shut" },
};

/// Armed by a press as a Ledger is, with a mark a kind; it can be held, and has no setting.
const BUTTONS: Model = Model::new("buttons", "box of buttons", &BUTTONS_TRAITS);
const BUTTONS_TRAITS: Traits = Traits {
    keys: NamedBy::Path,
    marks: MarkOf::Kind,
    armed_by: ArmedBy::Press,
    hold: Hold::Possible,
    reboot: Reboot::NotKnown,
    highest_level: Level::FIRST.above(0x3fff_fffe),
    vote_at_mark: AtMark::Allowed,
    lowering: Lowering::Refused,
    marks_at_rest: AtRest::Shown,
    setting: Setting::None,
    raised_by: RaisedBy::Prompt { title: "Set" },
    beside_service: Beside::Shared,
    replugged: Replugged::OpenedAnew,
    words: Words { armed: "on", at_rest: "off", disarmed: "off" },
};

/// The simulated device that is armed the same way, shown as the stranger shows itself.
struct Stranger {
    model: Model,
    inner: Box<dyn HwmSetter>,
    /// Does somebody have it for himself?
    held: Arc<AtomicBool>,
    /// Was it armed while nobody had it for himself, although that is possible?
    exposed: Arc<AtomicBool>,
}

impl SignerDevice for Stranger {
    fn model(&self) -> Model {
        self.model
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let mut state = self.inner.state()?;
        (state.info.model, state.info.ledger) = (self.model, None);
        if self.model.traits().marks != MarkOf::Kind {
            state.keys.iter_mut().for_each(|key| key.marks = key.marks.map(|marks| Marks::all(marks.highest())));
        }
        Ok(state)
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        self.inner.disarm()
    }
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        let open = self.model.traits().hold == Hold::Possible && !self.held.load(Ordering::SeqCst);
        self.exposed.fetch_or(open, Ordering::SeqCst);
        self.inner.arm(arm)
    }
    fn unlock_may_end(&self) -> bool {
        self.inner.unlock_may_end()
    }
    fn unlock_is_over(&mut self) {
        self.inner.unlock_is_over();
    }
    fn hold(&mut self) -> Result<(), SignerError> {
        assert_eq!(self.model.traits().hold, Hold::Possible, "asked for what it cannot do");
        self.held.store(true, Ordering::SeqCst);
        Ok(())
    }
    fn holds(&self) -> bool {
        self.held.load(Ordering::SeqCst)
    }
    fn release(&mut self) {
        self.held.store(false, Ordering::SeqCst);
    }
}

impl HwmSetter for Stranger {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        self.inner.send_level(order)
    }
}

/// Says that it can be held, and brings nothing for it.
struct Boaster;

impl SignerDevice for Boaster {
    fn model(&self) -> Model {
        BUTTONS
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        Err(SignerError::Unsupported { what: "a look", why: "nobody looks".to_owned() })
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        Ok(())
    }
    fn arm(&mut self, _: Arm<'_>) -> Result<(), SignerError> {
        Ok(())
    }
}

/// S1b: nothing is unlocked behind a hold that is only said.
#[test]
fn s1b_what_says_that_it_can_be_held_has_to_hold() {
    assert!(matches!(Boaster.hold(), Err(SignerError::Unsupported { .. })));
}

/// Counts what it was asked.
struct Asked {
    person: Person,
    passphrases: Arc<AtomicU32>,
    questions: Arc<Mutex<Vec<Question>>>,
}

impl Operator for Asked {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        self.questions.lock().unwrap().push(question.clone());
        self.person.ask(question)
    }
    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        self.person.can_answer(question)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        self.passphrases.fetch_add(1, Ordering::SeqCst);
        self.person.passphrase()
    }
}

struct Run {
    end: End,
    world: World,
    records: Vec<Record>,
    exposed: bool,
    passphrases: u32,
    questions: Vec<Question>,
}

impl Run {
    /// A failover to a backup with this signer; the primary's is the simulated one of the same arming.
    fn of(model: Model, seed: u64) -> Self {
        let embedder = Embedder::new(model, seed);
        let world = &embedder.world;
        let (held, exposed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (passphrases, questions) = (Arc::default(), Arc::<Mutex<_>>::default());
        let primary = match model.traits().armed_by {
            ArmedBy::Passphrase => Model::TezSign,
            ArmedBy::Press => Model::Ledger,
        };
        let mut parts = embedder.parts();
        parts.hands.device =
            Box::new(Stranger { model, inner: world.signer(Side::Backup), held, exposed: exposed.clone() });
        parts.hands.operator = Box::new(Asked {
            person: Person::new(world.clone()),
            passphrases: Arc::clone(&passphrases),
            questions: Arc::clone(&questions),
        });
        parts.hands.primary_signer =
            Some(RemoteSigner::new(Box::new(world.host(Side::Primary)), Selector::any(primary)));
        let end = Session::from_parts(parts, None).unwrap().run();
        let (passphrases, questions) = (passphrases.load(Ordering::SeqCst), questions.lock().unwrap().clone());
        let exposed = exposed.load(Ordering::SeqCst);
        Self { end, world: world.clone(), records: embedder.records.all(), exposed, passphrases, questions }
    }

    /// The steps that were tried, with a `wait` for every wait between them.
    fn story(&self) -> Vec<&'static str> {
        let name = |record: &Record| match record {
            Record::Before { step, .. } => Some(step.name()),
            Record::Wait { .. } => Some("wait"),
            _ => None,
        };
        let mut story: Vec<&str> = self.records.iter().filter_map(name).collect();
        story.dedup();
        story
    }

    fn bakes_and_nothing_was_signed_twice(&self) {
        assert_eq!(self.end.exit, 0, "{:?}", self.end);
        assert!(self.world.bakes(Side::Backup) && self.world.alarms().is_empty(), "{:?}", self.world.alarms());
    }
}

/// Everything from where it is first armed until its baker starts.
fn from_armed_to_start<'a>(story: &'a [&'static str], arms: &str) -> &'a [&'static str] {
    let armed = story.iter().position(|step| *step == arms).unwrap();
    let start = story.iter().position(|step| *step == "start").unwrap();
    story.get(armed..=start).unwrap()
}

#[test]
fn a_passphrase_and_one_mark_for_all_kinds_and_no_holding_it() {
    for seed in 1..4 {
        let run = Run::of(VAULT, seed);
        run.bakes_and_nothing_was_signed_twice();
        let story = run.story();
        // S1b: nothing unlocks it before the fence, no proof either, and nothing is waited for from there to the start.
        assert!(!story.contains(&"hold-signer") && !story.contains(&"prove-passphrase"), "{story:?}");
        assert_eq!(from_armed_to_start(&story, "unlock"), ["unlock", "raise", "start"], "{story:?}");
        assert_eq!(run.passphrases, 1);
        assert!(!run.questions.contains(&Question::LedgerSetting), "{:?}", run.questions);
    }
    // One that is held is unlocked inside the wait: what this test would miss otherwise.
    let story = Run::of(Model::TezSign, 1).story();
    assert!(from_armed_to_start(&story, "unlock").contains(&"wait"), "{story:?}");
}

#[test]
fn a_press_and_a_mark_a_kind_and_its_interface_held() {
    for seed in 1..4 {
        let run = Run::of(BUTTONS, seed);
        run.bakes_and_nothing_was_signed_twice();
        let story = run.story();
        assert!(!run.exposed && story.contains(&"hold-signer") && !story.contains(&"prove-passphrase"), "{story:?}");
        assert_eq!(from_armed_to_start(&story, "authorize"), ["authorize", "start"], "{story:?}");
        assert_eq!(run.passphrases, 0);
        assert!(!run.questions.contains(&Question::LedgerSetting), "{:?}", run.questions);
    }
}

#[test]
fn s1b_what_cannot_be_held_is_not_unlocked_for_a_raise_outside_of_a_run() {
    let world = World::new(WorldOptions::new(VAULT, 1));
    let mut device =
        Stranger { model: VAULT, inner: world.signer(Side::Backup), held: Arc::default(), exposed: Arc::default() };
    let before = device.state().unwrap();
    let keys = before.keys.iter().map(|key| key.name.clone()).collect();
    let head = world.head_level();
    let step = raise_by_hand(&before, keys, head.above(10), Cap::above(head, 100)).unwrap();
    let raised = raise_marks(step, &mut device, &mut Person::new(world.clone()), &world.clock(), None);
    assert!(raised.unwrap_err().to_string().contains("nothing keeps others on this machine from asking it"));
    assert_eq!(device.state().unwrap(), before);
}

/// Journals and other machines' records have these names. One that is not known is no device.
#[test]
fn a_kind_of_device_is_written_and_read_by_its_name() {
    for (model, name) in [(Model::TezSign, "\"tezsign\""), (Model::Ledger, "\"ledger\"")] {
        assert_eq!(serde_json::to_string(&model).unwrap(), name);
        assert_eq!(serde_json::from_str::<Model>(name).unwrap(), model);
    }
    assert_eq!(serde_json::to_string(&VAULT).unwrap(), "\"vault\"");
    assert!(
        serde_json::from_str::<Model>("\"vault\"")
            .unwrap_err()
            .to_string()
            .contains("not a signer that this version knows")
    );
    // A name is not enough to be the same.
    assert_ne!(Model::new("tezsign", "TezSign", &VAULT_TRAITS), Model::TezSign);
}

/// What asks which device it is, outside of the drivers' folders and the registry: as `model == Model::Ledger`, or as an arm
/// of a `match`. Comments and tests are left out.
#[test]
fn nothing_outside_of_a_driver_asks_which_device_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut asks, mut read) = (Vec::new(), 0);
    let mut folders = vec![root.join("failover-core/src"), root.join("failover-cli/src")];
    let drivers =
        ["tezsign", "ledger", "soft", "registry"].map(|name| root.join("failover-core/src/signer").join(name));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if drivers.contains(&path.with_extension("")) || path.ends_with("tests.rs") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let names = |line: &str| {
                let mut after = line.split("Model::").skip(1);
                !line.trim_start().starts_with("//") && after.any(|rest| rest.starts_with(char::is_uppercase))
            };
            asks.extend(code.lines().filter(|line| names(line)).map(|line| format!("{}: {line}", path.display())));
            read += 1;
        }
    }
    assert!(read > 300, "only {read} sources");
    assert!(asks.is_empty(), "a trait would say it:\n{}", asks.join("\n"));
}
