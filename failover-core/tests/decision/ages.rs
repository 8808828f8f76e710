//! How old what decides may be, and by which clock (S15, H41).

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::policy::{CHAIN_AGE, GUARDS_AGE, STATEMENT_LIFE};
use failover_core::decision::{Progress, Statement, Step, TooOld, Verdict, WaitFor};
use failover_core::facts::{Arming, Asked, Facts, Model};
use failover_core::failover::PreviousRun;
use failover_core::journal::Entry;
use failover_core::journal::record::Record;
use failover_core::operator::{Answer, Question};

use crate::world::*;

fn seconds_on(seconds: i64) -> Timestamp {
    Timestamp::from_millis(now().millis() + seconds * 1000)
}

/// A look when so much has passed, in milliseconds of the steady clock and of the wall's.
fn look(steady: i64, wall: i64) -> Facts {
    let mut facts = facts();
    let on = |millis: i64| Timestamp::from_millis(now().millis() + millis);
    facts.now = on(steady);
    facts.asked = Asked { wall: on(wall), ..Asked::at(on(steady)) };
    facts.primary.services =
        facts.primary.services.map(|seen| failover_core::facts::Observed { at: on(steady), ..seen });
    facts
}

#[test]
fn h41_where_the_wall_clock_moves_otherwise_everything_is_counted_anew() {
    // Together, however far: the process stood still, or slept. Apart by two seconds: a clock that is being corrected.
    for (steady, wall, moved) in [
        (300_000, 300_000, false),
        (1000, 3000, false),
        (1000, 3001, true),
        (3001, 1000, true),
        (1000, -59_000, true),
        (1000, 61_000, true),
    ] {
        let mut progress = but(prepared(), |p| p.session.silent_above = Some(level(HEAD - 9)));
        progress.observe(&look(0, 0), None);
        let (stopped, statements) = (progress.session.stopped_since, progress.kept.statements.clone());
        assert_eq!(progress.observe(&look(steady, wall), None), moved, "{steady} {wall}");
        assert_eq!(progress.session.stopped_since == stopped, !moved);
        assert_eq!(progress.session.silent_above == Some(level(HEAD)), moved);
        assert_eq!(progress.kept.statements, statements, "their age is counted by the steady clock");
    }
}

#[test]
fn h41_a_start_waits_for_the_second_reading_and_the_silence_again() {
    let (mut facts, mut progress) = raised(HEAD + 7);
    assert!(matches!(verdict(&facts, &progress), Verdict::Do(step) if step.get().name() == "start"));
    progress.observe(&facts, None);
    facts.asked.wall = seconds_on(-60);
    // The head is not from the future: it is as it was when it was read.
    facts.chain.head.as_mut().unwrap().value.timestamp = seconds_on(-62);
    assert!(progress.observe(&facts, None));
    assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Silence { silent: 0, .. }));
}

/// Blocks have the wall clock's time, everything else the steady one's.
#[test]
fn h13_a_head_is_held_against_the_wall_clock_when_it_was_read() {
    let (mut facts, progress) = raised(HEAD + 7);
    let starts = |facts: &Facts| matches!(verdict(facts, &progress), Verdict::Do(_));
    // The look began half a minute before the head was read.
    (facts.now, facts.asked) = (seconds_on(-30), Asked::at(seconds_on(-30)));
    assert!(starts(&facts));
    // And the wall clock is an hour behind by now.
    facts.asked.wall = seconds_on(-3630);
    assert!(matches!(verdict(&facts, &progress), Verdict::Refuse(_)));
}

#[test]
fn s6_a_statement_holds_for_fifteen_minutes_and_not_before_it_was_made() {
    let holds = |age: i64| {
        let progress = but(prepared(), |p| p.kept.statements = [(Statement::Disconnected, now())].into());
        progress.stated(Statement::Disconnected, seconds_on(age)).is_some()
    };
    let life = i64::try_from(STATEMENT_LIFE.as_secs()).unwrap();
    assert_eq!([-1, 0, life - 1, life].map(holds), [false, true, true, false]);
}

#[test]
fn h41_a_statement_in_a_journal_whose_clock_went_back_is_none() {
    let at = |seq: u64, seconds: i64, record: Record| Entry { seq, at: seconds_on(seconds), record };
    let entries = |later: i64| {
        let begin = Record::Begin {
            version: "1".into(),
            plan: "K7MPQ2".parse().unwrap(),
            policy: policy(),
            locks: vec![],
            run: None,
        };
        let asked = Question::Disconnected { name: "mybaker".into(), host: None };
        let stated = Record::Asked { asked, answer: Answer::Yes };
        [at(1, 0, begin), at(2, 10, stated), at(3, later, Record::Resume { version: "1".into(), locks: vec![] })]
    };
    let stated =
        |later| PreviousRun::of(&entries(later)).unwrap().kept.statements.contains_key(&Statement::Disconnected);
    assert_eq!([11, 8, 7, -600].map(stated), [true, true, false, false]);
}

#[test]
fn an_age_is_said_to_the_tenth_of_a_second() {
    let age = Some(CHAIN_AGE + Duration::from_millis(1_299));
    let may = humantime::format_duration(CHAIN_AGE);
    let is = humantime::format_duration(CHAIN_AGE + Duration::from_millis(1_200));
    let said = TooOld { chain: age, primary: None }.to_string();
    assert_eq!(said, format!("the chain was read too long ago: {is} old and may be {may}"));
}

#[test]
fn s15_what_arms_carries_when_the_world_was_asked_and_is_refused_when_that_is_old() {
    let after = |age: Duration| now().after(age);
    let just = Duration::from_millis(1);
    let arming: [(Facts, Progress); 2] = [(facts(), prepared()), raised(HEAD + 7)];
    for (mut facts, progress) in arming {
        // What is old alone is said with the other's age.
        for (chain, primary, old) in [
            (CHAIN_AGE, Some(GUARDS_AGE), false),
            (CHAIN_AGE, None, false),
            (CHAIN_AGE + just, Some(CHAIN_AGE), true),
            (CHAIN_AGE + just, None, true),
            (CHAIN_AGE, Some(GUARDS_AGE + just), true),
        ] {
            let then = after(GUARDS_AGE + just);
            let asked = |age: Duration| Timestamp::from_millis(then.millis() - i64::try_from(age.as_millis()).unwrap());
            facts.asked = Asked { wall: now(), chain: asked(chain), primary: primary.map(asked), anew: true };
            let Verdict::Do(step) = verdict(&facts, &progress) else { panic!("no step") };
            assert!(step.get().arms() && step.asked() == Some(facts.asked));
            let expected = if old { Err(TooOld { chain: Some(chain), primary }) } else { Ok(()) };
            assert_eq!(step.still_fresh(then), expected, "{}", step.get().name());
        }
    }
}

#[test]
fn s12_what_only_disarms_is_never_too_old() {
    let mut facts = facts();
    facts.backup.device = known(device(Arming::Armed, None));
    let Verdict::Do(step) = verdict(&facts, &prepared()) else { panic!("no step") };
    assert_eq!(step.get(), &Step::DisarmBackup);
    assert_eq!(step.still_fresh(now().after(Duration::from_secs(86_400))), Ok(()));
}

/// The buttons were pressed: the next look leads to the start, to another press, or the Ledger is deauthorized.
#[test]
fn s15_a_ledger_that_may_not_start_at_the_look_after_the_press_is_deauthorized() {
    let (mut facts, mut progress) = raised(HEAD + 7);
    facts.backup.device.as_mut().unwrap().value.info.model = Model::Ledger;
    progress.session.ledger_setting = Some(true);
    let step = |facts: &Facts, progress: &Progress| match verdict(facts, progress) {
        Verdict::Do(step) => step.get().name(),
        other => panic!("no step: {other:?}"),
    };
    assert_eq!(step(&facts, &progress), "start");
    // The press took long: the floor has to lead again.
    let mut late = facts.clone();
    late.chain.head = known(head(HEAD + 5));
    assert_eq!(step(&late, &progress), "authorize");
    // The primary is not read back as stopped any more, the silence starts over, the chain is slow.
    let mut away = facts.clone();
    away.primary.services = unknown();
    assert_eq!(
        step(&away, &but(progress.clone(), |p| (p.session.stopped_since, p.kept.statements) = (None, [].into()))),
        "disarm-backup"
    );
    assert_eq!(step(&facts, &but(progress.clone(), |p| p.session.silent_above = Some(level(HEAD)))), "disarm-backup");
    let mut slow = facts.clone();
    slow.chain.head.as_mut().unwrap().value.timestamp = seconds_on(-40);
    assert_eq!(step(&slow, &progress), "disarm-backup");
    // A TezSign is held meanwhile, and stays as it is.
    facts.backup.device.as_mut().unwrap().value.info.model = Model::TezSign;
    waits(verdict(&facts, &but(progress, |p| p.session.silent_above = Some(level(HEAD)))));
}
