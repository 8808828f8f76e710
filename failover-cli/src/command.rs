//! The commands, one file each.

use std::process::ExitCode;

use crate::args::{self, Cli, Command};
use crate::failure::Failure;
use crate::looking::{self, Asks};
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
mod found;
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
mod systemd;
mod watch;

/// How a command ended.
pub(crate) enum Over {
    /// With its last line, which is still to be said.
    End(End),
    /// It stood in for another program: output and exit code are that program's.
    Code(ExitCode),
}

/// What a command asks first of all that may take its time to answer; `None`: nothing, or something that it says itself.
const fn asks(command: &Command) -> Option<Asks> {
    match command {
        Command::Check(_)
        | Command::Run(_)
        | Command::Resume(_)
        | Command::Return(_)
        | Command::Status
        | Command::Standby(_) => Some(Asks::All),
        Command::Level | Command::Activity(_) => Some(Asks::Chain),
        _ => None,
    }
}

/// Runs a command to its end. Every command is named here: a new one does not compile before it does something.
///
/// # Errors
/// What went wrong, with its exit code and the next safe action.
pub(crate) fn dispatch(cli: Cli, out: &mut Output) -> Result<Over, Failure> {
    let Cli { global, command } = cli;
    out.keep(global.kept());
    // A service may not be allowed to read the configuration, and needs nothing of it.
    if let (Command::Guard(args::Guard::Check), Some(state)) = (&command, &global.state) {
        return guard::check(state, out).map(Over::End);
    }
    let asks = asks(&command);
    // Read once: it may come out of a pipe.
    let settings = |out: &mut Output| {
        let settings = Settings::load(global.clone())?;
        if let (Some(asks), Ok(config)) = (asks, settings.config()) {
            looking::say(&config, asks, out);
        }
        Ok::<_, Failure>(settings)
    };
    let end = match command {
        Command::StandIn(wanted) => return Ok(Over::Code(stand_in::run(&wanted))),
        Command::Drill(wanted) => drill::run(&global, &wanted, out),
        Command::Check(wanted) => check::run(&settings(out)?, wanted.unlock, out),
        Command::Run(wanted) => run::run(&settings(out)?, &wanted, out),
        Command::Resume(wanted) => run::resume(&settings(out)?, &wanted, out),
        Command::StandDown => stand_down::run(&settings(out)?, out),
        Command::Return(wanted) => give_back::run(&settings(out)?, wanted, out),
        Command::Clear => clear::run(&settings(out)?, out),
        Command::Status => status::run(&settings(out)?, out),
        Command::Level => level::run(&settings(out)?, out),
        Command::Activity(wanted) => activity::run(&settings(out)?, &wanted, out),
        Command::Devices => devices::run(&settings(out)?, out),
        Command::Hwm(args::Hwm::Show) => hwm::show(&settings(out)?, out),
        Command::Hwm(args::Hwm::Raise(wanted)) => hwm::raise(&settings(out)?, &wanted, out),
        Command::Disarm => disarm::run(&settings(out)?, out),
        Command::Guard(args::Guard::Check) => guard::check(&settings(out)?.state(), out),
        Command::Guard(args::Guard::Status) => guard::status(&settings(out)?, out),
        Command::Guard(args::Guard::Install { stop }) => guard::install(&settings(out)?, stop.as_deref(), out),
        Command::Guard(args::Guard::Lift { statement }) => guard::lift(&settings(out)?, statement.as_deref(), out),
        Command::Standby(answers) => standby::run(&settings(out)?, answers, out),
        Command::Watch(wanted) => watch::run(&settings(out)?, &wanted, out),
        Command::Report(wanted) => report::run(&global, &wanted, out),
        Command::Config(args::Config::New(wanted)) => config_new::run(&global, &wanted, out),
        Command::Config(args::Config::Check) => config_check::run(&settings(out)?, out),
        Command::Completions { shell } => Ok(shell::completions(shell, out)),
        Command::Man { output } => shell::man(output.as_deref(), out),
    };
    end.map(Over::End)
}
