//! One exchange goes wrong, each in turn.

use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_sim::drill::{Cut, journal_of};
use failover_sim::{Burst, Edge, Mishap};

use crate::support::{Case, judge};

fn locked(record: &Record) -> bool {
    matches!(record, Record::After { step, .. } if step.name() == "disarm-primary")
}

/// The guard's note on the primary names this machine, whatever went wrong when it was asked for its name; else the run
/// takes it for another machine's claim and ends with exit 7 (S7).
#[test]
fn an_answer_of_the_backups_machine_that_is_lost_makes_nobody_a_stranger() {
    let exchanges: Vec<u64> = (0..60).collect();
    judge(&exchanges, |from| {
        let case = Case::new("nobody-there", Model::TezSign, 4);
        let (_scratch, mut rehearsal) = case.rehearsal();
        rehearsal.spoil(vec![Burst { edge: Edge::Backup, from: *from, count: 1, mishap: Mishap::Dropped }]);
        let end = rehearsal.session(Some(Cut::When(locked))).map_err(|e| e.to_string())?;
        // Before anything was done it is not ready; else it comes to where it is cut.
        if [4, 6].contains(&end.exit) { Ok(()) } else { Err(format!("exchange {from}: {}: {}", end.exit, end.message)) }
    });
}

/// Where not even the beginning could be written down, nothing is: a journal without a beginning cannot be taken up
/// again, and what it would remember (B) is lost.
#[test]
fn a_journal_begins_with_a_beginning() {
    let case = Case::new("planned", Model::TezSign, 4);
    let (scratch, mut rehearsal) = case.rehearsal();
    rehearsal.spoil(vec![Burst { edge: Edge::Journal, from: 0, count: 1, mishap: Mishap::Dropped }]);
    let end = rehearsal.session(None).unwrap();
    assert_eq!((end.exit, end.next.as_str()), (6, "make room on the disk, then try again"), "nothing can be resumed");
    assert_eq!(journal_of(scratch.path()).unwrap(), []);
    let noted = |record: &Record| matches!(record, Record::After { step, .. } if step.name() == "note-level");
    assert_eq!(rehearsal.session(Some(Cut::When(noted))).unwrap().exit, 6);
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    let records = journal_of(scratch.path()).unwrap();
    let begun = records.iter().filter(|record| matches!(record, Record::Begin { .. })).count();
    let resumed = records.iter().filter(|record| matches!(record, Record::Resume { .. })).count();
    assert_eq!((begun, resumed), (1, 1));
}

/// A disk that is full later: the run can be taken up again, and that is said once.
#[test]
fn a_full_disk_in_the_middle_says_how_to_go_on() {
    let case = Case::new("planned", Model::TezSign, 4);
    let (_scratch, mut rehearsal) = case.rehearsal();
    rehearsal.spoil(vec![Burst { edge: Edge::Journal, from: 20, count: 2, mishap: Mishap::Dropped }]);
    let end = rehearsal.session(None).unwrap();
    let next = "make room on the disk, then try again: `failover resume` goes on from what is written down";
    assert_eq!((end.exit, end.next.as_str()), (6, next), "{end:?}");
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
}
