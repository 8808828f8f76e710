//! The crash table: the run is killed at every record, right after it is on disk and right before; then it is taken
//! up again, at once or later, and ends well or is refused, with nothing signed twice.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use failover_core::clock::Clock;
use failover_core::sim::drill::{Cut, journal_of};
use failover_core::sim::scenario::Scenario;
use failover_core::sim::{Event, Side, World};

use crate::support::{BOTH, Case, harmless, judge, name, wanted};

/// What happens between the kill and the resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Between {
    Nothing,
    Minute,
    /// Typed statements have expired meanwhile.
    TwentyMinutes,
    /// The backup reboots, and its signer's service is started by hand, guard or not; it unlocks by itself.
    Reboot,
}

const BETWEEN: [Between; 4] = [Between::Nothing, Between::Minute, Between::TwentyMinutes, Between::Reboot];

impl Between {
    fn happen(self, world: &World) {
        let wait = |seconds| world.clock().sleep(Duration::from_secs(seconds));
        match self {
            Self::Nothing => {}
            Self::Minute => wait(60),
            Self::TwentyMinutes => wait(20 * 60),
            Self::Reboot => {
                world.apply(Event::PowerOff(Side::Backup));
                wait(5);
                world.apply(Event::PowerOn(Side::Backup));
                wait(90);
                world.start_signer(Side::Backup);
                wait(10);
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Kill {
    case: Case,
    /// The record, in words.
    record: String,
    cuts: Vec<Cut>,
    between: Between,
}

fn case(scenario: &str, model: failover_core::signer::Model, seed: u64, between: Between) -> Case {
    let case = Case::new(scenario, model, seed);
    if between != Between::Reboot {
        return case;
    }
    Case { scenario: Scenario { world: |o| o.backup_unlocks_itself = true, ..case.scenario }, ..case }
}

/// The records of the run when nobody kills it.
fn uninterrupted(case: &Case) -> Vec<String> {
    let (scratch, mut rehearsal) = case.rehearsal();
    assert_eq!(rehearsal.session(None).unwrap().exit, 0, "{case}");
    journal_of(scratch.path()).unwrap().iter().map(name).collect()
}

/// Kills and resumes; the exit code of the last session, or what is wrong.
fn survive(kill: &Kill) -> Result<String, String> {
    let (scratch, mut rehearsal) = kill.case.rehearsal();
    let mut last = 6;
    for cut in kill.cuts.iter().copied().map(Some).chain([None]) {
        let end = rehearsal.session(cut).map_err(|e| e.to_string())?;
        last = end.exit;
        if last != 6 {
            break;
        }
        kill.between.happen(rehearsal.world());
    }
    let world = rehearsal.world().clone();
    let end = if last == 0 { Ok(()) } else { harmless(&world, scratch.path()) };
    let drilled = rehearsal.finish();
    let said = drilled.end().map(|e| e.message.clone()).unwrap_or_default();
    let wrong = |what: String| {
        let records: Vec<String> = journal_of(scratch.path()).unwrap().iter().map(name).collect();
        let Kill { case, record, cuts, between } = kill;
        format!("{case}: {cuts:?} ({record}), {between:?}: {what}: {said}\n    {}", records.join(", "))
    };
    if let Some(alarm) = drilled.alarms.first() {
        return Err(wrong(alarm.to_string()));
    }
    if ![0, 3].contains(&last) {
        return Err(wrong(format!("exit {last}")));
    }
    end.map_err(wrong)?;
    Ok(if last == 0 { "done".to_owned() } else { format!("refused: {said}") })
}

/// Which run, the index of the record and the record; how often each outcome.
type Rows = BTreeMap<(String, usize, String), BTreeMap<String, usize>>;

fn table(kills: &[Kill]) {
    let outcomes: Mutex<Rows> = Mutex::default();
    judge(kills, |kill| {
        let outcome = survive(kill)?;
        let index = kill.cuts.first().map_or(0, |cut| match cut {
            Cut::After(index) | Cut::Before(index) => *index,
            _ => 0,
        });
        let row = (format!("{} {}", kill.case.scenario.name, kill.case.model), index, kill.record.clone());
        *outcomes.lock().unwrap().entry(row).or_default().entry(outcome).or_default() += 1;
        Ok(())
    });
    for ((run, index, record), outcomes) in outcomes.into_inner().unwrap() {
        let outcomes: Vec<String> = outcomes.iter().map(|(what, n)| format!("{what} ({n})")).collect();
        println!("{run:<20} {index:>3} {record:<36} {}", outcomes.join("; "));
    }
}

fn once(scenario: &str, seed: u64) {
    let mut kills = Vec::new();
    for model in BOTH {
        for (turn, between) in BETWEEN.into_iter().enumerate() {
            let case = case(scenario, model, seed, between);
            for (index, record) in uninterrupted(&case).into_iter().enumerate() {
                for cut in [Cut::After(index), Cut::Before(index)] {
                    // A sample takes the four kinds of a break in turn.
                    let shift = usize::from(matches!(cut, Cut::Before(_))) * 2;
                    if wanted().is_some() || (index + shift) % BETWEEN.len() == turn {
                        kills.push(Kill { case: case.clone(), record: record.clone(), cuts: vec![cut], between });
                    }
                }
            }
        }
    }
    table(&kills);
}

#[test]
fn killed_once_in_a_planned_failover() {
    once("planned", 1);
}

#[test]
fn killed_once_in_an_emergency() {
    once("emergency", 2);
}

#[test]
fn killed_twice() {
    let step = if wanted().is_some() { 1 } else { 5 };
    let mut kills = Vec::new();
    for (scenario, seed) in [("planned", 3), ("emergency", 4)] {
        for model in BOTH {
            let records = uninterrupted(&case(scenario, model, seed, Between::Nothing));
            for (first, record) in records.iter().enumerate().step_by(step) {
                for second in (first % 3..records.len()).step_by(step * 3) {
                    let (before, between) = (second % 2 == 0, BETWEEN[(first + second) % BETWEEN.len()]);
                    let again = if before { Cut::Before(second) } else { Cut::After(second) };
                    let case = case(scenario, model, seed, between);
                    kills.push(Kill { case, record: record.clone(), cuts: vec![Cut::After(first), again], between });
                }
            }
        }
    }
    table(&kills);
}
