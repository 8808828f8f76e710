//! Every scenario, with both signers and several seeds.

use failover_core::decision::Quarantine;
use failover_core::journal::record::Record;
use failover_sim::drill::journal_of;
use failover_sim::judge::{Told, in_order};
use failover_sim::scenario::scenarios;

use crate::support::{BOTH, Case, harmless, judge, name, wanted};

/// Runs a scenario as `failover drill` does, and judges its end and its records.
fn ends_as_it_says(case: &Case) -> Result<(), String> {
    let (scratch, drilled) = case.drill();
    let records = journal_of(scratch.path()).unwrap();
    let shown = || records.iter().map(name).collect::<Vec<_>>().join(", ");
    let end = drilled.end().ok_or("no end")?;
    if end.exit != case.scenario.exit {
        return Err(format!("{case}: exit {}: {}\n    {}", end.exit, end.message, shown()));
    }
    if let Some(alarm) = drilled.alarms.first() {
        return Err(format!("{case}: {alarm}\n    {}", shown()));
    }
    // What a `return` tried that was refused at the last moment is no part of the run (H40).
    let run = records.iter().rposition(Record::is_end).filter(|_| case.scenario.name == "h40").map_or(0, |at| at + 1);
    let records = if run > 0 { records.get(..run).unwrap_or_default() } else { &records };
    // The run that did not get the lock wrote nothing down (H12); a device that is gone cannot be read back (H22).
    let written = records.last().is_some_and(Record::is_end) || case.scenario.name == "h12";
    let told = if ["h22", "h28"].contains(&case.scenario.name) { Told::NotReadBack } else { Told::Disarmed };
    let ordered = if written { in_order(records, told, true) } else { Err("the last record is no end".to_owned()) };
    ordered.map_err(|why| format!("{case}: {why}\n    {}", shown()))
}

#[test]
fn every_scenario_ends_as_it_says() {
    let seeds = wanted().map_or(2, |n| n.clamp(2, 50));
    let mut cases = Vec::new();
    for scenario in scenarios() {
        for model in BOTH {
            if scenario.model.is_none_or(|only| only == model) {
                cases.extend((1..=seeds).map(|seed| Case { scenario: scenario.clone(), model, seed }));
            }
        }
    }
    judge(&cases, ends_as_it_says);
}

/// H3: the primary that comes back signs a block at a level and round at which the backup signs one too, unless the
/// quarantine stops the backup before.
#[test]
fn the_quarantine_is_what_prevents_the_double_signature() {
    for model in BOTH {
        let mut collisions = 0;
        for seed in 1..=4 {
            let case = Case::new("h3", model, seed);
            ends_as_it_says(&case).unwrap();
            let (_scratch, mut rehearsal) = case.rehearsal();
            rehearsal.policy_mut().quarantine = Quarantine::off_in_a_simulation();
            rehearsal.session(None).unwrap();
            let drilled = rehearsal.finish();
            collisions += usize::from(!drilled.alarms.is_empty());
        }
        println!("{model}: {collisions} of 4 worlds with a double signature where the quarantine is off");
        assert!(collisions > 0, "{model}: without the quarantine nothing collides, so these worlds prove nothing");
    }
}

/// A run that ends without success leaves a backup that cannot sign.
#[test]
fn what_is_not_done_is_harmless() {
    let mut cases = Vec::new();
    // H43: the machine that bakes is left as it is.
    for scenario in scenarios().into_iter().filter(|s| s.exit != 0 && !s.gives_back && s.name != "h43") {
        for model in BOTH {
            if scenario.model.is_none_or(|only| only == model) {
                cases.push(Case { scenario: scenario.clone(), model, seed: 7 });
            }
        }
    }
    judge(&cases, |case| {
        let (scratch, mut rehearsal) = case.rehearsal();
        rehearsal.session(None).map_err(|e| e.to_string())?;
        harmless(rehearsal.world(), scratch.path()).map_err(|why| format!("{case}: {why}"))
    });
}
