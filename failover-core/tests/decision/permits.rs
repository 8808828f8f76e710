//! The permit by which a run lives, and its claim on the primary (S13, S14).

use failover_core::decision::{Progress, Refusal, Statement, Step, StepKind, Verdict, claimed, decide};
use failover_core::facts::{ClaimAnswer, Facts, PermitState, Question};

use crate::world::*;

fn next(facts: &Facts, progress: &Progress) -> Verdict {
    decide(facts, &policy(), progress)
}

fn step(facts: &Facts, progress: &Progress) -> Step {
    match next(facts, progress) {
        Verdict::Do(approved) => approved.get().clone(),
        other => panic!("no step: {other:?}"),
    }
}

fn refusal(facts: &Facts, progress: &Progress) -> Refusal {
    match next(facts, progress) {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn proceeds() -> Progress {
    but(Progress::default(), |p| p.kept.proceed = true)
}

fn with(state: PermitState) -> Facts {
    let mut facts = facts();
    facts.backup.permit = known(state);
    facts
}

/// The order: preflight, permit, claim, own permit, S1a.
#[test]
fn s13_the_permit_comes_first_then_the_claim_then_the_own_permit_then_the_backup_is_fenced() {
    let none = with(PermitState::NotMade);
    assert_eq!(step(&none, &proceeds()), Step::TakePermit);
    let permit = but(proceeds(), |p| p.kept.permit = true);
    assert!(matches!(step(&facts(), &permit), Step::Claim { over, seconds: 20 } if over.is_empty()));
    let claimed = but(permit, |p| p.session.claim = Some(ClaimAnswer::Made { over: None }));
    assert_eq!(refusal(&with(PermitState::Gone { by: None }), &claimed).exit(), 8);
    assert_eq!(step(&facts(), &claimed), Step::DisarmBackup);
}

/// Gone, void or never made: the run is over at every look, also while it verifies.
#[test]
fn s13_a_permit_that_is_not_there_ends_the_run() {
    let (baking, verifying) = started(HEAD - 2, HEAD);
    let verifying = but(verifying, |p| p.kept.permit = true);
    for (state, exit) in [
        (PermitState::Gone { by: Some("failover stand-down".to_owned()) }, 8),
        (PermitState::NotMade, 8),
        (PermitState::OtherBoot, 3),
    ] {
        for (facts, progress) in [(facts(), prepared()), (baking.clone(), verifying.clone())] {
            let mut facts = facts;
            facts.backup.permit = known(state.clone());
            let found = refusal(&facts, &progress);
            assert!(found.is_about_the_permit() && found.exit() == exit, "{found}");
            // Another run's claim here says why.
            facts.backup.claims = known(vec![claim(9)]);
            let found = refusal(&facts, &progress);
            assert_eq!(found.exit(), if exit == 8 { 7 } else { exit }, "{found}");
        }
    }
}

#[test]
fn s13_a_run_that_is_taken_up_again_makes_no_permit() {
    let resumed = but(proceeds(), |p| p.session.resumed = true);
    assert_eq!(refusal(&with(PermitState::NotMade), &resumed), Refusal::NoPermit);
    assert_eq!(Refusal::NoPermit.exit(), 7);
    let resumed = but(prepared(), |p| p.session.resumed = true);
    assert_eq!(refusal(&with(PermitState::Gone { by: None }), &resumed).exit(), 7);
    assert_eq!(refusal(&with(PermitState::OtherBoot), &resumed).exit(), 3);
}

/// A permit that cannot be read is not gone, and nothing is armed by it.
#[test]
fn s13_an_unknown_permit_arms_nothing() {
    let mut unsure = facts();
    unsure.backup.permit = unknown();
    assert_eq!(refusal(&unsure, &proceeds()).exit(), 4);
    assert!(matches!(next(&unsure, &prepared()), Verdict::Wait(_) | Verdict::Refuse(_)));
    let mut unsure = facts();
    unsure.backup.claims = unknown();
    assert_eq!(refusal(&unsure, &proceeds()).exit(), 4);
}

#[test]
fn s13_what_the_claim_says_decides() {
    let after = |claim: ClaimAnswer| but(proceeds(), |p| (p.session.claim, p.kept.permit) = (Some(claim), true));
    let there = ClaimAnswer::RunThere { holder: "failover run, process 7".to_owned() };
    assert_eq!(refusal(&facts(), &after(there)).exit(), 7);
    assert_eq!(refusal(&facts(), &after(ClaimAnswer::Busy { holder: "x".to_owned() })).exit(), 7);
    assert_eq!(refusal(&facts(), &after(ClaimAnswer::Claimed { by: claim(7) })).exit(), 7);
    assert_eq!(refusal(&facts(), &after(ClaimAnswer::Older { version: "failover 0.1.0".to_owned() })).exit(), 3);
    assert_eq!(refusal(&facts(), &after(ClaimAnswer::Itself)).exit(), 3);
    assert_eq!(step(&facts(), &after(ClaimAnswer::Made { over: None })), Step::DisarmBackup);
    // A claim here: only its machine's word or a person's ends it.
    let mut claimed = facts();
    claimed.backup.claims = known(vec![claim(7)]);
    assert_eq!(refusal(&claimed, &after(ClaimAnswer::Made { over: None })).exit(), 7);
    assert_eq!(refusal(&claimed, &after(ClaimAnswer::Made { over: Some(false) })).exit(), 7);
    assert_eq!(step(&claimed, &after(ClaimAnswer::Made { over: Some(true) })), Step::DisarmBackup);
    let mut said = policy();
    said.claims_over = vec!["another".to_owned()];
    let over = |policy: &_, facts: &Facts, answer| decide(facts, policy, &after(answer));
    assert!(matches!(over(&said, &claimed, ClaimAnswer::Made { over: None }), Verdict::Refuse(_)));
    said.claims_over = vec!["other".to_owned()];
    assert!(matches!(over(&said, &claimed, ClaimAnswer::Made { over: None }), Verdict::Do(_)));
    let again = over(&said, &facts(), ClaimAnswer::Claimed { by: claim(7) });
    assert!(matches!(again, Verdict::Do(step) if matches!(step.get(), Step::Claim { over, .. } if over == &["other"])));
}

/// A lift by hand goes by the same: a claim here stands until its machine's word, or a person's, ends it.
#[test]
fn s13_a_lift_by_hand_is_let_by_what_a_run_would_be_let_by() {
    let (standing, mut said) = ([claim(7)], policy());
    for (over, lets) in [(None, false), (Some(false), false), (Some(true), true)] {
        let answer = ClaimAnswer::Made { over };
        assert_eq!(claimed(&answer, &standing, &said).is_ok(), lets, "{over:?}");
        assert!(claimed(&answer, &[], &said).is_ok(), "{over:?}: nothing stands here");
    }
    said.claims_over = vec!["other".to_owned()];
    assert!(claimed(&ClaimAnswer::Made { over: None }, &standing, &said).is_ok());
    assert!(claimed(&ClaimAnswer::Busy { holder: "x".to_owned() }, &[], &said).is_err());
}

/// What is torn there is named once it was tried three times, with where it lies.
#[test]
fn s13_a_claim_that_fails_three_times_is_refused_with_where_to_look() {
    let failed = |times: u32| {
        let mut progress = but(proceeds(), |p| p.kept.permit = true);
        progress.session.failures.insert(StepKind::Claim, (times, "a claim there is torn".to_owned()));
        progress
    };
    assert!(matches!(step(&facts(), &failed(2)), Step::Claim { .. }));
    let refused = refusal(&facts(), &failed(3));
    assert!(refused.to_string().contains("a claim there is torn"), "{refused}");
    assert!(refused.next().contains("/var/lib/failover/machine"), "{}", refused.next());
}

/// Until the start the claim on the primary is looked for: a copy of this machine, or a person, could take it away.
#[test]
fn s13_a_claim_that_does_not_stand_any_more_is_made_again_and_anothers_ends_the_run() {
    let seen = |answer: ClaimAnswer| {
        let mut facts = facts();
        facts.primary.standing = known(answer);
        facts
    };
    let (gone, anothers) = (seen(ClaimAnswer::Free { over: None }), seen(ClaimAnswer::Claimed { by: claim(7) }));
    assert!(matches!(step(&gone, &prepared()), Step::Claim { .. }));
    let mut tried = prepared();
    tried.session.tried.insert(StepKind::Claim, 3);
    assert_eq!(refusal(&gone, &tried).exit(), 3);
    assert_eq!(refusal(&anothers, &prepared()).exit(), 7);
    assert!(refusal(&anothers, &prepared()).next().contains("--confirm-claim-over other"));
    let mut said = policy();
    said.claims_over = vec!["other".to_owned()];
    let again = decide(&anothers, &said, &prepared());
    assert!(matches!(again, Verdict::Do(step) if matches!(step.get(), Step::Claim { .. })));
    // Inside the wait and before the start alike; what cannot be asked any more excludes what it excluded.
    let (mut ready, progress) = raised(HEAD + 20);
    ready.primary.standing = anothers.primary.standing.clone();
    assert_eq!(refusal(&ready, &progress).exit(), 7);
    ready.primary.standing = unknown();
    assert!(!matches!(next(&ready, &progress), Verdict::Refuse(_)));
}

/// What could not be asked is not excluded: a person says so, for 15 minutes, and is asked before anything is touched.
#[test]
fn s13_a_machine_that_was_not_asked_needs_a_statement() {
    let mut away = facts();
    away.primary.services = unknown();
    away.primary.standing = unknown();
    let unasked = ClaimAnswer::Unasked { why: "no route".to_owned() };
    let mut progress = but(proceeds(), |p| (p.session.claim, p.kept.permit) = (Some(unasked), true));
    let host = "primary".to_owned();
    assert_eq!(next(&away, &progress), Verdict::Ask(Question::NoOtherRun { host }));
    progress.session.denied = vec![Statement::NoOtherRun];
    assert_eq!(refusal(&away, &progress).exit(), 3);
    progress.session.denied.clear();
    progress.kept.statements.insert(Statement::NoOtherRun, now());
    assert_eq!(step(&away, &progress), Step::DisarmBackup);
    progress.kept.statements.insert(Statement::NoOtherRun, before(900));
    assert!(matches!(next(&away, &progress), Verdict::Ask(Question::NoOtherRun { .. })));
    progress.kept.statements.insert(Statement::NoOtherRun, before(899));
    assert_eq!(step(&away, &progress), Step::DisarmBackup);
    // It answers by now: it is claimed, three times at most.
    assert!(matches!(step(&facts(), &progress), Step::Claim { .. }));
    progress.session.tried.insert(StepKind::Claim, 3);
    assert_eq!(step(&facts(), &progress), Step::DisarmBackup);
}
