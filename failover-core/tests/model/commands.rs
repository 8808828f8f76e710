//! The other commands: any of them may come at any moment, and die between any two of its parts.

use failover_core::decision::{ReturnAnswers, Step, Verdict, give_back};
use failover_core::facts::{
    Account, Answer, Arming, ClaimAnswer, Deed, Giving, HostIdentity, Mark, Marks, Observed, Unknown,
};
use failover_core::journal::record::{Record, StepResult};
use failover_core::tezos::Position;

use crate::eyes::device;
use crate::moves::{Moves, changed};
use crate::permits::{claim, effect_under_way, lock_held, take_away};
use crate::run::{Run, policy};
use crate::setting::{Broken, Setting};
use crate::world::{Machine, Who, World, level};

/// What a person, or a watch, does next to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    StandDown,
    Disarm,
    GuardInstall,
    Standby,
    WatchStop,
    Lift,
    Return,
    Clear,
    HwmRaise,
    /// `failover run` once more, where the runs before are over.
    Again,
}

impl Command {
    const fn stops(self) -> bool {
        matches!(self, Self::StandDown | Self::Disarm | Self::GuardInstall | Self::Standby | Self::WatchStop)
    }

    /// Neither a stop asks for it, nor what is done at once.
    pub(crate) const fn holds_run_lock(self) -> bool {
        matches!(self, Self::Lift | Self::Return)
    }
}

/// A command that is under way.
#[derive(Debug, Clone)]
pub(crate) struct Acting {
    pub(crate) command: Command,
    pub(crate) machine: usize,
    stage: u8,
    pub(crate) permit: bool,
}

pub(crate) fn commands(world: &World, setting: &Setting) -> Moves {
    let Some(acting) = &world.acting else {
        let mine = setting.commands.iter().filter(|_| world.left.commands > 0);
        let able = mine.filter(|(command, machine)| may_begin(world, *command, *machine));
        let begin = |(command, machine): &(Command, usize)| {
            changed(world, &format!("{command:?} on machine {machine}"), |w| {
                w.left.commands -= 1;
                begin(w, *command, *machine, setting);
                look_again(w);
            })
        };
        return able.map(begin).collect();
    };
    let Acting { command, machine, .. } = *acting;
    let mut moves = Moves::new();
    // Its second part waits for whoever is in the middle of an effect.
    if !effect_under_way(world, machine) {
        moves.push(changed(world, &format!("{command:?} goes on"), |w| {
            go_on(w, setting);
            look_again(w);
        }));
    }
    if world.left.crashes > 0 {
        moves.push(changed(world, &format!("{command:?} dies"), |w| {
            w.left.crashes -= 1;
            w.acting = None;
        }));
    }
    moves
}

/// A run that waits looks again before the next block.
fn look_again(world: &mut World) {
    for run in &mut world.runs {
        run.waiting = false;
    }
}

const fn other(machine: usize) -> usize {
    if machine == 0 { 1 } else { 0 }
}

fn may_begin(world: &World, command: Command, machine: usize) -> bool {
    let here = &world.machines[machine];
    let free = !lock_held(world, machine);
    let there = &world.machines[other(machine)];
    match command {
        Command::Clear => here.latched,
        Command::HwmRaise => free && !here.running && !effect_under_way(world, machine),
        // An honest person: what is stated of the other machine is true when it is typed.
        Command::Lift => free && !here.running && !there.running && !here.latched,
        Command::Return => free,
        // The others are over, or dead for good: a new run takes their permits away.
        Command::Again => free && !here.latched && world.runs.len() < 3,
        _ => true,
    }
}

fn begin(world: &mut World, command: Command, machine: usize, setting: &Setting) {
    let acting = Acting { command, machine, stage: 0, permit: false };
    match command {
        // S14: permits first, without any lock; disarm.
        _ if command.stops() => {
            if !setting.is(Broken::StopLeavesPermit) {
                take_away(world, machine, None);
            }
            disarm(&mut world.machines[machine]);
            world.acting = Some(acting);
        }
        Command::Lift => {
            take_away(world, machine, None);
            world.machines[machine].stopped = false;
            world.acting = Some(Acting { permit: true, ..acting });
        }
        Command::Return => {
            take_away(world, machine, None);
            if verdict(world, machine, setting) {
                world.acting = Some(acting);
            }
        }
        Command::HwmRaise => {
            take_away(world, machine, None);
            raise(world, machine, setting);
        }
        Command::Again => {
            for run in world.runs.iter_mut().filter(|run| run.site == machine && run.end.is_none()) {
                run.end = Some("left".to_owned());
            }
            world.runs.push(Run::new(machine, other(machine), setting));
        }
        _ => world.machines[machine].latched = false,
    }
}

/// What the run's process holds stays held: that is not a stop's to let go.
fn disarm(machine: &mut Machine) {
    let held = machine.held;
    machine.disarm();
    machine.held = held;
}

/// Marks above everything that is seen, for a device that is locked again.
fn raise(world: &mut World, machine: usize, setting: &Setting) {
    let to = Mark::at(Position::start_of(level(world.head() + 2 + setting.margin)));
    let here = &mut world.machines[machine];
    let before = here.marks;
    if before.highest() < to {
        here.marks = Marks::all(to);
    }
    let (key, after) = (device(here, setting.model).keys[0].name.clone(), here.marks);
    if setting.has_return() {
        here.deeds.push(Deed::Marks { key, before, after });
    }
}

fn go_on(world: &mut World, setting: &Setting) {
    let Some(acting) = world.acting.clone() else { return };
    match acting.command {
        Command::Lift => lift(world, &acting, setting),
        Command::Return => returns(world, acting.machine, setting),
        command => {
            stop(world, command, acting.machine, setting);
            world.acting = None;
        }
    }
}

/// The second reading of a stop: under the effect lock, what was under way is over.
fn stop(world: &mut World, command: Command, machine: usize, setting: &Setting) {
    if !setting.is(Broken::StopLeavesPermit) && !setting.is(Broken::StopTakesOnce) {
        take_away(world, machine, None);
    }
    let here = &mut world.machines[machine];
    disarm(here);
    here.guard = here.guard.or(Some(machine));
    here.latched |= command == Command::WatchStop;
    here.stopped = true;
    if command == Command::Standby {
        here.secret = false;
        raise(world, machine, setting);
        let here = &mut world.machines[machine];
        (here.before, here.deeds) = (here.signed, Vec::new());
    }
    for run in world.runs.iter_mut().filter(|run| run.site == machine && run.live.is_none() && run.end.is_none()) {
        run.end = Some("stood down".to_owned());
    }
}

/// The permit is made: then the claim, then the token, under the effect lock and with the permit there.
fn lift(world: &mut World, acting: &Acting, setting: &Setting) {
    let machine = acting.machine;
    if acting.stage == 0 {
        let answer = claim(world, Who::Command(machine), other(machine), setting);
        let claims = &world.machines[machine].claims;
        let standing = !claims.is_empty() && !setting.is(Broken::NoClaims);
        let may = match answer {
            ClaimAnswer::Made { over } => !standing || over == Some(true),
            // The person speaks of that machine, and the truth.
            ClaimAnswer::Unasked { .. } => !standing && !lock_held(world, other(machine)),
            _ => false,
        };
        world.acting =
            may.then(|| Acting { stage: 1, permit: world.acting.as_ref().is_some_and(|a| a.permit), ..*acting });
        return;
    }
    if acting.permit || setting.is(Broken::NoPermitAtEffect) {
        if !acting.permit {
            world.fail("S13", "the guard is lifted without a permit");
        }
        let here = &mut world.machines[machine];
        here.token = true;
        if setting.has_return() {
            here.deeds.push(Deed::Lifted { what: String::new() });
        }
        here.start(setting.model);
    }
    world.acting = None;
}

/// May the other machine have its job back? The project's own verdict, to its end.
fn verdict(world: &World, machine: usize, setting: &Setting) -> bool {
    let here = &world.machines[machine];
    let there = &world.machines[other(machine)];
    let seen = |value| Observed { value, source: "host".to_owned(), at: world.now() };
    let id = |machine: usize| HostIdentity { machine_id: machine.to_string() };
    let unknown = Unknown { why: "no route".to_owned(), next: "look".to_owned() };
    let state = device(here, setting.model);
    let mut unlocked = device(&Machine { armed: true, ..here.clone() }, setting.model);
    unlocked.keys[0].arming = Arming::Armed;
    let deeds = match setting.is(Broken::ReturnsAnyway) {
        true => vec![Deed::Marks { key: state.keys[0].name.clone(), before: here.marks, after: here.marks }],
        false => here.deeds.clone(),
    };
    // What was there before the first reading is no gap of this account.
    let gaps = setting.is(Broken::ReturnsAnyway);
    let left = if gaps { vec![(state.keys[0].name.clone(), here.marks)] } else { Vec::new() };
    let awake = here.running || here.token || here.guard.is_none();
    let giving = Giving {
        account: Ok(Account { deeds, left }),
        host: machine.to_string(),
        primary: if there.powered && there.reachable { Ok(seen(id(other(machine)))) } else { Err(unknown) },
        identity: Ok(seen(id(machine))),
        awake: awake.then(|| "its baker".to_owned()).into_iter().collect(),
        device: Ok(Observed { value: state, source: "device".to_owned(), at: world.now() }),
        gone: false,
        unlocked: Some(unlocked),
    };
    let yes = Some(Answer::Yes);
    let said = ReturnAnswers { proceed: yes, unplugged: yes, not_moved: yes };
    match give_back(&giving, &policy(setting, other(machine)), &said) {
        Verdict::Do(step) => matches!(step.get(), Step::GiveBack { .. }),
        _ => false,
    }
}

/// Right before it this machine is read once more; then everything happens on the other one.
fn returns(world: &mut World, machine: usize, setting: &Setting) {
    world.acting = None;
    let here = &world.machines[machine];
    if here.running || here.token || here.armed {
        return;
    }
    if here.signed != here.before {
        world.fail("S16", "the primary gets its job back, and the backup signed since it became the backup");
    }
    let there = &mut world.machines[other(machine)];
    if !(there.powered && there.reachable) {
        return;
    }
    (there.guard, there.secret, there.stopped) = (None, true, false);
    there.start(setting.model);
    for run in world.runs.iter_mut().filter(|run| run.site == machine) {
        run.end = Some("returned".to_owned());
    }
}

/// What a run's records say of what was armed, as the account reads them.
pub(crate) fn account(deeds: &mut Vec<Deed>, record: &Record, setting: &Setting) {
    if !setting.has_return() {
        return;
    }
    match record {
        Record::Before { step, .. } => match step {
            Step::Start { .. } => deeds.push(Deed::Started { what: String::new() }),
            Step::NoteLevel { bound, .. } => deeds.push(Deed::Bound { level: *bound }),
            Step::Unlock { keys } => deeds.push(Deed::Armed { keys: keys.clone() }),
            Step::Raise { keys, floor, .. } => deeds.push(Deed::Tried { keys: keys.clone(), level: *floor }),
            Step::Authorize { key, floor, .. } => deeds.push(Deed::Tried { keys: vec![key.clone()], level: *floor }),
            _ => {}
        },
        Record::After { result: StepResult::Done { raised, .. }, .. } if !raised.is_empty() => {
            deeds.pop_if(|last| matches!(last, Deed::Tried { .. }));
            deeds.extend(raised.iter().map(|raised| Deed::Marks {
                key: raised.key.clone(),
                before: raised.before,
                after: raised.after,
            }));
        }
        _ => {}
    }
}
