//! S8: what nobody has checked holds the start once and stops nothing; keys that were active before; a key change that comes near.

use std::time::Duration;

use failover_core::decision::policy::RUMOUR_HOLD;
use failover_core::decision::{Progress, Refusal, Step, Verdict, WaitFor, floor, rumours};
use failover_core::facts::{Arming, ExpectedKey, Facts, KeyName, KeyRole, KeyState, Marks, Rumour, Signed};
use failover_core::tezos::{Curve, KeyHash, Kind};

use crate::world::*;

const FLOOR: u64 = HEAD + 10;

fn rumour(at: u64, since: u64) -> Rumour {
    Rumour { signed: signed(Kind::Attestation, at, 0), since: level(since) }
}

fn starts(facts: &Facts, progress: &Progress) -> bool {
    matches!(verdict(facts, progress), Verdict::Do(step) if matches!(step.get(), Step::Start { .. }))
}

fn with(rumours: Vec<Rumour>) -> (Facts, Progress) {
    let (mut facts, progress) = raised(FLOOR);
    facts.chain.pool.rumours = rumours;
    (facts, progress)
}

/// B is HEAD - 5.
#[test]
fn a_rumour_holds_the_start_for_six_levels_in_the_whole_run() {
    let (facts, progress) = with(vec![rumour(HEAD + 3, HEAD - 2)]);
    let wait = waits(verdict(&facts, &progress));
    assert!(matches!(wait.why, WaitFor::Rumour { until, .. } if until == level(HEAD + 4)), "{wait:?}");
    assert_eq!(wait.left, Some(Duration::from_secs(24)));
    // Others that come later count from when they came, and from the first hold: the earlier of the two.
    let (more, _) = with(vec![rumour(HEAD + 3, HEAD - 2), rumour(HEAD + 9, HEAD)]);
    let until = |held_from: Option<u64>| {
        let progress = but(progress.clone(), |p| p.kept.held_from = held_from.map(level));
        match verdict(&more, &progress) {
            Verdict::Wait(wait) => match wait.why {
                WaitFor::Rumour { until, .. } => Some(until.get() - HEAD),
                other => panic!("{other:?}"),
            },
            Verdict::Do(_) => None,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(until(None), Some(RUMOUR_HOLD));
    assert_eq!(until(Some(HEAD - 5)), Some(1));
    assert_eq!(until(Some(HEAD - 6)), None, "its six levels are over");
    let old = with(vec![rumour(HEAD + 3, HEAD - 6)]).0;
    assert!(starts(&old, &progress), "the node has had its time");
    // At B and below it is the primary's own past.
    assert!(starts(&with(vec![rumour(HEAD - 5, HEAD)]).0, &progress));
}

#[test]
fn a_rumour_is_no_silence_broken_no_floor_raised_and_no_position_foreign() {
    let (facts, progress) = started(FLOOR, FLOOR + 3);
    let mut heard = facts.clone();
    // In the quarantine, at the backup's own positions, and above its marks.
    heard.chain.pool.rumours = vec![rumour(HEAD + 3, HEAD), rumour(FLOOR + 2, HEAD), rumour(FLOOR + 9, HEAD)];
    assert_eq!(verdict(&heard, &progress), verdict(&facts, &progress));
    let said: Vec<u64> = rumours(&heard, &progress).iter().map(|r| r.signed.at.level.get()).collect();
    assert_eq!(said, [HEAD + 3, FLOOR + 9], "its own vote that the node has not come to yet is none");
    let bound = level(HEAD - 5);
    let mut heard = self::facts();
    heard.chain.pool.rumours = vec![rumour(HEAD + 19, HEAD)];
    assert_eq!(
        floor(&heard, &policy(), &prepared(), bound, None),
        floor(&self::facts(), &policy(), &prepared(), bound, None)
    );
}

#[test]
fn what_was_signed_twice_is_foreign_whatever_the_marks_say() {
    let twice = |at| vec![signed(Kind::Attestation, at, 0)];
    let (mut facts, progress) = started(FLOOR, FLOOR + 3);
    facts.chain.pool.conflicts = twice(FLOOR + 2);
    assert_eq!(verdict(&facts, &progress), Verdict::Duplicate(twice(FLOOR + 2)));
    // B and below is the primary's own past; before anything is armed it is a primary that is not silent.
    facts.chain.pool.conflicts = twice(HEAD - 5);
    assert!(!matches!(verdict(&facts, &progress), Verdict::Duplicate(_)));
    let mut facts = self::facts();
    facts.chain.pool.conflicts = twice(HEAD);
    assert_eq!(verdict(&facts, &prepared()), Verdict::Refuse(Refusal::NotSilent { signed: twice(HEAD) }));
}

fn next() -> KeyHash {
    KeyHash::new(Curve::Bls, [3; 20])
}

/// Started with the old key; the new one is active now, and its marks are these.
fn changed(old: u64, new: u64) -> (Facts, Progress) {
    let (mut facts, mut progress) = started(FLOOR, old);
    let key = |at| KeyState { name: KeyName::new("next"), key: next(), arming: Arming::Armed, marks: at };
    facts.backup.device.as_mut().unwrap().value.keys.push(key(Some(marks(new))));
    progress.observe(&facts, Some(marks(old)));
    let delegate = &mut facts.chain.delegate.as_mut().unwrap().value;
    delegate.keys.retain(|key| key.role == KeyRole::Companion);
    delegate.keys.push(ExpectedKey { key: next(), role: KeyRole::Consensus, from_cycle: None });
    (facts, progress)
}

fn foreign(facts: &Facts, progress: &Progress, seen: &[(u64, u32)]) -> Vec<u64> {
    let mut facts = facts.clone();
    activity(&mut facts).recent = seen.iter().map(|(at, round)| signed(Kind::Attestation, *at, *round)).collect();
    let found: Vec<Signed> = failover_core::decision::foreign(&facts, progress).certain;
    found.iter().map(|s| s.at.level.get()).collect()
}

/// H39. Seen by this session, or by an earlier one that armed the key.
#[test]
fn what_a_key_signed_that_was_active_before_is_the_devices_own() {
    let seen = [(HEAD + 2, 0), (FLOOR, 0), (FLOOR + 1, 0), (FLOOR + 3, 0), (FLOOR + 4, 0)];
    let (facts, mut watched) = changed(FLOOR + 3, FLOOR);
    let resumed = but(started(FLOOR, FLOOR).1, |p| p.kept.signers = vec![KeyName::new("consensus")]);
    watched.observe(&facts, None);
    for progress in [&watched, &resumed] {
        assert_eq!(foreign(&facts, progress, &seen), [HEAD + 2, FLOOR, FLOOR + 4]);
    }
    // The new key has signed above the floor, which it was raised to, and no further than its mark.
    let (facts, mut progress) = changed(FLOOR + 3, FLOOR + 5);
    progress.observe(&facts, None);
    assert_eq!(foreign(&facts, &progress, &[(FLOOR + 5, 0), (FLOOR + 5, 1), (HEAD + 9, 0)]), [FLOOR + 5, HEAD + 9]);
    // A key that this device does not have is the other machine's.
    let (mut facts, mut progress) = changed(FLOOR + 3, FLOOR);
    progress.observe(&facts, None);
    facts.backup.device.as_mut().unwrap().value.keys.retain(|key| key.name != KeyName::new("consensus"));
    assert_eq!(foreign(&facts, &progress, &[(FLOOR + 1, 0)]), [FLOOR + 1]);
}

/// What this run has unlocked is at the floor too, though the chain does not expect it any more.
#[test]
fn s1_a_key_that_was_active_until_now_is_raised_with_the_others() {
    let (mut facts, mut progress) = changed(FLOOR - 8, FLOOR);
    facts.backup.services = known(stopped());
    facts.backup.guard = known(failover_core::facts::GuardState::Guarded);
    let device = &mut facts.backup.device.as_mut().unwrap().value;
    for key in device.keys.iter_mut().filter(|key| key.name != KeyName::new("consensus")) {
        key.marks = Some(marks(FLOOR));
    }
    progress.kept.started = None;
    progress.kept.signers = vec![KeyName::new("consensus")];
    let Verdict::Do(step) = verdict(&facts, &progress) else { panic!("no step") };
    let Step::Raise { keys, .. } = step.get() else { panic!("{step:?}") };
    assert!(keys.contains(&KeyName::new("consensus")), "{keys:?}");
    let armed: &mut Option<Marks> = &mut facts.backup.device.as_mut().unwrap().value.keys[1].marks;
    *armed = Some(marks(FLOOR));
    assert!(starts(&facts, &progress));
}

/// H8: refused before anything was touched; after that the fence goes on, and only what arms waits, with an end.
#[test]
fn h8_a_key_change_that_comes_near_in_the_middle_of_a_run_is_waited_for() {
    let near = |facts: &mut Facts, levels: u64| {
        let delegate = &mut facts.chain.delegate.as_mut().unwrap().value;
        delegate.keys.push(ExpectedKey { key: consensus(), role: KeyRole::Consensus, from_cycle: Some(1001) });
        delegate.levels_to_next_cycle = levels;
    };
    let mut before = facts();
    near(&mut before, 50);
    let untouched = verdict(&before, &Progress::default());
    assert_eq!(untouched, Verdict::Refuse(Refusal::KeyChange { levels: 50 }));
    // The primary is stopped first.
    before.primary.services = known(running());
    let go = but(prepared(), |p| (p.kept.noted, p.session.stopped_since) = (None, None));
    assert!(matches!(verdict(&before, &go), Verdict::Do(step) if *step.get() == Step::StopPrimary));
    let (mut facts, mut progress) = raised(FLOOR);
    near(&mut facts, 40);
    progress.observe(&facts, None);
    let wait = waits(verdict(&facts, &progress));
    assert_eq!((wait.why, wait.left), (WaitFor::KeyChange { levels: 40 }, Some(Duration::from_secs(240))));
    progress.session.key_change_since = Some(seconds_ago(500));
    assert_eq!(waits(verdict(&facts, &progress)).left, Some(Duration::from_secs(100)));
    progress.session.key_change_since = Some(seconds_ago(600));
    assert_eq!(verdict(&facts, &progress), Verdict::Refuse(Refusal::KeyChange { levels: 40 }));
    // It is over: the next look forgets it.
    near(&mut facts, 14_000);
    progress.observe(&facts, None);
    assert_eq!(progress.session.key_change_since, None);
}
