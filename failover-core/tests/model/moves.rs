//! What can happen next: a block, a look of the tool, a crash in it, a fault, an answer, a lie.

use failover_core::decision::Step;
use failover_core::facts::{Model, Question};
use failover_core::journal::record::Record;
use failover_core::operator::Answer;

use crate::commands::commands;
use crate::effect::{begin, finish, perform};
use crate::monitor;
use crate::run::{Act, Pending, act, after, answered, end, observe, record};
use crate::setting::{Broken, Fault, Setting};
use crate::watch::watch;
use crate::world::{BLOCK, World};

/// No path is followed past this level: the bits of what was signed end there.
pub(crate) const LAST: u64 = 120;
/// The chain was read at most so many seconds before an arming effect (S15).
const AGE: i64 = 15;

pub(crate) type Moves = Vec<(String, World)>;

pub(crate) fn moves(world: &World, setting: &Setting) -> Moves {
    let mut moves = all(world, setting);
    for (_, next) in &mut moves {
        monitor::state(next, setting);
    }
    moves
}

fn all(world: &World, setting: &Setting) -> Moves {
    let mut moves = Moves::new();
    if world.tip >= LAST || (world.ended() && world.after >= setting.after) {
        return moves;
    }
    for i in 0..world.runs.len() {
        let run = &world.runs[i];
        if run.is_live() && !run.waiting {
            moves.extend(match &run.pending {
                Some(pending) => go_on(world, i, pending, setting),
                None => tool(world, i, setting),
            });
        }
        if run.is_live() && world.left.crashes > 0 {
            moves.push(changed(world, "the tool dies", |w| crash(w, i)));
        }
        if run.live.is_none() && run.end.is_none() {
            moves.push(changed(world, "resume", |w| w.runs[i].resume(setting)));
            moves.push(changed(world, "stand-down", |w| end(w, i, "stood down", setting)));
        }
    }
    moves.extend(commands(world, setting));
    let busy = world.acting.is_some() || world.runs.iter().any(|run| run.end.is_none() && !run.waiting);
    if !busy || world.left.delays > 0 {
        moves.push(changed(world, "block", |w| {
            w.left.delays -= u8::from(busy);
            w.block(setting.model);
            watch(w, setting);
        }));
    }
    for fault in &setting.faults {
        moves.extend(strike(world, *fault, setting));
    }
    moves
}

pub(crate) fn changed(world: &World, label: &str, change: impl FnOnce(&mut World)) -> (String, World) {
    let mut next = world.clone();
    change(&mut next);
    (label.to_owned(), next)
}

fn crash(world: &mut World, i: usize) {
    world.left.crashes = world.left.crashes.saturating_sub(1);
    let site = world.runs[i].site;
    world.machines[site].held = false;
    world.runs[i].crash();
}

/// A look, and what follows from it.
fn tool(world: &World, i: usize, setting: &Setting) -> Moves {
    let mut world = world.clone();
    let facts = observe(&mut world, i, setting);
    let act = act(&world, i, &facts, setting);
    monitor::verdict(&mut world, i, &act, &facts, setting);
    match act {
        Act::Do(step) => steps(&world, i, &step, setting),
        Act::Ask(question) => answers(&world, i, &question, setting),
        Act::Wait => vec![changed(&world, "wait", |w| w.runs[i].waiting = true)],
        Act::End(how) => vec![changed(&world, &format!("the run ends: {how}"), |w| end(w, i, how, setting))],
        Act::Alarm => vec![changed(&world, "the run ends: duplicate", |w| end(w, i, "duplicate", setting))],
    }
}

/// A step, whole, or cut off before its effect, in it, or before its second record.
fn steps(world: &World, i: usize, step: &Step, setting: &Setting) -> Moves {
    let mut before = world.clone();
    record(&mut before, i, &Record::before(step), setting);
    let name = step.name();
    let whole = changed(&before, name, |w| {
        let result = perform(w, i, step, setting, true);
        after(w, i, step, result, setting);
    });
    let mut moves = vec![whole];
    if setting.gaps && step.arms() {
        moves.push(changed(world, &format!("{name} is approved, and the tool stands still"), |w| {
            let (looked, head) = (w.clock, w.head());
            w.runs[i].pending = Some(Pending { step: step.clone(), looked, head, begun: false });
        }));
    }
    if world.left.crashes > 0 {
        moves.push(changed(&before, &format!("the tool dies before {name}"), |w| crash(w, i)));
        moves.push(changed(&before, &format!("the tool dies after {name}"), |w| {
            perform(w, i, step, setting, true);
            crash(w, i);
        }));
        if matches!(step, Step::Start { .. }) {
            moves.push(changed(&before, "the tool dies in the start", |w| {
                perform(w, i, step, setting, false);
                crash(w, i);
            }));
        }
    }
    moves
}

/// What was approved a while ago: it is tried, or is under way.
fn go_on(world: &World, i: usize, pending: &Pending, setting: &Setting) -> Moves {
    let Pending { step, looked, begun, .. } = pending;
    let name = step.name();
    if *begun {
        let done = |label: &str, dies: bool| {
            changed(world, label, |w| {
                let result = finish(w, i, step, setting, true);
                w.runs[i].pending = None;
                after(w, i, step, result, setting);
                if dies {
                    crash(w, i);
                }
            })
        };
        let mut moves = vec![done(&format!("{name} is done"), false)];
        if world.left.crashes > 0 {
            moves.push(done(&format!("{name} is done, and the tool dies"), true));
        }
        return moves;
    }
    if world.runs[i].lost {
        return vec![changed(world, "the run ends: locked", |w| end(w, i, "locked", setting))];
    }
    if world.clock - looked > AGE && !setting.is(Broken::AnyAge) {
        return vec![changed(world, "too old: it looks again", |w| w.runs[i].pending = None)];
    }
    let whole = changed(world, name, |w| {
        record(w, i, &Record::before(step), setting);
        let result = perform(w, i, step, setting, true);
        w.runs[i].pending = None;
        after(w, i, step, result, setting);
    });
    let mut moves = vec![whole];
    if world.runs[i].permit == Some(true) {
        moves.push(changed(world, &format!("{name} is under way"), |w| {
            record(w, i, &Record::before(step), setting);
            if begin(w, i, step, setting)
                && let Some(pending) = &mut w.runs[i].pending
            {
                pending.begun = true;
            }
        }));
    }
    moves
}

/// What a person does and says. An honest yes is true when it is said; only what stands for the cable can be a lie.
fn answers(world: &World, i: usize, question: &Question, setting: &Setting) -> Moves {
    let say = |label: &str, answer, deed: &dyn Fn(&mut World)| {
        changed(world, label, |w| {
            deed(w);
            answered(w, i, question, answer, setting);
        })
    };
    let other = world.runs[i].other;
    let (yes, no) = (Answer::Yes, Answer::No);
    let mut moves = match question {
        Question::Disconnected { .. } => vec![
            say("unplugs the signer and says so", yes, &|w| unplug(w, other, setting.model)),
            say("does not unplug, and says so", no, &|_| {}),
        ],
        Question::PoweredOff { .. } if setting.switches_off => vec![
            say("switches the primary off and says so", yes, &|w| w.machines[other].lose_power(setting.model)),
            say("does not switch off, and says so", no, &|_| {}),
        ],
        Question::PoweredOff { .. } => vec![say("does not switch off, and says so", no, &|_| {})],
        Question::NoOtherRun { .. } => {
            let others = world.runs.iter().enumerate().any(|(other, run)| other != i && run.end.is_none());
            vec![say("says whether somebody else runs failover there", if others { no } else { yes }, &|_| {})]
        }
        Question::Unproven { .. } => {
            let there = &world.machines[other];
            let signs = there.powered && there.running && there.plugged && there.armed;
            let risk = |w: &mut World| w.false_word |= signs;
            vec![say("takes no risk", no, &|_| {}), say("takes the risk", yes, &risk)]
        }
        _ => vec![say("yes", yes, &|_| {})],
    };
    let there = &world.machines[other];
    let lie = match question {
        Question::Disconnected { .. } => there.plugged,
        Question::PoweredOff { .. } => there.powered,
        _ => false,
    };
    if lie && world.left.lies > 0 {
        moves.push(say("lies: yes", yes, &|w| {
            w.left.lies -= 1;
            w.false_word = true;
        }));
    }
    moves
}

/// Without the cable a TezSign has no power, and is locked.
fn unplug(world: &mut World, other: usize, model: Model) {
    let there = &mut world.machines[other];
    there.plugged = false;
    there.armed &= model == Model::Ledger;
}

/// A fault, where it can happen.
fn strike(world: &World, fault: Fault, setting: &Setting) -> Option<(String, World)> {
    let there = &world.machines[0];
    let model = setting.model;
    // A person said that the cable is out or the power off: whoever undoes it is in the residue.
    let said = world.runs.iter().any(|run| !run.kept.kept.statements.is_empty());
    let possible = match fault {
        Fault::Reboot => there.powered,
        Fault::PowerLoss => there.powered,
        Fault::PowerBack => !there.powered,
        Fault::Restart => there.powered && !there.running && there.guard.is_none(),
        Fault::Mute => there.on_chain,
        Fault::Back => !there.on_chain,
        Fault::Replug => !there.plugged,
        Fault::Blind => !world.blind,
        Fault::Dud => !world.dud,
        Fault::Cut | Fault::Pause => true,
        Fault::LockLost => world.runs[0].is_live() && !world.runs[0].lost,
        Fault::BackupReboot | Fault::Cancel => world.runs[0].is_live(),
        Fault::BakerDies => world.machines[1].running,
    };
    let free = matches!(fault, Fault::PowerBack | Fault::Back);
    if !possible || !(free || world.left.faults > 0) {
        return None;
    }
    let mut next = world.clone();
    next.left.faults -= u8::from(!free);
    let there = &mut next.machines[0];
    match fault {
        Fault::Reboot => {
            there.lose_power(model);
            there.powered = true;
            there.start(model);
        }
        Fault::PowerLoss => there.lose_power(model),
        Fault::PowerBack => {
            there.powered = true;
            there.start(model);
            next.restored |= said;
        }
        Fault::Cut => there.reachable = !there.reachable,
        Fault::Mute => there.on_chain = false,
        Fault::Back => there.on_chain = true,
        Fault::Restart => there.start(model),
        Fault::Replug => {
            there.plugged = true;
            there.armed |= model == Model::TezSign && there.running && there.secret;
            next.restored = true;
        }
        Fault::Pause => next.clock += 6 * BLOCK,
        Fault::Blind => next.blind = true,
        Fault::Dud => next.dud = true,
        Fault::LockLost => next.runs[0].lost = true,
        Fault::BackupReboot => {
            let here = &mut next.machines[1];
            here.lose_power(model);
            here.powered = true;
            here.start(model);
            next.runs[0].crash();
        }
        Fault::BakerDies => next.machines[1].running = false,
        Fault::Cancel => {
            // It is asked for right after a look.
            observe(&mut next, 0, setting);
            end(&mut next, 0, "cancelled", setting);
        }
    }
    // A run that waits looks again before the next block: what is new is seen.
    for run in &mut next.runs {
        run.waiting = false;
    }
    Some((format!("{fault:?}"), next))
}
