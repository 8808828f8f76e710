//! How a run may end: only with a baker that may bake and misses no more levels.

use std::time::Duration;

use failover_core::clock::Clock;
use failover_core::decision::Step;
use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_core::state::{Latch, StateDir};
use failover_sim::drill::{Cut, journal_of};
use failover_sim::scenario::{Scenario, named};
use failover_sim::{Event, SIGNER_UNIT, Side, TEZSIGN_UNIT};

use crate::support::{BOTH, Case, harmless, judge, name};

#[test]
fn a_denunciation_after_the_start_stops_the_backup_and_keeps_it_stopped() {
    for model in BOTH {
        let case = Case::new("denounced", model, 3);
        let (scratch, mut rehearsal) = case.rehearsal();
        let end = rehearsal.session(None).unwrap().clone();
        let records = journal_of(scratch.path()).unwrap();
        let shown: Vec<String> = records.iter().map(name).collect();
        assert!(shown.iter().any(|r| r == "after start"), "{case}: {shown:?}");
        assert!(end.exit == 5 && end.message.contains("denounced after the start"), "{case}: {end:?}");
        harmless(rehearsal.world(), scratch.path()).unwrap();
        let state = StateDir::existing(scratch.path()).unwrap();
        assert!(matches!(state.latch(), Latch::Latched(_)), "{case}");
    }
}

#[test]
fn a_denunciation_before_the_start_is_refused() {
    for model in BOTH {
        let scenario = Scenario { prepare: |s| s.world.apply(Event::Denounce), ..named("planned").unwrap().clone() };
        let case = Case { scenario, model, seed: 3 };
        let (scratch, mut rehearsal) = case.rehearsal();
        let end = rehearsal.session(None).unwrap().clone();
        assert!(end.exit == 3 && end.message.contains("is denounced on chain"), "{case}: {end:?}");
        assert!(rehearsal.world().bakes(Side::Primary), "{case}: the primary was touched");
        let state = StateDir::existing(scratch.path()).unwrap();
        assert!(matches!(state.latch(), Latch::Open), "{case}");
    }
}

/// Killed right after the keys were armed; the session that takes it up is refused before
/// its first step, and leaves no key that can sign all the same (S12).
#[test]
fn what_a_killed_session_left_armed_is_disarmed_though_the_next_is_refused_at_once() {
    for model in BOTH {
        let cuts: &[fn(&Record) -> bool] = match model {
            Model::TezSign => &[|r| name(r) == "after unlock", |r| name(r) == "after raise"],
            _ => &[|r| name(r) == "after authorize"],
        };
        for cut in cuts {
            let case = Case::new("planned", model, 5);
            let (scratch, mut rehearsal) = case.rehearsal();
            assert_eq!(rehearsal.session(Some(Cut::When(*cut))).unwrap().exit, 6, "{case}");
            let left = harmless(rehearsal.world(), scratch.path());
            assert!(left.is_err(), "{case}: nothing was left armed, so this shows nothing");
            rehearsal.world().apply(Event::WrongChain);
            assert_eq!(rehearsal.session(None).unwrap().exit, 3, "{case}");
            harmless(rehearsal.world(), scratch.path()).unwrap();
        }
    }
}

/// The end says how many levels were missed, and from then on it is no more.
#[test]
fn a_run_that_is_done_misses_no_more_levels() {
    let cases: Vec<Case> = (1..=4).flat_map(|seed| BOTH.map(|model| Case::new("planned", model, seed))).collect();
    judge(&cases, |case| {
        let (_scratch, mut rehearsal) = case.rehearsal();
        let end = rehearsal.session(None).map_err(|e| e.to_string())?.clone();
        let missed = end.resumed.as_ref().and_then(|resumed| resumed.missed_levels).ok_or(end.message)?;
        if missed < 5 {
            return Err(format!("{case}: {missed} missed: what was silent until the floor was missed"));
        }
        rehearsal.world().clock().sleep(Duration::from_secs(60));
        let (facts, _) = rehearsal.look().map_err(|e| e.to_string())?;
        match facts.chain.delegate.map(|seen| seen.value.missed_levels) {
            Ok(Some(now)) if now == missed => Ok(()),
            now => Err(format!("{case}: {missed} missed at the end, {now:?} a minute later")),
        }
    });
}

/// The backup votes and then its signer's service stops: a signature on chain alone is no success. The session that takes
/// the run up again sees level after level missed, and does all again, from S1a on.
#[test]
fn votes_that_come_to_an_end_are_no_success() {
    for model in BOTH {
        let case = Case::new("planned", model, 2);
        let (scratch, mut rehearsal) = case.rehearsal();
        rehearsal.session(Some(Cut::When(|r| name(r) == "after start"))).unwrap();
        let floor = journal_of(scratch.path()).unwrap().iter().find_map(|r| match r {
            Record::Before { step: Step::Start { floor, .. }, .. } => Some(floor.get()),
            _ => None,
        });
        let world = rehearsal.world().clone();
        while world.head_level().get() < floor.unwrap() + 3 {
            world.clock().sleep(Duration::from_millis(500));
        }
        let voted = world.book().highest(&format!("the backup's {model}"));
        assert!(voted > floor, "{case}: the backup signed nothing above {floor:?}: {voted:?}");
        for unit in [TEZSIGN_UNIT, SIGNER_UNIT] {
            world.exec(Side::Backup, &["systemctl", "stop", unit]).unwrap();
        }
        let end = rehearsal.session(None).unwrap().clone();
        let records = journal_of(scratch.path()).unwrap();
        let starts = records.iter().filter(|r| name(r) == "after start").count();
        assert_eq!((end.exit, starts), (0, 2), "{case}: {end:?}");
        let again = end.resumed.map(|resumed| resumed.floor.get());
        assert!(again > voted, "{case}: {again:?} is not above {voted:?}, which the backup had signed");
        assert!(rehearsal.finish().alarms.is_empty());
    }
}

/// The backup's marks lie far above the floor: it is not raised, signs nothing until then, and the run waits for it.
#[test]
fn marks_far_above_the_floor_are_waited_for() {
    for model in BOTH {
        let scenario = Scenario {
            prepare: |s| s.world.set_marks(Side::Backup, s.world.head_level().get() + 63),
            ..named("planned").unwrap().clone()
        };
        let case = Case { scenario, model, seed: 3 };
        let (scratch, mut rehearsal) = case.rehearsal();
        let end = rehearsal.session(None).unwrap().clone();
        let records: Vec<String> = journal_of(scratch.path()).unwrap().iter().map(name).collect();
        assert_eq!(end.exit, 0, "{case}: {}\n{records:?}", end.message);
        let resumed = end.resumed.unwrap();
        assert!(resumed.first.at.level.get() > resumed.floor.get() + 30, "{case}: {resumed:?}");
        assert!(rehearsal.finish().alarms.is_empty());
    }
}
