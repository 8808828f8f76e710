//! Every scenario of SAFETY.md's table, with both signers and several seeds.

use failover_core::decision::{Rung, Step};
use failover_core::journal::record::{Record, StepResult};
use failover_core::signer::{Model, reached};
use failover_core::sim::drill::journal_of;
use failover_core::sim::scenario::scenarios;
use failover_core::tezos::Level;

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
    in_order(&records, case.scenario.name).map_err(|why| format!("{case}: {why}\n    {}", shown()))
}

/// Are the records in an order that SAFETY.md allows?
fn in_order(records: &[Record], scenario: &str) -> Result<(), String> {
    let mut proven = None;
    let mut raised: Option<Level> = None;
    let mut fenced_self = false;
    let mut disarmed = None;
    for (index, record) in records.iter().enumerate() {
        let next = records.get(index + 1);
        match record {
            Record::Begin { .. } | Record::Resume { .. } => {
                (proven, raised, fenced_self, disarmed) = (None, None, false, None);
            }
            Record::Before { step, .. } => {
                let known = match next {
                    Some(Record::After { step: after, .. }) => after == step,
                    Some(next) => matches!(next, Record::Resume { .. }),
                    None => true,
                };
                if !known {
                    return Err(format!("{} is known neither as done nor as cut off", step.name()));
                }
                may_begin(step, fenced_self, proven, raised)?;
                disarmed = None;
            }
            Record::After { step: Step::DisarmBackup, result: StepResult::Done { .. }, .. } => fenced_self = true,
            Record::After {
                step: Step::Raise { keys, floor, .. },
                result: StepResult::Done { raised: read, .. },
                ..
            } => {
                if read.len() != keys.len() || read.iter().any(|r| !reached(&r.after, *floor)) {
                    return Err(format!("marks that do not read back at {floor}: {read:?}"));
                }
                raised = Some(*floor);
            }
            Record::After {
                step: Step::Authorize { floor, .. },
                result: StepResult::Done { raised: read, .. },
                ..
            } => {
                if read.len() != 1 || read.iter().any(|r| !reached(&r.after, *floor)) {
                    return Err(format!("a mark that does not read back at {floor}: {read:?}"));
                }
                raised = Some(*floor);
            }
            Record::Fence { path, rungs } => proven = whole(rungs).then_some(*path),
            Record::Disarmed { proven, .. } => disarmed = Some(*proven),
            Record::End(end) if end.exit != 0 => {
                // What was armed is disarmed, and read back; but for a device that is not there any more.
                let expected = if scenario == "h22" { Some(false) } else { fenced_self.then_some(true) };
                if disarmed != expected {
                    return Err(format!("ended {} with disarmed {disarmed:?}, not {expected:?}", end.exit));
                }
            }
            _ => {}
        }
    }
    match records.last() {
        Some(record) if record.is_end() => Ok(()),
        // The run that did not get the lock wrote nothing down (H12).
        None if scenario == "h12" => Ok(()),
        _ => Err("the last record is no end".to_owned()),
    }
}

/// SAFETY.md, "What is enough": everything, but of what stands for the cable one is.
fn whole(rungs: &[Rung]) -> bool {
    let (cable, others): (Vec<&Rung>, Vec<&Rung>) = rungs
        .iter()
        .partition(|rung| ["disarmed", "disconnected", "powered-off", "unproven"].contains(&rung.name.as_str()));
    let needed: Vec<&&Rung> = others.iter().filter(|rung| rung.name != "boot-guard").collect();
    cable.iter().any(|rung| rung.proven) && needed.iter().all(|rung| rung.proven) && needed.len() == 2
}

/// S1, S1a: nothing of the backup's device is touched before the backup is fenced from itself, and nothing is
/// started before the fence is proven and the marks read back.
fn may_begin(
    step: &Step,
    fenced_self: bool,
    proven: Option<failover_core::decision::Path>,
    raised: Option<Level>,
) -> Result<(), String> {
    match step {
        Step::StopBackup | Step::GuardBackup | Step::InstallBootGuard | Step::DisarmBackup => Ok(()),
        _ if !fenced_self => Err(format!("{} before the backup was fenced from itself", step.name())),
        Step::Start { floor, path, .. } if proven != Some(*path) || raised != Some(*floor) => {
            Err(format!("a start at {floor}, {path:?}, with the fence {proven:?} and marks at {raised:?}"))
        }
        _ => Ok(()),
    }
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
            rehearsal.policy_mut().quarantine = false;
            rehearsal.session(None).unwrap();
            let drilled = rehearsal.finish();
            collisions += usize::from(!drilled.alarms.is_empty());
        }
        println!("{model}: {collisions} of 4 worlds with a double signature where the quarantine is off");
        assert!(collisions > 0, "{model}: without the quarantine nothing collides, so these worlds prove nothing");
    }
}

/// Worlds from seeds, a mix of runs; `FAILOVER_PROOF=N` for N of them.
#[test]
fn random_worlds() {
    const MIX: [&str; 4] = ["planned", "emergency", "h3", "h9"];
    let cases: Vec<Case> = (1000..1000 + wanted().unwrap_or(80))
        .map(|seed| {
            let model = if seed / 4 % 2 == 0 { Model::TezSign } else { Model::Ledger };
            Case::new(MIX[(seed % 4) as usize], model, seed)
        })
        .collect();
    judge(&cases, |case| {
        ends_as_it_says(case)?;
        Ok(())
    });
}

/// A run that ends without success leaves a backup that cannot sign.
#[test]
fn what_is_not_done_is_harmless() {
    let mut cases = Vec::new();
    for scenario in scenarios().into_iter().filter(|s| s.exit != 0) {
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
