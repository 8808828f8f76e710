//! Permits and claims, run locks and effect locks (S13): who may act on which machine.

use failover_core::clock::Timestamp;
use failover_core::facts::{Claim, ClaimAnswer, RunId};

use crate::setting::{Broken, Setting};
use crate::world::{Who, World};

const COMMAND: u8 = 100;

/// A claim as the tool reads it.
pub(crate) fn claim_of(world: &World, who: Who) -> Claim {
    let number = match who {
        Who::Run(i) => i as u8,
        Who::Command(machine) => COMMAND + machine as u8,
    };
    let at = Timestamp::from_millis(0);
    let host = machine_of(world, who).to_string();
    Claim { v: Claim::VERSION, run: RunId::from_bytes([number; 16]), host, who: "root".to_owned(), at }
}

fn machine_of(world: &World, who: Who) -> usize {
    match who {
        Who::Run(i) => world.runs[i].site,
        Who::Command(machine) => machine,
    }
}

/// Every permit on a machine is taken away, but for one run's.
pub(crate) fn take_away(world: &mut World, machine: usize, but: Option<usize>) {
    for (i, run) in world.runs.iter_mut().enumerate() {
        if run.site == machine && run.permit.is_some() && Some(i) != but {
            run.permit = Some(false);
        }
    }
    if let Some(acting) = world.acting.as_mut().filter(|acting| acting.machine == machine) {
        acting.permit = false;
    }
}

/// Does somebody hold the run lock there?
pub(crate) fn lock_held(world: &World, machine: usize) -> bool {
    let run = world.runs.iter().any(|run| run.site == machine && run.is_live() && !run.lost);
    let acting = world.acting.as_ref();
    run || acting.is_some_and(|acting| acting.machine == machine && acting.command.holds_run_lock())
}

/// Is somebody there in the middle of an effect?
pub(crate) fn effect_under_way(world: &World, machine: usize) -> bool {
    let begun = |run: &crate::run::Run| run.pending.as_ref().is_some_and(|pending| pending.begun);
    world.runs.iter().any(|run| run.site == machine && begun(run))
}

/// Does that machine say that it is over?
fn is_over(world: &World, who: Who, asked: usize) -> bool {
    let ended = match who {
        Who::Run(i) => world.runs[i].permit == Some(false),
        Who::Command(_) => world.acting.as_ref().is_none_or(|acting| !acting.permit),
    };
    ended && machine_of(world, who) == asked
}

/// The script on the other machine: nothing is touched, or everything is done.
pub(crate) fn claim(world: &mut World, who: Who, to: usize, setting: &Setting) -> ClaimAnswer {
    let from = machine_of(world, who);
    let there = &world.machines[to];
    let why = || "no route".to_owned();
    if !(there.powered && there.reachable) {
        return ClaimAnswer::Unasked { why: why() };
    }
    let blind = setting.is(Broken::NoClaims);
    if setting.locks_seen && !blind && lock_held(world, to) {
        return ClaimAnswer::RunThere { holder: to.to_string() };
    }
    if effect_under_way(world, to) {
        return ClaimAnswer::Busy { holder: to.to_string() };
    }
    let others = |by: &&Who| **by != who && machine_of(world, **by) != from;
    if let Some(by) = there.claims.iter().find(others)
        && !blind
        && !setting.is(Broken::IgnoresOthers)
    {
        return ClaimAnswer::Claimed { by: claim_of(world, *by) };
    }
    if !blind {
        take_away(world, to, None);
    }
    // One's own claim of a run that is over is replaced.
    let own: Vec<Who> = world.machines[to].claims.iter().copied().filter(|by| machine_of(world, *by) != from).collect();
    world.machines[to].claims = own;
    world.machines[to].claims.push(who);
    let asked = world.machines[from].claims.first().copied();
    ClaimAnswer::Made { over: asked.map(|asked| is_over(world, asked, to)) }
}
