//! S13 to S16: two machines with a run each, other commands at any moment, what was seen before, and `return`.

use failover_core::facts::Model;

use crate::commands::Command;
use crate::holds::{MODELS, all, hold};
use crate::setting::{Fault, Setting};
use crate::world::Machine;

/// A machine that stands still, as both do.
pub(crate) fn still() -> Machine {
    Machine { running: false, ..Machine::primary() }
}

/// Both machines have a run, and each is the other's primary.
pub(crate) fn mirror(name: &'static str, model: Model) -> Setting {
    Setting { mirror: true, primary: still(), switches_off: false, ..Setting::calm(name, model) }
}

/// Both begin at the same moment. The primary's baker stands still, or it bakes, or its keys are locked, as after it was
/// restored: then nothing tells it that it is the one that baked (H43).
#[test]
fn s13_two_runs_on_two_machines() {
    for model in MODELS {
        hold(&mirror("two machines", model));
        let bakes = Setting { primary: Machine::primary(), ..mirror("two machines, one bakes", model) };
        let found = hold(&bakes);
        assert!(!found.ends.contains_key("done"), "{found:?}");
        for locks_seen in [true, false] {
            let primary = Machine { armed: false, ..Machine::primary() };
            hold(&Setting { primary, locks_seen, ..mirror("two machines, one was restored", model) });
        }
    }
}

/// Where the run lock of the other machine is not seen, permits and claims alone keep the two apart; a crash comes between
/// permit, claim and answer.
#[test]
fn s13_two_runs_on_two_machines_and_no_lock_is_seen() {
    for model in MODELS {
        let found = hold(&no_lock_is_seen("two machines, no lock is seen", model));
        assert!(found.ends.contains_key("stopped") && found.ends.contains_key("done"), "{found:?}");
    }
}

pub(crate) fn no_lock_is_seen(name: &'static str, model: Model) -> Setting {
    let mut setting = Setting { locks_seen: false, ..mirror(name, model) };
    setting.budget.crashes = 1;
    setting
}

/// Only one of the two reaches the other.
#[test]
fn s13_two_runs_and_one_way_only() {
    for model in MODELS {
        let mut one_way = Setting { reachable: false, ..no_lock_is_seen("two machines, one way", model) };
        one_way.budget.delays = 1;
        hold(&one_way);
    }
}

/// A claim that comes between a look and its effect, or finds an effect under way.
#[test]
fn s13_a_claim_between_look_and_effect() {
    for model in MODELS {
        let mut setting = Setting { gaps: true, ..no_lock_is_seen("two machines, a claim in between", model) };
        setting.budget.crashes = u8::from(all());
        hold(&setting);
    }
}

const STOPS: [Command; 5] =
    [Command::StandDown, Command::Disarm, Command::GuardInstall, Command::Standby, Command::WatchStop];
const OTHERS: [Command; 3] = [Command::HwmRaise, Command::Lift, Command::Clear];

fn on_both(commands: &[Command]) -> Vec<(Command, usize)> {
    [0, 1].into_iter().flat_map(|machine| commands.iter().map(move |command| (*command, machine))).collect()
}

/// Every command, at every moment, on either machine; it dies between any two of its parts, and so does the tool.
#[test]
fn s14_a_command_at_every_moment() {
    for model in MODELS {
        let mut setting = Setting { after: 1, ..Setting::calm("commands", model) };
        setting.commands = on_both(&[&STOPS[..], &OTHERS[..]].concat());
        setting.budget.commands = 1;
        setting.budget.crashes = 1;
        hold(&setting);
    }
}

/// A run on either machine at every moment, and a crash: the job goes to and fro.
#[test]
fn s13_another_run_at_every_moment() {
    for model in if all() { &MODELS[..] } else { &MODELS[..1] } {
        let mut setting = Setting { after: 1, ..Setting::calm("run again", *model) };
        setting.commands = on_both(&[Command::Again]);
        (setting.budget.commands, setting.budget.crashes) = (1, 1);
        hold(&setting);
    }
}

/// A stop that comes into an effect that is under way.
#[test]
fn s14_a_stop_in_an_effect() {
    for model in MODELS {
        hold(&in_an_effect("stop in an effect", model));
    }
}

pub(crate) fn in_an_effect(name: &'static str, model: Model) -> Setting {
    let mut setting = Setting { gaps: true, ..Setting::calm(name, model) };
    setting.commands = on_both(&STOPS);
    setting.budget.commands = if all() { 2 } else { 1 };
    setting.budget.crashes = u8::from(all());
    setting
}

/// Two commands, one after the other or one that dies in the other: a duplicate is cleared, a machine is lifted and stopped.
#[test]
fn s14_two_commands() {
    let mut setting = Setting { after: 1, ..Setting::calm("two commands", Model::TezSign) };
    setting.commands =
        on_both(&[Command::StandDown, Command::WatchStop, Command::Lift, Command::Clear, Command::Again]);
    setting.budget.commands = 2;
    hold(&setting);
}

/// What was seen a while ago approves nothing.
#[test]
fn s15_the_process_stands_still() {
    for model in MODELS {
        hold(&standing_still("stands still", model));
    }
}

pub(crate) fn standing_still(name: &'static str, model: Model) -> Setting {
    let mut setting = Setting { gaps: true, ..Setting::calm(name, model) };
    setting.budget.delays = 2;
    setting.with(&[Fault::Pause, Fault::Mute, Fault::Back], 1)
}

/// `return` at every moment: after a crash, and after a stand-down or before another run.
#[test]
fn s16_return_at_every_moment() {
    for model in MODELS {
        let mut crash = Setting { after: 2, ..Setting::calm("return", model) };
        crash.commands = vec![(Command::Return, 1)];
        (crash.budget.commands, crash.budget.crashes) = (1, 1);
        let found = hold(&crash);
        assert!(found.ends.contains_key("returned"), "{found:?}");
        let found = hold(&returning("stand-down, return, run", model));
        assert!(found.ends.contains_key("returned"), "{found:?}");
    }
}

pub(crate) fn returning(name: &'static str, model: Model) -> Setting {
    let mut setting = Setting { after: 2, ..Setting::calm(name, model) };
    setting.commands = vec![(Command::StandDown, 1), (Command::Return, 1), (Command::Again, 1)];
    setting.budget.commands = 2;
    setting.budget.crashes = u8::from(all());
    setting
}

/// A run was refused long ago for want of a fence, and a person takes the risk. The primary may come back at any moment: in
/// the residue, as ever.
#[test]
fn an_old_refusal_and_a_person_who_takes_the_risk() {
    for model in MODELS {
        let found = hold(&after_a_refusal("unproven", model));
        assert!(found.ends.contains_key("done"), "{found:?}");
    }
}

pub(crate) fn after_a_refusal(name: &'static str, model: Model) -> Setting {
    let primary = Machine { on_chain: false, signed: [0; 2], before: [0; 2], ..Machine::primary() };
    let setting =
        Setting { primary, reachable: false, refused: Some(130), switches_off: false, ..Setting::calm(name, model) };
    setting.with(&[Fault::Back], 0)
}
