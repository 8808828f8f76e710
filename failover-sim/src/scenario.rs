//! Scenarios, called by the hazards of `docs/hazards.md`, with the exit code of `run`. `h20-ahead` is a further
//! form of `h20`.

use super::act::Then;
use super::operator::Person;
use super::options::WorldOptions;
use super::world::World;
use failover_core::clock::Timestamp;
use failover_core::decision::Policy;
use failover_core::journal::record::Record;
use failover_core::signer::Model;

mod ages;
mod back;
mod evidence;
mod fence;
mod hazards;
mod marks;
mod preflight;
mod returns;
mod rumours;
mod sources;
mod whoever;

/// What a scenario spoils before the run begins.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The world.
    pub world: &'a World,
    /// The thresholds.
    pub policy: &'a mut Policy,
    /// The person.
    pub person: &'a mut Person,
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens, and what the tool does, in one line.
    pub about: &'static str,
    /// The exit code of `run`.
    pub exit: u8,
    /// Only with this kind of signer.
    pub model: Option<Model>,
    /// The world it needs.
    pub world: fn(&mut WorldOptions),
    /// What is spoiled.
    pub prepare: fn(&mut Stage<'_>),
    /// After which records the run is cut off, session by session.
    pub breaks: &'static [fn(&Record) -> bool],
    /// How often the machine that lost becomes the backup afterwards, and is failed over to.
    pub turns: u8,
    /// Another run for the same baker goes on.
    pub another_run: bool,
    /// Afterwards the backup is stood down and `failover return` is asked for: the exit code is its.
    pub gives_back: bool,
    /// An earlier run ends first, and then this happens before the run that the scenario is about.
    pub meanwhile: Option<fn(&World)>,
    /// What others do while the run goes on.
    pub then: &'static [Then],
}

const PLAIN: Scenario = Scenario {
    name: "planned",
    about: "the primary answers, is stopped, its signer is locked over ssh or unplugged; the backup takes over",
    exit: 0,
    model: None,
    world: |_| {},
    prepare: |_| {},
    breaks: &[],
    turns: 0,
    another_run: false,
    gives_back: false,
    meanwhile: None,
    then: &[],
};

fn in_seconds(world: &World, seconds: i64) -> Timestamp {
    Timestamp::from_millis(world.now().millis().saturating_add(seconds * 1000))
}

fn before(record: &Record, wanted: &str) -> bool {
    matches!(record, Record::Before { step, .. } if step.name() == wanted)
}

fn done(record: &Record, wanted: &str) -> bool {
    matches!(record, Record::After { step, .. } if step.name() == wanted)
}

/// Every scenario, in the order of the hazards, the further forms of one after it.
#[must_use]
pub fn scenarios() -> Vec<&'static Scenario> {
    let kinds = [
        ages::AGES,
        evidence::EVIDENCE,
        fence::FENCE,
        hazards::HAZARDS,
        back::BACK,
        whoever::WHOEVER,
        returns::RETURNS,
        sources::SOURCES,
        marks::MARKS,
        rumours::RUMOURS,
        preflight::PREFLIGHT,
    ];
    let mut all: Vec<&Scenario> = kinds.into_iter().flatten().collect();
    all.sort_by_key(|scenario| scenario.hazard());
    all
}

/// The scenario with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Scenario> {
    scenarios().into_iter().find(|scenario| scenario.name.eq_ignore_ascii_case(name))
}

impl Scenario {
    /// The number of its hazard; 0 where it ends well without any.
    fn hazard(&self) -> u8 {
        let number = self.name.strip_prefix('h').and_then(|name| name.split('-').next());
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}
