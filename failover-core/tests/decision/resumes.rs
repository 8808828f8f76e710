//! A run that is taken up again after its start.

use failover_core::clock::Timestamp;
use failover_core::decision::{Kept, Progress, StepKind, ThisSession, Verdict, WaitFor, decide, shared};
use failover_core::facts::{Arming, Facts, GuardState, Model};
use failover_core::tezos::Kind;

use crate::world::{HEAD, activity, device, known, marks, permitted, policy, quiet, signed, started};

/// As the journal gives it to a new session: nothing is held, nothing was proved here.
fn resumed(progress: Progress) -> Progress {
    let Kept { proceed, statements, noted, started, .. } = progress.kept;
    let Progress { kept, session } = permitted();
    Progress {
        kept: Kept { proceed, statements, noted, started, ..kept },
        session: ThisSession { resumed: true, ..session },
    }
}

fn next(facts: &Facts, progress: Progress) -> String {
    match decide(facts, &policy(), &resumed(progress)) {
        Verdict::Do(step) => step.get().name().to_owned(),
        Verdict::Wait(waiting) => format!("wait {:?}", waiting.why),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_backup_that_bakes_is_only_verified() {
    let (facts, progress) = started(HEAD - 2, HEAD);
    assert!(next(&facts, progress).starts_with("wait"));
}

#[test]
fn after_a_reboot_all_is_done_again() {
    let (mut facts, progress) = started(HEAD - 2, HEAD);
    facts.backup.guard = known(GuardState::Guarded);
    assert_eq!(next(&facts, progress), "stop-backup", "what runs under the guard is not the approved start");

    let (mut facts, progress) = started(HEAD - 2, HEAD);
    facts.backup.device = known(device(Arming::Disarmed, Some(marks(HEAD))));
    assert_eq!(next(&facts, progress), "guard-backup", "locked keys bake nothing");
}

/// Where this session started it, its service has time to unlock it; after that it is armed anew.
#[test]
fn a_signer_that_comes_back_locked_after_the_start_is_armed_again() {
    let (mut facts, mut progress) = started(HEAD - 2, HEAD);
    for step in [StepKind::StopPrimary, StepKind::Start] {
        progress.session.tried.insert(step, 1);
    }
    let decided = |facts: &Facts, progress: &Progress| match decide(facts, &policy(), progress) {
        Verdict::Do(step) => step.get().name().to_owned(),
        Verdict::Wait(_) => "wait".to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(decided(&facts, &progress), "wait");
    facts.backup.device = known(device(Arming::Disarmed, None));
    let since =
        |seconds: u64| Some(Timestamp::from_millis(facts.now.millis() - i64::try_from(seconds).unwrap() * 1000));
    progress.session.locked_since = since(39);
    assert_eq!(decided(&facts, &progress), "wait");
    progress.session.locked_since = since(40);
    assert_eq!(decided(&facts, &progress), "guard-backup");
}

#[test]
fn a_backup_that_does_nothing_with_its_rights_is_started_again() {
    let (mut facts, progress) = started(HEAD - 40, HEAD - 40);
    activity(&mut facts).settled = quiet(HEAD - 42, HEAD - 3);
    assert_eq!(next(&facts, progress.clone()), "guard-backup");
    // Where this session started it, that is a failure: a person has to look.
    let mut here = progress;
    here.session.tried.insert(StepKind::StopPrimary, 1);
    here.session.tried.insert(StepKind::Start, 1);
    assert!(matches!(decide(&facts, &policy(), &here), Verdict::Failed { step: StepKind::Start, .. }));
}

/// The primary came back at the floor and the backup's mark has passed it: whose vote (F, 0) is, a Ledger cannot say.
#[test]
fn a_vote_at_the_floor_itself_is_no_success() {
    let (mut facts, progress) = started(HEAD - 4, HEAD);
    facts.backup.device.as_mut().unwrap().value.info.model = Model::Ledger;
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 3);
    activity(&mut facts).settled[0].signed.push(signed(Kind::Attestation, HEAD - 4, 0));
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Baking { .. })), "{verdict:?}");
    activity(&mut facts).settled[1].signed.push(signed(Kind::Attestation, HEAD - 3, 0));
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(verdict, Verdict::Done(_)), "{verdict:?}");
}

/// S8: where one position is foreign, what the backup signed before may have been signed twice: it is named.
#[test]
fn what_the_backup_signed_beside_a_foreign_position_may_be_signed_twice() {
    let (mut facts, progress) = started(HEAD - 4, HEAD - 2);
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 3);
    activity(&mut facts).settled[1].signed.push(signed(Kind::Attestation, HEAD - 3, 0));
    let both = [signed(Kind::Block, HEAD - 2, 0), signed(Kind::Attestation, HEAD - 2, 0)];
    let alone = signed(Kind::Attestation, HEAD - 1, 0);
    // The same in a block and in the mempool is one position; what is at or below B is the primary's past.
    let past = signed(Kind::Attestation, HEAD - 6, 0);
    activity(&mut facts).recent = [&both[..], &both[..], &[alone.clone(), past]].concat();
    assert_eq!(decide(&facts, &policy(), &progress), Verdict::Duplicate(vec![alone]));
    let named: Vec<_> =
        shared(&facts, &progress).into_iter().map(|s| (s.kind, s.at.level.get() - (HEAD - 4))).collect();
    assert_eq!(named, [(Kind::Attestation, 1), (Kind::Block, 2), (Kind::Attestation, 2)]);
}
