//! How runs end: done, refused, a duplicate, taken up again; and what the levels, marks and rungs are then.

use failover_core::decision::{Basis, NonceOutcome, Path};
use failover_core::journal::record::{Record, StepResult};
use failover_core::report::{PointOf, Report};
use failover_core::signer::Model;
use failover_core::tezos::Kind;

use crate::support::{BOTH, in_order, records, report};

#[test]
fn a_planned_failover_is_told_whole() {
    for model in BOTH {
        let entries = records("planned", model);
        let report = Report::of(&entries, None);
        let end = report.end.clone().expect("an end");
        let resumed = end.resumed.clone().expect("the proof");
        assert_eq!((end.exit, report.path), (0, Some(Path::Controlled)));
        assert_eq!(report.next, end.next);
        let levels = &report.levels;
        assert_eq!(levels.floor, Some(resumed.floor));
        assert_eq!(levels.backup, Some(resumed.first.clone()));
        assert_eq!(levels.last_head, resumed.head);
        let (head, bound) = (levels.head.unwrap(), levels.bound.unwrap());
        assert!(bound <= head.above(2) && resumed.floor > bound, "{levels:?}");
        assert!(matches!(levels.basis, Some(Basis::Marks { .. })), "the stopped primary's file is exact");
        assert!(!levels.primary.is_empty() && levels.primary.iter().all(|s| s.at.level <= bound), "{levels:?}");
        assert_eq!(levels.quarantine(), Some((bound.above(1), resumed.floor.below(1).unwrap())));
        // Every key that was raised, from what it was to what was read back.
        let keys = if model == Model::TezSign { 2 } else { 1 };
        assert_eq!(report.marks.len(), keys);
        for key in &report.marks {
            for kind in Kind::ALL {
                let (before, after) = (key.before.of(kind).0.unwrap(), key.after.of(kind).0.unwrap());
                assert!(before.level < after.level && after.level >= resumed.floor, "{key:?}");
            }
        }
        assert!(report.fence.iter().filter(|proof| proof.rung.proven).count() >= 3, "{:?}", report.fence);
        assert!(report.fence.iter().all(|proof| proof.rung.proven == proof.since.is_some()));
        assert!(matches!(report.nonces, Some(NonceOutcome::Merged(_))));
        assert_eq!((&report.warnings, levels.unknown()), (&Vec::new(), Vec::new()));
        let command = end.next.split('`').nth(1).expect("a command");
        for page in [report.markdown(), report.html()] {
            in_order(&page, [command, &bound.grouped(), &resumed.floor.grouped()]);
            for key in &report.marks {
                assert!(page.contains(&key.after.block.grouped()), "the mark read back");
            }
        }
    }
}

#[test]
fn the_cost_is_counted_between_the_primary_and_the_backup() {
    let report = report("planned", Model::TezSign);
    let (Some(first), Some(bound)) = (&report.levels.backup, report.levels.bound) else { panic!() };
    // The baker has rights at every level here: all between the two had no vote.
    let between = first.at.level.since(bound) - 1;
    let voted = u64::from(first.kind != Kind::Attestation);
    let unvoted = report.cost.unvoted.expect("counted");
    assert!(unvoted <= between && unvoted + voted >= between, "{unvoted} of {between}");
    assert!(report.cost.blocks().is_some_and(|blocks| blocks.get() > 0));
    assert!(report.cost.stopped < report.cost.resumed);
}

#[test]
fn an_emergency_says_whose_word_it_stands_on() {
    for model in BOTH {
        let report = report("emergency", model);
        assert_eq!((report.path, report.end.as_ref().unwrap().exit), (Some(Path::Uncontrolled), 0));
        assert!(report.warnings.iter().any(|w| w.contains("a person's word")), "{:?}", report.warnings);
        assert!(report.timeline.iter().any(|e| e.text == "asked: the primary's signer is unplugged: yes"));
        assert_eq!(report.levels.bound, report.levels.head.map(|head| head.above(2)));
        assert_eq!(report.cost.stopped, None, "when it died is not known");
        assert_eq!(report.cost.blocks(), None);
    }
}

#[test]
fn a_refusal_says_why_and_what_is_next_and_draws_no_floor() {
    for model in BOTH {
        let report = report("h4", model);
        let end = report.end.clone().unwrap();
        assert_eq!((end.exit, report.levels.backup.is_none(), report.started), (3, true, None));
        // H4: what it was refused for is drawn.
        let still = report.levels.points().into_iter().find(|p| p.what.starts_with("THE PRIMARY STILL SIGNED"));
        assert!(still.is_some_and(|point| point.level > report.levels.bound.unwrap()));
        assert!(report.levels.unknown().contains(&"the backup's first signature"));
        let page = report.markdown();
        in_order(&page, ["refused", "**Next:** "]);
        assert!(page.contains("unknown"));
        if report.levels.floor.is_none() {
            assert!(report.levels.points().iter().all(|point| point.whose != PointOf::Backup), "nothing of the backup");
            assert!(report.marks.is_empty() && page.contains("No mark was raised and read back."));
        }
    }
}

#[test]
fn a_duplicate_is_drawn_as_another_machines() {
    for model in BOTH {
        for scenario in ["h3", "h3-after"] {
            let entries = records(scenario, model);
            let report = Report::of(&entries, None);
            let seen = entries.iter().find_map(|e| match &e.record {
                Record::Duplicate { signed, .. } => Some(signed.clone()),
                _ => None,
            });
            assert_eq!(Some(&report.levels.foreign), seen.as_ref(), "{scenario}");
            assert_eq!(report.end.as_ref().unwrap().exit, 5);
            let points = report.levels.points();
            for signed in report.levels.foreign.iter().chain(&report.levels.shared).take(2) {
                let words = format!("{} {:#}, seen in {}", signed.kind, signed.at, signed.seen_in);
                let drawn = points.iter().find(|p| p.what.contains(&words)).expect("it is drawn");
                assert_eq!((drawn.whose, drawn.level), (PointOf::Foreign, signed.at.level), "{scenario}");
            }
            assert_eq!(report.levels.shared.is_empty(), scenario == "h3", "{scenario}: the backup had started or not");
            let html = report.html();
            assert!(html.contains("verdict danger") && html.contains("ANOTHER MACHINE signed"), "{scenario}");
            in_order(&report.markdown(), ["another machine signs", "failover clear", "**ALARM:**"]);
        }
    }
}

#[test]
fn a_run_that_was_taken_up_again_has_all_its_sessions() {
    for model in BOTH {
        let entries = records("h9", model);
        let report = Report::of(&entries, None);
        let resumed = entries.iter().filter(|e| matches!(e.record, Record::Resume { .. })).count();
        assert!(resumed >= 1);
        assert_eq!(report.sessions.len(), resumed + 1);
        let (last, cut) = report.sessions.split_last().unwrap();
        assert!(cut.iter().all(|session| session.end.is_none()), "a process that died says nothing");
        assert!(last.resumed && last.end == report.end);
        assert_eq!(report.end.as_ref().unwrap().exit, 0);
        assert!(report.warnings.iter().any(|w| w.contains("broke off without an end")), "{:?}", report.warnings);
        // B takes its first value once and keeps it.
        let first = entries.iter().find_map(|e| match &e.record {
            Record::After {
                step: failover_core::decision::Step::NoteLevel { bound, .. },
                result: StepResult::Done { .. },
                ..
            } => Some(*bound),
            _ => None,
        });
        assert_eq!(report.levels.bound, first);
    }
}
