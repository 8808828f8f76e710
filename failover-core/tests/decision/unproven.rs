//! The third set: nobody can reach the primary, unplug it or switch it off. And the power status.

use failover_core::clock::Timestamp;
use failover_core::decision::policy::unproven_sentence;
use failover_core::decision::{
    Basis, Noted, Path, Progress, Refusal, RefusedBefore, Statement, Step, Verdict, WaitFor, decide, fence,
};
use failover_core::facts::{Arming, Facts, Power, Question};
use failover_core::tezos::Kind;

use crate::world::*;

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_millis(now().millis() - seconds * 1000)
}

/// Out of reach, and the person can say neither; an earlier run was refused for it `seconds` ago.
fn refused(seconds: i64) -> (Facts, Progress) {
    let mut facts = facts();
    facts.primary.services = unknown();
    activity(&mut facts).settled = quiet(HEAD - 120, HEAD - 3);
    let progress = Progress {
        noted: None,
        statements: Default::default(),
        denied: vec![Statement::Disconnected, Statement::PoweredOff],
        refused_before: Some(RefusedBefore {
            at: ago(seconds),
            noted: Noted { head: level(HEAD - 123), bound: level(HEAD - 121) },
        }),
        ..prepared()
    };
    (facts, progress)
}

#[test]
fn the_first_refusal_notes_the_level_and_offers_nothing() {
    let (facts, mut progress) = refused(601);
    progress.refused_before = None;
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Do(step) if matches!(step.get(), Step::NoteLevel { .. })), "{verdict:?}");
    progress.noted = Some(Noted { head: level(HEAD), bound: level(HEAD + 2) });
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(verdict, Verdict::Refuse(Refusal::NotFenced { .. })), "{verdict:?}");
}

#[test]
fn the_risk_is_offered_after_ten_minutes_and_a_hundred_silent_levels_only() {
    let (facts, progress) = refused(600);
    let verdict = decide(&facts, &policy(), &progress);
    let Verdict::Ask(Question::Unproven { sentence, levels_an_hour }) = verdict else { panic!("{verdict:?}") };
    assert_eq!((sentence, levels_an_hour), (unproven_sentence("mybaker"), 600));
    let (early, progress) = refused(599);
    assert!(!matches!(decide(&early, &policy(), &progress), Verdict::Ask(_)));
    let (mut loud, progress) = refused(600);
    activity(&mut loud).settled.truncate(99);
    assert!(!matches!(decide(&loud, &policy(), &progress), Verdict::Ask(_)), "99 levels are not a hundred");
    let (mut loud, progress) = refused(600);
    for level in &mut activity(&mut loud).settled[..20] {
        level.signed.push(signed(Kind::Attestation, level.level.get(), 0));
    }
    assert!(!matches!(decide(&loud, &policy(), &progress), Verdict::Ask(_)), "the primary signed in twenty of them");
}

#[test]
fn what_was_typed_counts_from_the_level_of_the_refusal_with_a_margin_of_thirty() {
    let (mut facts, mut progress) = refused(700);
    progress.statements.insert(Statement::Unproven, ago(1));
    let Verdict::Do(step) = decide(&facts, &policy(), &progress) else { panic!("no step") };
    let (head, bound) = (level(HEAD - 123), level(HEAD - 121));
    assert_eq!(step.get(), &Step::NoteLevel { head, bound, basis: Some(Basis::Refused) });
    progress.noted = Some(Noted { head: level(HEAD - 123), bound: level(HEAD - 121) });
    let found = fence(&facts, &policy(), &progress);
    assert!(found.approved && found.path == Path::Unproven, "{found:?}");
    facts.backup.device = known(device(Arming::Armed, Some(marks(HEAD))));
    progress.armed = true;
    let Verdict::Do(step) = decide(&facts, &policy(), &progress) else { panic!("no step") };
    assert!(matches!(step.get(), Step::Raise { floor, .. } if *floor == level(HEAD + 30)), "{step:?}");
    progress.armed = false;
    activity(&mut facts).recent.push(signed(Kind::Block, HEAD, 0));
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(verdict, Verdict::Refuse(Refusal::NotSilent { .. })), "{verdict:?}");
}

#[test]
fn a_power_status_that_says_off_stands_for_the_cable() {
    let (mut facts, mut progress) = refused(0);
    facts.primary.power = known(Power::Off);
    progress.refused_before = None;
    progress.power_off_since = Some(ago(119));
    progress.noted = Some(Noted { head: level(HEAD - 20), bound: level(HEAD - 18) });
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if w.why == WaitFor::Statement), "{verdict:?}");
    progress.power_off_since = Some(ago(120));
    assert!(fence(&facts, &policy(), &progress).approved);
    let mut seen = progress.clone();
    facts.primary.power = known(Power::On);
    seen.observe(&facts, None);
    assert_eq!(seen.power_off_since, None, "power that came back proves nothing");
}
