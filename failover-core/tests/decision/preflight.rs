//! What the device shows before the primary is touched (S17): marks and damage (H29), a machine that bakes (H43), a primary
//! that was never pinned (H19).

use failover_core::decision::{FoundUnlocked, Policy, Progress, Refusal, Step, StepKind, Verdict, WaitFor, decide};
use failover_core::facts::{Arming, ClaimAnswer, DeviceState, Facts, KeyName, KeyState, Marks, Model};
use failover_core::tezos::ChainId;

use crate::world::*;

/// The cap of the usual policy at this head.
const CAP: u64 = HEAD + 100;

/// The passphrase was proved just now, and this is what the keys showed.
fn proved(keys: Vec<KeyState>) -> (Facts, Progress) {
    let mut facts = facts();
    facts.primary.services = known(running());
    let progress = but(prepared(), |p| {
        p.kept.noted = None;
        p.session.stopped_since = None;
        p.kept.statements = [].into();
        p.session.proved = keys;
    });
    (facts, progress)
}

fn unlocked(at: u64) -> Vec<KeyState> {
    device(Arming::Armed, Some(marks(at))).keys
}

#[test]
fn h29_marks_are_judged_against_the_cap_before_the_stop() {
    for (at, refused) in
        [(1, false), (HEAD, false), (CAP - 1, false), (CAP, false), (CAP + 1, true), (1 << 32, true), (u64::MAX, true)]
    {
        let (facts, progress) = proved(unlocked(at));
        match verdict(&facts, &progress) {
            Verdict::Do(step) => assert!(!refused && *step.get() == Step::StopPrimary, "{at}"),
            Verdict::Refuse(Refusal::MarksPastCap { key, mark, cap }) => {
                assert!(refused && mark == marks(at).highest() && cap == level(CAP), "{at} {key}");
            }
            other => panic!("{at}: {other:?}"),
        }
    }
}

/// One kind below the floor and another at the cap: what would have to be set is past it.
#[test]
fn h29_a_kind_that_has_to_be_raised_counts_from_the_highest() {
    let mut keys = unlocked(CAP);
    keys[0].marks = Some(Marks { block: marks(1).block, ..marks(CAP) });
    let (facts, progress) = proved(keys);
    assert!(matches!(verdict(&facts, &progress), Verdict::Refuse(Refusal::MarksPastCap { .. })));
}

#[test]
fn h29_a_damaged_key_is_refused_and_one_that_does_not_sign_here_is_not() {
    let mut keys = unlocked(HEAD);
    keys[1].arming = Arming::Corrupted;
    let (facts, progress) = proved(keys.clone());
    let Verdict::Refuse(Refusal::Damaged { key }) = verdict(&facts, &progress) else { panic!("not refused") };
    assert_eq!(key, keys[1].name);
    keys[1].name = KeyName::new("spare");
    let (facts, progress) = proved(keys);
    assert!(matches!(verdict(&facts, &progress), Verdict::Do(_)));
}

/// What this run raised itself is not judged again, whatever other sources say of the head by then.
#[test]
fn h29_marks_of_this_run_are_its_own() {
    let (facts, mut progress) = raised(HEAD + 7);
    progress.session.proved = unlocked(CAP + 50);
    assert!(!matches!(verdict(&facts, &progress), Verdict::Refuse(_)));
}

/// A Ledger shows its mark always, and is always set above it: a look refuses.
#[test]
fn h29_a_ledgers_mark_is_refused_by_a_look() {
    for (at, refused) in [(HEAD, false), (CAP - 1, false), (CAP, true)] {
        let mut facts = facts();
        let mut state =
            DeviceState { keys: device(Arming::Disarmed, Some(marks(at))).keys, ..device(Arming::Disarmed, None) };
        state.info.model = Model::Ledger;
        facts.backup.device = known(state);
        let verdict = verdict(&facts, &Progress::default());
        assert_eq!(matches!(verdict, Verdict::Refuse(Refusal::MarksPastCap { .. })), refused, "{at}: {verdict:?}");
    }
}

/// Services run here beside unlocked keys, whose marks were at `before` when the head was `head`.
fn unlocked_here(before: u64, head: u64, now: u64) -> (Facts, Progress) {
    let mut facts = facts();
    facts.backup.services = known(running());
    facts.backup.device = known(device(Arming::Armed, Some(marks(now))));
    let found = device(Arming::Armed, Some(marks(before))).keys.into_iter();
    let marks = found.filter_map(|key| Some((key.name, key.marks?))).collect();
    (facts, but(Progress::default(), |p| p.session.found = Some(FoundUnlocked { head: level(head), marks })))
}

#[test]
fn h43_a_key_that_moves_is_the_baker_and_one_that_does_not_is_h14() {
    let (facts, progress) = unlocked_here(HEAD - 1, HEAD - 1, HEAD);
    assert!(matches!(verdict(&facts, &progress), Verdict::Refuse(Refusal::BakesHere { .. })));
    for passed in [0, 1] {
        let (facts, progress) = unlocked_here(HEAD - 50, HEAD - passed, HEAD - 50);
        assert_eq!(waits(verdict(&facts, &progress)).why, WaitFor::Unmoved, "{passed}");
    }
    let (facts, progress) = unlocked_here(HEAD - 50, HEAD - 2, HEAD - 50);
    assert!(matches!(verdict(&facts, &progress), Verdict::Ask(_)), "two heads later it has not moved");
    // Without services there is nothing to wait for; what moves all the same is refused.
    let (mut facts, progress) = unlocked_here(HEAD - 50, HEAD, HEAD - 50);
    facts.backup.services = known(stopped());
    assert!(matches!(verdict(&facts, &progress), Verdict::Ask(_)));
    // After the first step the marks may be this run's own.
    let (facts, mut progress) = unlocked_here(HEAD - 1, HEAD - 1, HEAD);
    progress.session.claim = Some(ClaimAnswer::Made { over: None });
    (progress.kept.proceed, progress.kept.permit, progress.session.tried) =
        (true, true, [(StepKind::GuardBackup, 1)].into());
    assert!(!matches!(verdict(&facts, &progress), Verdict::Refuse(_)));
}

#[test]
fn h43_the_first_look_is_what_is_compared_with() {
    let (facts, _) = unlocked_here(HEAD - 50, HEAD, HEAD - 50);
    let mut progress = Progress::default();
    progress.observe(&facts, None);
    let first = progress.session.found.clone().unwrap();
    assert_eq!((first.head, first.marks.len()), (level(HEAD), 2));
    let (later, _) = unlocked_here(HEAD - 50, HEAD, HEAD);
    progress.observe(&later, None);
    assert_eq!(progress.session.found.as_ref(), Some(&first));
    assert!(matches!(verdict(&later, &progress), Verdict::Refuse(Refusal::BakesHere { .. })));
}

#[test]
fn h19_a_primary_that_answers_and_was_never_pinned_is_refused() {
    let unpinned = Policy::new("mybaker".to_owned(), consensus(), ChainId::MAINNET);
    let refused = |facts: &Facts, policy: &Policy| {
        matches!(decide(facts, policy, &Progress::default()), Verdict::Refuse(Refusal::Unpinned { .. }))
    };
    let mut facts = facts();
    assert!(refused(&facts, &unpinned) && !refused(&facts, &policy()));
    assert!(!refused(&facts, &Policy { emergency: true, ..unpinned.clone() }));
    facts.primary.identity = unknown();
    assert!(!refused(&facts, &unpinned));
}

/// The same is looked at once more before the start: another card may have been plugged in since.
#[test]
fn h29_what_this_run_armed_is_judged_before_the_start_too() {
    let start = |at: u64| {
        let (mut facts, progress) = raised(HEAD + 20);
        facts.backup.device = known(device(Arming::Armed, Some(marks(at))));
        verdict(&facts, &progress)
    };
    assert!(!matches!(start(CAP), Verdict::Refuse(_)));
    for at in [CAP + 1, 1 << 32] {
        assert!(matches!(start(at), Verdict::Refuse(Refusal::MarksPastCap { .. })), "{at}");
    }
    let (mut facts, progress) = raised(HEAD + 20);
    let mut damaged = device(Arming::Armed, Some(marks(HEAD + 20)));
    damaged.keys[1].arming = Arming::Corrupted;
    damaged.keys[1].marks = None;
    facts.backup.device = known(damaged);
    assert!(matches!(verdict(&facts, &progress), Verdict::Refuse(Refusal::Damaged { .. })));
}
