//! The run is killed at every record, right after it is on disk, right before, and with some of its bytes there; then it
//! is taken up again, at once or later, and ends well or is refused, with nothing signed twice.

use std::sync::Mutex;
use std::time::Duration;

use failover_core::clock::Clock;
use failover_core::decision::Refusal;
use failover_sim::drill::{Cut, journal_of};
use failover_sim::scenario::Scenario;
use failover_sim::{Event, Side, World};

use crate::crash_table::{Moment, Place, RUNS, Table};
use crate::support::{BOTH, Case, harmless, judge, name, wanted};
use crate::torn::{journal_in, tear};

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

/// Where a run is killed, and once more where it is taken up.
#[derive(Debug, Clone)]
struct Kill {
    case: Case,
    /// Which record of the run, and it in words.
    index: usize,
    record: String,
    moment: Moment,
    again: Option<Cut>,
    between: Between,
}

impl Kill {
    fn once(case: &Case, index: usize, record: &str, moment: Moment, between: Between) -> Self {
        Self { case: case.clone(), index, record: record.to_owned(), moment, again: None, between }
    }

    fn cuts(&self) -> impl Iterator<Item = Option<Cut>> {
        let first = match self.moment {
            Moment::Before => Cut::Before(self.index),
            Moment::After | Moment::Torn(_) => Cut::After(self.index),
        };
        [Some(first), self.again, None]
            .into_iter()
            .enumerate()
            .filter(|(n, cut)| *n == 2 || cut.is_some())
            .map(|(_, cut)| cut)
    }
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
    for (session, cut) in kill.cuts().enumerate() {
        let end = rehearsal.session(cut).map_err(|e| e.to_string())?;
        last = end.exit;
        if last != 6 {
            break;
        }
        if let (0, Moment::Torn(share)) = (session, kill.moment) {
            tear(&journal_in(scratch.path()), share);
        }
        kill.between.happen(rehearsal.world());
    }
    let world = rehearsal.world().clone();
    let end = if last == 0 { Ok(()) } else { harmless(&world, scratch.path()) };
    let drilled = rehearsal.finish();
    let said = drilled.end().map(|e| e.message.clone()).unwrap_or_default();
    let wrong = |what: String| {
        let records: Vec<String> = journal_of(scratch.path()).unwrap().iter().map(name).collect();
        let Kill { case, index, record, moment, again, between } = kill;
        format!(
            "{case}: {moment:?} {index} ({record}), then {again:?}, {between:?}: {what}: {said}\n    {}",
            records.join(", ")
        )
    };
    if let Some(alarm) = drilled.alarms.first() {
        return Err(wrong(alarm.to_string()));
    }
    // S13: what died before it had a permit, or in the making of it, did nothing, and nothing is gone on with.
    let never_began = drilled.end().and_then(|end| end.refusal.as_ref()).is_some_and(|refusal| {
        matches!(refusal, Refusal::NoPermit | Refusal::Stopped { by: None, claim: None, resumed: true })
    });
    if ![0, 3].contains(&last) && !never_began {
        return Err(wrong(format!("exit {last}")));
    }
    end.map_err(wrong)?;
    Ok(if last == 0 { "done".to_owned() } else { format!("refused: {said}") })
}

/// Every kill ends well; what came of each, a row a record.
fn judged(kills: &[Kill]) -> Table {
    let table: Mutex<Table> = Mutex::default();
    judge(kills, |kill| {
        let outcome = survive(kill)?;
        let place = Place {
            run: format!("{} {}", kill.case.scenario.name, kill.case.model),
            index: kill.index,
            record: kill.record.clone(),
        };
        table.lock().unwrap().add(place, kill.moment, outcome);
        Ok(())
    });
    table.into_inner().unwrap()
}

/// Each record of both runs with both signers, and each moment. A sample takes the four kinds of a break in turn.
#[test]
fn killed_once() {
    let mut kills = Vec::new();
    for (scenario, seed) in RUNS {
        for model in BOTH {
            for (turn, between) in BETWEEN.into_iter().enumerate() {
                let case = case(scenario, model, seed, between);
                for (index, record) in uninterrupted(&case).into_iter().enumerate() {
                    for (shift, moment) in Moment::ALL.into_iter().enumerate() {
                        if wanted().is_some() || (index + shift) % BETWEEN.len() == turn {
                            kills.push(Kill::once(&case, index, &record, moment, between));
                        }
                    }
                }
            }
        }
    }
    judged(&kills).in_the_docs(wanted().is_some());
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
                    let once = Kill::once(&case, first, record, Moment::After, between);
                    kills.push(Kill { again: Some(again), ..once });
                }
            }
        }
    }
    let table = judged(&kills);
    println!("{} kills of two a run", table.kills());
}
