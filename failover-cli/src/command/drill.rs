//! `drill`: rehearses the whole procedure with nothing plugged in.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clap::ValueEnum as _;
use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_core::journal::record::{Outcome, Record};
use failover_core::signer::Model;
use failover_core::state;
use failover_sim::drill::{DrillError, DrillOptions, Drilled, Watcher, drill};
use failover_sim::scenario::{self, Scenario, scenarios};
use failover_sim::{Pace, SIMULATED, WorldOptions};
use serde::Serialize;

use crate::args::{self, Global};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::session;
use failover_core::narration::Narration;

mod kept;
mod random;
mod serve;

pub(crate) use kept::{last, remembered};

impl From<DrillError> for Failure {
    fn from(error: DrillError) -> Self {
        match &error {
            DrillError::OtherModel { model, .. } => Self::usage(&error, format!("add --signer {}", model.name())),
            _ => Self::new(Exit::NotReady, &error, "make room in the folder for temporary files"),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "record", rename = "scenario")]
struct Listed {
    name: &'static str,
    /// None where it depends on the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
    about: &'static str,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exit = self.exit.map_or_else(|| "any".to_owned(), |exit| exit.to_string());
        write!(f, "{:<16} exit {exit}  {}", self.name, self.about)
    }
}

/// A session of the run that was cut off, before the one that ends the drill.
#[derive(Serialize)]
#[serde(tag = "record", rename = "session")]
struct Session<'a> {
    outcome: &'a Outcome,
    exit: u8,
}

/// What the simulator's book says at the end.
#[derive(Serialize)]
#[serde(tag = "record", rename = "book")]
struct Book {
    signatures: usize,
    signed_twice: Vec<String>,
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.signed_twice.is_empty() {
            return write!(f, "\n{} signatures by both machines, no position signed twice", self.signatures);
        }
        writeln!(f, "\n{} signatures by both machines", self.signatures)?;
        self.signed_twice.iter().try_for_each(|alarm| writeln!(f, "{alarm}"))
    }
}

/// Runs a scenario, lists them, or serves a world.
///
/// # Errors
/// The scenario is unknown, or the scratch folder cannot be used.
pub(crate) fn run(global: &Global, wanted: &args::Drill, out: &mut Output) -> Result<End, Failure> {
    if wanted.list {
        for Scenario { name, exit, about, .. } in scenarios() {
            out.show(&Listed { name, exit: Some(*exit), about });
        }
        out.show(&Listed { name: random::NAME, exit: None, about: random::ABOUT });
        return Ok(End::done("rehearse one with `failover drill --scenario NAME`"));
    }
    if let Some(worlds) = wanted.worlds {
        return random::many(worlds, wanted.seed.unwrap_or(1), out);
    }
    let seed = match wanted.seed {
        Some(seed) => seed,
        None => SystemClock.now().millis().unsigned_abs(),
    };
    let [usual, ..] = SIMULATED;
    let asked = wanted.signer.and_then(|signer| {
        let value = signer.to_possible_value()?;
        SIMULATED.into_iter().find(|model| model.name() == value.get_name())
    });
    if let Some(folder) = &wanted.serve {
        let model = asked.unwrap_or(usual);
        let block_seconds = if wanted.pace == args::Pace::Fast { 1 } else { 6 };
        let options = WorldOptions { block_seconds, begins: SystemClock.now(), ..WorldOptions::new(model, seed) };
        return serve::run(folder, options, out);
    }
    if wanted.scenario.eq_ignore_ascii_case(random::NAME) {
        if wanted.signer.is_some() {
            return Err(Failure::usage("the seed of a random world draws its signer", "leave out --signer"));
        }
        return random::one(seed, wanted.pace, out);
    }
    let scenario = scenario::named(&wanted.scenario).ok_or_else(|| {
        Failure::usage(format!("there is no scenario {:?}", wanted.scenario), "`failover drill --list` shows them")
    })?;
    let model = asked.or(scenario.model).unwrap_or(usual);
    let pace = if wanted.pace == args::Pace::Fast { Pace::Fast } else { Pace::Real };
    let scratch = Scratch::new(seed)
        .map_err(|e| Failure::new(Exit::NotReady, e, "make room in the folder for temporary files"))?;
    out.line(format!("Drill {}: {} (simulated {model}, seed {seed})\n", scenario.name, scenario.about));
    out.begin_screen(pace == Pace::Real);
    let drilled = drill(scenario, &DrillOptions { model, seed, pace }, scratch.path(), &watcher(out))?;
    let journal = drilled.journal.clone();
    let rehearsed = rehearsed(scenario, model, seed, &drilled);
    let end = told(scenario, drilled, seed, out);
    kept::keep(global, journal.as_deref(), &rehearsed, out);
    note(global, scenario, model, &end, out);
    Ok(end)
}

/// What a drill was, for the report.
fn rehearsed(scenario: &Scenario, model: Model, seed: u64, drilled: &Drilled) -> Record {
    Record::Rehearsed {
        scenario: scenario.name.to_owned(),
        signer: model.to_string().to_lowercase(),
        seed,
        signatures: drilled.signatures,
        signed_twice: drilled.alarms.iter().map(ToString::to_string).collect(),
    }
}

/// Shows every record as it is written.
fn watcher(out: &Output) -> Watcher {
    let (mut out, mut story) = (out.another(), Narration::default());
    Arc::new(Mutex::new(move |_: Timestamp, record: &Record| match record {
        // A drill has more than one session where the run is cut off; only the last end is the command's.
        Record::End(end) if end.exit == 6 => {
            session::show(&mut out, &mut story, record);
            out.line(format!("\nInterrupted (exit 6): {}\n", end.message));
            story = Narration::default();
        }
        record => session::show(&mut out, &mut story, record),
    }))
}

fn told(scenario: &Scenario, drilled: Drilled, seed: u64, out: &mut Output) -> End {
    let Drilled { ends, alarms, signatures, .. } = drilled;
    out.show(&Book { signatures, signed_twice: alarms.iter().map(ToString::to_string).collect() });
    for end in ends.iter().rev().skip(1) {
        // Cut off like a process that died: its journal has no end, so it is said here.
        out.record(&Session { outcome: &end.outcome, exit: end.exit });
    }
    let again = format!("failover drill --scenario {} --seed {seed}", scenario.name);
    let Some(end) = ends.into_iter().last() else {
        return End::new(Exit::Failed, format!("report this: {again}"));
    };
    if !alarms.is_empty() && end.exit != 5 {
        out.error("the simulator saw a double signature");
        return End::new(Exit::Failed, format!("report this as a fault of failover: {again}"));
    }
    if end.exit != scenario.exit {
        out.warn(format!("this scenario should end with exit {}", scenario.exit));
    }
    let as_it_says = end.exit == scenario.exit && end.exit != 0;
    let end = session::ended(end, out);
    if as_it_says {
        out.line(format!("As expected in this rehearsal: exit {} is what {} is about.", scenario.exit, scenario.name));
    }
    // What a run would say next is about machines that are not there: nobody is to start or to pull anything for it.
    end.rehearsed()
}

/// Remembers the drill for `check`, which asks for the last one.
fn note(global: &Global, scenario: &Scenario, model: Model, end: &End, out: &mut Output) {
    let drill = state::Drill {
        at: SystemClock.now(),
        scenario: scenario.name.to_owned(),
        signer: model.to_string().to_lowercase(),
        // A drill that ended as its scenario says went well.
        exit: if end.exit.code() == scenario.exit { 0 } else { end.exit.code() },
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    kept::remember(global, &drill, out);
}

/// A folder that goes away with the drill.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(seed: u64) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(format!("failover-drill-{}-{seed}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
