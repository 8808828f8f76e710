//! Devices that nobody here has heard of: what they say of themselves decides, one trait at a time.

use failover_core::decision::{Progress, Refusal, RungKind, Said, Step, Verdict, fence, give_back};
use failover_core::facts::{
    Account, Answer, Arming, Deed, DeviceState, Facts, Giving, HostIdentity, Question, UnlockSecret,
};
use failover_core::signer::Cap;
use failover_core::signer::Model;
use failover_core::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use failover_core::signer::watermark::{could_have_signed, first_allowed};
use failover_core::tezos::{Kind, Position};

use crate::world::*;

/// Armed by a passphrase, and nothing keeps others from asking it meanwhile; one mark a key, which a vote may stand at; it
/// obeys whoever lowers a mark, and its setting is on its screen.
const VAULT: Model = Model::new("vault", "vault", &VAULT_TRAITS);
const VAULT_TRAITS: Traits = Traits {
    keys: NamedBy::Alias,
    marks: MarkOf::Key,
    armed_by: ArmedBy::Passphrase,
    hold: Hold::Impossible,
    reboot: Reboot::NotKnown,
    highest_level: level(HEAD).above(5),
    vote_at_mark: AtMark::Allowed,
    lowering: Lowering::Obeyed,
    marks_at_rest: AtRest::Hidden,
    setting: Setting::LookedAt { name: "Keep marks", otherwise: "look at it" },
    raised_by: RaisedBy::Command,
    beside_service: Beside::Shared,
    replugged: Replugged::OpenedAnew,
    words: Words { armed: "open", at_rest: "shut", disarmed: "slammed" },
};

/// Armed by a press, a key at a time, with a mark for each kind; it can be held.
const BUTTONS: Model = Model::new("buttons", "box of buttons", &BUTTONS_TRAITS);
const BUTTONS_TRAITS: Traits = Traits {
    keys: NamedBy::Alias,
    marks: MarkOf::Kind,
    armed_by: ArmedBy::Press,
    hold: Hold::Possible,
    reboot: Reboot::StaysDisarmed,
    highest_level: level(u64::MAX),
    vote_at_mark: AtMark::Refused,
    lowering: Lowering::Refused,
    marks_at_rest: AtRest::Shown,
    setting: Setting::None,
    raised_by: RaisedBy::Prompt { title: "Set" },
    beside_service: Beside::Free,
    replugged: Replugged::FoundAgain,
    words: Words { armed: "on", at_rest: "off", disarmed: "switched off" },
};

fn of(model: Model, mut device: DeviceState) -> DeviceState {
    device.info.model = model;
    device
}

fn with(model: Model, mut facts: Facts) -> Facts {
    facts.backup.device.as_mut().unwrap().value.info.model = model;
    facts
}

fn step(facts: &Facts, progress: &Progress) -> Step {
    match verdict(facts, progress) {
        Verdict::Do(step) => step.get().clone(),
        other => panic!("no step: {other:?}"),
    }
}

/// Its own fence done, nothing else: the next is what the device itself needs before the primary is touched.
fn before_the_stop() -> Progress {
    but(permitted(), |p| (p.kept.proceed, p.session.fenced_self) = (true, true))
}

/// The fence lacks nothing but time, and the level is noted.
fn but_for_time(mut facts: Facts) -> Facts {
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 4);
    facts
}

#[test]
fn s1b_what_cannot_be_held_is_unlocked_by_no_proof_and_not_while_the_fence_waits() {
    let mut facts = with(VAULT, facts());
    facts.primary.services = known(running());
    // It is asked for its setting, and unlocked for nothing.
    assert_eq!(verdict(&facts, &before_the_stop()), Verdict::Ask(Question::LedgerSetting));
    let looked = but(before_the_stop(), |p| p.session.ledger_setting = Some(true));
    assert_eq!(step(&facts, &looked), Step::StopPrimary);
    let refused = but(before_the_stop(), |p| p.session.ledger_setting = Some(false));
    assert_eq!(verdict(&facts, &refused), Verdict::Refuse(Refusal::LedgerSetting));

    let progress = but(prepared(), |p| {
        (p.session.ledger_setting, p.session.holding, p.session.passphrase) = (Some(true), false, false)
    });
    waits(verdict(&but_for_time(with(VAULT, self::facts())), &progress));
    assert!(matches!(step(&with(VAULT, self::facts()), &progress), Step::Unlock { keys } if keys.len() == 2));
    // One that can be held is unlocked inside the wait.
    assert!(matches!(step(&but_for_time(self::facts()), &prepared()), Step::Unlock { .. }));
}

#[test]
fn s15_what_cannot_be_held_is_locked_again_where_the_start_has_to_wait() {
    let (facts, progress) = raised(HEAD + 10);
    let progress = but(progress, |p| (p.session.ledger_setting, p.session.holding) = (Some(true), false));
    assert!(matches!(step(&with(VAULT, facts.clone()), &progress), Step::Start { .. }));
    assert_eq!(step(&but_for_time(with(VAULT, facts.clone())), &progress), Step::DisarmBackup);
    let held = but(progress, |p| p.session.holding = true);
    waits(verdict(&but_for_time(with(BUTTONS, facts)), &held));
}

#[test]
fn what_waits_for_a_press_is_held_and_pressed_a_key_at_a_time_after_the_fence() {
    let press = with(BUTTONS, facts());
    assert_eq!(step(&press, &before_the_stop()), Step::HoldSigner);
    let mut stops = press.clone();
    stops.primary.services = known(running());
    // It has no passphrase to prove, and no setting to look at.
    assert_eq!(step(&stops, &but(before_the_stop(), |p| p.session.holding = true)), Step::StopPrimary);
    let pressing = |device: DeviceState| {
        let mut facts = facts();
        facts.backup.device = known(of(BUTTONS, device));
        facts
    };
    let at_rest = device(Arming::Disarmed, Some(marks(HEAD - 100)));
    waits(verdict(&but_for_time(pressing(at_rest.clone())), &prepared()));
    // The consensus key first, then the companion: neither stands for the other.
    let Step::Authorize { key, floor, .. } = step(&pressing(at_rest.clone()), &prepared()) else { panic!("no press") };
    assert_eq!(key.as_str(), "consensus");
    let mut one = at_rest;
    let consensus = one.keys.iter_mut().find(|state| state.name == key).unwrap();
    (consensus.arming, consensus.marks) = (Arming::Armed, Some(marks(floor.get())));
    let pressed = but(prepared(), |p| {
        (p.session.armed, p.session.floor, p.session.own_marks) = (true, Some(floor), Some(marks(floor.get())))
    });
    assert!(
        matches!(step(&pressing(one.clone()), &pressed), Step::Authorize { key, .. } if key.as_str() == "companion")
    );
    // One kind of one key that is below keeps it from starting.
    one.keys.iter_mut().for_each(|key| (key.arming, key.marks) = (Arming::Armed, Some(marks(floor.get()))));
    assert!(matches!(step(&pressing(one.clone()), &pressed), Step::Start { .. }));
    one.keys[0].marks.as_mut().unwrap().preattestation = marks(floor.get() - 1).preattestation;
    assert!(matches!(step(&pressing(one), &pressed), Step::Authorize { .. }));
}

#[test]
fn only_what_stays_disarmed_through_a_reboot_stands_for_the_cable() {
    let rung = |model, in_place: bool| {
        let mut facts = facts();
        facts.primary.signer = known(of(model, device(Arming::Disarmed, Some(marks(HEAD - 9)))));
        facts.primary.boot_guard = known(held());
        facts.primary.secret = known(match in_place {
            true => UnlockSecret::InPlace { files: vec!["secret".to_owned()] },
            false => UnlockSecret::None,
        });
        let fence = fence(&facts, &policy(), &but(prepared(), |p| p.kept.statements = [].into()));
        let rung = fence.rungs.iter().find(|rung| rung.kind == RungKind::Disarmed).unwrap();
        (fence.approved, rung.proven, rung.why.clone())
    };
    assert!(matches!(rung(BUTTONS, false), (true, true, _)));
    // In its own words.
    let (approved, proven, why) = rung(BUTTONS, true);
    assert!(!approved && !proven && why == "switched off; but secret unlocks them again", "{why}");
    let (approved, proven, why) = rung(VAULT, false);
    assert!(!approved && !proven && why.starts_with("slammed; whether a reboot"), "{why}");
}

#[test]
fn s16_a_job_is_given_back_by_what_a_device_shows_and_by_a_word_where_that_proves_nothing() {
    let id = |c: &str| HostIdentity { machine_id: c.repeat(32) };
    let keys = || device(Arming::Disarmed, None).keys.into_iter().map(|key| key.name);
    let left = |key| Deed::Marks { key, before: marks(HEAD - 9), after: marks(HEAD - 9) };
    let deeds: Vec<Deed> = keys().map(left).chain([Deed::Bound { level: level(HEAD) }]).collect();
    let giving = |model, shown, unlocked: Option<u64>| Giving {
        account: Ok(Account { deeds: deeds.clone(), left: Vec::new() }),
        host: "backup-1".to_owned(),
        primary: known(id("a")),
        identity: known(id("b")),
        awake: Vec::new(),
        device: known(of(model, device(Arming::Disarmed, shown))),
        gone: false,
        unlocked: unlocked.map(|at| of(model, device(Arming::Armed, Some(marks(at))))),
    };
    let said = Said { proceed: Some(Answer::Yes), ..Said::default() };
    let decided = |giving: &Giving, said: &Said| give_back(giving, &policy(), said);
    let name = |verdict: &Verdict| match verdict {
        Verdict::Do(step) => step.get().name(),
        _ => "none",
    };
    // Hidden: unlocked to be read; what may have been lowered elsewhere takes a word too.
    let hidden = giving(VAULT, None, None);
    assert_eq!(name(&decided(&hidden, &said)), "read-marks");
    let read = giving(VAULT, None, Some(HEAD - 9));
    assert_eq!(decided(&read, &said), Verdict::Ask(Question::NotMoved { host: "backup-1".to_owned() }));
    let moved = Said { not_moved: Some(Answer::Yes), ..said };
    assert_eq!(name(&decided(&read, &moved)), "give-back");
    let signed = giving(VAULT, None, Some(HEAD + 1));
    assert!(matches!(decided(&signed, &moved), Verdict::Refuse(Refusal::MayHaveSigned { .. })));
    // Shown, and never lowered: nothing is unlocked, and nobody is asked.
    let shown = giving(BUTTONS, Some(marks(HEAD - 9)), None);
    assert_eq!(name(&decided(&shown, &said)), "give-back");
    let signed = giving(BUTTONS, Some(marks(HEAD + 1)), None);
    assert!(matches!(decided(&signed, &said), Verdict::Refuse(Refusal::MayHaveSigned { .. })));
}

#[test]
fn what_a_mark_lets_through_and_how_high_it_goes_is_the_devices_own() {
    let at = |n| Position::start_of(level(n));
    let mark = marks(HEAD).block;
    assert_eq!(first_allowed(VAULT, mark, Kind::Attestation), Some(at(HEAD)));
    assert!(could_have_signed(VAULT, mark, mark, Kind::Preattestation, at(HEAD)));
    assert!(!could_have_signed(VAULT, mark, mark, Kind::Block, at(HEAD)));
    assert!(!could_have_signed(BUTTONS, mark, mark, Kind::Attestation, at(HEAD)), "foreign (S8)");
    assert_eq!(first_allowed(VAULT, marks(HEAD + 6).block, Kind::Block), None, "it never signs again");
    let keys = [device(Arming::Armed, None).keys[0].name.clone()];
    let planned = |model, to| {
        let state = of(model, device(Arming::Armed, Some(marks(HEAD))));
        failover_core::signer::plan_raise(&state, &keys, level(to), Cap::above(level(HEAD), 100))
    };
    assert!(planned(VAULT, HEAD + 5).is_ok() && planned(VAULT, HEAD + 6).is_err());
    assert!(planned(BUTTONS, HEAD + 100).is_ok() && planned(BUTTONS, HEAD + 101).is_err());
}
