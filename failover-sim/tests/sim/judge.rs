//! What judges the records of a run: a step whose end is not written down was cut off, or the run goes on without it.

use std::time::Duration;

use failover_core::decision::{Step, WaitFor, Waiting};
use failover_core::journal::record::Record;
use failover_core::tezos::Level;
use failover_sim::judge::{Told, in_order};

fn waits(head: Option<Level>) -> Record {
    let why = WaitFor::Known { what: "an unlock was not answered".to_owned() };
    Record::Wait { head, waiting: Waiting { why, left: Some(Duration::from_secs(30)) } }
}

fn verdict(after: Vec<Record>) -> Result<(), String> {
    let begun = Record::Before { number: 0, step: Step::TakePermit };
    in_order(&[vec![begun], after].concat(), Told::Either, false)
}

#[test]
fn what_follows_a_step_that_was_cut_off_only_disarms() {
    let resumed = || Record::Resume { version: "0".to_owned(), locks: Vec::new() };
    let disarmed = || Record::Disarmed { proven: true, what: Vec::new() };
    assert_eq!(verdict(vec![]), Ok(()));
    assert_eq!(verdict(vec![waits(None), disarmed(), resumed()]), Ok(()));
    for wrong in [
        // It looked at the chain again: the run goes on, and what came of the step is nowhere.
        vec![waits(Some(Level::FIRST)), resumed()],
        vec![Record::Before { number: 0, step: Step::GuardBackup }],
    ] {
        assert!(verdict(wrong.clone()).is_err_and(|why| why.contains("neither")), "{wrong:?}");
    }
}
