//! Why a run does not go on, as data: a code, a sentence, the next safe action, an exit code.

use std::time::Duration;

use thiserror::Error;

use super::policy::PROTOCOL_CHANGE;
use super::rung::Rung;
use super::vocabulary::TooOld;
use crate::facts::{
    Claim, Denunciation, ExpectedKey, GuardNote, KeyName, KeyRole, Mark, Signed, Standing, Timestamp, Unknown,
    WrittenMark,
};
use crate::tezos::{ChainId, KeyHash, Level};

mod next;
mod words;

pub use words::Alias;
pub(super) use words::evidence;
use words::{configured, from, has, known, missing};

pub(super) use next::THIS_MACHINE;
pub(crate) use words::{described, positions};

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
    #[error("the node's head {level:#} is {} old: the node may be behind", humantime::format_duration(*age))]
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
    #[error("there is no second opinion on the node's head {level:#}: {}", missing.join("; "))]
    Alone {
        /// The head.
        level: Level,
        /// Each source that could have given one, and why it does not count.
        missing: Vec<String>,
        /// The sources that could be left out, as `--without` takes them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        without: Vec<String>,
    },
    /// H20: another source contradicts the own node.
    #[error("{by} {standing}, at level {level:#}, and the own node is at {own:#}: one of them is wrong")]
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
    /// H20: the own node is behind another source, and its newest block is old.
    #[error(
        "the node is {levels} levels behind {by}: its newest block {own:#} is {} old, and {by} is at {level:#}",
        humantime::format_duration(*age)
    )]
    NodeBehind {
        /// Which source is ahead.
        by: String,
        /// By how many levels.
        levels: u64,
        /// That source's head.
        level: Level,
        /// The own node's head.
        own: Level,
        /// How old that is.
        age: Duration,
    },
    /// H13: the head is from the future.
    #[error("the head {level:#} is from the future ({timestamp}): this machine's clock or the node is wrong")]
    Future {
        /// The head.
        level: Level,
        /// Its time.
        timestamp: Timestamp,
    },
    /// H13: heads come, and each is old already when it does.
    #[error("the head {level:#} was {} old when it came: this machine's clock is ahead, or all sources lag equally", humantime::format_duration(*age))]
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
    /// The node is not synced.
    #[error("the node is not synced")]
    NotSynced,
    /// The protocol changes within the next levels, or has just changed.
    #[error("the protocol {} {PROTOCOL_CHANGE} levels", if *passed { "changed within the last" } else { "changes within the next" })]
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
    #[error("the floor {floor:#} is past the cap {cap:#}: a digit too many in the margin?")]
    PastCap {
        /// The floor.
        floor: Level,
        /// The cap.
        cap: Level,
    },
    /// S4, H20: an observation past the cap is neither believed nor ignored.
    #[error("a {} of this baker at {:#} was seen in {}, past the cap {cap:#}: the source is wrong, or the head is", signed.kind, signed.at, signed.seen_in)]
    Absurd {
        /// What was seen, with its source.
        signed: Signed,
        /// The cap.
        cap: Level,
    },
    /// S4: a mark of the primary past the cap is neither believed nor ignored.
    #[error(
        "{path} of {host} has a mark of this baker, {mark}, past the cap {cap:#}: the file is wrong, or the head is"
    )]
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
    #[error("the chain has not moved since level {level:#} for {}", humantime::format_duration(*since))]
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
    /// S13, S14: this run's permit was taken away.
    #[error("this run was stopped: its permit was taken away{}{}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default(), claim.as_ref().map(|claim| format!("; {claim}, has claimed this machine")).unwrap_or_default())]
    Stopped {
        /// By whom, where that was written down.
        by: Option<String>,
        /// The other run's claim on this machine, where one stands.
        claim: Option<Box<Claim>>,
        /// It was found so when the run was taken up again.
        resumed: bool,
    },
    /// S13: this run's permit is of another boot of this machine, or of a snapshot of it.
    #[error("this run's permit is of another boot of this machine, and so void")]
    OtherBoot,
    /// S13: a run that was taken up again never had a permit: it did nothing, or an older version began it.
    #[error("the interrupted run has no permit, so it cannot be resumed")]
    NoPermit,
    /// S13: a run is in progress on the other machine.
    #[error("a run is in progress on {host}: {}", known(holder))]
    RunThere {
        /// Which machine.
        host: String,
        /// Who, as far as its lock says.
        holder: String,
    },
    /// S13: another run's claim stands.
    #[error("another run has claimed {on}: {by}; it is not known to be over")]
    Claimed {
        /// Which machine.
        on: String,
        /// Whose claim.
        by: Box<Claim>,
    },
    /// S13: the failover that is installed on the other machine knows no permits.
    #[error("{host} has {version}, which knows no permits: a run there would not be seen from here")]
    OlderThere {
        /// Which machine.
        host: String,
        /// What it has.
        version: String,
    },
    /// S13: the other machine could not be asked, and nobody says that no run goes on there.
    #[error("whether somebody runs failover on {host} is not known: {why}")]
    NotExcluded {
        /// Which machine.
        host: String,
        /// Why it could not be asked.
        why: String,
    },
    /// The backup is not ready: its device, its services, its machine.
    #[error("{what} is not ready: {unknown}")]
    NotReady {
        /// What.
        what: String,
        /// Why.
        unknown: Unknown,
    },
    /// S16: it is not proven that this machine signed nothing since it last became the backup.
    #[error("this machine may have signed: {}", why.join("; "))]
    MayHaveSigned {
        /// Each reason.
        why: Vec<String>,
    },
    /// S16: the job is given back only by a machine that cannot sign.
    #[error("this machine is not read back guarded, stopped and locked: {}", what.join("; "))]
    NotAtRest {
        /// Each part.
        what: Vec<String>,
    },
    /// H29: a key of the backup's device is far above the head, so that it would not sign.
    #[error(
        "the key {key} on the backup's signer is at {mark:#}, and no mark is raised past {cap:#}: it would not sign until the chain gets there"
    )]
    MarksPastCap {
        /// Which key.
        key: KeyName,
        /// Its highest mark.
        mark: Mark,
        /// The cap.
        cap: Level,
    },
    /// H29: the device cannot read what a key signed last.
    #[error("the state of the key {key} on the backup's signer is damaged: it cannot say what it signed last")]
    Damaged {
        /// Which key.
        key: KeyName,
    },
    /// S16, H29: nothing says what this machine signed: the device cannot read it.
    #[error("the state of the key {key} is damaged, so that this machine's signer cannot say what it signed")]
    SaysNothing {
        /// Which key.
        key: KeyName,
        /// This machine.
        host: String,
    },
    /// H43: this machine bakes.
    #[error("this machine bakes: its key {key} signed while it was looked at, {before:#} before and {after:#} now")]
    BakesHere {
        /// Which key.
        key: KeyName,
        /// Its highest mark at the first look.
        before: Mark,
        /// The same now.
        after: Mark,
    },
    /// H19: which machine the primary is was never checked.
    #[error("{host} answers, but was never pinned as the primary")]
    Unpinned {
        /// What answers.
        host: String,
    },
    /// S7: a run that does not hold the lock that every other run of its baker on this machine takes.
    #[error("this run does not hold this machine's lock for its baker: another run could begin beside it")]
    NoLock,
    /// An earlier run was interrupted, and it is not this one.
    #[error("the run {run} was interrupted")]
    Unfinished {
        /// Its journal.
        run: String,
    },
    /// S4, H26: no other source is asked, and nothing bounds the node's head, or it is out of its bounds.
    #[error("{}, and the node's head {level:#} is not bounded: {why}", if *left_out { "every other source is left out" } else { "no other source is configured" })]
    HeadUnbounded {
        /// The head.
        level: Level,
        /// What is wrong with the pinned head, or with this one.
        why: String,
        /// A person left the sources out; else none is configured.
        left_out: bool,
    },
    /// H38: the primary answers, and something says that it is off.
    #[error("{primary} answers, and {says} that it is off: one of the two is wrong")]
    AnswersThough {
        /// Which machine.
        primary: String,
        /// Who says so.
        says: String,
        /// Its power status; else a person.
        status: bool,
    },
    /// S15: three looks in a row took so long that what they saw was old before it could count.
    #[error("three looks in a row were too slow: {old}")]
    Slow {
        /// How old it was, the last time.
        old: TooOld,
    },
}
