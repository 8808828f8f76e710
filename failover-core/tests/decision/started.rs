//! From the start to the end of a run: what is verified, and for how long.

use std::time::Duration;

use failover_core::decision::{Missed, Noted, StepKind, Verdict, WaitFor};
use failover_core::facts::{Arming, GuardState, LevelActivity, Mark, Marks};
use failover_core::tezos::{Kind, Position, Round};

use crate::world::*;

/// Levels `from` to `to` without rights.
fn idle(from: u64, to: u64) -> Vec<LevelActivity> {
    quiet(from, to).into_iter().map(|l| LevelActivity { rights: false, ..l }).collect()
}

/// Services that cannot be seen after the start are looked at again, not started again.
#[test]
fn s3_services_that_are_not_known_after_a_start_are_not_started_again() {
    for (holding, armed) in [(true, false), (false, true)] {
        let (mut facts, mut progress) = started(HEAD - 2, HEAD);
        facts.backup.services = unknown();
        (progress.session.holding, progress.session.armed) = (holding, armed);
        progress.session.tried.insert(StepKind::Start, 1);
        assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Quarantine { .. }), "{holding} {armed}");
    }
}

#[test]
fn h9_a_start_that_was_cut_off_is_verified_where_its_services_run_and_done_again_where_they_do_not() {
    let (mut facts, mut progress) = started(HEAD - 2, HEAD);
    progress.kept.started.as_mut().unwrap().complete = false;
    assert!(matches!(verdict(&facts, &progress), Verdict::Wait(_)));
    progress.session.tried.insert(StepKind::Start, 1);
    facts.backup.services = known(stopped());
    facts.backup.guard = known(GuardState::Guarded);
    progress.kept.started.as_mut().unwrap().complete = true;
    assert!(matches!(verdict(&facts, &progress), Verdict::Do(_)), "what does not run bakes nothing");
}

#[test]
fn s10_a_backup_without_rights_is_waited_for_two_hundred_levels_above_the_floor() {
    for (floor, waited) in [(HEAD - 202, true), (HEAD - 203, true), (HEAD - 204, false), (HEAD - 300, false)] {
        let (mut facts, mut progress) = started(floor, floor);
        progress.kept.noted = Some(Noted { head: level(floor - 12), bound: level(floor - 10) });
        progress.session.tried.insert(StepKind::Start, 1);
        activity(&mut facts).settled = idle(floor - 9, HEAD - 3);
        let verdict = verdict(&facts, &progress);
        assert_eq!(matches!(verdict, Verdict::Wait(_)), waited, "{floor}: {verdict:?}");
        assert_eq!(matches!(verdict, Verdict::Failed { step: StepKind::Start, .. }), !waited, "{floor}: {verdict:?}");
    }
}

#[test]
fn what_is_waited_for_at_the_end_is_named_with_what_is_left_of_it() {
    // The last level below the floor is not settled yet.
    let (facts, progress) = started(HEAD + 7, HEAD + 7);
    let wait = waits(verdict(&facts, &progress));
    assert_eq!(wait.why, WaitFor::Quarantine { judged: Some(level(HEAD - 3)), floor: level(HEAD + 7) });
    assert_eq!(wait.left, Some(Duration::from_secs(66)), "ten levels and one more");
    // Settled just now, with nothing signed: what is missed meanwhile is not what is waited for.
    let (mut facts, mut progress) = started(HEAD - 3, HEAD);
    progress.session.missed = Some(Missed { cycle: 1000, levels: 9, since: level(HEAD) });
    let wait = waits(verdict(&facts, &progress));
    assert_eq!((wait.why, wait.left), (WaitFor::Baking { floor: level(HEAD - 3), head: level(HEAD) }, None));
    // Signed above the floor, and the levels below it not all judged.
    activity(&mut facts).settled.remove(7);
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 2, 0));
    assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Quarantine { .. }));
}

#[test]
fn a_head_counts_the_missed_levels_below_it_only() {
    let (mut facts, mut progress) = started(HEAD - 6, HEAD);
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 3);
    activity(&mut facts).settled[0].signed.push(signed(Kind::Attestation, HEAD - 4, 0));
    progress.kept.noted = Some(Noted { head: level(HEAD - 7), bound: level(HEAD - 5) });
    progress.session.missed = Some(Missed { cycle: 1000, levels: 7, since: level(HEAD - 6) });
    assert!(matches!(verdict(&facts, &progress), Verdict::Done(_)));
    facts.chain.delegate.as_mut().unwrap().value.level = level(HEAD - 3);
    assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Steady { .. }), "of HEAD - 3 it says nothing yet");
}

/// What an earlier start signed is the backup's own, and no proof that this one bakes: its mark has not passed the floor.
#[test]
fn the_first_signature_counts_once_the_devices_own_mark_has_passed_the_floor() {
    let at = |round| Marks::all(Mark::at(Position::new(level(HEAD - 6), Round(round))));
    let attested = |kind, round, seen: u64, now: Marks| {
        let (mut facts, mut progress) = started(HEAD - 6, HEAD);
        progress.kept.noted = Some(Noted { head: level(HEAD - 12), bound: level(HEAD - 10) });
        progress.kept.earlier = vec![(marks(HEAD - 9), marks(HEAD))];
        facts.backup.device = known(device(Arming::Armed, Some(now)));
        activity(&mut facts).settled = quiet(HEAD - 9, HEAD - 3);
        let there = activity(&mut facts).settled.iter_mut().find(|l| l.level == level(seen)).unwrap();
        there.signed.push(signed(kind, seen, round));
        verdict(&facts, &progress)
    };
    let verdict = attested(Kind::Attestation, 0, HEAD - 4, at(0));
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Baking { .. })), "{verdict:?}");
    assert!(matches!(attested(Kind::Attestation, 0, HEAD - 4, marks(HEAD - 5)), Verdict::Done(_)));
    assert!(matches!(attested(Kind::Block, 1, HEAD - 6, at(1)), Verdict::Done(_)), "the floor's next round passes it");
}
