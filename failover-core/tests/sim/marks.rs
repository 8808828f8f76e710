//! B from what the primary's baker wrote down, in whole runs: exact, or head + 2 with the reason (S2, S3, S4).

use failover_core::decision::policy::MARKS;
use failover_core::decision::{Basis, Refusal, Step};
use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_sim::drill::{Cut, journal_of};
use failover_sim::scenario::{Scenario, named};
use failover_sim::{Event, MarkFileState, Side, WorldOptions};

use crate::support::{BOTH, Case, judge, name};

/// h, B, what B comes from, and the floor of the start.
#[derive(Debug)]
struct Noted {
    head: u64,
    bound: u64,
    basis: Basis,
    floor: u64,
}

fn noted(records: &[Record]) -> Option<Noted> {
    let done = |wanted: &'static str| move |r: &&Record| name(r) == format!("after {wanted}");
    let level = records.iter().find(done("note-level"))?;
    let Record::After { step: Step::NoteLevel { head, bound, basis: Some(basis) }, .. } = level else { return None };
    let start = records.iter().find(done("start"))?;
    let Record::After { step: Step::Start { floor, .. }, .. } = start else { return None };
    Some(Noted { head: head.get(), bound: bound.get(), basis: basis.clone(), floor: floor.get() })
}

fn spoiled(prepare: fn(&mut failover_sim::scenario::Stage<'_>), model: Model, seed: u64) -> Case {
    let world = |options: &mut WorldOptions| options.primary_programs = false;
    Case { scenario: Scenario { prepare, world, ..named("planned").unwrap().clone() }, model, seed }
}

/// A run that ends well; what it noted, and the highest level that the primary ever signed.
fn done(case: &Case) -> Result<(Noted, u64), String> {
    let (scratch, mut rehearsal) = case.rehearsal();
    let end = rehearsal.session(None).map_err(|e| e.to_string())?.clone();
    let records = journal_of(scratch.path()).unwrap();
    let highest = rehearsal.world().book().highest(&format!("the primary's {}", case.model)).ok_or("never signed")?;
    let alarms = rehearsal.finish().alarms;
    if end.exit != 0 || !alarms.is_empty() {
        return Err(format!("{case}: {} {}: {alarms:?}", end.exit, end.message));
    }
    Ok((noted(&records).ok_or("nothing noted, or no start")?, highest))
}

#[test]
fn b_is_what_the_primary_signed_last() {
    let cases: Vec<Case> = (1..=6).flat_map(|seed| BOTH.map(|model| Case::new("planned", model, seed))).collect();
    judge(&cases, |case| {
        let (noted, highest) = done(case)?;
        // Written before it asked: never below what was signed, and above only where the signer refused.
        let exact = matches!(&noted.basis, Basis::Marks { mark, .. } if mark.level.get() == noted.bound);
        if !exact || noted.bound != highest || noted.bound > noted.head + 1 || noted.floor < noted.head + 10 {
            return Err(format!("{case}: the primary signed {highest}: {noted:?}"));
        }
        Ok(())
    });
}

#[test]
fn what_proves_nothing_leaves_head_plus_two_and_says_why() {
    type Prepare = fn(&mut failover_sim::scenario::Stage<'_>);
    let spoils: [(Prepare, &str); 5] = [
        (|s| s.world.apply(Event::MarkFile(Side::Primary, MarkFileState::CutInHalf)), "cut off after"),
        (|s| s.world.apply(Event::MarkFile(Side::Primary, MarkFileState::OtherChain)), "another chain's"),
        (|s| s.world.apply(Event::MarkFile(Side::Primary, MarkFileState::Stale)), "not the baker's"),
        (|s| s.world.apply(Event::MarkFile(Side::Primary, MarkFileState::Absent)), "no mark file"),
        (
            |s| {
                // Left out by a person, the far future harms nobody.
                s.world.apply(Event::MarkFile(Side::Primary, MarkFileState::FarFuture));
                s.policy.without.push(MARKS.to_owned());
            },
            "left out",
        ),
    ];
    for (prepare, expected) in spoils {
        for model in BOTH {
            let case = spoiled(prepare, model, 3);
            let (noted, highest) = done(&case).unwrap();
            let Basis::Unseen { why } = &noted.basis else { panic!("{expected}: {noted:?}") };
            assert!(why.contains(expected), "{expected}: {why}");
            assert!(noted.bound == noted.head + 2 && noted.bound >= highest, "{noted:?} {highest}");
            assert!(noted.floor >= noted.bound + 10, "{noted:?}");
        }
    }
}

#[test]
fn s4_levels_in_the_far_future_are_refused_with_the_primary_untouched() {
    let case = Case::new("marks-far", Model::TezSign, 2);
    let (scratch, mut rehearsal) = case.rehearsal();
    let end = rehearsal.session(None).unwrap().clone();
    assert!(matches!(end.refusal, Some(Refusal::AbsurdMark { .. })), "{end:?}");
    assert!(end.exit == 3 && end.next.contains("--without marks"), "{end:?}");
    assert!(rehearsal.world().bakes(Side::Primary));
    let records = journal_of(scratch.path()).unwrap();
    assert!(!records.iter().any(|r| name(r) == "before stop-primary"));
}

/// The file was whole before the stop and is not after it: only the second reading counts.
#[test]
fn a_file_that_the_stop_cut_in_half_is_no_bound() {
    let case = spoiled(|_| {}, Model::TezSign, 4);
    let (scratch, mut rehearsal) = case.rehearsal();
    rehearsal.session(Some(Cut::When(|r| name(r) == "before stop-primary"))).unwrap();
    rehearsal.world().apply(Event::MarkFile(Side::Primary, MarkFileState::CutInHalf));
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    let noted = noted(&journal_of(scratch.path()).unwrap()).unwrap();
    assert!(matches!(&noted.basis, Basis::Unseen { why } if why.contains("cut off")), "{noted:?}");
}

/// S6: a resumed run keeps B, whatever the file says by then.
#[test]
fn b_is_kept_across_a_resume() {
    let case = Case::new("planned", Model::TezSign, 5);
    let (scratch, mut rehearsal) = case.rehearsal();
    rehearsal.session(Some(Cut::When(|r| name(r) == "after note-level"))).unwrap();
    rehearsal.world().apply(Event::MarkFile(Side::Primary, MarkFileState::CutInHalf));
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    let records = journal_of(scratch.path()).unwrap();
    assert_eq!(records.iter().filter(|r| name(r) == "after note-level").count(), 1);
    assert!(matches!(noted(&records).unwrap().basis, Basis::Marks { .. }));
}

#[test]
fn an_old_journal_without_a_basis_is_still_read() {
    let old = r#"{"record":"after","number":4,"step":"note-level","head":15000000,"bound":15000002,"result":"done"}"#;
    let record: Record = serde_json::from_str(old).unwrap();
    let Record::After { step: Step::NoteLevel { head, bound, basis }, .. } = &record else { panic!("{record:?}") };
    assert_eq!((head.get(), bound.get(), basis), (15_000_000, 15_000_002, &None));
    assert_eq!(serde_json::to_value(&record).unwrap(), serde_json::from_str::<serde_json::Value>(old).unwrap());
    let refusal: Refusal = serde_json::from_str(r#"{"code":"protocol-change"}"#).unwrap();
    assert_eq!(refusal, Refusal::ProtocolChange { passed: false });
}
