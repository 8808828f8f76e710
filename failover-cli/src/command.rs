//! The commands, one file each.

use crate::args::{self, Cli, Command};
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;

mod activity;
mod check;
mod clear;
mod config_check;
mod config_new;
mod devices;
mod disarm;
mod drill;
mod give_back;
mod guard;
mod hwm;
mod level;
mod report;
mod run;
mod shell;
mod stand_down;
mod stand_in;
mod standby;
mod status;
mod watch;

pub(crate) use stand_in::run as stand_in;

/// Runs a command to its end.
///
/// # Errors
/// What went wrong, with its exit code and the next safe action.
pub(crate) fn dispatch(cli: Cli, out: &mut Output) -> Result<End, Failure> {
    let Cli { global, command } = cli;
    match command {
        Command::Config(args::Config::New(wanted)) => config_new::run(&global, &wanted, out),
        Command::Completions { shell } => Ok(shell::completions(shell, out)),
        Command::Man { output } => shell::man(output.as_deref(), out),
        Command::Drill(wanted) => drill::run(&global, &wanted, out),
        Command::Report(wanted) => report::run(&global, &wanted, out),
        // A service may not be allowed to read the configuration, and needs nothing of it.
        Command::Guard(args::Guard::Check) if global.state.is_some() => {
            guard::check(&global.state.unwrap_or_default(), out)
        }
        command => with_settings(command, &Settings::load(global)?, out),
    }
}

fn with_settings(command: Command, settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    match command {
        Command::Config(args::Config::Check) => config_check::run(settings, out),
        Command::Level => level::run(settings, out),
        Command::Activity(wanted) => activity::run(settings, &wanted, out),
        Command::Devices => devices::run(settings, out),
        Command::Hwm(args::Hwm::Show) => hwm::show(settings, out),
        Command::Hwm(args::Hwm::Raise(wanted)) => hwm::raise(settings, &wanted, out),
        Command::Guard(args::Guard::Check) => guard::check(&settings.state(), out),
        Command::Guard(args::Guard::Status) => guard::status(settings, out),
        Command::Guard(args::Guard::Install { stop }) => guard::install(settings, stop.as_deref(), out),
        Command::Guard(args::Guard::Lift { statement }) => guard::lift(settings, statement.as_deref(), out),
        Command::Run(wanted) => run::run(settings, &wanted, out),
        Command::Resume(wanted) => run::resume(settings, &wanted, out),
        Command::Disarm => disarm::run(settings, out),
        Command::StandDown => stand_down::run(settings, out),
        Command::Return(wanted) => give_back::run(settings, wanted, out),
        Command::Clear => clear::run(settings, out),
        Command::Status => status::run(settings, out),
        Command::Check(wanted) => check::run(settings, wanted.unlock, out),
        Command::Standby(answers) => standby::run(settings, answers, out),
        Command::Watch(wanted) => watch::run(settings, &wanted, out),
        _ => Err(Failure::usage("this command is not in this version", "see `failover --help`")),
    }
}
