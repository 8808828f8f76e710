//! The primary is stopped, and what takes the run up again finds this machine not ready: a person mends that, and the run
//! goes on. It is not over.

use failover_core::decision::{Refusal, Step};
use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_sim::drill::{Cut, journal_of};
use failover_sim::ledger::{LedgerSim, Person};
use failover_sim::{Event, Side, World};

use crate::support::{BOTH, Case, name};

/// What is wrong, and what a person does about it.
type Unready = (&'static str, fn(&World), fn(&World));

const ANY: &[Unready] = &[
    ("unplugged", |w| w.apply(Event::Unplug(Side::Backup)), |w| w.apply(Event::Plug(Side::Backup))),
    ("services unknown", |w| w.apply(Event::Unreachable(Side::Backup)), |w| w.apply(Event::Reachable(Side::Backup))),
];
const LEDGER: &[Unready] = &[
    (
        "locked",
        |w| w.ledger(Side::Backup).unwrap().lock().lock(true),
        |w| {
            w.ledger(Side::Backup).unwrap().lock().lock(false);
        },
    ),
    (
        "another app",
        |w| w.ledger(Side::Backup).unwrap().lock().open_app(Some("Bitcoin")),
        |w| {
            w.ledger(Side::Backup).unwrap().lock().open_app(None);
        },
    ),
];

#[test]
fn s18_what_is_not_ready_at_a_resume_is_mended_and_the_run_goes_on() {
    for model in BOTH {
        for (what, spoil, mend) in ANY.iter().chain(if model == Model::Ledger { LEDGER } else { &[] }) {
            let case = Case::new("planned", model, 4);
            let (scratch, mut rehearsal) = case.rehearsal();
            let cut = rehearsal.session(Some(Cut::When(|r| name(r) == "after stop-primary"))).unwrap();
            assert_eq!(cut.exit, 6, "{case}: {cut:?}");
            spoil(rehearsal.world());
            // As often as it is tried.
            for _ in 0..2 {
                let end = rehearsal.session(None).unwrap().clone();
                assert_eq!(end.exit, 4, "{case}, {what}: {end:?}");
                assert!(matches!(end.refusal, Some(Refusal::NotReady { .. })), "{case}, {what}: {end:?}");
                assert!(end.may_be_resumed(), "{case}, {what}: {end:?}");
                assert!(end.next.contains("`failover resume`"), "{case}, {what}: {}", end.next);
                assert!(end.next.contains("`failover return`"), "{case}, {what}: {}", end.next);
            }
            mend(rehearsal.world());
            let end = rehearsal.session(None).unwrap().clone();
            assert_eq!(end.exit, 0, "{case}, {what}: {end:?}");
            assert!(rehearsal.finish().alarms.is_empty(), "{case}, {what}");
            drop(scratch);
        }
    }
}

/// Before the first step nothing is there to go on with.
#[test]
fn s18_a_run_that_was_never_ready_is_over() {
    for model in BOTH {
        let case = Case::new("planned", model, 4);
        let (_scratch, mut rehearsal) = case.rehearsal();
        rehearsal.world().apply(Event::Unplug(Side::Backup));
        let end = rehearsal.session(None).unwrap().clone();
        assert!(end.exit == 4 && !end.may_be_resumed(), "{case}: {end:?}");
        assert!(rehearsal.world().bakes(Side::Primary), "{case}");
    }
}

/// Up to the prompt and 5 minutes more, in which nobody comes.
#[test]
fn h10_a_prompt_that_nobody_answers_is_named_first_and_resumed_once_it_is_gone() {
    for late in [LedgerSim::press, LedgerSim::reject] {
        let case = Case::new("planned", Model::Ledger, 4);
        let (_scratch, mut rehearsal) = case.rehearsal();
        let ledger = rehearsal.world().ledger(Side::Backup).unwrap();
        ledger.lock().attend(false);
        let end = rehearsal.session(None).unwrap().clone();
        assert!(end.exit == 1 && end.may_be_resumed(), "{case}: {end:?}");
        assert!(
            end.next.starts_with("reject the prompt on the Ledger's screen, then run `failover resume`"),
            "{end:?}"
        );
        // It still stands.
        let end = rehearsal.session(None).unwrap().clone();
        assert!(end.exit == 4 && end.may_be_resumed(), "{case}: {end:?}");
        assert!(late(&mut ledger.lock()));
        ledger.lock().attend(true);
        let end = rehearsal.session(None).unwrap().clone();
        assert_eq!(end.exit, 0, "{case}: {end:?}");
        assert!(rehearsal.finish().alarms.is_empty());
    }
}

/// Whoever said no at the buttons is not asked again a second later, nor for more levels.
#[test]
fn h10_a_rejection_ends_the_run_and_costs_no_levels() {
    let case = Case::new("planned", Model::Ledger, 4);
    let (scratch, mut rehearsal) = case.rehearsal();
    let ledger = rehearsal.world().ledger(Side::Backup).unwrap();
    ledger.lock().script([Person::Rejects]);
    let end = rehearsal.session(None).unwrap().clone();
    assert!(end.exit == 1 && end.may_be_resumed(), "{case}: {end:?}");
    assert!(end.next.starts_with("run `failover resume` to be asked at the Ledger again"), "{end:?}");
    let end = rehearsal.session(None).unwrap().clone();
    assert_eq!(end.exit, 0, "{case}: {end:?}");
    let floors: Vec<(u64, u64)> = journal_of(scratch.path())
        .unwrap()
        .iter()
        .filter_map(|record| match record {
            Record::Before { step: Step::Authorize { floor, cap, .. }, .. } => Some((floor.get(), cap.level().get())),
            _ => None,
        })
        .collect();
    let [(first, head), (second, later)] = floors[..] else { panic!("{case}: asked {floors:?}") };
    assert!(second - first <= later - head, "{case}: {floors:?}");
}
