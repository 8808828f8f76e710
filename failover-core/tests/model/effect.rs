//! What a step does to the world, and what is watched while it does.

use failover_core::decision::Step;
use failover_core::facts::{Mark, Marks, Model, reached};
use failover_core::journal::record::StepResult;
use failover_core::signer::{Cap, Raised, compare, plan_authorize, plan_raise};
use failover_core::tezos::{Kind, Level, Position};

use crate::eyes::device;
use crate::monitor;
use crate::permits::{claim, take_away};
use crate::setting::{Broken, Setting};
use crate::world::{Machine, Who, World};

fn failed(why: &str) -> StepResult {
    StepResult::Failed { why: why.to_owned(), next: "look".to_owned(), nonces: None }
}

/// Performs it, with the permit there before and after what arms. `whole` is false where the tool dies in the middle of a
/// start: the guard is lifted, nothing runs.
pub(crate) fn perform(world: &mut World, i: usize, step: &Step, setting: &Setting, whole: bool) -> StepResult {
    match begin(world, i, step, setting) {
        true => finish(world, i, step, setting, whole),
        false => failed("the permit is gone"),
    }
}

/// The permit is looked for under the effect lock; without it nothing is tried.
pub(crate) fn begin(world: &mut World, i: usize, step: &Step, setting: &Setting) -> bool {
    if step.needs_permit() && world.runs[i].permit != Some(true) {
        if !setting.is(Broken::NoPermitAtEffect) {
            return false;
        }
        world.fail("S13", format!("{} without a permit", step.name()));
    }
    monitor::effect(world, i, step, setting);
    // A permit and a claim touch no device and no service.
    world.runs[i].touched |= !matches!(step, Step::TakePermit | Step::Claim { .. });
    true
}

/// What was begun is done, and the permit looked for again: what was done without it is taken back.
pub(crate) fn finish(world: &mut World, i: usize, step: &Step, setting: &Setting, whole: bool) -> StepResult {
    let result = act(world, i, step, setting, whole);
    if !step.needs_permit() || world.runs[i].permit == Some(true) {
        return result;
    }
    if !setting.is(Broken::NoPermitAfterEffect) {
        let site = world.runs[i].site;
        world.machines[site].disarm();
        return failed("the permit was taken away meanwhile");
    }
    let here = &world.machines[world.runs[i].site];
    if here.armed || here.token || here.running {
        world.fail("S13", format!("{} stays done without a permit", step.name()));
    }
    result
}

fn act(world: &mut World, i: usize, step: &Step, setting: &Setting, whole: bool) -> StepResult {
    let done = StepResult::Done { raised: Vec::new(), nonces: None, claim: None, unlocked: Vec::new() };
    // A claim of the sign interface is the kernel's word and no device's; a level is only noted.
    let certain = matches!(step, Step::HoldSigner | Step::NoteLevel { .. } | Step::TakePermit | Step::Claim { .. });
    if !certain && std::mem::take(&mut world.dud) {
        return done;
    }
    let (site, other) = (world.runs[i].site, world.runs[i].other);
    let there = &mut world.machines[other];
    let far = matches!(
        step,
        Step::StopPrimary | Step::MergeNonces { .. } | Step::GuardPrimary | Step::StashSecret | Step::DisarmPrimary
    );
    if far && !(there.powered && there.reachable) {
        return failed("no route");
    }
    match step {
        Step::StopBackup => world.machines[site].running = false,
        Step::GuardBackup => world.machines[site].token = false,
        Step::InstallBootGuard => world.machines[site].guard = Some(site),
        Step::DisarmBackup => world.machines[site].armed = false,
        Step::HoldSigner => world.machines[site].held = true,
        Step::StopPrimary => there.running = false,
        Step::GuardPrimary => (there.guard, there.token) = (there.guard.or(Some(site)), false),
        Step::StashSecret => there.secret = false,
        Step::DisarmPrimary if setting.remote_signer => there.armed = false,
        Step::DisarmPrimary => return failed("no program there"),
        Step::TakePermit => {
            take_away(world, site, Some(i));
            world.runs[i].permit = Some(true);
            world.machines[site].stopped = false;
        }
        Step::Claim { .. } => {
            let claim = Some(claim(world, Who::Run(i), other, setting));
            return StepResult::Done { raised: Vec::new(), nonces: None, claim, unlocked: Vec::new() };
        }
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

fn mark(level: Level) -> Marks {
    Marks::all(Mark::at(Position::start_of(level)))
}

/// As the device takes them: what it is told, whatever it had before.
fn set(world: &mut World, site: usize, to: Level, cap: Cap) -> Marks {
    let Machine { marks, .. } = &mut world.machines[site];
    let before = *marks;
    *marks = mark(to);
    if Kind::ALL.into_iter().any(|kind| marks.of(kind) < before.of(kind)) {
        world.fail("S4", format!("a mark went down to {to}"));
    }
    if to > cap.level() {
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

fn raise(world: &mut World, site: usize, floor: Level, cap: Cap, setting: &Setting) -> StepResult {
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

fn authorize(world: &mut World, site: usize, floor: Level, cap: Cap) -> StepResult {
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
