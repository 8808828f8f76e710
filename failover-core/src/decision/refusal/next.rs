//! What follows from a refusal: its exit code, whether it may pass, and the next safe action, its last line.

use super::Refusal;
use crate::permit::ONE_MACHINE;

/// The place of a claim that another machine's run left here.
pub(in crate::decision) const THIS_MACHINE: &str = "this machine";

impl Refusal {
    /// The exit code that the command line gives it: 3 not safe, 4 not ready, 5 a duplicate is latched, 6 another
    /// run was interrupted, 7 locked, 8 cancelled by the person.
    #[must_use]
    pub const fn exit(&self) -> u8 {
        match self {
            Self::NotReady { .. } => 4,
            Self::FencedElsewhere { .. } | Self::NoPermit | Self::RunThere { .. } | Self::Claimed { .. } => 7,
            Self::Stopped { claim, resumed, .. } if claim.is_some() || *resumed => 7,
            Self::Latched { .. } => 5,
            Self::Unfinished { .. } => 6,
            Self::Stopped { .. } | Self::LedgerSetting | Self::Cancelled => 8,
            _ => 3,
        }
    }

    /// May it be right again in a moment, without a person doing anything?
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. }
                | Self::Stale { .. }
                | Self::Late { .. }
                | Self::Alone { .. }
                | Self::Contradicted { .. }
                | Self::NodeBehind { .. }
                | Self::NotSynced
                | Self::HeadUnbounded { .. }
                | Self::AnswersThough { .. }
                | Self::ProtocolChange { .. }
        )
    }

    /// The same where the primary's signer has a machine of its own: no machine that is switched off counts there, so that it
    /// leads nowhere to switch one off.
    #[must_use]
    pub fn next_with_signer_apart(&self) -> String {
        self.next().replacen(" or switch the machine off", " from its machine", 1)
    }

    /// The next safe action.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Unknown { unknown, .. } | Self::NotReady { unknown, .. } => return unknown.next.clone(),
            Self::Stale { .. } | Self::NotSynced => "wait until the node is synced, then run again",
            Self::FencedElsewhere { .. } => {
                "look at that machine: it may bake already. When the old machine is to bake again or to stand by, run \
                 `failover standby` on it"
            }
            Self::Alone { without, .. } if !without.is_empty() => {
                let flags: Vec<String> = without.iter().map(|name| format!("--without '{name}'")).collect();
                return format!(
                    "compare the node's head with an explorer, and wait for the node or the sources; where it is the \
                     sources that are wrong, run again with {}: then two peers of the node and the pinned head must agree",
                    flags.join(" ")
                );
            }
            Self::HeadUnbounded { left_out: true, .. } => {
                "compare the node's head with an explorer; run again with one source that is right, which pins the head"
            }
            Self::HeadUnbounded { left_out: false, .. } => {
                "configure another source (`tzkt` or `others` in [chain]), then run `failover check`: it pins the head"
            }
            Self::AnswersThough { status: true, .. } => {
                "find out which machine answers and which one the power status describes; if the status is wrong, run again \
                 with --without power"
            }
            Self::AnswersThough { status: false, .. } => {
                "find out which machine answers there, and switch the right one off; then run again and say what is true"
            }
            Self::Alone { .. } => {
                "look at the node's connections, or configure another source (`tzkt`, `others`), then run again"
            }
            Self::Contradicted { by, .. } => {
                return format!(
                    "compare both with an explorer; where it is {by} that is wrong, run again with --without '{by}'"
                );
            }
            Self::NodeBehind { by, .. } => {
                return format!(
                    "wait until the node has caught up, which `failover level` shows, or name another of your nodes with --node; \
                     only where an explorer shows the node's own level, run again with --without '{by}'"
                );
            }
            Self::Future { .. } | Self::Late { .. } => "set this machine's clock (chrony or ntp), then run again",
            Self::WrongChain { .. } => "correct `node` or `network` in the configuration",
            Self::ProtocolChange { .. } => "wait two minutes, then run again",
            Self::Standing { .. } => "a failover cannot help here: look at the baker on an explorer",
            Self::Denounced { .. } => {
                "stop everything that signs for this baker, and find out which two machines did; a failover cannot help"
            }
            Self::WrongAlias { .. } => "plug in the right signer, or correct `keys` in the configuration",
            Self::AbsurdMark { path, without, .. } => {
                return format!(
                    "compare {path} and the head with an explorer; where it is the file that is wrong, run again with \
                     --without {without}"
                );
            }
            Self::MissingKey { .. } => "plug in the signer that has this key; do not register another key now",
            Self::KeyChange { .. } => "wait for the key change, then run again with both keys on the device",
            Self::WrongHost { .. } => "find out which machine answers there; then run `failover check`",
            Self::NotSilent { .. } => "unplug the primary's signer or switch the machine off, then run again",
            Self::SilenceProvesNothing { .. } => "run again when the baker has rights",
            Self::NotFenced { .. } => {
                "unplug the primary's signer or switch the machine off, then run again. If nobody can, run again in \
                 half an hour: after a hundred silent levels it asks whether you take the risk"
            }
            Self::Stopped { claim: None, resumed: false, .. } => {
                "nothing more was done, and the backup is disarmed; `failover run` starts over"
            }
            Self::Stopped { .. } | Self::NoPermit | Self::RunThere { .. } => ONE_MACHINE,
            Self::OtherBoot => "run `failover run`: it looks at everything anew",
            // No machine that is asked knows the run of a third one.
            Self::Claimed { on, by } if on != THIS_MACHINE => {
                return format!(
                    "let that run end, or end it by `failover stand-down` on {0}; when nobody runs failover there any more: \
                     `failover run --confirm-claim-over {0}`",
                    by.host
                );
            }
            Self::Claimed { by, .. } => {
                return format!(
                    "{ONE_MACHINE}. Where that run is over and its machine cannot say so: `failover run --confirm-claim-over {}`",
                    by.host
                );
            }
            Self::OlderThere { host, .. } => {
                return format!(
                    "install failover {} on {host}, then run again; or remove the version that is installed there",
                    env!("CARGO_PKG_VERSION")
                );
            }
            Self::NotExcluded { host, .. } => {
                return format!("make sure that nobody runs failover on {host}, then run again and say so");
            }
            Self::Absurd { .. } => "find out which source says so; compare the head with an explorer",
            Self::PastCap { .. } => "run again with a margin of 10",
            Self::Halted { .. } => {
                "leave everything as it is; nothing can be baked, and nothing is lost, until the chain moves; then run again"
            }
            Self::Latched { .. } => "find the machine that signed, then run `failover clear`",
            Self::MayHaveSigned { .. } => {
                "do not start the primary by hand: `failover run` here bakes on this machine. Otherwise the way back is \
                 `failover standby` on the primary, then `failover run` there"
            }
            Self::NotAtRest { .. } => "run `failover stand-down`, then `failover return` again",
            Self::LedgerSetting => "enable \"High Watermark\" in the app's settings, then run again",
            Self::Cancelled => "nothing more was done; run again when ready",
            Self::MarksPastCap { .. } => {
                "compare the head with an explorer; where it is right, plug in another backup's signer: a mark is never lowered; \
                 if nobody bakes meanwhile, `failover return` says how the primary gets its job back"
            }
            Self::Damaged { .. } => {
                "do not sign with that device: plug in another backup's signer, or restore the card, then run again; if nobody \
                 bakes meanwhile, `failover return` says how the primary gets its job back"
            }
            Self::SaysNothing { host, .. } => {
                return format!(
                    "unplug this machine's signer and run `failover return --confirm-unplugged {host}`; or `failover standby` \
                     on the primary, then `failover run` there"
                );
            }
            Self::BakesHere { .. } => {
                "leave this machine as it is, and run `failover run` on the machine that takes over"
            }
            Self::Unpinned { .. } => {
                "run `failover check` first: it pins the primary. If that is impossible, run again with --emergency"
            }
            Self::NoLock => "take `FileLock::acquire_under` the root of the run's permits, and give it to the run",
            Self::Unfinished { .. } => "run `failover resume` to go on, or `failover stand-down` to leave it",
            Self::Slow { .. } => {
                "find out what answers so slowly, the node, the primary or this machine's signer, then run again"
            }
        }
        .to_owned()
    }

    /// Is this run's permit gone, void, or was it never made? Then the run is over.
    #[must_use]
    pub const fn is_about_the_permit(&self) -> bool {
        matches!(self, Self::Stopped { .. } | Self::OtherBoot | Self::NoPermit)
    }
}
