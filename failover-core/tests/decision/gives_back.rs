//! S16: the verdict of `return`, over accounts and marks drawn at random, and one spoiled at a time.

use failover_core::decision::{Refusal, ReturnAnswers, Step, Verdict, give_back};
use failover_core::facts::{
    Account, Arming, Deed, DeviceState, Giving, HostIdentity, KeyName, Mark, Marks, Model, Unknown, reached,
};
use failover_core::operator::{Answer, Question};
use failover_core::tezos::{Level, Position, Round};

use crate::dice::Dice;
use crate::world::*;

/// The level up to which the primary may have signed.
const B: u64 = HEAD;

fn keys() -> Vec<KeyName> {
    vec![KeyName::new("companion"), KeyName::new("consensus")]
}

fn set(before: u64, after: u64) -> Vec<Deed> {
    let deed = |key| Deed::Marks { key, before: marks(before), after: marks(after) };
    keys().into_iter().map(deed).collect()
}

/// A run that read its keys at `was`, noted B, and raised them to B + 10.
fn account(was: u64) -> Account {
    let mut deeds = vec![Deed::Armed { keys: keys() }];
    deeds.extend(set(was, was));
    deeds.extend([Deed::Bound { level: level(B) }, Deed::Armed { keys: keys() }]);
    deeds.extend(set(was, B + 10));
    Account { deeds, left: Vec::new() }
}

fn giving(account: Account, at: u64) -> Giving {
    let id = |c: &str| HostIdentity { machine_id: c.repeat(32) };
    Giving {
        account: Ok(account),
        host: "backup-1".to_owned(),
        primary: known(id("a")),
        identity: known(id("b")),
        awake: Vec::new(),
        device: known(device(Arming::Disarmed, None)),
        gone: false,
        unlocked: Some(device(Arming::Armed, Some(marks(at)))),
    }
}

fn ledger(mut device: DeviceState) -> DeviceState {
    device.info.model = Model::Ledger;
    device
}

fn all_said() -> ReturnAnswers {
    ReturnAnswers { proceed: Some(Answer::Yes), unplugged: Some(Answer::Yes), not_moved: Some(Answer::Yes) }
}

fn gives_back(giving: &Giving, said: ReturnAnswers) -> bool {
    matches!(give_back(giving, &policy(), &said), Verdict::Do(step) if matches!(step.get(), Step::GiveBack { .. }))
}

fn refused(giving: &Giving) -> String {
    match give_back(giving, &policy(), &all_said()) {
        Verdict::Refuse(Refusal::MayHaveSigned { why }) => why.join("; "),
        other => panic!("{other:?}"),
    }
}

/// A key that cannot be read is no gap; what is left is the cable, and that is said. Where another key has a gap that is said.
#[test]
fn h29_a_damaged_key_leads_to_the_cable() {
    let mut unreadable = giving(account(B - 9), B + 10);
    let damage = |giving: &mut Giving| {
        let key = giving.unlocked.as_mut().unwrap().keys.iter_mut().find(|key| keys().contains(&key.name)).unwrap();
        (key.arming, key.marks) = (Arming::Corrupted, None);
    };
    damage(&mut unreadable);
    let Verdict::Refuse(refusal @ Refusal::SaysNothing { .. }) = give_back(&unreadable, &policy(), &all_said()) else {
        panic!("{:?}", give_back(&unreadable, &policy(), &all_said()));
    };
    assert!(refusal.next().contains("`failover return --confirm-unplugged backup-1`"), "{}", refusal.next());
    let mut gap = giving(account(B - 9), B + 11);
    damage(&mut gap);
    assert!(refused(&gap).contains("were left at"));
}

#[test]
fn marks_that_are_where_they_were_left_give_the_job_back_and_one_more_does_not() {
    assert!(gives_back(&giving(account(B - 9), B + 10), all_said()));
    assert!(refused(&giving(account(B - 9), B + 11)).contains("were left at"));
    assert!(refused(&giving(account(B - 9), B + 9)).contains("were left at"), "below is a gap too");
    // The first reading is above what the primary may have signed: what this machine did before is not known.
    assert!(gives_back(&giving(account(B), B + 10), all_said()));
    assert!(refused(&giving(account(B + 1), B + 10)).contains("the highest level that the primary may have signed"));
    // One kind of one key.
    let mut one = giving(account(B - 9), B + 10);
    let read = one.unlocked.as_mut().unwrap();
    read.keys[1].marks.as_mut().unwrap().attestation = marks(B + 11).attestation;
    assert!(refused(&one).contains("consensus"));
    read_gone(&mut one);
    assert!(refused(&one).contains("does not show"));
}

fn read_gone(giving: &mut Giving) {
    giving.unlocked.as_mut().unwrap().keys[1].marks = None;
}

#[test]
fn a_gap_between_two_readings_is_may_have_signed_though_the_last_one_fits() {
    let mut gap = account(B - 9);
    gap.deeds.extend(set(B + 12, B + 30));
    assert!(refused(&giving(gap, B + 30)).contains("were left at"));
    let mut whole = account(B - 9);
    whole.deeds.extend(set(B + 10, B + 30));
    assert!(gives_back(&giving(whole, B + 30), all_said()));
}

/// A raise that was cut off: as it was, or as it was ordered, and nothing else.
#[test]
fn a_raise_whose_end_is_not_known_leaves_two_marks_that_fit() {
    let mut cut = account(B - 9);
    cut.deeds.push(Deed::Tried { keys: keys(), level: level(B + 40) });
    for (at, fits) in [(B + 10, true), (B + 40, true), (B + 11, false), (B + 39, false), (B + 41, false)] {
        assert_eq!(gives_back(&giving(cut.clone(), at), all_said()), fits, "{at}");
    }
}

#[test]
fn after_a_standby_its_marks_are_where_the_account_begins() {
    let left = keys().into_iter().map(|key| (key, marks(B + 3))).collect::<Vec<(KeyName, Marks)>>();
    let account = Account { left, deeds: vec![Deed::Bound { level: level(B) }] };
    assert!(gives_back(&giving(account.clone(), B + 3), all_said()));
    assert!(refused(&giving(account, B + 4)).contains("were left at"));
}

#[test]
fn nothing_known_of_b_or_of_the_account_is_may_have_signed() {
    assert!(refused(&giving(Account::default(), B)).contains("up to which level"));
    let mut unread = giving(account(B - 9), B + 10);
    unread.account = Err(Unknown { why: "a journal is damaged".to_owned(), next: "look".to_owned() });
    assert!(refused(&unread).contains("a journal is damaged"));
}

/// TezSign: read first, unlocked with IF0 held. A Ledger: its marks, and where it has been.
#[test]
fn the_proof_of_each_device() {
    let mut locked = giving(account(B - 9), B + 10);
    locked.unlocked = None;
    match give_back(&locked, &policy(), &all_said()) {
        Verdict::Do(step) => assert_eq!(step.get(), &Step::ReadMarks { keys: keys(), locked: keys() }),
        other => panic!("{other:?}"),
    }
    let mut ledger_at = |at| {
        locked.device = known(ledger(device(Arming::Disarmed, Some(marks(at)))));
        locked.clone()
    };
    assert!(gives_back(&ledger_at(B + 10), all_said()));
    let unsaid = ReturnAnswers { not_moved: None, ..all_said() };
    let host = "backup-1".to_owned();
    let asked = give_back(&ledger_at(B + 10), &policy(), &unsaid);
    assert_eq!(asked, Verdict::Ask(Question::NotMoved { host: host.clone() }));
    let moved = ReturnAnswers { not_moved: Some(Answer::No), ..all_said() };
    assert!(!gives_back(&ledger_at(B + 10), moved));
    refused(&ledger_at(B + 11));
    // H28: dead, and a statement; none where something was ever started.
    let dead = |account| Giving { device: unknown(), gone: true, unlocked: None, ..giving(account, B) };
    let unsaid = ReturnAnswers { unplugged: None, ..all_said() };
    assert_eq!(give_back(&dead(account(B - 9)), &policy(), &unsaid), Verdict::Ask(Question::Unplugged { host }));
    assert!(gives_back(&dead(account(B - 9)), all_said()));
    assert!(!gives_back(&dead(account(B - 9)), ReturnAnswers { unplugged: Some(Answer::No), ..all_said() }));
    // It is there and does not answer: that is not unplugged, whatever is stated.
    let hangs = Giving { gone: false, ..dead(account(B - 9)) };
    match give_back(&hangs, &policy(), &all_said()) {
        Verdict::Refuse(Refusal::NotReady { unknown, .. }) => {
            assert!(unknown.next.contains("--confirm-unplugged backup-1"), "{}", unknown.next);
        }
        other => panic!("{other:?}"),
    }
    let mut started = account(B - 9);
    started.deeds.push(Deed::Started { what: "at three".to_owned() });
    assert!(refused(&dead(started)).contains("was started at three"));
}

#[test]
fn what_is_not_at_rest_or_another_machine_is_refused() {
    let refusal = |giving: &Giving| match give_back(giving, &policy(), &all_said()) {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("{other:?}"),
    };
    let mut awake = giving(account(B - 9), B + 10);
    awake.awake.push("still running: baker.service".to_owned());
    assert!(matches!(refusal(&awake), Refusal::NotAtRest { .. }));
    let mut armed = giving(account(B - 9), B + 10);
    armed.device = known(device(Arming::Armed, Some(marks(B + 10))));
    assert!(matches!(refusal(&armed), Refusal::NotAtRest { .. }));
    let mut itself = giving(account(B - 9), B + 10);
    itself.primary = itself.identity.clone();
    assert!(matches!(refusal(&itself), Refusal::WrongHost { .. }));
    let no = ReturnAnswers { proceed: Some(Answer::No), ..all_said() };
    assert_eq!(give_back(&giving(account(B - 9), B + 10), &policy(), &no), Verdict::Refuse(Refusal::Cancelled));
}

/// What really happened on a machine, and the account of it: a token, a start, raises that are cut off, a signature.
fn random(dice: &mut Dice) -> (Giving, bool) {
    let mut now = [marks(B - dice.roll(12)), marks(B - dice.roll(12))];
    let (mut deeds, mut signed, mut left) = (Vec::new(), false, Vec::new());
    if dice.one_in(4) {
        left = keys().into_iter().zip(now).collect();
    }
    if !dice.one_in(12) {
        deeds.push(Deed::Bound { level: level(B) });
    }
    let read = |now: &[Marks; 2]| {
        keys().into_iter().zip(*now).map(|(key, marks)| Deed::Marks { key, before: marks, after: marks })
    };
    for _ in 0..dice.roll(5) {
        let to = level(B + 10 + dice.roll(20));
        match dice.roll(10) {
            0 => {
                let key = dice.roll(2) as usize;
                let from = now[key].highest().0.unwrap().level.get().max(B);
                let at = Position::new(level(from + 1 + dice.roll(30)), Round(1));
                now[key].attestation = Mark::at(at);
                signed = true;
            }
            1 => deeds.push(Deed::Started { what: "once".to_owned() }),
            2 => deeds.push(Deed::Lifted { what: "once".to_owned() }),
            // A run reads the marks before it raises them; this one is cut off, and each key is raised or is not.
            3 | 4 => {
                deeds.extend(read(&now));
                deeds.push(Deed::Tried { keys: keys(), level: to });
                for marks in now.iter_mut().filter(|marks| !reached(marks, to)) {
                    if dice.one_in(2) {
                        *marks = ordered(marks, to);
                    }
                }
            }
            _ => {
                for (key, marks) in keys().into_iter().zip(&mut now) {
                    let after = if reached(marks, to) { *marks } else { ordered(marks, to) };
                    deeds.push(Deed::Marks { key, before: *marks, after });
                    *marks = after;
                }
            }
        }
    }
    let mut giving = giving(Account { deeds, left }, B);
    let mut read = giving.unlocked.take().unwrap();
    for (key, marks) in read.keys.iter_mut().zip(now) {
        key.marks = Some(marks);
    }
    match dice.roll(10) {
        0 => (giving.device, giving.gone) = (unknown(), !dice.one_in(4)),
        1 | 2 => {
            read.keys.iter_mut().for_each(|key| key.arming = Arming::Disarmed);
            giving.device = known(ledger(read));
        }
        _ => giving.unlocked = Some(read),
    }
    (giving, signed)
}

/// What a raise sets.
fn ordered(marks: &Marks, to: Level) -> Marks {
    let at = marks.highest().0.map_or(to, |at| to.max(at.level.above(1)));
    Marks::all(Mark::at(Position::start_of(at)))
}

#[test]
fn no_account_with_a_start_and_no_mark_above_what_was_left_ever_gives_the_job_back() {
    let mut dice = Dice(0x0bac);
    let (mut given, mut signed_at_all, mut dead) = (0, 0, 0);
    for round in 0..100_000 {
        let (giving, signed) = random(&mut dice);
        let said = ReturnAnswers {
            proceed: (!dice.one_in(10)).then_some(Answer::Yes),
            unplugged: (!dice.one_in(3)).then_some(Answer::Yes),
            not_moved: (!dice.one_in(3)).then_some(Answer::Yes),
        };
        signed_at_all += usize::from(signed);
        if !gives_back(&giving, said) {
            continue;
        }
        given += 1;
        let account = giving.account.as_ref().unwrap();
        let armed = |deed: &Deed| matches!(deed, Deed::Started { .. } | Deed::Lifted { .. });
        assert!(!account.deeds.iter().any(armed), "{round}: {giving:?}");
        assert_eq!(said.proceed, Some(Answer::Yes), "{round}");
        match &giving.device {
            Err(_) => {
                dead += 1;
                assert!(giving.gone, "{round}");
                assert_eq!(said.unplugged, Some(Answer::Yes), "{round}");
            }
            Ok(device) => {
                assert!(!signed, "{round}: signed, and given back: {giving:?}");
                let ledger = device.value.info.model == Model::Ledger;
                assert!(!ledger || said.not_moved == Some(Answer::Yes), "{round}");
            }
        }
    }
    assert!(
        given > 10_000 && signed_at_all > 10_000 && dead > 500,
        "{given} {signed_at_all} {dead}: that proves little"
    );
}
