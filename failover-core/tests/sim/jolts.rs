//! H41: the wall clock is set by a minute, or the process stands still for five, at an exchange of a planned run, each in
//! turn, an exchange with the journal among them: nothing is signed twice, nothing starts on what was seen before, and the
//! run ends well or refuses.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::journal::record::{End, Record, StepResult};
use failover_sim::drill::{DrillOptions, Rehearsal, Watcher, journal_of};
use failover_sim::{Edge, Jolt, Jolted, Pace, World};

use crate::support::{BOTH, Case, harmless, judge, name, scratch, wanted};

const JOLTS: [Jolt; 3] = [Jolt::Step(60), Jolt::Step(-60), Jolt::Pause(300)];
/// As long as what decided a start may be old, the chain and the primary.
const OLDEST: [(Edge, Duration); 2] = [(Edge::Node, Duration::from_secs(15)), (Edge::Primary, Duration::from_secs(30))];

/// What a watcher saw of a run.
#[derive(Default)]
struct Seen {
    world: Option<World>,
    /// Exchanges of the session, by its last record.
    exchanges: u64,
    /// Before the start that is tried: how long ago each edge was asked.
    before: Vec<String>,
    started: bool,
    wrong: Vec<String>,
    /// What arms, and the exchange by which it was written down before it was tried.
    arms: Vec<(&'static str, u64)>,
    /// What was not done, because what had decided it was too old.
    too_old: Vec<&'static str>,
}

impl Seen {
    fn hear(&mut self, record: &Record) {
        let Some(world) = &self.world else { return };
        self.exchanges = world.exchanges();
        match record {
            Record::Before { step, .. } if step.arms() => self.arms.push((step.name(), self.exchanges - 1)),
            Record::After { step, result: StepResult::Failed { why, .. }, .. } if why.contains("too long ago") => {
                self.too_old.push(step.name());
            }
            _ => {}
        }
        match record {
            Record::Before { step, .. } if step.name() == "start" => {
                let age = |edge| world.asked(edge).map_or(Duration::MAX, |asked| world.now().since(asked));
                let old = OLDEST.iter().filter(|(edge, oldest)| age(*edge) > *oldest);
                self.before = old.map(|(edge, _)| format!("{edge:?} was asked {:?} ago", age(*edge))).collect();
            }
            Record::After { step, result: StepResult::Done { .. }, .. } if step.name() == "start" => {
                self.started = true;
                self.wrong.append(&mut self.before);
            }
            _ => {}
        }
    }
}

struct Ended {
    end: End,
    exchanges: u64,
    arms: Vec<(&'static str, u64)>,
    too_old: Vec<&'static str>,
}

struct Run {
    case: Case,
    jolted: Option<Jolted>,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?}", self.case, self.jolted)
    }
}

impl Run {
    /// How it ended, or what is wrong.
    fn judged(&self) -> Result<Ended, String> {
        let (folder, seen) = (scratch(), Arc::new(Mutex::new(Seen::default())));
        let hears = seen.clone();
        let watcher: Watcher = Arc::new(Mutex::new(move |_, record: &Record| hears.lock().unwrap().hear(record)));
        let options = DrillOptions { model: self.case.model, seed: self.case.seed, pace: Pace::Fast };
        let mut run = Rehearsal::new(&self.case.scenario, &options, folder.path(), &watcher).unwrap();
        seen.lock().unwrap().world = Some(run.world().clone());
        if let Some(jolted) = self.jolted {
            run.jolt(jolted);
        }
        let end = run.session(None).map_err(|e| e.to_string())?.clone();
        let world = run.world().clone();
        let rests = harmless(&world, folder.path());
        let alarms = run.finish().alarms;
        let seen = seen.lock().unwrap();
        // A backup that was started is the one, and goes on.
        let rests = if seen.started { Ok(()) } else { rests };
        let wrong = match (alarms.first(), seen.wrong.first(), rests) {
            (Some(alarm), ..) => alarm.to_string(),
            (_, Some(old), _) => format!("it started, and {old}"),
            (_, _, Err(why)) => why,
            _ if ![0, 3, 6, 7].contains(&end.exit) => "a wrong end".to_owned(),
            _ => {
                let Seen { exchanges, arms, too_old, .. } = &*seen;
                return Ok(Ended { end, exchanges: *exchanges, arms: arms.clone(), too_old: too_old.clone() });
            }
        };
        let records: Vec<String> = journal_of(folder.path()).unwrap().iter().map(name).collect();
        Err(format!("{self}: {wrong}; exit {}: {}\n    {}", end.exit, end.message, records.join(", ")))
    }
}

#[test]
fn h41_whatever_the_clock_does_nothing_starts_on_what_was_seen_before() {
    let mut runs = Vec::new();
    for model in BOTH {
        let case = Case::new("planned", model, 3);
        let Ended { end, exchanges, .. } = Run { case: case.clone(), jolted: None }.judged().unwrap();
        assert_eq!(end.exit, 0);
        // A sample takes the jolts in turn, all of them at every so many exchanges.
        let step = if wanted().is_some() { 1 } else { exchanges / 24 };
        for (turn, jolt) in JOLTS.into_iter().enumerate() {
            let first = turn as u64 * step / JOLTS.len() as u64;
            for (n, at) in (first..exchanges).step_by(usize::try_from(step).unwrap()).enumerate() {
                runs.push(Run { case: case.clone(), jolted: Some(Jolted { at, done: n % 2 == 0, jolt }) });
            }
        }
        println!("{model}: {exchanges} exchanges");
    }
    let ends: Mutex<BTreeMap<(String, u8), u64>> = Mutex::default();
    judge(&runs, |run| {
        let end = run.judged()?.end;
        let what = run.jolted.map(|jolted| format!("{} {:?}", run.case.model, jolted.jolt)).unwrap_or_default();
        let why = end.refusal.map_or_else(|| "done".to_owned(), |refusal| format!("{refusal:?}"));
        let why = why.split([' ', '(']).next().unwrap_or_default();
        *ends.lock().unwrap().entry((format!("{what} {why}"), end.exit)).or_default() += 1;
        Ok(())
    });
    for ((what, exit), runs) in ends.into_inner().unwrap() {
        println!("{what}: exit {exit} in {runs} runs");
    }
}

/// The process stands still when an arming step is on disk and not yet done: it is not done on what was seen before, but
/// on a new look.
#[test]
fn h41_what_arms_is_not_done_after_a_pause() {
    for (model, steps) in BOTH.into_iter().zip([&["unlock", "raise", "start"][..], &["authorize", "start"]]) {
        let case = Case::new("planned", model, 3);
        let arms = Run { case: case.clone(), jolted: None }.judged().unwrap().arms;
        assert_eq!(arms.iter().map(|(name, _)| *name).collect::<Vec<_>>(), steps);
        for (name, at) in arms {
            let jolted = Some(Jolted { at, done: true, jolt: Jolt::Pause(31) });
            let Ended { end, too_old, .. } = Run { case: case.clone(), jolted }.judged().unwrap();
            assert_eq!((end.exit, too_old), (0, vec![name]), "{name}: {}", end.message);
        }
    }
}
