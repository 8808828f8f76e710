//! The command line: what can be typed, and nothing else.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use failover_core::chain::SourceUrl;
use failover_core::signer::Selector;
use failover_core::tezos::{KeyHash, Level};

use crate::exit;
use crate::output::Flags;

mod procedure;
mod value;

pub(crate) use procedure::{Answers, Drill, Pace, Resume, Return, Run, StandIn, Standby, Watch};
pub(crate) use value::Confirmation;

/// Moves a Tezos baker to its backup machine and signer without ever signing twice.
///
/// Start with `failover drill`: it rehearses the whole procedure on simulated devices, with nothing plugged in.
#[derive(Debug, Parser)]
#[command(name = "failover", version, propagate_version = true, max_term_width = 110, after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// Configuration file [default: $XDG_CONFIG_HOME/failover/config.toml, else /etc/failover/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the journals, the guard's token and the pins [default: `state` in the configuration, else
    /// /var/lib/failover]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// One JSON record a line instead of text; the last one is {"record":"end",...}
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The device instead of the configured one: tezsign, tezsign:SERIAL, tezsign+unix:PATH, ledger,
    /// ledger:SERIAL-OR-PATH, ledger+tcp:HOST:PORT
    #[arg(long, global = true, value_name = "SELECTOR")]
    pub(crate) device: Option<Selector>,
    /// The own node's RPC instead of the configured one
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) node: Option<SourceUrl>,
}

impl Global {
    /// What the commands that are named to a person keep of this call: which configuration, which state, which device. A node is no part
    /// of it: a URL may have a password in it.
    pub(crate) fn kept(&self) -> Flags {
        let path = |path: &PathBuf| path.display().to_string();
        let given = [
            ("--config", self.config.as_ref().map(path)),
            ("--state", self.state.as_ref().map(path)),
            ("--device", self.device.as_ref().map(ToString::to_string)),
        ];
        let given: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Flags::new(&given, Cli::command())
    }
}

/// What failover does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Rehearse the whole procedure on simulated devices, chain and bakers: no hardware, no network, no configuration
    Drill(Drill),
    /// Is this backup ready, before it is needed?
    Check(Check),
    /// The procedure: show the plan, ask, act, verify
    Run(Run),
    /// Go on with an interrupted run
    Resume(Resume),
    /// Leave the backup unable to sign
    StandDown,
    /// Give the fenced primary back its job, if the backup never started
    Return(Return),
    /// After a duplicate: show it, and lift the stop on a typed statement
    Clear,
    /// Devices, marks, keys, bakers, chain, guard and journal in one screen
    Status,
    /// The head from every source, with ages and the verdict
    Level,
    /// The last signatures of a baker on chain, by kind
    Activity(Activity),
    /// What is plugged in, and what is there but not accessible, with what to do
    Devices,
    /// The high watermarks: show them, raise them, never lower them
    #[command(subcommand)]
    Hwm(Hwm),
    /// Lock or deauthorize every key of the device, and read it back; needs no configuration with --device
    Disarm,
    /// What keeps this machine from baking
    #[command(subcommand)]
    Guard(Guard),
    /// After a failover, on the repaired machine: make it the new backup, then check it as one
    ///
    /// Services are stopped and guarded, keys locked or deauthorized, the auto-unlock secret put away, the marks raised
    /// above everything seen; each read back. The other machine bakes on.
    Standby(Standby),
    /// After a failover or always: watch for duplicates, missed votes, a dead baker
    ///
    /// On the machine that bakes, another machine that signs with this baker's keys stops it at once (exit 5), until
    /// `failover clear`. On a machine that stands by, it reports the primary's silence. It starts nothing and takes no lock.
    Watch(Watch),
    /// What happened in a run or a drill: as Markdown, or one HTML page that needs nothing else
    ///
    /// The levels as a picture, the fence with its proofs, every step with its time, the marks before and after, what it
    /// cost, what to do next. No secret is in it; names of machines and files are.
    Report(Report),
    /// The configuration file
    #[command(subcommand)]
    Config(Config),
    /// Write the shell's completions to standard output
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page to standard output
    Man {
        /// Write it to this folder, with a page for each command: failover.1, failover-run.1 and so on
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// A simulated machine's command, for `drill --serve`
    #[command(hide = true)]
    StandIn(StandIn),
}

/// `check`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Check {
    /// Also unlock the TezSign's keys, read them, and lock them again: before a run, only this shows damaged state or marks above the cap
    ///
    /// A damaged secret shows at the first signature only. Asks for the passphrase where no file has it. Only on a machine that is
    /// guarded and on which nothing signs, and never from a timer.
    #[arg(long)]
    pub(crate) unlock: bool,
}

/// `report`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Report {
    /// Which journal: a file, a run's PLAN, or `drill` for the last drill [default: the newest run, else the last drill]
    #[arg(value_name = "JOURNAL")]
    pub(crate) journal: Option<PathBuf>,
    /// Write one HTML page to this file: no script, nothing loaded, light and dark, for a screen, a phone and paper
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write Markdown to this file [default: to standard output, where no file is named]
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// `activity`.
#[derive(Debug, Args)]
pub(crate) struct Activity {
    /// The baker's address [default: the configured one]
    #[arg(value_name = "BAKER")]
    pub(crate) baker: Option<KeyHash>,
    /// How many levels below the head are read
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) levels: u64,
}

/// `hwm`.
#[derive(Debug, Subcommand)]
pub(crate) enum Hwm {
    /// Show every key's marks; unknown is shown as unknown, never as 0
    Show,
    /// Raise the marks to LEVEL, read back and compare; already there is success
    ///
    /// A locked TezSign key is unlocked for it and locked again. A Ledger asks the person at its buttons.
    Raise(Raise),
}

/// `hwm raise`.
#[derive(Debug, Args)]
pub(crate) struct Raise {
    /// The level, in digits: 15267109, 15_267_109 or 15,267,109
    #[arg(value_name = "LEVEL")]
    pub(crate) level: Level,
    /// Which keys, by their names on the device [default: the configured ones, else every key]
    #[arg(value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Keys of a TezSign that are found unlocked, and that nothing uses, stay so [default: locked afterwards]
    #[arg(long)]
    pub(crate) leave_unlocked: bool,
    /// The chain's head as you read it elsewhere, where no node can be asked: the cap is 100 levels above
    #[arg(long, value_name = "LEVEL")]
    pub(crate) head: Option<Level>,
}

/// `guard`.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Guard {
    /// For ExecCondition, ExecStartPre and start commands: exit 0 if this machine may bake, 3 if it may not
    ///
    /// With --state it needs neither a configuration nor systemd.
    Check,
    /// Show whether this machine may bake and since when, whether its services can start, and who guarded them
    Status,
    /// Keep this machine's signing services from starting again: by a reboot, a restart, an upgrade or a person
    ///
    /// Takes the token away, and ties every signing unit of the backup section to it by a drop-in in /etc/systemd/system. The
    /// services must be stopped. Node, accuser and DAL are left alone. Needs root.
    Install {
        /// Stop the services first; HOST is this machine's own name, so that nobody stops the wrong machine
        #[arg(long, value_name = "HOST")]
        stop: Option<String>,
    },
    /// Let this machine's signing services start again, on a typed statement; `failover run` does it by itself when it may
    ///
    /// Starts nothing.
    Lift {
        /// The whole sentence, where no terminal can be asked: I have made sure that no other machine signs for NAME.
        /// This machine may bake.
        #[arg(long, value_name = "SENTENCE")]
        statement: Option<String>,
    },
}

/// `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Write a commented configuration to standard output or a new file
    ///
    /// Looks for the node, the device, what runs the baker here and on the primary, and on a terminal asks for the rest;
    /// Enter takes what was found. Without a terminal, or with --yes, nothing is asked. What is not known is left open,
    /// and marked FILL IN. It only looks: nothing is unlocked, stopped or changed.
    New(ConfigNew),
    /// Read the configuration and say what will be used
    Check,
}

/// `config new`. The device and the node are the global flags.
#[derive(Debug, Args)]
pub(crate) struct ConfigNew {
    /// Write to this file, which must not exist yet
    #[arg(value_name = "PATH", conflicts_with = "output")]
    pub(crate) path: Option<PathBuf>,
    /// The baker's name: what a person types to confirm [default: asked for, else left open]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The baker's address [default: the baker that has the device's keys, where the node knows one]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) address: Option<KeyHash>,
    /// The network's name, or a chain id [default: the node's chain]
    #[arg(long, value_name = "NETWORK")]
    pub(crate) network: Option<String>,
    /// The primary's ssh destination; leave it out if it can never be reached
    #[arg(long, value_name = "DESTINATION")]
    pub(crate) primary: Option<String>,
    /// The same as PATH
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Ask nothing: write what was found
    #[arg(long)]
    pub(crate) yes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        Cli::command().debug_assert();
    }
}
