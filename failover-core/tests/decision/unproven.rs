//! The third set: nobody can reach the primary, unplug it or switch it off. And the power status.

use failover_core::clock::Timestamp;
use failover_core::decision::policy::unproven_sentence;
use failover_core::decision::{
    Basis, Noted, Path, Progress, Refusal, RefusedBefore, Statement, Step, Verdict, WaitFor, decide, fence,
};
use failover_core::facts::{Arming, Facts, LastSigned, Power, Question};
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
    let progress = but(prepared(), |p| {
        p.kept.noted = None;
        p.kept.statements = Default::default();
        p.session.denied = vec![Statement::Disconnected, Statement::PoweredOff];
        p.session.refused_before = Some(RefusedBefore {
            at: ago(seconds),
            noted: Noted { head: level(HEAD - 123), bound: level(HEAD - 121) },
        });
    });
    (facts, progress)
}

#[test]
fn the_first_refusal_notes_the_level_and_offers_nothing() {
    let (facts, mut progress) = refused(601);
    progress.session.refused_before = None;
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Do(step) if matches!(step.get(), Step::NoteLevel { .. })), "{verdict:?}");
    progress.kept.noted = Some(Noted { head: level(HEAD), bound: level(HEAD + 2) });
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
    progress.kept.statements.insert(Statement::Unproven, ago(1));
    let Verdict::Do(step) = decide(&facts, &policy(), &progress) else { panic!("no step") };
    let (head, bound) = (level(HEAD - 123), level(HEAD - 121));
    assert_eq!(step.get(), &Step::NoteLevel { head, bound, basis: Some(Basis::Refused) });
    progress.kept.noted = Some(Noted { head: level(HEAD - 123), bound: level(HEAD - 121) });
    let found = fence(&facts, &policy(), &progress);
    assert!(found.approved && found.path == Path::Unproven, "{found:?}");
    facts.backup.device = known(device(Arming::Armed, Some(marks(HEAD))));
    progress.session.armed = true;
    let Verdict::Do(step) = decide(&facts, &policy(), &progress) else { panic!("no step") };
    assert!(matches!(step.get(), Step::Raise { floor, .. } if *floor == level(HEAD + 30)), "{step:?}");
    progress.session.armed = false;
    activity(&mut facts).recent.push(signed(Kind::Block, HEAD, 0));
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(verdict, Verdict::Refuse(Refusal::NotSilent { .. })), "{verdict:?}");
}

#[test]
fn a_power_status_that_says_off_stands_for_the_cable() {
    let (mut facts, mut progress) = refused(0);
    facts.primary.power = known(Power::Off);
    progress.session.refused_before = None;
    progress.session.power_off_since = Some(ago(119));
    progress.kept.noted = Some(Noted { head: level(HEAD - 20), bound: level(HEAD - 18) });
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if w.why == WaitFor::Statement), "{verdict:?}");
    progress.session.power_off_since = Some(ago(120));
    assert!(fence(&facts, &policy(), &progress).approved);
    let mut seen = progress.clone();
    facts.primary.power = known(Power::On);
    seen.observe(&facts, None);
    assert_eq!(seen.session.power_off_since, None, "power that came back proves nothing");
}

/// A refusal of `minutes` ago at a level that many blocks back; mute since, with rights in the last `rights` levels only.
fn mute(minutes: u64, rights: u64) -> (Facts, Progress) {
    let (mut facts, mut progress) = refused(i64::try_from(minutes * 60).unwrap());
    let bound = HEAD - 3 - minutes * 10;
    progress.session.refused_before = Some(RefusedBefore {
        at: seconds_ago(minutes * 60),
        noted: Noted { head: level(bound - 2), bound: level(bound) },
    });
    activity(&mut facts).settled = quiet(bound + 1, HEAD - 3);
    for level in &mut activity(&mut facts).settled {
        level.rights = level.level.get() > HEAD - 3 - rights;
    }
    (facts, progress)
}

fn offered(facts: &Facts, progress: &Progress) -> bool {
    matches!(decide(facts, &policy(), progress), Verdict::Ask(Question::Unproven { .. }))
}

#[test]
fn h27_a_refusal_counts_for_a_day() {
    let (facts, mut progress) = refused(600);
    for (seconds, counts) in [(24 * 3_600 - 1, true), (24 * 3_600, false)] {
        progress.session.refused_before.as_mut().unwrap().at = ago(seconds);
        assert_eq!(offered(&facts, &progress), counts, "{seconds}");
    }
}

#[test]
fn h27_its_silence_is_a_hundred_levels_with_rights_of_the_last_two_hundred() {
    for (rights, enough) in [(100, true), (99, false)] {
        let (facts, progress) = mute(60, rights);
        assert_eq!(offered(&facts, &progress), enough, "{rights}");
    }
    // The old outage's silence says nothing of now.
    let (mut facts, progress) = mute(60, 0);
    for (from, enough) in [(HEAD - 3 - 199, true), (HEAD - 3 - 200, false)] {
        for level in &mut activity(&mut facts).settled {
            level.rights = (from..from + 100).contains(&level.level.get());
        }
        assert_eq!(offered(&facts, &progress), enough, "{from}");
    }
    // Nor does the fence count it, once it was typed.
    for (rights, approved) in [(100, true), (99, false)] {
        let (facts, mut progress) = mute(60, rights);
        progress.kept.statements.insert(Statement::Unproven, ago(1));
        progress.kept.noted = progress.session.refused_before.map(|refused| refused.noted);
        assert_eq!(fence(&facts, &policy(), &progress).approved, approved, "{rights}");
    }
}

#[test]
fn h27_a_primary_that_was_back_since_makes_it_void() {
    let (facts, progress) = mute(60, 300);
    assert!(offered(&facts, &progress));
    let bound = progress.session.refused_before.unwrap().noted.bound.get();
    let cases: [fn(&mut Facts, u64); 4] = [
        |facts, at| activity(facts).settled[0].signed.push(signed(Kind::Attestation, at, 0)),
        |facts, at| activity(facts).recent.push(signed(Kind::Attestation, at, 0)),
        |facts, at| facts.chain.accusations.push(signed(Kind::Block, at, 0)),
        |facts, at| {
            let last = LastSigned { kind: Kind::Attestation, level: level(at) };
            facts.chain.others[0].said.as_mut().unwrap().value.last_signed.push(last);
        },
    ];
    for (index, sign) in cases.into_iter().enumerate() {
        for (at, void) in [(bound + 1, true), (bound, false)] {
            let mut facts = facts.clone();
            sign(&mut facts, at);
            assert_eq!(!offered(&facts, &progress), void, "{index} {at}");
            let mut seen = progress.clone();
            seen.observe(&facts, None);
            assert_eq!(seen.session.refused_before.is_none(), void, "{index} {at}");
        }
    }
}

/// Nothing is offered before every level since the refusal was read: in one of them the primary may have been back.
#[test]
fn h27_levels_that_were_not_read_yet_are_waited_for() {
    let (mut facts, progress) = mute(60, 300);
    activity(&mut facts).settled.pop();
    let verdict = decide(&facts, &policy(), &progress);
    assert!(
        matches!(&verdict, Verdict::Wait(w) if matches!(&w.why, WaitFor::Known { what } if what.contains("1 levels"))),
        "{verdict:?}"
    );
    let (mut facts, progress) = mute(60, 300);
    activity(&mut facts).settled.remove(5);
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Wait(_)), "a level is missing in the middle");
}
