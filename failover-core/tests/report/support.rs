//! Journals of rehearsals, and what they are changed to.

use std::sync::{Arc, Mutex};

use failover_core::journal::record::Record;
use failover_core::journal::{self, Entry};
use failover_core::report::Report;
use failover_core::signer::Model;
use failover_sim::Pace;
use failover_sim::drill::{DrillOptions, Watcher, drill};
use failover_sim::scenario::named;

pub(crate) const BOTH: [Model; 2] = [Model::TezSign, Model::Ledger];

/// The records of a scenario's run, all sessions, read from its journal.
pub(crate) fn records(scenario: &str, model: Model) -> Vec<Entry<Record>> {
    let scratch = tempfile::tempdir().unwrap();
    let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
    let options = DrillOptions { model, seed: 7, pace: Pace::Fast };
    let drilled = drill(named(scenario).expect("a scenario"), &options, scratch.path(), &watcher).unwrap();
    journal::read(&drilled.journal.expect("a journal")).unwrap().entries
}

pub(crate) fn report(scenario: &str, model: Model) -> Report {
    Report::of(&records(scenario, model), None)
}

/// Where in a text these stand, one after the other; fails at the first that does not.
pub(crate) fn in_order<'a>(page: &str, wanted: impl IntoIterator<Item = &'a str>) {
    let mut from = 0;
    for text in wanted {
        let found = page[from..].find(text).unwrap_or_else(|| panic!("{text:?} is not there, or too early"));
        from += found + text.len();
    }
}
