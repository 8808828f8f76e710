//! Waits and ages at their last second, with the numbers as the documents state them: neither may move by one unseen.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{Policy, Progress, Refusal, Step, StepKind, Verdict, decide};
use failover_core::facts::Asked;

use crate::world::*;

const SECOND: Option<Duration> = Some(Duration::from_secs(1));

/// H21: half an hour.
#[test]
fn h21_a_chain_that_does_not_move_is_waited_for_to_the_last_second_of_half_an_hour() {
    let mut facts = facts();
    facts.chain.head.as_mut().unwrap().value.timestamp = seconds_ago(1800);
    let since = |seconds| but(prepared(), |p| p.session.head = Some((level(HEAD), seconds_ago(seconds))));
    assert_eq!(waits(verdict(&facts, &since(1799))).left, SECOND);
    assert!(matches!(verdict(&facts, &since(1800)), Verdict::Refuse(Refusal::Halted { .. })));
}

/// S3: in the middle of a run, ten minutes.
#[test]
fn a_protocol_change_is_waited_for_to_the_last_second_of_ten_minutes() {
    let mut facts = facts();
    facts.chain.delegate.as_mut().unwrap().value.levels_to_protocol = Some(10);
    let since = |seconds| but(prepared(), |p| p.session.closed_since = Some(seconds_ago(seconds)));
    assert_eq!(waits(verdict(&facts, &since(599))).left, SECOND);
    assert!(matches!(verdict(&facts, &since(600)), Verdict::Refuse(Refusal::ProtocolChange { .. })));
}

/// S13: one script over a slow line; half as long where the primary is not to be controlled.
#[test]
fn s13_a_claim_may_take_twenty_seconds_and_ten_in_an_emergency() {
    let seconds = |emergency| {
        let progress = but(Progress::default(), |p| {
            p.kept.proceed = true;
            p.kept.permit = true;
        });
        match decide(&facts(), &Policy { emergency, ..policy() }, &progress) {
            Verdict::Do(step) => match step.get() {
                Step::Claim { seconds, .. } => *seconds,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((seconds(false), seconds(true)), (20, 10));
}

/// H10, H31: a Ledger answers nothing while a prompt is on its screen, and a late press is taken where it is the right one.
#[test]
fn h31_a_ledger_with_a_prompt_is_waited_for_five_minutes_and_another_device_two() {
    let mut facts = facts();
    facts.backup.device = unknown();
    let silent = |prompt: bool, seconds| {
        let mut progress = but(prepared(), |p| p.session.unknown_since = Some(seconds_ago(seconds)));
        if prompt {
            progress.session.tried.insert(StepKind::Authorize, 1);
        }
        verdict(&facts, &progress)
    };
    for (prompt, longest) in [(true, 300), (false, 120)] {
        assert_eq!(waits(silent(prompt, longest - 1)).left, SECOND, "{prompt}");
        let over = silent(prompt, longest);
        assert!(matches!(over, Verdict::Failed { step: StepKind::Look, .. }), "{prompt}: {over:?}");
    }
}

/// S15: what arms is done on a chain that was asked at most 15 s ago, and on a primary that was at most 30 s ago.
#[test]
fn s15_the_chain_may_be_fifteen_seconds_old_and_the_primary_thirty() {
    let (mut facts, progress) = raised(HEAD + 7);
    let mut may = |chain: i64, primary: Option<i64>| {
        let asked = |millis: i64| Timestamp::from_millis(now().millis() - millis);
        facts.asked = Asked { wall: now(), chain: asked(chain), primary: primary.map(asked), anew: true };
        let Verdict::Do(step) = verdict(&facts, &progress) else { panic!("no step") };
        assert_eq!(step.get().name(), "start");
        step.still_fresh(now()).is_ok()
    };
    for (chain, primary, fresh) in [
        (15_000, None, true),
        (15_001, None, false),
        (15_000, Some(30_000), true),
        (15_001, Some(0), false),
        (0, Some(30_001), false),
    ] {
        assert_eq!(may(chain, primary), fresh, "{chain} {primary:?}");
    }
}

/// H41: what was missed while nobody watched says nothing of now; three times in a session, so that it ends (S10).
#[test]
fn h41_a_head_that_leaps_by_more_than_ten_levels_was_not_watched() {
    let mut progress = Progress::default();
    let mut watched = |at: u64| {
        let mut facts = facts();
        facts.chain.delegate.as_mut().unwrap().value.level = level(HEAD + at);
        progress.observe(&facts, None);
        progress.session.watched_from.unwrap().get() - HEAD
    };
    assert_eq!([0, 10, 20].map(&mut watched), [0, 0, 0]);
    assert_eq!([31, 42, 53].map(&mut watched), [31, 42, 53]);
    assert_eq!(watched(64), 53, "a fourth leap is not followed");
}
