//! S1, S2, S3, S8 over many random worlds: whatever is known and whatever happened, a start never comes too early.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{Noted, Progress, Statement, Step, Verdict, decide, fence, foreign};
use failover_core::facts::{Arming, Facts, GuardState, OtherSource, Power, Standing, SyncState, reached};
use failover_core::tezos::{Kind, Level};

use crate::dice::Dice;
use crate::world::*;

fn ago(seconds: u64) -> Timestamp {
    Timestamp::from_millis(now().millis() - i64::try_from(seconds * 1000).expect("small"))
}

fn random_facts(dice: &mut Dice) -> Facts {
    let mut facts = facts();
    if dice.one_in(20) {
        facts.chain.head = unknown();
    } else {
        facts.chain.head.as_mut().unwrap().value.timestamp = ago(dice.roll(40));
    }
    match dice.roll(30) {
        0 => facts.chain.others.clear(),
        1 => facts.chain.others = vec![other("tzkt", HEAD - 3, Standing::Behind { by: 3 })],
        4 => facts.chain.second = unknown(),
        5 => facts.chain.others.push(other("a node", HEAD + 3, Standing::Ahead { by: 3 })),
        6 => facts.primary.power = known(Power::Off),
        2 => facts.chain.sync = known(SyncState::Unsynced),
        3 => facts.chain.activity = unknown(),
        7 => facts.chain.delegate = unknown(),
        _ => {}
    }
    if facts.chain.activity.is_ok() {
        let last = HEAD - 3;
        activity(&mut facts).settled = quiet(HEAD - 6 + dice.roll(3), last);
        if dice.one_in(8) {
            let kind = Kind::ALL[dice.roll(3) as usize];
            let at = HEAD - 6 + dice.roll(12);
            activity(&mut facts).recent.push(signed(kind, at, dice.roll(2) as u32));
        }
    }
    match dice.roll(8) {
        0 => facts.primary.services = unknown(),
        1 => facts.primary.services = known(running()),
        _ => {}
    }
    if dice.one_in(8) {
        facts.primary.restart_delay = unknown();
    }
    facts.backup.services = if dice.one_in(20) { known(running()) } else { known(stopped()) };
    facts.backup.guard = match dice.roll(8) {
        0 => known(GuardState::Lifted),
        1 => unknown(),
        _ => known(GuardState::Guarded),
    };
    let arming = [Arming::Disarmed, Arming::Corrupted, Arming::Armed][(dice.roll(12) as usize).min(2)];
    let shown = (arming == Arming::Armed).then(|| marks(HEAD - 2 + dice.roll(14)));
    facts.backup.device = if dice.one_in(12) { unknown() } else { known(device(arming, shown)) };
    facts
}

fn random_progress(dice: &mut Dice) -> Progress {
    let mut progress = prepared();
    progress.session.armed = !dice.one_in(4);
    progress.kept.proceed = !dice.one_in(10);
    progress.session.fenced_self = !dice.one_in(10);
    progress.session.passphrase = !dice.one_in(10);
    progress.session.holding = !dice.one_in(10);
    progress.session.floor = Level::new(HEAD - 2 + dice.roll(14)).filter(|_| !dice.one_in(3));
    progress.session.stopped_since = (!dice.one_in(4)).then(|| ago(15 + dice.roll(60)));
    progress.kept.statements.clear();
    if !dice.one_in(3) {
        progress.kept.statements.insert(Statement::Disconnected, ago(dice.roll(1000)));
    }
    if dice.one_in(5) {
        progress.kept.noted = None;
    } else {
        progress.kept.noted = Some(Noted { head: level(HEAD - 8), bound: level(HEAD - 7 + dice.roll(4)) });
    }
    if dice.one_in(8) {
        progress.session.silent_above = Some(level(HEAD - 4));
    }
    progress
}

#[test]
fn a_start_is_approved_only_behind_a_whole_fence_with_every_mark_at_the_floor() {
    let mut dice = Dice(0x5eed);
    let (mut starts, mut arms) = (0, 0);
    for _ in 0..100_000 {
        let (facts, progress) = (random_facts(&mut dice), random_progress(&mut dice));
        let policy = policy();
        let verdict = decide(&facts, &policy, &progress);
        let Verdict::Do(approved) = &verdict else { continue };
        match approved.get() {
            Step::Start { floor, .. } => {
                starts += 1;
                let fence = fence(&facts, &policy, &progress);
                assert!(fence.approved, "S1: {fence:?}");
                assert!(fence.silence.silent >= fence.silence_needed, "{fence:?}");
                let device = &facts.backup.device.as_ref().expect("S3").value;
                for key in &device.keys {
                    assert_eq!(key.arming, Arming::Armed);
                    assert!(key.marks.is_some_and(|m| reached(&m, *floor)), "S1: {key:?} below {floor}");
                }
                let head = &facts.chain.head.as_ref().expect("S3").value;
                assert!(now().since(head.timestamp) <= Duration::from_secs(30), "S3: a stale head");
                assert!(*floor >= head.level.above(4), "S2: {floor} does not lead {}", head.level);
                let bound = progress.kept.noted.expect("a start without B").bound;
                assert!(*floor >= bound.above(2), "S2: {floor} is not above {bound}");
                assert!(foreign(&facts, &progress).certain.is_empty(), "S8");
                assert!(facts.chain.activity.is_ok() && facts.chain.delegate.is_ok());
                let others = &facts.chain.others;
                assert!(others.iter().any(OtherSource::agrees) && others.len() == 1, "S15: {others:?}");
                let off = facts.primary.power.is_ok() && facts.primary.services.is_ok();
                assert!(!off, "H38: it answers, and its power is off");
                assert!(
                    progress.kept.proceed && progress.session.passphrase && progress.session.fenced_self,
                    "S1, S1a"
                );
            }
            Step::Unlock { .. } | Step::Raise { .. } => {
                arms += 1;
                assert!(progress.session.holding, "S1b: unlocked without the sign interface held");
                assert!(progress.session.passphrase && progress.session.fenced_self, "S1, S1a");
                assert!(progress.word(facts.now).is_some(), "S1: armed before anybody spoke");
            }
            _ => {}
        }
    }
    assert!(starts > 100 && arms > 1000, "the worlds are too wild to say anything: {starts} starts, {arms} arms");
}

#[test]
fn raises_stay_between_the_floor_and_the_cap() {
    let mut dice = Dice(0xcafe);
    let mut raises = 0;
    for _ in 0..100_000 {
        let (facts, progress) = (random_facts(&mut dice), random_progress(&mut dice));
        let Verdict::Do(approved) = decide(&facts, &policy(), &progress) else { continue };
        if let Step::Raise { floor, cap, .. } = approved.get() {
            raises += 1;
            let bound = progress.kept.noted.expect("B").bound;
            assert!(*floor <= cap.level() && cap.level() == level(HEAD + 100), "S4: {floor} {cap}");
            if progress.session.floor.is_none() {
                for signed in facts.chain.activity.as_ref().expect("known").value.all() {
                    assert!(*floor >= signed.at.level.above(2), "S2: below {signed:?}");
                }
                assert!(*floor >= bound.above(10).max(level(HEAD + 10)), "S2: {floor}");
            }
        }
    }
    assert!(raises > 1000, "{raises}");
}
