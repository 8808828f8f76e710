//! S18: every end leads out. From each end of each scenario that leaves nobody with what was wanted, whatever its last line
//! says is done, and what that ends with says, until somebody bakes or a person has to do what no program can.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use failover_core::clock::Clock as _;
use failover_core::host::HostIdentity;
use failover_core::journal::record::{End, Outcome, Record};
use failover_core::signer::{Arming, SignerDevice as _};
use failover_sim::drill::{Cut, Rehearsal, journal_of};
use failover_sim::operator::Cable;
use failover_sim::scenario::scenarios;
use failover_sim::{Event, Side, Source};

use crate::leads_table::{Do, options};
use crate::support::{BOTH, Case, harmless, judge, name};

/// No way out is longer.
const STEPS: usize = 6;
/// So many ways are tried from one beginning.
const WAYS: usize = 40;
const HALF_AN_HOUR: Duration = Duration::from_secs(1_800);

/// Where a chain begins.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) case: Case,
    /// The run is killed there, and nothing more was done.
    pub(crate) cut: Option<Cut>,
    /// What happens then, before anybody does anything.
    pub(crate) happens: Option<fn(&mut Rehearsal)>,
}

impl Start {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        // Blocks of ten minutes are always old.
        for scenario in scenarios().into_iter().filter(|scenario| scenario.name != "h27-week") {
            for model in BOTH {
                if scenario.model.is_some_and(|only| only != model) {
                    continue;
                }
                let case = Case { scenario: scenario.clone(), model, seed: 1 };
                let cuts: Vec<Option<Cut>> = match scenario.breaks {
                    [] => vec![None],
                    breaks => breaks.iter().map(|holds| Some(Cut::When(*holds))).collect(),
                };
                all.extend(cuts.into_iter().map(|cut| Self { case: case.clone(), cut, happens: None }));
            }
        }
        all
    }

    /// To its first end.
    fn begin(&self) -> Result<(tempfile::TempDir, Rehearsal), String> {
        let (scratch, mut rehearsal) = self.case.rehearsal();
        let wrong = |error: failover_sim::drill::DrillError| error.to_string();
        if let Some(meanwhile) = self.case.scenario.meanwhile {
            rehearsal.session(None).map_err(wrong)?;
            meanwhile(rehearsal.world());
            rehearsal.begin_again().map_err(wrong)?;
        }
        for _ in 0..self.case.scenario.turns {
            rehearsal.session(None).map_err(wrong)?;
            rehearsal.turn_round().map_err(wrong)?;
        }
        rehearsal.session(self.cut).map_err(wrong)?;
        if self.case.scenario.gives_back {
            rehearsal.give_back().map_err(wrong)?;
        }
        if let Some(happens) = self.happens {
            happens(&mut rehearsal);
        }
        Ok((scratch, rehearsal))
    }
}

/// What nothing may come back to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    exit: u8,
    outcome: Outcome,
    refusal: Option<String>,
    /// The line itself: `alone` with another source to leave out is not `alone` without any.
    next: String,
    bakes: Vec<Side>,
    armed: bool,
}

fn state(end: &End, rehearsal: &Rehearsal, scratch: &std::path::Path) -> State {
    let refusal = end.refusal.as_ref().map(|refusal| {
        let text = format!("{refusal:?}");
        text.split([' ', '{']).next().unwrap_or_default().to_owned()
    });
    // Services that run without a signer sign nothing.
    let signs = |side: Side| {
        let state = rehearsal.world().signer(side).state();
        state.is_ok_and(|state| state.keys.iter().any(|key| key.arming == Arming::Armed))
    };
    let bakes = Side::BOTH.into_iter().filter(|side| rehearsal.world().bakes(*side) && signs(*side)).collect();
    let next = end.next.replace(|c: char| c.is_ascii_digit(), "");
    let armed = harmless(rehearsal.world(), scratch).is_err();
    State { exit: end.exit, outcome: end.outcome.clone(), refusal, next, bakes, armed }
}

/// A way: which of the options was taken at each end. Every other option that it passes is a way of its own.
fn follow(start: &Start, way: &[usize], further: &mut Vec<Vec<usize>>) -> Result<Vec<String>, String> {
    let (scratch, mut rehearsal) = start.begin()?;
    let (mut seen, mut told) = (Vec::new(), Vec::new());
    loop {
        let end = rehearsal.ends().last().cloned().ok_or("no end")?;
        let now = state(&end, &rehearsal, scratch.path());
        told.push(format!("{} {}: {} -> {}", end.exit, end.outcome, end.message, end.next));
        let wrong = |why: &str| {
            let records = journal_of(scratch.path()).unwrap();
            let last: Vec<String> = records.iter().rev().take(30).map(name).collect();
            Err(format!("{}\n    {}\n    {why}\n    the last records first: {last:?}", start.case, told.join("\n    ")))
        };
        if let Some(alarm) = rehearsal.world().alarms().first() {
            // What the scenario itself is about.
            if start.case.scenario.exit != 5 {
                return wrong(&alarm.to_string());
            }
        }
        if end.exit == 0 && end.outcome != Outcome::StoodDown {
            // What was locked there is unlocked by hand, as the line says.
            let returned = end.outcome == Outcome::Returned && rehearsal.world().bakes(Side::Primary);
            return if returned || now.bakes.len() == 1 {
                Ok(told)
            } else {
                wrong(&format!("it says done, and {:?} bake", now.bakes))
            };
        }
        if end.exit == 255 {
            return wrong("a session never ended");
        }
        if seen.contains(&now) {
            return wrong(&format!("it was here before: {now:?}"));
        }
        seen.push(now.clone());
        let options = options(&end.next);
        let step = seen.len() - 1;
        let taken = way.get(step).copied().unwrap_or(0);
        let Some(what) = options.get(taken) else {
            return wrong("no row of the table knows this line");
        };
        if step >= way.len() {
            further.extend((1..options.len()).map(|other| {
                let mut way: Vec<usize> = way.to_vec();
                way.resize(step, 0);
                way.push(other);
                way
            }));
        }
        match what {
            Do::Hardware | Do::Chain => return Ok(told),
            Do::Elsewhere if !now.bakes.is_empty() => return Ok(told),
            Do::Elsewhere => return wrong("it is for another machine, and nobody bakes"),
            _ if seen.len() > STEPS => return wrong("it is too long a way"),
            what => act(what, &end, start.case.scenario.name, &mut rehearsal)
                .map_err(|why| format!("{}\n    {}\n    {why}", start.case, told.join("\n    ")))?,
        }
    }
}

/// Does what a line says.
fn act(what: &Do, end: &End, scenario: &str, rehearsal: &mut Rehearsal) -> Result<(), String> {
    let world = rehearsal.world().clone();
    let mended = || {
        world.mend();
        // What was wrong a minute ago is in the newest blocks.
        world.clock().sleep(Duration::from_secs(300));
    };
    match what {
        Do::Run | Do::Resume | Do::Return | Do::StandDown | Do::StandDownThenReturn | Do::StandbyThere => {}
        Do::Mend => {
            mended();
            if end.next.contains("one source that is right") {
                rehearsal.policy_mut().without.clear();
            }
        }
        Do::MendAndResume => {
            mended();
            world.apply(Event::Plug(Side::Backup));
        }
        Do::SetClock => {
            mended();
            if scenario == "h41-step" {
                world.apply(Event::ClockSteps(60));
            }
        }
        Do::ChainMoves => mended(),
        Do::Fence => {
            rehearsal.person_mut().cable = Cable::Pulls;
            world.apply(Event::Unplug(Side::Primary));
        }
        Do::SwitchOff => {
            rehearsal.person_mut().cable = Cable::SwitchesOff;
            world.apply(Event::PowerOff(Side::Primary));
        }
        Do::Later => {
            rehearsal.person_mut().takes_the_risk = true;
            world.clock().sleep(HALF_AN_HOUR);
        }
        Do::Without => {
            let names = end.next.split("--without ").skip(1).map(|rest| match rest.strip_prefix('\'') {
                Some(quoted) => quoted.split('\'').next().unwrap_or_default(),
                None => rest.split([' ', ';', ',']).next().unwrap_or_default(),
            });
            let names: Vec<String> = names.map(str::to_owned).collect();
            rehearsal.policy_mut().without.extend(names);
        }
        Do::Margin => rehearsal.policy_mut().margin = 10,
        Do::Check => {
            let pin = HostIdentity { machine_id: world.machine_id(Side::Primary) };
            rehearsal.policy_mut().primary_pin = Some(pin);
        }
        Do::Setting => rehearsal.person_mut().ledger_setting = true,
        Do::ClaimOver => {
            let host = end.next.split("--confirm-claim-over ").nth(1).unwrap_or_default();
            rehearsal.policy_mut().claims_over = vec![host.split(['`', ';']).next().unwrap_or_default().to_owned()];
        }
        Do::UnplugAndClear => {
            world.apply(Event::Unplug(Side::Primary));
            rehearsal.clear().map_err(|error| error.to_string())?;
        }
        Do::UnplugAndReturn => world.apply(Event::Unplug(Side::Backup)),
        Do::OtherEnds | Do::OnOneMachine => rehearsal.the_other_run_ends().map_err(|error| error.to_string())?,
        Do::Source => {
            mended();
            rehearsal.configure(&[Source::Tzkt]);
        }
        Do::Hardware | Do::Chain | Do::Elsewhere => {}
    }
    let ended = match what {
        Do::Return | Do::UnplugAndReturn => rehearsal.hand_back(),
        Do::StandDown => rehearsal.stand_down(),
        Do::StandDownThenReturn => {
            // What it says itself is followed where it is not proven.
            if rehearsal.stand_down().map_err(|error| error.to_string())?.exit != 0 {
                return Ok(());
            }
            rehearsal.hand_back()
        }
        Do::Resume | Do::MendAndResume | Do::OtherEnds => rehearsal.session(None),
        Do::StandbyThere => {
            rehearsal.turn_round().map_err(|error| error.to_string())?;
            rehearsal.session(None)
        }
        _ => {
            rehearsal.begin_again().map_err(|error| error.to_string())?;
            rehearsal.session(None)
        }
    };
    ended.map(|_| ()).map_err(|error| error.to_string())
}

/// Every way out of it.
fn all_ways(start: &Start, used: &Mutex<BTreeMap<String, usize>>) -> Result<(), String> {
    let mut ways = vec![Vec::new()];
    let mut tried = 0;
    while let Some(way) = ways.pop() {
        tried += 1;
        if tried > WAYS {
            return Err(format!("{}: more than {WAYS} ways", start.case));
        }
        let told = follow(start, &way, &mut ways)?;
        *used.lock().unwrap().entry(format!("{} steps", told.len() - 1)).or_default() += 1;
    }
    Ok(())
}

pub(crate) fn lead_out(starts: &[Start]) {
    let used = Mutex::new(BTreeMap::new());
    judge(starts, |start| all_ways(start, &used));
    println!("ways out, by their length: {:?}", used.into_inner().unwrap());
}

#[test]
fn s18_every_end_of_every_scenario_leads_out() {
    lead_out(&Start::all());
}

/// A run that was killed at each of its records, at once or after the machine booted.
#[test]
fn s18_wherever_a_run_was_killed_its_line_leads_out() {
    let boots: fn(&mut Rehearsal) = |rehearsal| rehearsal.boots_again().unwrap();
    let mut starts = Vec::new();
    for model in BOTH {
        for scenario in ["planned", "emergency"] {
            for at in (0..60).step_by(3) {
                let happens = (at % 2 == 0).then_some(boots);
                starts.push(Start { case: Case::new(scenario, model, 2), cut: Some(Cut::After(at)), happens });
            }
        }
    }
    lead_out(&starts);
}

/// H28: `return`, `stand-down`, the plug, `return` again: the lines themselves lead to a primary that bakes.
#[test]
fn h28_the_lines_of_return_and_stand_down_lead_to_a_primary_that_bakes() {
    for model in BOTH {
        let case = Case::new("planned", model, 3);
        let (_scratch, mut rehearsal) = case.rehearsal();
        let armed = |record: &Record| ["after raise", "after authorize"].contains(&name(record).as_str());
        rehearsal.session(Some(Cut::When(armed))).unwrap();
        // It is armed, and so nothing is given back yet.
        let refused = rehearsal.hand_back().unwrap().clone();
        assert_eq!(refused.exit, 3, "{case}: {refused:?}");
        assert!(refused.next.contains("`failover stand-down`, then `failover return`"), "{case}: {}", refused.next);
        // The signer dies before that is done.
        rehearsal.world().apply(Event::Unplug(Side::Backup));
        let stood = rehearsal.stand_down().unwrap().clone();
        assert_eq!(stood.exit, 1, "{case}: {stood:?}");
        assert!(stood.next.contains("`failover return --confirm-unplugged"), "{case}: {}", stood.next);
        let back = rehearsal.hand_back().unwrap().clone();
        assert_eq!((back.exit, &back.outcome), (0, &Outcome::Returned), "{case}: {back:?}");
        assert!(rehearsal.world().bakes(Side::Primary) && !rehearsal.world().bakes(Side::Backup), "{case}");
    }
}
