//! Why a run does not go on, as data: a code, a sentence, the next safe action, an exit code.

use std::time::Duration;

use thiserror::Error;

use super::evidence::TooOld;
use super::fence::Rung;
use crate::facts::{
    Denunciation, ExpectedKey, GuardNote, KeyName, KeyRole, Signed, Standing, Timestamp, Unknown, WrittenMark,
};
use crate::tezos::{ChainId, KeyHash, Level};

/// Why it is not safe, or not possible, to go on.
#[derive(Debug, Clone, PartialEq, Eq, Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "code")]
#[non_exhaustive]
pub enum Refusal {
    /// Something that is needed is not known (S3).
    #[error("{what} is not known: {unknown}")]
    Unknown {
        /// What.
        what: String,
        /// Why.
        unknown: Unknown,
    },
    /// H1: the head is too old, and nothing says that the chain is slow.
    #[error("the node's head {level} is {} old: the node may be behind", humantime::format_duration(*age))]
    Stale {
        /// The head.
        level: Level,
        /// Its age.
        age: Duration,
    },
    /// S7: the primary was fenced by another machine, for a failover of its own.
    #[error("the primary is guarded already, by another machine: {note}")]
    FencedElsewhere {
        /// Who, when, and for which failover.
        note: GuardNote,
    },
    /// H1: nobody confirms the node's head.
    #[error("there is no second opinion on the node's head {level}: {}", missing.join("; "))]
    Alone {
        /// The head.
        level: Level,
        /// Who could have been one, and why it is none.
        missing: Vec<String>,
    },
    /// H20: another source contradicts the own node.
    #[error("{by} {standing}, at level {level}, and the own node is at {own}: one of them is wrong")]
    Contradicted {
        /// Which source.
        by: String,
        /// Its head.
        level: Level,
        /// How it stands to the own node.
        standing: Standing,
        /// The own node's head.
        own: Level,
    },
    /// H13: the head is from the future.
    #[error("the head {level} is from the future ({timestamp}): this machine's clock or the node is wrong")]
    Future {
        /// The head.
        level: Level,
        /// Its time.
        timestamp: Timestamp,
    },
    /// H13: heads come, and each is old already when it does.
    #[error("the head {level} was {} old when it came: this machine's clock is ahead, or every source lags alike", humantime::format_duration(*age))]
    Late {
        /// The head.
        level: Level,
        /// How old it was.
        age: Duration,
    },
    /// H2: another chain.
    #[error("the node is on the chain {found}, not {expected}")]
    WrongChain {
        /// The node's.
        found: ChainId,
        /// The configured one.
        expected: ChainId,
    },
    /// The node is not in step.
    #[error("the node is not synced")]
    NotSynced,
    /// The protocol changes within the next levels, or has just changed.
    #[error("the protocol {}", if *passed { "changed within the last 10 levels" } else { "changes within the next 10 levels" })]
    ProtocolChange {
        /// It has changed already.
        #[serde(default)]
        passed: bool,
    },
    /// H7: the baker may not bake.
    #[error("the chain says that {baker} is {}", if *forbidden { "forbidden: it was denounced" } else { "deactivated" })]
    Standing {
        /// The baker.
        baker: KeyHash,
        /// Forbidden, else deactivated.
        forbidden: bool,
    },
    /// H7: somebody proved on chain that two different things were signed with the baker's keys.
    #[error("{baker} is denounced on chain: {}", evidence(denunciation))]
    Denounced {
        /// The baker.
        baker: KeyHash,
        /// The evidence.
        denunciation: Denunciation,
    },
    /// H7, H8: a key that the chain expects is not on the device.
    #[error("the {} key {key} that the chain expects{} is not on the device, {}", role.name(), from(*from_cycle), has(alias.as_ref(), found))]
    MissingKey {
        /// The key.
        key: KeyHash,
        /// Consensus or companion.
        role: KeyRole,
        /// From which cycle, where it is not active yet.
        from_cycle: Option<u64>,
        /// The key on the device that has its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alias: Option<Alias>,
        /// What the device has.
        found: Vec<String>,
    },
    /// H7: a name that was configured stands for a key that the chain does not expect, or for none.
    #[error("{}; the chain expects {}", configured(alias, found), expected.iter().map(described).collect::<Vec<_>>().join(", "))]
    WrongAlias {
        /// The name, and the key that it stands for on the device.
        alias: Alias,
        /// What the chain expects.
        expected: Vec<ExpectedKey>,
        /// What the device has.
        found: Vec<String>,
    },
    /// H8: a key change is about to happen.
    #[error("another key becomes active in {levels} levels: wait until it has")]
    KeyChange {
        /// Levels left.
        levels: u64,
    },
    /// H19: the primary is not the pinned machine, or it is the backup itself.
    #[error("{why}")]
    WrongHost {
        /// In words.
        why: String,
    },
    /// H4: the primary still signs.
    #[error("the primary still signs: {}", positions(signed))]
    NotSilent {
        /// What was seen above B.
        signed: Vec<Signed>,
    },
    /// Nothing signed, but hardly any rights either: silence proved nothing.
    #[error("the baker had rights in only {with_rights} of {levels} levels: silence proves nothing")]
    SilenceProvesNothing {
        /// Levels counted.
        levels: u64,
        /// Levels with rights.
        with_rights: u64,
    },
    /// The fence has not enough rungs.
    #[error("the primary is not fenced: {}", missing(rungs))]
    NotFenced {
        /// Every rung, with what is missing.
        rungs: Vec<Rung>,
    },
    /// H5: the floor is past the cap.
    #[error("the floor {floor} is past the cap {cap}: a digit too many in the margin?")]
    PastCap {
        /// The floor.
        floor: Level,
        /// The cap.
        cap: Level,
    },
    /// S4, H20: an observation past the cap is not believed, nor left out.
    #[error("a {} of this baker at {} was seen in {}, past the cap {cap}: the source is wrong, or the head is", signed.kind, signed.at, signed.seen_in)]
    Absurd {
        /// What was seen, with its source.
        signed: Signed,
        /// The cap.
        cap: Level,
    },
    /// S4: a mark of the primary past the cap is not believed, nor left out.
    #[error("{path} of {host} has a mark of this baker, {mark}, past the cap {cap}: the file is wrong, or the head is")]
    AbsurdMark {
        /// The mark.
        mark: WrittenMark,
        /// The file.
        path: String,
        /// Whose.
        host: String,
        /// What `--without` calls it.
        without: String,
        /// The cap.
        cap: Level,
    },
    /// H21: the chain does not move.
    #[error("the chain has not moved since level {level} for {}", humantime::format_duration(*since))]
    Halted {
        /// The head.
        level: Level,
        /// For how long.
        since: Duration,
    },
    /// S8: a duplicate was seen before and not cleared.
    #[error("a duplicate was seen at {at} and has not been cleared")]
    Latched {
        /// When.
        at: Timestamp,
    },
    /// H17: the device's setting is off.
    #[error("the Ledger's setting \"High Watermark\" is not enabled, so its mark is lost at power-off")]
    LedgerSetting,
    /// The person said no.
    #[error("cancelled")]
    Cancelled,
    /// The backup is not ready: its device, its services, its machine.
    #[error("{what} is not ready: {unknown}")]
    NotReady {
        /// What.
        what: String,
        /// Why.
        unknown: Unknown,
    },
    /// S15: three looks in a row took so long that what they saw was old before it could count.
    #[error("three looks in a row were too slow: {old}")]
    Slow {
        /// How old it was, the last time.
        old: TooOld,
    },
}

/// A name on the device, and the key that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Alias {
    /// The name.
    pub name: KeyName,
    /// Its key; `None`: the device has no such name.
    pub key: Option<KeyHash>,
}

impl std::fmt::Display for Alias {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key} ({})", self.name),
            None => write!(f, "nothing named {}", self.name),
        }
    }
}

fn has(alias: Option<&Alias>, found: &[String]) -> String {
    match alias {
        Some(Alias { name, key: Some(key) }) => format!("where {name} is {key}; it has {}", all(found)),
        _ => format!("which has {}", all(found)),
    }
}

fn configured(alias: &Alias, found: &[String]) -> String {
    match &alias.key {
        Some(key) => format!("the configured key {} is {key} on the device", alias.name),
        None => format!("the configured key {} is not on the device, which has {}", alias.name, all(found)),
    }
}

/// An expected key, with the cycle from which it is.
pub(crate) fn described(key: &ExpectedKey) -> String {
    format!("the {} key {}{}", key.role.name(), key.key, from(key.from_cycle))
}

pub(super) fn evidence(denunciation: &Denunciation) -> String {
    match &denunciation.what {
        Some((kind, at)) => format!("a {kind} at {at} was signed twice, by the operation {}", denunciation.operation),
        None => format!("the operation {} says so", denunciation.operation),
    }
}

fn from(cycle: Option<u64>) -> String {
    cycle.map(|c| format!(" from cycle {c}")).unwrap_or_default()
}

fn all(found: &[String]) -> String {
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

fn missing(rungs: &[Rung]) -> String {
    let missing: Vec<String> = rungs.iter().filter(|r| !r.proven).map(|r| format!("{}: {}", r.name, r.why)).collect();
    missing.join("; ")
}

pub(crate) fn positions(signed: &[Signed]) -> String {
    let shown: Vec<String> = signed.iter().take(3).map(|s| format!("{} {} in {}", s.kind, s.at, s.seen_in)).collect();
    let more = signed.len().saturating_sub(3);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

impl Refusal {
    /// The exit code that the command line gives it (CLI.md): 3 not safe, 4 not ready, 7 locked, 8 cancelled by the person.
    #[must_use]
    pub const fn exit(&self) -> u8 {
        match self {
            Self::NotReady { .. } => 4,
            Self::FencedElsewhere { .. } => 7,
            Self::LedgerSetting | Self::Cancelled => 8,
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
                | Self::NotSynced
                | Self::ProtocolChange { .. }
        )
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
            Self::Alone { .. } => {
                "look at the node's connections, or configure another source (`tzkt`, `others`), then run again"
            }
            Self::Contradicted { by, .. } => {
                return format!(
                    "compare both with an explorer; where it is {by} that is wrong, run again with --without '{by}'"
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
            Self::WrongHost { .. } => "find out which machine answers there; run `failover check` when it is settled",
            Self::NotSilent { .. } => "unplug the primary's signer or switch the machine off, then run again",
            Self::SilenceProvesNothing { .. } => "run again when the baker has rights",
            Self::NotFenced { .. } => {
                "unplug the primary's signer or switch the machine off, then run again. If nobody can, run again in ten \
                 minutes: after a hundred silent levels it asks whether you take the risk"
            }
            Self::Absurd { .. } => "find out which source says so; compare the head with an explorer",
            Self::PastCap { .. } => "run again with a margin of 10",
            Self::Halted { .. } => {
                "leave everything as it is; nothing can be baked, and nothing is lost, until the chain moves"
            }
            Self::Latched { .. } => "find the machine that signed, then run `failover clear`",
            Self::LedgerSetting => "enable \"High Watermark\" in the app's settings, then run again",
            Self::Cancelled => "nothing more was done; run again when ready",
            Self::Slow { .. } => {
                "find out what answers so slowly, the node, the primary or this machine's signer, then run again"
            }
        }
        .to_owned()
    }
}
