//! The end: success only where the baker may bake, misses no more levels, and nobody proved a double signature.

use failover_core::decision::{Missed, Progress, Refusal, StepKind, Verdict, WaitFor, decide};
use failover_core::facts::{Delegate, Denunciation, Facts};
use failover_core::tezos::{Kind, Position, Round};

use crate::world::*;

/// Everything proves that it bakes: attested at HEAD - 4 and HEAD - 3, above the floor HEAD - 5.
fn baking() -> (Facts, Progress) {
    let (mut facts, progress) = started(HEAD - 5, HEAD);
    let mut settled = quiet(HEAD - 5, HEAD - 3);
    for level in settled.iter_mut().skip(1) {
        level.signed.push(signed(Kind::Attestation, level.level.get(), 0));
    }
    activity(&mut facts).settled = settled;
    (facts, progress)
}

fn delegate(facts: &mut Facts) -> &mut Delegate {
    &mut facts.chain.delegate.as_mut().unwrap().value
}

fn denunciation(what: Option<(Kind, Position)>) -> Denunciation {
    Denunciation { operation: "ooV39G".to_owned(), what }
}

fn is_steady_wait(verdict: &Verdict, count: Option<u64>) -> bool {
    matches!(verdict, Verdict::Wait(w) if w.why == WaitFor::Steady { missed: count })
}

#[test]
fn done_says_how_many_levels_were_missed() {
    let (facts, progress) = baking();
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Done(done) if done.missed_levels == Some(7)), "{verdict:?}");
}

#[test]
fn done_says_how_many_votes_the_failover_cost() {
    // Judged from HEAD - 11 on; the backup signs first in HEAD - 4.
    let (mut facts, mut progress) = baking();
    progress.kept.noted.as_mut().unwrap().bound = level(HEAD - 12);
    let mut settled = quiet(HEAD - 14, HEAD - 5);
    settled.append(&mut activity(&mut facts).settled.split_off(1));
    settled[4].rights = false;
    activity(&mut facts).settled = settled;
    let verdict = decide(&facts, &policy(), &progress);
    // HEAD - 11 to HEAD - 5 without HEAD - 10: neither the bound's own level nor the first signed one is lost.
    assert!(matches!(&verdict, Verdict::Done(done) if done.unvoted == Some(6)), "{verdict:?}");
    // The first that it signed may be a block; its votes there come later.
    for level in activity(&mut facts).settled.iter_mut().filter(|l| l.level == level(HEAD - 4)) {
        level.signed = vec![signed(Kind::Block, HEAD - 4, 0)];
    }
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Done(done) if done.unvoted == Some(6)), "{verdict:?}");
}

#[test]
fn missed_levels_that_still_grow_are_no_success() {
    let (mut facts, mut progress) = baking();
    // The count changed at a head above which one settled level with rights lies: one proves nothing yet.
    let missed = |since| Some(Missed { cycle: 1000, levels: 7, since: level(since) });
    for (since, steady) in [(HEAD - 9, true), (HEAD - 4, true), (HEAD - 3, false), (HEAD, false)] {
        progress.session.missed = missed(since);
        let verdict = decide(&facts, &policy(), &progress);
        assert_eq!(matches!(verdict, Verdict::Done(_)), steady, "{since}: {verdict:?}");
        assert_eq!(is_steady_wait(&verdict, Some(7)), !steady, "{since}: {verdict:?}");
    }
    // Where it had no rights, an unchanged count proves nothing.
    progress.session.missed = missed(HEAD - 5);
    activity(&mut facts).settled[0].rights = false;
    activity(&mut facts).settled[1].rights = false;
    let verdict = decide(&facts, &policy(), &progress);
    assert!(is_steady_wait(&verdict, Some(7)), "{verdict:?}");
}

#[test]
fn s3_missed_levels_that_are_not_known_are_not_zero() {
    let (mut facts, mut progress) = baking();
    delegate(&mut facts).missed_levels = None;
    progress.observe(&facts, None);
    let verdict = decide(&facts, &policy(), &progress);
    assert!(is_steady_wait(&verdict, None), "{verdict:?}");
    // It does not wait for ever (S10).
    let (mut facts, mut progress) = started(HEAD - 40, HEAD);
    delegate(&mut facts).missed_levels = None;
    progress.session.missed = None;
    progress.kept.noted.as_mut().unwrap().bound = level(HEAD - 45);
    activity(&mut facts).settled = quiet(HEAD - 44, HEAD - 3);
    activity(&mut facts).settled[10].signed.push(signed(Kind::Attestation, HEAD - 34, 0));
    progress.session.tried.insert(StepKind::Start, 1);
    let verdict = decide(&facts, &policy(), &progress);
    assert!(
        matches!(&verdict, Verdict::Failed { step: StepKind::Verify, why } if why.contains("not known")),
        "{verdict:?}"
    );
    delegate(&mut facts).missed_levels = Some(33);
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Failed { step: StepKind::Verify, why } if why.contains("33")), "{verdict:?}");
}

/// Taken up again twenty minutes after the start: what was missed before says nothing of now.
#[test]
fn a_session_has_as_long_as_the_first_to_see_that_nothing_is_missed() {
    let (mut facts, mut progress) = started(HEAD - 60, HEAD);
    progress.kept.noted.as_mut().unwrap().bound = level(HEAD - 65);
    activity(&mut facts).settled = quiet(HEAD - 64, HEAD - 3);
    activity(&mut facts).settled[10].signed.push(signed(Kind::Attestation, HEAD - 54, 0));
    progress.session.missed = Some(Missed { cycle: 1000, levels: 7, since: level(HEAD - 3) });
    for (from, waits) in [(HEAD - 3, true), (HEAD - 32, true), (HEAD - 33, false)] {
        progress.session.watched_from = Some(level(from));
        let mut here = progress.clone();
        here.session.tried.insert(StepKind::Start, 1);
        let verdict = decide(&facts, &policy(), &here);
        assert_eq!(is_steady_wait(&verdict, Some(7)), waits, "{from}: {verdict:?}");
        assert_eq!(matches!(verdict, Verdict::Failed { step: StepKind::Verify, .. }), !waits, "{from}: {verdict:?}");
        // One that did not start it itself does all again then, from S1a on.
        let verdict = decide(&facts, &policy(), &progress);
        let again = matches!(&verdict, Verdict::Do(step) if step.get().name() == "guard-backup");
        assert_eq!(again, !waits, "{from}: {verdict:?}");
    }
}

#[test]
fn the_count_starts_over_with_the_cycle() {
    let mut progress = Progress::default();
    let mut facts = facts();
    let mut seen = |cycle, missed, at| {
        let delegate = delegate(&mut facts);
        (delegate.cycle, delegate.missed_levels, delegate.level) = (cycle, missed, level(at));
        progress.observe(&facts, None);
        progress.session.missed.map(|missed| (missed.levels, missed.since.get() - HEAD))
    };
    assert_eq!(seen(1000, Some(7), HEAD), Some((7, 0)));
    assert_eq!(seen(1000, Some(7), HEAD + 2), Some((7, 0)), "the same count stays where it was first seen");
    assert_eq!(seen(1000, Some(8), HEAD + 3), Some((8, 3)));
    assert_eq!(seen(1001, Some(8), HEAD + 4), Some((8, 4)), "another cycle's eight");
    assert_eq!(seen(1001, Some(0), HEAD + 5), Some((0, 5)));
    assert_eq!(seen(1001, None, HEAD + 6), None);
}

#[test]
fn s8_a_denunciation_after_the_start_stops_the_backup() {
    let what = (Kind::Block, Position::new(level(HEAD - 4), Round(1)));
    let (mut facts, progress) = baking();
    delegate(&mut facts).denunciations = vec![denunciation(Some(what))];
    let Verdict::Denounced(signed) = decide(&facts, &policy(), &progress) else { panic!("no alarm") };
    assert_eq!((signed[0].kind, signed[0].at), what);
    assert!(signed[0].seen_in.contains("ooV39G"), "{signed:?}");

    // One of unknown shape, and being forbidden alone, are no less.
    let (mut facts, progress) = baking();
    delegate(&mut facts).denunciations = vec![denunciation(None)];
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Denounced(_)));
    let (mut facts, progress) = baking();
    delegate(&mut facts).forbidden = true;
    // Whatever else is unknown.
    facts.chain.head = unknown();
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Denounced(_)));
}

#[test]
fn h7_a_denunciation_before_the_start_is_refused() {
    for progress in [Progress::default(), prepared(), raised(HEAD + 7).1] {
        let mut facts = facts();
        delegate(&mut facts).denunciations = vec![denunciation(None)];
        let verdict = decide(&facts, &policy(), &progress);
        let Verdict::Refuse(refusal) = verdict else { panic!("{verdict:?}") };
        assert!(matches!(&refusal, Refusal::Denounced { .. }) && refusal.exit() == 3, "{refusal}");
        assert!(refusal.to_string().contains("ooV39G"), "{refusal}");
    }
}

#[test]
fn a_baker_that_is_deactivated_at_the_end_is_no_success() {
    let (mut facts, progress) = baking();
    delegate(&mut facts).deactivated = true;
    let verdict = decide(&facts, &policy(), &progress);
    assert!(
        matches!(&verdict, Verdict::Failed { step: StepKind::Verify, why } if why.contains("deactivated")),
        "{verdict:?}"
    );
}
