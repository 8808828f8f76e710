//! What each effect of a run asks of a TezSign, as the handbook's table has it: every request is felt over USB.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_core::signer::tezsign::Interface;
use failover_sim::drill::{DrillOptions, Rehearsal, Watcher};
use failover_sim::tezsign::TezSignSim;
use failover_sim::{Pace, Side, World};

use crate::support::{Case, name, scratch};

const TABLE: &str = include_str!("../../../docs/devices.md");
/// The steps of a run that ask the backup's device for something, and nobody else does meanwhile.
const STEPS: [&str; 4] = ["disarm-backup", "prove-passphrase", "unlock", "raise"];

#[derive(Default)]
struct Seen {
    world: Option<World>,
    asked: BTreeMap<String, Vec<&'static str>>,
}

impl Seen {
    fn hear(&mut self, record: &Record) {
        let Some(gadget) = self.world.as_ref().and_then(|world| world.gadget(Side::Backup)) else { return };
        let asked = gadget.with(TezSignSim::take_asked);
        if let Some(step) = name(record).strip_prefix("after ") {
            let managed = asked.into_iter().filter(|(interface, _)| *interface == Interface::Management);
            self.asked.insert(step.to_owned(), managed.map(|(_, what)| what).collect());
        }
    }
}

/// A row: openings, requests, which.
fn row(what: &str, asked: &[&str]) -> String {
    let requests: Vec<&str> = asked.iter().copied().filter(|what| *what != "open").collect();
    let openings = asked.len() - requests.len();
    format!("| {what} | {openings} | {} | {} |", requests.len(), requests.join(", "))
}

#[test]
fn each_effect_asks_what_the_table_says() {
    let (scratch, seen) = (scratch(), Arc::new(Mutex::new(Seen::default())));
    let hears = seen.clone();
    let watcher: Watcher = Arc::new(Mutex::new(move |_, record: &Record| hears.lock().unwrap().hear(record)));
    let case = Case::new("planned", Model::TezSign, 1);
    let options = DrillOptions { model: case.model, seed: case.seed, pace: Pace::Fast };
    let mut run = Rehearsal::new(&case.scenario, &options, scratch.path(), &watcher).unwrap();
    seen.lock().unwrap().world = Some(run.world().clone());
    assert_eq!(run.session(None).unwrap().exit, 0);
    let seen = seen.lock().unwrap();
    let rows = STEPS.map(|step| row(&format!("a run: `{step}`"), &seen.asked[step]));
    let missing: Vec<&String> = rows.iter().filter(|row| !TABLE.lines().any(|line| line == *row)).collect();
    assert!(missing.is_empty(), "rows that the table does not have: {missing:#?}");
}
