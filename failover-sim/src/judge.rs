//! What must hold of every run on a simulated world, whatever happened in it: the order of its records, and a backup
//! that cannot sign where it ended without success.

use crate::options::Side;
use crate::world::World;
use failover_core::decision::{Path, Refusal, Rung, RungKind, Step};
use failover_core::journal::record::{End, Record, StepResult};
use failover_core::signer::{Arming, reached};
use failover_core::tezos::Level;

/// What a run that ended without success must have said of the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// That it was disarmed and read back, where it was fenced from itself before.
    Disarmed,
    /// That it was told to disarm, and could not be read back: its device is gone.
    NotReadBack,
    /// Either.
    Either,
}

/// Are the records of a run in an order that `docs/hazards.md` allows? `raised`: the backup's marks were below the floor,
/// so that none may start before they were raised and read back; else that is for who looks at the device itself.
///
/// # Errors
/// What is wrong with them.
pub fn in_order(records: &[Record], told: Told, raised: bool) -> Result<(), String> {
    let mut order = Order::default();
    for (index, record) in records.iter().enumerate() {
        let after = records.get(index + 1..).unwrap_or_default();
        match record {
            Record::Before { step, .. } => order.begins(step, after, raised)?,
            Record::End(end) if end.exit != 0 => order.ended(end, told)?,
            record => order.follow(record)?,
        }
    }
    Ok(())
}

/// The level from which the backup's baker is started, where this record says that it is about to be.
pub(crate) const fn starts_at(record: &Record) -> Option<Level> {
    match record {
        Record::Before { step: Step::Start { floor, .. }, .. } => Some(*floor),
        _ => None,
    }
}

/// What the records of a session have shown so far.
#[derive(Debug, Default)]
struct Order {
    proven: Option<Path>,
    raised: Option<Level>,
    fenced_self: bool,
    /// It made its permit, in this session or before.
    permit: bool,
    /// It was about to: where what came of it could not be written down, the session that goes on looks for it.
    wanted_permit: bool,
    /// The other machine was asked, in this session.
    claimed: bool,
    disarmed: Option<bool>,
    /// A start was tried, in this session or before, and nothing was disarmed since.
    started: bool,
}

/// Cut off, or what came of it could not be written down: then nothing more is done but to disarm, and to wait for an
/// unlock that was not answered (which looks at no head), whether or not that fits into the journal again.
fn cut_off(after: &[Record]) -> bool {
    let rest = |record: &&Record| !matches!(record, Record::Disarmed { .. } | Record::Wait { head: None, .. });
    match after.iter().find(rest) {
        Some(Record::End(end)) => end.exit == 6,
        Some(next) => matches!(next, Record::Resume { .. }),
        None => true,
    }
}

impl Order {
    fn begins(&mut self, step: &Step, after: &[Record], raised: bool) -> Result<(), String> {
        let known = match after.first() {
            Some(Record::After { step: done, .. }) => done == step,
            _ => cut_off(after),
        };
        if !known {
            return Err(format!("{} is known neither as done nor as cut off", step.name()));
        }
        self.disarmed = None;
        self.started |= matches!(step, Step::Start { .. });
        self.wanted_permit |= matches!(step, Step::TakePermit);
        self.may_begin(step, raised)
    }

    fn follow(&mut self, record: &Record) -> Result<(), String> {
        match record {
            Record::Begin { .. } | Record::Resume { .. } => {
                let permit = self.permit || self.wanted_permit;
                *self = Self { started: self.started, permit, ..Self::default() }
            }
            Record::After { step, result: StepResult::Done { raised, .. }, .. } => self.done(step, raised)?,
            Record::Fence { path, rungs } => self.proven = whole(rungs).then_some(*path),
            Record::Disarmed { proven, .. } => {
                self.disarmed = Some(*proven);
                self.started &= !proven;
            }
            _ => {}
        }
        Ok(())
    }

    fn done(&mut self, step: &Step, read: &[failover_core::signer::Raised]) -> Result<(), String> {
        match step {
            Step::TakePermit => self.permit = true,
            Step::Claim { .. } => self.claimed = true,
            _ => {}
        }
        let (count, floor) = match step {
            Step::DisarmBackup => {
                (self.fenced_self, self.started) = (true, false);
                return Ok(());
            }
            Step::Raise { keys, floor, .. } => (keys.len(), floor),
            Step::Authorize { floor, .. } => (1, floor),
            _ => return Ok(()),
        };
        if read.len() != count || read.iter().any(|raised| !reached(&raised.after, *floor)) {
            return Err(format!("marks that do not read back at {floor:#}: {read:?}"));
        }
        self.raised = Some(*floor);
        Ok(())
    }

    /// S1, S1a: nothing of the backup's device is touched before the backup is fenced from itself, and nothing is
    /// started before the fence is proven and the marks read back.
    fn may_begin(&self, step: &Step, read: bool) -> Result<(), String> {
        match step {
            Step::TakePermit => Ok(()),
            // S13: nothing is touched before the run has its permit and has asked the other machine.
            _ if !self.permit => Err(format!("{} without a permit", step.name())),
            Step::Claim { .. } => Ok(()),
            _ if !self.claimed => Err(format!("{} before the primary was claimed", step.name())),
            Step::StopBackup | Step::GuardBackup | Step::InstallBootGuard | Step::DisarmBackup => Ok(()),
            _ if !self.fenced_self => Err(format!("{} before the backup was fenced from itself", step.name())),
            Step::Start { floor, path, .. } if self.proven != Some(*path) || (read && self.raised != Some(*floor)) => {
                let Self { proven, raised, .. } = self;
                Err(format!("a start at {floor:#}, {path:?}, with the fence {proven:?} and marks at {raised:?}"))
            }
            _ => Ok(()),
        }
    }

    /// What was armed is disarmed, and read back.
    fn ended(&self, end: &End, told: Told) -> Result<(), String> {
        // What is stopped disarms, whatever was touched before.
        let touched = self.fenced_self || matches!(end.refusal, Some(Refusal::Stopped { .. }));
        let right = match (told, self.disarmed) {
            (Told::Disarmed, disarmed) => disarmed == touched.then_some(true),
            (Told::NotReadBack, disarmed) => disarmed == Some(false),
            (Told::Either, Some(_)) => true,
            // Nothing was touched; it was started and bakes on; the journal could not be written.
            (Told::Either, None) => !self.fenced_self || self.started || end.exit == 6,
        };
        if right { Ok(()) } else { Err(format!("ended {} with disarmed {:?}, not {told:?}", end.exit, self.disarmed)) }
    }
}

/// `docs/fence.md`, "What is enough": everything, but of what stands for the cable one is.
fn whole(rungs: &[Rung]) -> bool {
    let (cable, others): (Vec<&Rung>, Vec<&Rung>) = rungs.iter().partition(|rung| {
        matches!(rung.kind, RungKind::Disarmed | RungKind::Disconnected | RungKind::PoweredOff | RungKind::Unproven)
    });
    let needed: Vec<&&Rung> = others.iter().filter(|rung| rung.kind != RungKind::BootGuard).collect();
    cable.iter().any(|rung| rung.proven) && needed.iter().all(|rung| rung.proven) && needed.len() == 2
}

/// Is the backup unable to sign: guarded by its token, its services stopped, its keys locked or deauthorized? What is
/// not there signs nothing.
///
/// # Errors
/// Why it can.
pub fn harmless(world: &World, token: &std::path::Path) -> Result<(), String> {
    if world.bakes(Side::Backup) {
        return Err("the backup still bakes".to_owned());
    }
    if token.exists() {
        return Err("the guard is lifted".to_owned());
    }
    match world.signer(Side::Backup).state() {
        Ok(state) => match state.keys.iter().find(|key| key.arming != Arming::Disarmed) {
            Some(key) => Err(format!("the key {} can sign", key.name)),
            None => Ok(()),
        },
        Err(_) => Ok(()),
    }
}
