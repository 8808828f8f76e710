//! Flags of the commands that run the procedure.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use failover_core::decision::policy;
use failover_core::watch;

use super::Confirmation;

/// Answers that a flag can give beforehand: they answer questions, they never lower a threshold (S11).
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Answers {
    /// Go on with the plan without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// "The primary's signer is unplugged", stated for this plan (`failover run --plan-only` prints it)
    #[arg(long, value_name = "NAME:PLAN")]
    pub(crate) confirm_disconnected: Option<Confirmation>,
    /// "The primary is switched off", stated for this plan
    #[arg(long, value_name = "NAME:PLAN")]
    pub(crate) confirm_powered_off: Option<Confirmation>,
    /// "Nobody runs failover on HOST", stated for this plan, of a machine that cannot be asked
    #[arg(long, value_name = "HOST:PLAN")]
    pub(crate) confirm_no_other_run: Option<Confirmation>,
    /// "The run on HOST that has claimed a machine is over", stated where no machine that is asked can say so
    #[arg(long, value_name = "HOST")]
    pub(crate) confirm_claim_over: Vec<String>,
    /// "The Ledger's setting High Watermark is enabled; I looked at its screen", stated for this plan
    #[arg(long, value_name = "NAME:PLAN")]
    pub(crate) confirm_ledger_setting: Option<Confirmation>,
}

/// `return`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Return {
    #[command(flatten)]
    pub(crate) answers: Answers,
    /// "This machine's signer is unplugged and has no power", stated for the host with this name, where the signer cannot
    /// be read
    #[arg(long, value_name = "HOST")]
    pub(crate) confirm_unplugged: Option<String>,
    /// "The Ledger has not left this host", stated for the host with this name
    #[arg(long, value_name = "HOST")]
    pub(crate) confirm_not_moved: Option<String>,
}

/// `run`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) answers: Answers,
    /// Show the plan and its PLAN, which is good for 10 minutes, and change nothing; of an interrupted run, for `resume`
    #[arg(long, conflicts_with_all = ["yes", "confirm_disconnected", "confirm_powered_off", "confirm_no_other_run", "confirm_ledger_setting"])]
    pub(crate) plan_only: bool,
    /// Levels between the highest level the primary may have signed and the marks [default: 10, or as configured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(policy::MARGIN_LEAST..=policy::MARGIN_MOST))]
    pub(crate) margin: Option<u64>,
    /// Leave out a source that cannot be right, or `marks`, the primary's mark files, or `power`, its power status; never
    /// the own node
    #[arg(long, value_name = "SOURCE")]
    pub(crate) without: Vec<String>,
    /// Do not try to control the primary
    #[arg(long)]
    pub(crate) emergency: bool,
}

/// `resume`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    pub(crate) answers: Answers,
}

/// `standby`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Standby {
    #[command(flatten)]
    pub(crate) answers: Answers,
    /// Stop what bakes here; HOST is this machine's own name, so that nobody stops the wrong machine
    #[arg(long, value_name = "HOST")]
    pub(crate) stop: Option<String>,
}

/// `watch`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Watch {
    /// After so many levels with rights in which the primary signed nothing, say that a failover may be due [default:
    /// 10, or `levels` in the configuration]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(watch::SILENT_LEAST..=watch::SILENT_MOST))]
    pub(crate) silent: Option<u64>,
}

/// `drill`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Drill {
    /// Which device is simulated [default: tezsign, or the one that the scenario is for]
    #[arg(long, value_enum)]
    pub(crate) signer: Option<Signer>,
    /// What happens: planned, emergency, random, or a hazard by its name (`--list`)
    #[arg(long, value_name = "NAME", default_value = "planned")]
    pub(crate) scenario: String,
    /// List the scenarios
    #[arg(long, conflicts_with = "serve")]
    pub(crate) list: bool,
    /// How fast the simulated clock goes
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pace: Pace,
    /// Repeat a drill exactly
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Rehearse in so many random worlds, one for each seed from `--seed` on (else from 1), and judge each
    #[arg(long, value_name = "N", conflicts_with_all = ["list", "serve", "scenario", "signer", "pace"])]
    pub(crate) worlds: Option<u64>,
    /// Serve the simulated world on loopback and write a ready configuration to this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) serve: Option<PathBuf>,
}

/// A simulated device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signer {
    /// A TezSign with a consensus and a companion key
    #[value(name = "tezsign")]
    TezSign,
    /// A Ledger with the Tezos Baking app
    Ledger,
}

/// The pace of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Pace {
    /// Waits are skipped
    #[default]
    Fast,
    /// As long as it really takes
    Real,
}

/// `stand-in`: what the simulated machines' `tezbake`, `systemctl` and `ps` call.
#[derive(Debug, Clone, Args)]
pub(crate) struct StandIn {
    /// The simulated world's socket
    #[arg(value_name = "SOCKET")]
    pub(crate) socket: PathBuf,
    /// Which machine: primary or backup
    #[arg(value_name = "SIDE")]
    pub(crate) side: String,
    /// The command and its arguments
    #[arg(value_name = "ARGV", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) argv: Vec<OsString>,
}
