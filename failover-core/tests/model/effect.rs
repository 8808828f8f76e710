//! What a step does to the world, and what is watched while it does.

use failover_core::clock::Timestamp;
use failover_core::decision::Step;
use failover_core::facts::{Claim, ClaimAnswer, Mark, Marks, Model, RunId, reached};
use failover_core::journal::record::StepResult;
use failover_core::signer::{Raised, compare, plan_authorize, plan_raise};
use failover_core::tezos::{Kind, Level, Position};

use crate::eyes::device;
use crate::monitor;
use crate::setting::{Broken, Setting};
use crate::world::{Machine, World};

fn failed(why: &str) -> StepResult {
    StepResult::Failed { why: why.to_owned(), next: "look".to_owned(), nonces: None }
}

/// Performs it. `whole` is false where the tool dies in the middle of a start: the guard is lifted, nothing runs.
pub(crate) fn perform(world: &mut World, i: usize, step: &Step, setting: &Setting, whole: bool) -> StepResult {
    let done = StepResult::Done { raised: Vec::new(), nonces: None, claim: None, unlocked: Vec::new() };
    monitor::effect(world, i, step, setting);
    world.runs[i].touched = true;
    // A claim of the sign interface is the kernel's word and no device's; a level is only noted.
    let certain = matches!(step, Step::HoldSigner | Step::NoteLevel { .. } | Step::TakePermit | Step::Claim { .. });
    if !certain && std::mem::take(&mut world.dud) {
        return done;
    }
    let site = world.runs[i].site;
    let there = &world.machines[0];
    let far = matches!(
        step,
        Step::StopPrimary | Step::MergeNonces { .. } | Step::GuardPrimary | Step::StashSecret | Step::DisarmPrimary
    );
    if far && !(there.powered && there.reachable) {
        return failed("no route");
    }
    let by = there.guard;
    match step {
        Step::StopBackup => world.machines[site].running = false,
        Step::GuardBackup => world.machines[site].token = false,
        Step::InstallBootGuard => world.machines[site].guard = Some(site),
        Step::DisarmBackup => world.machines[site].armed = false,
        Step::HoldSigner => world.machines[site].held = true,
        Step::StopPrimary => world.machines[0].running = false,
        Step::GuardPrimary => world.machines[0].guard = by.or(Some(site)),
        Step::StashSecret => world.machines[0].secret = false,
        Step::DisarmPrimary if setting.remote_signer => world.machines[0].armed = false,
        Step::DisarmPrimary => return failed("no program there"),
        Step::TakePermit => world.runs[i].permit = Some(true),
        Step::Claim { .. } => return claim(world, i, setting),
        Step::Unlock { .. } => world.machines[site].armed = true,
        Step::Raise { floor, cap, .. } => return raise(world, site, *floor, *cap, setting),
        Step::Authorize { floor, cap, .. } => return authorize(world, site, *floor, *cap),
        Step::Start { .. } => {
            let here = &mut world.machines[site];
            (here.token, here.held) = (true, false);
            if whole {
                here.start(setting.model);
            }
        }
        _ => {}
    }
    done
}

/// The claim on the primary, where it can be reached.
fn claim(world: &mut World, i: usize, setting: &Setting) -> StepResult {
    let there = &mut world.machines[0];
    let claim = if !(there.powered && there.reachable) {
        ClaimAnswer::Unasked { why: "no route".to_owned() }
    } else if let Some(by) = there.claim.filter(|by| *by != i && !setting.is(Broken::IgnoresOthers)) {
        let run = RunId::from_bytes([by as u8; 16]);
        let at = Timestamp::from_millis(0);
        let by = Claim { v: Claim::VERSION, run, host: by.to_string(), who: "root".to_owned(), at };
        ClaimAnswer::Claimed { by }
    } else {
        there.claim = Some(i);
        ClaimAnswer::Made { over: None }
    };
    StepResult::Done { raised: Vec::new(), nonces: None, claim: Some(claim), unlocked: Vec::new() }
}

fn mark(level: Level) -> Marks {
    Marks::all(Mark::at(Position::start_of(level)))
}

/// As the device takes them: what it is told, whatever it had before.
fn set(world: &mut World, site: usize, to: Level, cap: Level) -> Marks {
    let Machine { marks, .. } = &mut world.machines[site];
    let before = *marks;
    *marks = mark(to);
    if Kind::ALL.into_iter().any(|kind| marks.of(kind) < before.of(kind)) {
        world.fail("S4", format!("a mark went down to {to}"));
    }
    if to > cap {
        world.fail("S4", format!("a mark went past the cap, to {to}"));
    }
    before
}

fn compared(world: &World, site: usize, before: Marks, floor: Level) -> StepResult {
    let key = device(&world.machines[site], Model::Ledger).keys[0].name.clone();
    match compare(&key, before, world.machines[site].marks, floor) {
        Ok(raised) => StepResult::Done { raised: vec![raised], nonces: None, claim: None, unlocked: Vec::new() },
        Err(error) => failed(&error.to_string()),
    }
}

fn raise(world: &mut World, site: usize, floor: Level, cap: Level, setting: &Setting) -> StepResult {
    let state = device(&world.machines[site], setting.model);
    let keys = [state.keys[0].name.clone()];
    if setting.is(Broken::SetsBlindly) {
        let before = set(world, site, floor, cap);
        let raised = Raised { key: keys[0].clone(), before, after: mark(floor) };
        return StepResult::Done { raised: vec![raised], nonces: None, claim: None, unlocked: Vec::new() };
    }
    let before = world.machines[site].marks;
    match plan_raise(&state, &keys, floor, cap) {
        Ok(orders) => {
            for order in orders {
                set(world, site, order.level(), cap);
            }
            compared(world, site, before, floor)
        }
        Err(error) => failed(&error.to_string()),
    }
}

fn authorize(world: &mut World, site: usize, floor: Level, cap: Level) -> StepResult {
    let state = device(&world.machines[site], Model::Ledger);
    match plan_authorize(&state, &state.keys[0].name, floor, cap) {
        Ok(order) => {
            let before = set(world, site, order.level(), cap);
            world.machines[site].armed = true;
            compared(world, site, before, floor)
        }
        Err(error) => failed(&error.to_string()),
    }
}

/// Is every mark of the device itself at the floor or above?
pub(crate) fn at_floor(machine: &Machine, floor: Level) -> bool {
    reached(&machine.marks, floor)
}
