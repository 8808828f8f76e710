//! The invariants, asked of the truth and not of what the tool saw.

use failover_core::decision::{Progress, Step};
use failover_core::facts::{ClaimAnswer, Facts, Model};

use crate::effect::at_floor;
use crate::run::{Act, Run, controlled};
use crate::setting::{Broken, Setting};
use crate::world::{Machine, World, level, offset};

const fn arms(step: &Step) -> bool {
    matches!(step, Step::Unlock { .. } | Step::Raise { .. } | Step::Authorize { .. } | Step::Start { .. })
}

/// What the tool makes of a look.
pub(crate) fn verdict(world: &mut World, i: usize, act: &Act, facts: &Facts, setting: &Setting) {
    let run = &world.runs[i];
    let live = run.live.as_ref().expect("a session");
    let on = match act {
        Act::Do(step) => arms(step),
        // A backup that cannot sign may wait until it can be asked.
        Act::Wait => {
            live.kept.started.is_some() && (world.machines[run.site].running || world.machines[run.site].armed)
        }
        Act::End(how) => *how == "done",
        Act::Ask(_) | Act::Alarm => false,
    };
    // A locked TezSign shows no marks. Where a start was tried it is unlocked, with its sign interface held, to be asked.
    let asks = matches!(act, Act::Do(Step::Unlock { .. })) && live.kept.started.is_some();
    // A vote of the primary above B, seen, where no mark of the backup explains it: no doubt whose it is.
    let noted = run.noted.map(|noted| offset(noted.bound));
    let here = &world.machines[run.site];
    let foreign = noted.and_then(|bound| {
        let theirs = |at: &u64| *at < first_start(live) || *at > here.highest();
        (bound + 1..world.head()).find(|at| world.machines[run.other].voted(*at) && !here.voted(*at) && theirs(at))
    });
    if let (true, Some(at), false) = (on && !asks, foreign, world.blind) {
        let what = if let Act::Do(step) = act { step.name() } else { "waiting" };
        world.fail("S8", format!("the primary's vote at +{at} is seen, and the run goes on with {what}"));
    }
    let Act::Do(step) = act else { return };
    let run = &world.runs[i];
    let live = run.live.as_ref().expect("a session");
    if matches!(step, Step::NoteLevel { .. })
        && controlled(facts, live, run.other, setting)
        && world.machines[run.other].running
    {
        world.fail("S5", "the level is noted as after the stop, and the primary still runs");
    }
}

/// Below this the backup cannot have signed: the floor of its first start, or everything where there was none. Between
/// that and its own last signature a mark explains what another machine signed, and S8 says no more.
fn first_start(live: &Progress) -> u64 {
    let earlier = live.kept.earlier.first().and_then(|(set, _)| set.attestation.0).map(|at| at.level);
    earlier.or(live.kept.started.map(|started| started.floor)).map_or(u64::MAX, offset)
}

/// Whatever moved: of two runs whose claims were made one at most has its permit (S13), and where a stop was proven nothing
/// can sign until somebody makes a new one (S14).
pub(crate) fn state(world: &mut World, setting: &Setting) {
    let made = |run: &&Run| {
        let claimed =
            run.live.as_ref().is_some_and(|live| matches!(live.session.claim, Some(ClaimAnswer::Made { .. })));
        run.is_live() && run.permit == Some(true) && claimed
    };
    // Where another's claim is not looked at, the property itself has to find it.
    if !setting.is(Broken::IgnoresOthers) && world.runs.iter().filter(made).count() > 1 {
        world.fail("S13", "two runs have claimed, and both have their permits");
    }
    let on = |machine: &Machine| machine.stopped && (machine.armed || machine.token || machine.running);
    if world.machines.iter().any(on) {
        world.fail("S14", "a machine that was stopped can sign again, and nobody made a permit");
    }
}

/// An effect, right before it.
pub(crate) fn effect(world: &mut World, i: usize, step: &Step, setting: &Setting) {
    let run = world.runs[i].clone();
    let live = run.live.unwrap_or_else(|| run.kept.clone());
    let here = world.machines[run.site].clone();
    // What was seen, and not what came since: how old it may be is S15's.
    let head = run.pending.as_ref().map_or(world.head(), |pending| pending.head);
    if arms(step)
        && let Some(age) = run.pending.as_ref().map(|pending| world.clock - pending.looked)
        && age > 15
    {
        world.fail("S15", format!("{} on what was seen {age} s ago", step.name()));
    }
    if !step.only_disarms() && run.permit == Some(false) {
        world.fail("S13", format!("{} by a run whose permit was taken away", step.name()));
    }
    if matches!(step, Step::StopPrimary | Step::NoteLevel { .. }) && (here.running || here.token) {
        world.fail("S1a", "the primary's turn comes, and the backup is not stopped and guarded");
    }
    if arms(step) && world.blind {
        world.fail("S3", format!("{} while it is not known what was signed", step.name()));
    }
    if arms(step) && run.lost {
        world.fail("S7", format!("{} without the lock", step.name()));
    }
    if let (Some(first), Some(now)) = (run.noted, live.kept.noted)
        && first != now
    {
        world.fail("S6", format!("B was {}, and is {}", first.bound, now.bound));
    }
    if matches!(step, Step::Unlock { .. }) && setting.model == Model::TezSign && !here.held {
        world.fail("S1b", "unlocked while the sign interface is free");
    }
    if let Step::Raise { floor, .. } | Step::Authorize { floor, .. } = step
        && *floor <= level(world.machines[run.other].highest())
        && !world.false_word
    {
        world.fail("S2", format!("the floor {floor} is not above what the primary signed"));
    }
    let Step::Start { floor, .. } = step else { return };
    if !at_floor(&here, *floor) {
        world.fail("S1", format!("started, and a mark is below {floor}"));
    }
    if *floor < level(head + 4) {
        world.fail("S2", format!("started at {floor} with the head at {}", level(head)));
    }
    let Some(noted) = run.noted else { return world.fail("S1", "started without B") };
    if *floor < level(offset(noted.bound) + 2) {
        world.fail("S2", format!("the floor {floor} has no margin above B"));
    }
    let above = offset(noted.bound.max(noted.head));
    let settled = head - 3;
    if settled < above + 2 {
        world.fail("S1", "started before the silence");
    }
    if run.resumed && run.began.is_some_and(|began| settled < began + 2) {
        world.fail("S6", "the silence did not start over");
    }
    if !world.mute && world.runs.iter().all(|run| run.kept.kept.started.is_none_or(|started| !started.complete)) {
        world.mute = (above + 1..=settled).all(|at| !world.machines[run.other].voted(at));
    }
}
