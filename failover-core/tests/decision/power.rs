//! H38: a primary that answers, while something says that it is off.

use failover_core::clock::Timestamp;
use failover_core::decision::{Policy, Progress, Refusal, Statement, Verdict, WaitFor, Word, decide, is_open};
use failover_core::facts::{Fact, Facts, Observed, Power};

use crate::world::*;

/// The power status says off, and the primary answers.
fn off() -> Facts {
    let mut facts = facts();
    facts.primary.power = known(Power::Off);
    facts
}

fn at<T>(value: T, at: Timestamp) -> Fact<T> {
    Ok(Observed { value, source: "test".to_owned(), at })
}

#[test]
fn h38_a_power_status_that_says_off_of_a_primary_that_answers_refuses() {
    let Verdict::Refuse(refusal) = decide(&off(), &policy(), &Progress::default()) else { panic!("not refused") };
    assert!(matches!(refusal, Refusal::AnswersThough { status: true, .. }), "{refusal}");
    assert_eq!(refusal.exit(), 3);
    assert!(refusal.next().contains("--without power"), "{}", refusal.next());
    let mut on = off();
    on.primary.power = known(Power::On);
    assert!(matches!(decide(&on, &policy(), &Progress::default()), Verdict::Ask(_)));
    let left_out = Policy { without: vec!["power".to_owned()], ..policy() };
    assert!(matches!(decide(&off(), &left_out, &Progress::default()), Verdict::Ask(_)));
}

#[test]
fn h38_an_answer_of_the_last_thirty_seconds_still_contradicts() {
    for (seconds, contradicts) in [(30, true), (31, false)] {
        let mut facts = off();
        facts.primary.services = unknown();
        let progress = but(Progress::default(), |p| {
            (p.session.answered, p.session.power_off_since) = (Some(seconds_ago(seconds)), Some(seconds_ago(60)))
        });
        assert_eq!(!is_open(&facts, &policy(), &progress), contradicts, "{seconds}");
        // It was switched off since.
        let progress = but(progress, |p| p.session.power_off_since = Some(seconds_ago(seconds - 1)));
        assert!(is_open(&facts, &policy(), &progress), "{seconds}");
    }
}

#[test]
fn h38_a_person_who_says_off_is_contradicted_by_a_later_answer_only() {
    let said = |seconds| {
        but(prepared(), |p| {
            p.kept.statements = [(Statement::PoweredOff, seconds_ago(seconds))].into();
            p.session.closed_since = Some(seconds_ago(120));
        })
    };
    let mut facts = facts();
    facts.primary.services = at(stopped(), seconds_ago(5));
    let verdict = decide(&facts, &policy(), &said(6));
    assert!(matches!(verdict, Verdict::Refuse(Refusal::AnswersThough { status: false, .. })), "{verdict:?}");
    assert!(is_open(&facts, &policy(), &said(5)), "it answered before it was switched off");
    // Whoever leaves the power status out has not left out what they say themselves.
    let left_out = Policy { without: vec!["power".to_owned()], ..policy() };
    assert!(!is_open(&facts, &left_out, &said(6)));
    // A machine that is shutting down answers for a moment: it is waited for.
    let verdict = decide(&facts, &policy(), &but(said(6), |p| p.session.closed_since = Some(seconds_ago(119))));
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Known { .. })), "{verdict:?}");
    // An unplugged signer says nothing of the machine.
    let unplugged = but(prepared(), |p| p.kept.statements = [(Statement::Disconnected, seconds_ago(60))].into());
    assert!(is_open(&facts, &policy(), &unplugged));
}

/// What says that the machine is off counts from its last answer on.
#[test]
fn h38_the_wait_after_the_word_begins_with_the_last_answer() {
    let progress = but(prepared(), |p| {
        p.kept.statements = [(Statement::PoweredOff, seconds_ago(200))].into();
        p.session.power_off_since = Some(seconds_ago(300));
        p.session.answered = Some(seconds_ago(40));
    });
    assert_eq!(progress.word(now()).map(|(_, at)| at), Some(seconds_ago(40)));
    let unplugged = but(progress, |p| p.kept.statements = [(Statement::Disconnected, seconds_ago(250))].into());
    assert_eq!(unplugged.word(now()), Some((Word::Person(Statement::Disconnected), seconds_ago(250))));
}
