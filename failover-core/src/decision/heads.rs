//! Is the own node's head right? The other sources, the node's peers, the pinned head and the clock say it: the one
//! verdict for all that raises a mark or names a level (S4, S15, H1, H20, H26).

use std::fmt;

use super::policy::{FRESH, FUTURE, FUTURE_SAID, MARKS, PEERS, PIN_SLACK, POWER, Policy};
use super::refusal::Refusal;
use crate::facts::{
    ChainFacts, Compared, Fact, Head, HeadPin, OtherSource, SecondOpinion, Standing, SyncState, Timestamp,
};
use crate::tezos::{ChainId, Level};

/// What a head is worth by itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[non_exhaustive]
pub enum HeadAge {
    /// At most 30 s old.
    Fresh,
    /// Fresh, and a little from the future: a clock is wrong by some seconds.
    Ahead {
        /// By how much.
        seconds: u64,
    },
    /// Older than that.
    Stale {
        /// How old.
        seconds: u64,
    },
    /// From the future: a clock is wrong.
    Future {
        /// By how much.
        seconds: u64,
    },
    /// On another chain than the configured one.
    WrongChain {
        /// The one it is on.
        found: ChainId,
        /// The configured one.
        expected: ChainId,
    },
    /// The node itself says that it is not in step with its peers.
    NotSynced {
        /// What it says.
        sync: SyncState,
    },
}

impl HeadAge {
    /// Judges a head by itself: its chain, its time, and what its node says of itself.
    #[must_use]
    pub fn of(head: &Head, sync: Option<SyncState>, now: Timestamp, expected: Option<ChainId>) -> Self {
        let (age, future) = (now.since(head.timestamp), head.timestamp.since(now));
        match (expected, sync) {
            (Some(expected), _) if expected != head.chain_id => Self::WrongChain { found: head.chain_id, expected },
            _ if future >= FUTURE => Self::Future { seconds: future.as_secs() },
            _ if age > FRESH => Self::Stale { seconds: age.as_secs() },
            (_, Some(sync)) if sync != SyncState::Synced => Self::NotSynced { sync },
            _ if future >= FUTURE_SAID => Self::Ahead { seconds: future.as_secs() },
            _ => Self::Fresh,
        }
    }

    /// Can it be worked with?
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh | Self::Ahead { .. })
    }

    /// What to do about it.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Fresh | Self::Ahead { .. } => "compare this machine's clock with `timedatectl`",
            Self::Stale { .. } | Self::NotSynced { .. } => "wait until the node is synced, or name another with --node",
            Self::Future { .. } => "correct this machine's clock; see `timedatectl`",
            Self::WrongChain { .. } => "correct `network` or `node` in the configuration",
        }
    }
}

impl fmt::Display for HeadAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh => f.write_str("fresh"),
            Self::Ahead { seconds } => write!(f, "fresh, {seconds} s in the future: a clock is wrong"),
            Self::Stale { seconds } => write!(f, "stale: {seconds} s old"),
            Self::Future { seconds } => write!(f, "{seconds} s in the future: a clock is wrong"),
            Self::WrongChain { found, expected } => write!(f, "on the chain {found}, not {expected}"),
            Self::NotSynced { sync: SyncState::Stuck } => f.write_str("the node says that the chain is stuck"),
            Self::NotSynced { .. } => f.write_str("the node says that it is not synced"),
        }
    }
}

/// What heads are judged with.
#[derive(Debug, Clone, Copy)]
pub struct Judging<'a> {
    /// The chain that they must be on, where one is configured.
    pub chain: Option<ChainId>,
    /// What a person left out, as `--without` takes it.
    pub without: &'a [String],
    /// The pinned head.
    pub pin: Option<&'a HeadPin>,
}

impl Policy {
    /// What heads are judged with in this run.
    #[must_use]
    pub fn judging(&self) -> Judging<'_> {
        Judging { chain: Some(self.chain), without: &self.without, pin: self.head_pin.as_ref() }
    }
}

/// Who confirms the own node's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A configured source that sees the same chain.
    Source,
    /// There is none that could be asked: two peers of the node, and the pinned head.
    PeersAndPin,
}

/// Why nobody does.
#[derive(Debug)]
pub(super) enum Unconfirmed {
    /// The newest blocks of a source are others: no opinion, and in a moment there may be one.
    Reorganising(Refusal),
    /// For good, as far as can be seen.
    Nobody(Refusal),
}

impl From<Unconfirmed> for Refusal {
    fn from(unconfirmed: Unconfirmed) -> Self {
        match unconfirmed {
            Unconfirmed::Reorganising(refusal) | Unconfirmed::Nobody(refusal) => refusal,
        }
    }
}

/// The head, where it is known and on the right chain, not from the future, and contradicted by no source.
pub(super) fn right<'a>(chain: &'a ChainFacts, now: Timestamp, judging: &Judging<'_>) -> Result<&'a Head, Refusal> {
    let head = known(&chain.head, "the head")?;
    if let Some(expected) = judging.chain.filter(|expected| *expected != head.chain_id) {
        return Err(Refusal::WrongChain { found: head.chain_id, expected });
    }
    if head.timestamp.since(now) >= FUTURE {
        return Err(Refusal::Future { level: head.level, timestamp: head.timestamp });
    }
    contradicted(chain, head, now)?;
    Ok(head)
}

/// A source that is too far ahead, or has other settled blocks: one of the two is wrong, and a program cannot tell
/// which, also while another source agrees (H20), unless the own head is old besides: then it is the node that is behind. One
/// that lags or is silent is ignored while another agrees.
fn contradicted(chain: &ChainFacts, head: &Head, now: Timestamp) -> Result<(), Refusal> {
    let (own, age) = (head.level, now.since(head.timestamp));
    for other in &chain.others {
        let Ok(said) = &other.said else { continue };
        let Compared { level, standing, .. } = said.value;
        if let Standing::Ahead { by } = standing
            && age > FRESH
        {
            return Err(Refusal::NodeBehind { by: other.name.clone(), levels: by, level, own, age });
        }
        if standing.contradicts() {
            return Err(Refusal::Contradicted { by: other.name.clone(), level, standing, own });
        }
    }
    Ok(())
}

/// Who confirms a head that is [`right`]: one configured source. Where none is configured or a person left all of them
/// out: two peers of the node, and the pinned head.
pub(super) fn confirmed(
    chain: &ChainFacts,
    head: &Head,
    now: Timestamp,
    judging: &Judging<'_>,
) -> Result<By, Unconfirmed> {
    if chain.others.iter().any(OtherSource::agrees) {
        return Ok(By::Source);
    }
    let (level, mut missing) = (head.level, chain.opinions());
    if !chain.others.is_empty() {
        let without = chain.others.iter().map(|other| other.name.clone()).collect();
        let refusal = Refusal::Alone { level, missing, without };
        let standing = |other: &OtherSource| other.said.as_ref().ok().map(|said| said.value.standing);
        let moves = chain.others.iter().any(|other| standing(other) == Some(Standing::Reorganising));
        return Err(if moves { Unconfirmed::Reorganising(refusal) } else { Unconfirmed::Nobody(refusal) });
    }
    let left_out = judging.without.iter().any(|source| source != MARKS && source != POWER);
    if !peers_agree(chain) {
        let none = if left_out { "every other source is left out" } else { "no other source is configured" };
        missing.push(none.to_owned());
        return Err(Unconfirmed::Nobody(Refusal::Alone { level, missing, without: Vec::new() }));
    }
    match judging.pin.map_or_else(|| Err("no head is pinned yet".to_owned()), |pin| within(pin, head, now)) {
        Ok(()) => Ok(By::PeersAndPin),
        Err(why) => Err(Unconfirmed::Nobody(Refusal::HeadUnbounded { level, why, left_out })),
    }
}

/// Two of the own node's peers, and most of those asked, share its head (H1).
fn peers_agree(chain: &ChainFacts) -> bool {
    let enough = |second: &SecondOpinion| second.agreeing >= PEERS && second.agreeing * 2 > second.asked;
    chain.second.as_ref().is_ok_and(|second| enough(&second.value))
}

/// Does the pinned head allow this one? A block comes no sooner after another than the protocol's minimal block time, so
/// that the clock bounds how far the chain can be.
fn within(pin: &HeadPin, head: &Head, now: Timestamp) -> Result<(), String> {
    let HeadPin { chain, level, at, protocol, .. } = pin;
    if *chain != head.chain_id {
        return Err(format!("the pinned head is on the chain {chain}"));
    }
    if *protocol != head.protocol {
        return Err(format!("the pinned head has the protocol {protocol}, and this one has {}", head.protocol));
    }
    let highest = pin_allows(pin, now);
    if head.level > highest {
        return Err(format!("the pinned head {level:#} of {at} allows {highest:#} at most now"));
    }
    if head.level.above(PIN_SLACK) < *level {
        return Err(format!("it is below the pinned head {level:#}"));
    }
    Ok(())
}

/// The highest level that the chain can have reached since the pinned head, by this machine's clock. More by what a head
/// may be ahead of that clock, and by the newest blocks, which may be replaced by earlier ones.
#[must_use]
pub fn pin_allows(pin: &HeadPin, now: Timestamp) -> Level {
    let elapsed = now.since(pin.at).saturating_add(FUTURE).as_secs();
    pin.level.above((elapsed / pin.block_seconds.max(1)).saturating_add(PIN_SLACK))
}

/// The highest agreed fresh head: what a cap is counted from (S4).
///
/// # Errors
/// The head is not known or not fresh, contradicted, or confirmed by nobody.
pub fn agreed_head(chain: &ChainFacts, now: Timestamp, judging: &Judging<'_>) -> Result<Level, Refusal> {
    let head = right(chain, now, judging)?;
    let by = confirmed(chain, head, now, judging);
    let age = now.since(head.timestamp);
    if age > FRESH {
        return Err(Refusal::Stale { level: head.level, age });
    }
    by?;
    if *known(&chain.sync, "the node's sync state")? == SyncState::Unsynced {
        return Err(Refusal::NotSynced);
    }
    chain.agreed().ok_or(Refusal::NotSynced)
}

/// The pin as it is now, where this look renews it: a configured source agrees with a fresh head. Within a protocol its
/// own minimal block time stays, so that a node that says less shrinks nothing.
#[must_use]
pub fn renewed(chain: &ChainFacts, now: Timestamp, judging: &Judging<'_>) -> Option<HeadPin> {
    agreed_head(chain, now, judging).ok()?;
    let head = &chain.head.as_ref().ok()?.value;
    if confirmed(chain, head, now, judging).ok()? != By::Source {
        return None;
    }
    let said = chain.constants.as_ref().ok()?.value.block_seconds;
    let same = judging.pin.filter(|pin| pin.chain == head.chain_id && pin.protocol == head.protocol);
    Some(HeadPin {
        chain: head.chain_id,
        level: head.level,
        at: head.timestamp,
        block_seconds: same.map_or(said, |pin| pin.block_seconds),
        protocol: head.protocol.clone(),
    })
}

/// Is another source configured at all? One that a person left out is.
#[must_use]
pub fn is_alone(chain: &ChainFacts, judging: &Judging<'_>) -> bool {
    chain.head.is_ok() && chain.others.is_empty() && !judging.without.iter().any(|name| name != MARKS && name != POWER)
}

pub(super) fn known<'a, T>(fact: &'a Fact<T>, what: &str) -> Result<&'a T, Refusal> {
    fact.as_ref()
        .map(|seen| &seen.value)
        .map_err(|unknown| Refusal::Unknown { what: what.to_owned(), unknown: unknown.clone() })
}
