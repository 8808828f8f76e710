//! A trial: one random world from its beginning to some minutes after its end, and the judgement.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::drill::{Act, DrillError, Rehearsal, Watcher, journal_of};
use super::event::Event;
use super::judge::{self, Told};
use super::options::Side;
use super::plan::{Plan, Stop};
use super::world::World;
use failover_core::clock::{Clock, Timestamp};
use failover_core::decision::{Refusal, Step};
use failover_core::journal::record::{End, Record};
use failover_core::operator::{Answer, Question};
use failover_core::signer::{Arming, reached};

/// After the end of a run the world goes on for this long, so that a late double signature shows.
const AFTERWARDS: Duration = Duration::from_secs(180);

/// A session that ended because its journal could not be written is taken up again, so often.
const AGAIN: usize = 4;

/// A run that nobody could fence is tried again after this.
const LATER: Duration = Duration::from_secs(1_800);

/// What became of a random world.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The end of each session.
    pub ends: Vec<End>,
    /// What went wrong on the wires, and how often; kills too.
    pub injected: BTreeMap<&'static str, u64>,
    /// Signatures by both machines.
    pub signatures: usize,
    /// Double signatures.
    pub signed_twice: usize,
    /// What does not hold.
    pub wrong: Vec<String>,
}

impl Trial {
    /// The exit code of the last session.
    #[must_use]
    pub fn exit(&self) -> u8 {
        self.ends.last().map_or(255, |end| end.exit)
    }
}

/// Runs a plan; `scratch` holds its state and journal.
///
/// # Errors
/// The scratch folder cannot be used.
pub fn trial(plan: &Plan, scratch: &Path, watcher: &Watcher) -> Result<Trial, DrillError> {
    let options = plan.options.clone();
    let (watcher, seen) = watched(watcher);
    let mut run = Rehearsal::begin(options, |stage| plan.prepare(stage), plan.another_run, scratch, &watcher)?;
    let world = run.world().clone();
    seen.lock().unwrap_or_else(PoisonError::into_inner).world = Some(world.clone());
    run.let_others_act(&plan.actors);
    let mut stops = plan.stops.iter();
    for _ in 0..plan.stops.len() + AGAIN {
        let stop = stops.next();
        let end = match stop {
            Some((Stop::At(kill), _)) => run.session_until(None, Some(*kill))?,
            Some((Stop::Record(cut), _)) => run.session_until(Some(*cut), None)?,
            None => run.session(None)?,
        };
        if end.exit != 6 {
            break;
        }
        if let Some((_, pause)) = stop {
            pause.happen(&world);
            if pause.reboot {
                run.boots_again()?;
            }
        }
    }
    // As its line says: nobody can unplug it, and so it is tried again later, and the risk is taken.
    let unfenced = |end: &End| matches!(end.refusal, Some(Refusal::NotFenced { .. }));
    if plan.takes_the_risk && run.ends().last().is_some_and(unfenced) {
        world.clock().sleep(LATER);
        run.begin_again()?;
        run.session(None)?;
    }
    let records = journal_of(scratch)?;
    let acted = run.acted();
    let mut wrong = Vec::new();
    let ends = run.ends().to_vec();
    if let Some(end) = ends.last() {
        wrong.extend(ended(plan, end, (&acted, run.stopped()), &world, &records, scratch).err());
    }
    wrong.extend(judge::in_order(&records, Told::Either, false).err());
    wrong.append(&mut seen.lock().unwrap_or_else(PoisonError::into_inner).wrong);
    world.clock().sleep(AFTERWARDS);
    let alarms = world.alarms();
    // A person who took the risk was told so.
    let risked = records
        .iter()
        .any(|record| matches!(record, Record::Asked { asked: Question::Unproven { .. }, answer: Answer::Yes }));
    wrong.extend(alarms.iter().filter(|_| !risked).map(ToString::to_string));
    let (injected, signatures) = (world.wires().injected(), world.book().count());
    Ok(Trial { ends, injected, signatures, signed_twice: alarms.len(), wrong })
}

/// Looks at the device itself when a record says that the backup's baker is about to be started (S1).
#[derive(Default)]
struct Seen {
    world: Option<World>,
    wrong: Vec<String>,
}

impl Seen {
    fn look(&mut self, record: &Record) {
        let (Some(floor), Some(world)) = (judge::starts_at(record), &self.world) else { return };
        // One that was pulled out since it was read signs nothing, and begins locked.
        let Ok(state) = world.signer(Side::Backup).state() else { return };
        let below = state.keys.iter().filter(|key| !key.marks.is_some_and(|marks| reached(&marks, floor)));
        let armed = below.filter(|key| key.arming == Arming::Armed);
        self.wrong.extend(
            armed.map(|key| format!("a start at {floor:#}, and the marks of {} are {:?}", key.name, key.marks)),
        );
    }
}

fn watched(watcher: &Watcher) -> (Watcher, Arc<Mutex<Seen>>) {
    let (watcher, seen) = (watcher.clone(), Arc::new(Mutex::new(Seen::default())));
    let looks = seen.clone();
    let both = move |at: Timestamp, record: &Record| {
        looks.lock().unwrap_or_else(PoisonError::into_inner).look(record);
        (watcher.lock().unwrap_or_else(PoisonError::into_inner))(at, record);
    };
    (Arc::new(Mutex::new(both)), seen)
}

/// Is this an end that such a world may have, and is the backup what the end says?
fn ended(
    plan: &Plan,
    end: &End,
    (acted, stood_down): (&[Act], bool),
    world: &World,
    records: &[Record],
    scratch: &Path,
) -> Result<(), String> {
    let said = || format!("exit {}: {}", end.exit, end.message);
    if plan.calm && end.exit != 0 {
        return Err(format!("nothing was wrong, and it ended with {}", said()));
    }
    let stopped = acted.iter().any(|act| act.stops());
    match end.exit {
        // What was stopped after its last record is not started again (S14).
        0 if stood_down && world.bakes(Side::Backup) && !began_anew(records) => {
            return Err(format!("it was stood down, and {}", said()));
        }
        0 => return bakes(end, world),
        7 if !acted.is_empty() => {}
        8 if stopped => {}
        1 | 3 | 4 => {}
        5 if another_signs(plan, world, records) => {}
        6 => return Ok(()),
        7 if plan.another_run => return Ok(()),
        // It died before it had a permit, and so before it did anything.
        7 if end.refusal.as_ref().is_some_and(never_began) => return Ok(()),
        8 if !plan.ledger_setting => {}
        _ => return Err(format!("a wrong end, {}", said())),
    }
    let last = records.iter().rev().take_while(|r| !matches!(r, Record::Begin { .. } | Record::Resume { .. }));
    let disarmed = last.into_iter().find_map(|record| match record {
        Record::Disarmed { proven, .. } => Some(*proven),
        _ => None,
    });
    match disarmed {
        Some(true) => judge::harmless(world, &scratch.join("ACTIVE")).map_err(|why| format!("{}, but {why}", said())),
        Some(false) if !plan.disturbs_the_backup() => {
            Err(format!("{}, not read back, and nothing was in the way", said()))
        }
        // It could not be read back, and the records say so; or nothing was touched, or it was started and bakes on.
        Some(false) | None => Ok(()),
    }
}

/// It died before it had a permit, or in the making of it.
const fn never_began(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::NoPermit | Refusal::Stopped { by: None, claim: None, resumed: true })
}

/// Was there a run of its own after the first? What stopped the first does not stop it.
fn began_anew(records: &[Record]) -> bool {
    records.iter().filter(|record| matches!(record, Record::Begin { .. })).count() > 1
}

/// The backup signed above the floor, and every mark is there.
fn bakes(end: &End, world: &World) -> Result<(), String> {
    let floor = end.resumed.as_ref().map(|resumed| resumed.floor).ok_or("done without a floor")?;
    let device = format!("the backup's {}", world.options().model);
    let highest = world.book().highest(&device);
    if highest.is_none_or(|level| level < floor.get()) {
        return Err(format!("done, but the backup signed {highest:?}, floor {floor:#}"));
    }
    // A device that was pulled out since then signs nothing.
    let Ok(state) = world.signer(Side::Backup).state() else { return Ok(()) };
    match state.keys.iter().find(|key| key.marks.is_some_and(|marks| !reached(&marks, floor))) {
        Some(key) => Err(format!("done, but a mark of {} is below the floor {floor:#}: {:?}", key.name, key.marks)),
        None => Ok(()),
    }
}

/// Did another device sign above B, or does the chain say so? Otherwise an alarm is false.
fn another_signs(plan: &Plan, world: &World, records: &[Record]) -> bool {
    let denounced = plan.before.iter().chain(plan.events.iter().map(|(_, event)| event));
    if denounced.into_iter().any(|event| matches!(event, Event::Denounce | Event::Forbid)) {
        return true;
    }
    let bound = records.iter().find_map(|record| match record {
        Record::Before { step: Step::NoteLevel { bound, .. }, .. } => Some(bound.get()),
        _ => None,
    });
    let device = format!("the primary's {}", world.options().model);
    matches!((bound, world.book().highest(&device)), (Some(bound), Some(signed)) if signed > bound)
}
