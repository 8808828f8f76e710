//! The head of every source, judged: fresh, on the right chain, and agreed. What is not known refuses (S3).

use std::fmt;
use std::time::Duration;

use failover_core::chain::agreement::{self, NEAR, Standing};
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Head, PeerHead, SyncState};
use failover_core::clock::Timestamp;
use failover_core::tezos::{ChainId, Level};
use serde::Serialize;

use crate::failure::Failure;

/// A head is fresh for this long (SAFETY.md).
const FRESH: Duration = Duration::from_secs(30);
/// From here on a head from the future is said, and from there on refused.
const FUTURE: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(15)];
/// Peers of the own node that make an opinion.
const PEERS: usize = 3;

/// What a head is worth by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub(crate) enum Verdict {
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

impl Verdict {
    /// Judges a head.
    fn of(head: &Head, sync: Option<SyncState>, now: Timestamp, expected: Option<ChainId>) -> Self {
        let (age, future) = (now.since(head.timestamp), head.timestamp.since(now));
        match (expected, sync) {
            (Some(expected), _) if expected != head.chain_id => Self::WrongChain { found: head.chain_id, expected },
            _ if future >= FUTURE[1] => Self::Future { seconds: future.as_secs() },
            _ if age > FRESH => Self::Stale { seconds: age.as_secs() },
            (_, Some(sync)) if sync != SyncState::Synced => Self::NotSynced { sync },
            _ if future >= FUTURE[0] => Self::Ahead { seconds: future.as_secs() },
            _ => Self::Fresh,
        }
    }

    /// Can it be worked with?
    pub(crate) const fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh | Self::Ahead { .. })
    }

    /// What to do about it.
    const fn next(&self) -> &'static str {
        match self {
            Self::Fresh | Self::Ahead { .. } => "compare this machine's clock with `timedatectl`",
            Self::Stale { .. } | Self::NotSynced { .. } => {
                "wait until the node is in step with its peers, or name another with --node"
            }
            Self::Future { .. } => "set this machine's clock right; see `timedatectl`",
            Self::WrongChain { .. } => "correct `network` or `node` in the configuration",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh => f.write_str("fresh"),
            Self::Ahead { seconds } => write!(f, "fresh, {seconds} s in the future: a clock is wrong"),
            Self::Stale { seconds } => write!(f, "stale: {seconds} s old"),
            Self::Future { seconds } => write!(f, "{seconds} s in the future: a clock is wrong"),
            Self::WrongChain { found, expected } => write!(f, "on the chain {found}, not {expected}"),
            Self::NotSynced { sync: SyncState::Stuck } => f.write_str("the node says that the chain is stuck"),
            Self::NotSynced { .. } => f.write_str("the node says that it is not in step with its peers"),
        }
    }
}

/// One source's head and verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Which source.
    pub(crate) source: String,
    /// Its head, or why there is none.
    pub(crate) head: Result<(Head, Verdict), ChainError>,
}

/// Asks the own node for its head, and whether it is in step.
pub(crate) fn look(source: &mut dyn ChainNode, now: Timestamp, expected: Option<ChainId>) -> Seen {
    let name = source.name().to_owned();
    let head = source.head().and_then(|head| {
        let verdict = Verdict::of(&head, Some(source.sync()?), now, expected);
        Ok((head, verdict))
    });
    Seen { source: name, head }
}

/// The own node's head, where it is fresh.
///
/// # Errors
/// It is not known, or not fresh.
pub(crate) fn fresh(own: &Seen) -> Result<&Head, Failure> {
    let (head, verdict) = own.head.as_ref().map_err(|error| Failure::from(error.clone()))?;
    if !verdict.is_fresh() {
        return Err(Failure::refused(format!("the head of {} is not fresh: {verdict}", own.source), verdict.next()));
    }
    Ok(head)
}

/// Another source's level, held against the own node's head.
///
/// # Errors
/// It does not answer.
pub(crate) fn hold(
    own: &mut dyn ChainNode,
    head: &Head,
    other: &mut dyn ChainLevelSource,
) -> Result<(Head, Standing), ChainError> {
    let said = agreement::ask(other, head.level, None)?;
    let standing = agreement::standing(own, head, other, &said)?;
    Ok((said.head, standing))
}

/// Refuses where another source contradicts the own node (H20).
///
/// # Errors
/// It does.
pub(crate) fn not_contradicted(own: &Head, other: &str, level: Level, standing: Standing) -> Result<(), Failure> {
    if standing.contradicts() {
        let message =
            format!("{other} {standing}, at level {level}, and the own node is at {}: one of them is wrong", own.level);
        return Err(Failure::refused(message, "compare both with an explorer before anything else"));
    }
    Ok(())
}

/// What the own node's peers say: the level in their middle. `None` where too few answer to mean anything.
pub(crate) fn peers_level(peers: &[PeerHead]) -> Option<Level> {
    let mut levels: Vec<Level> = peers.iter().map(|peer| peer.level).collect();
    levels.sort_unstable();
    levels.get(levels.len() / 2).copied().filter(|_| levels.len() >= PEERS)
}

/// Refuses a head that the node's own peers are ahead of (H1).
///
/// # Errors
/// They are.
pub(crate) fn not_behind(head: &Head, peers: Level) -> Result<(), Failure> {
    if peers.since(head.level) > NEAR {
        let message = format!("the node's peers are at level {peers}, and the node at {}: it is behind", head.level);
        return Err(Failure::refused(message, "wait until the node is in step with its peers"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use failover_core::chain::SyncState;
    use failover_core::tezos::{BlockHash, Round};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn head(level: u64, age: i64) -> Head {
        Head {
            level: Level::new(level).unwrap(),
            round: Round(0),
            hash: BlockHash::new([1; 32]),
            timestamp: Timestamp::from_millis(NOW.millis() - age * 1000),
            chain_id: ChainId::MAINNET,
            protocol: "P".to_owned(),
        }
    }

    fn verdict(age: i64) -> Verdict {
        Verdict::of(&head(100, age), Some(SyncState::Synced), NOW, Some(ChainId::MAINNET))
    }

    #[test]
    fn ages_at_their_limits() {
        assert_eq!(verdict(30), Verdict::Fresh);
        assert_eq!(verdict(31), Verdict::Stale { seconds: 31 });
        assert_eq!(verdict(-2), Verdict::Fresh);
        assert_eq!(verdict(-3), Verdict::Ahead { seconds: 3 });
        assert_eq!(verdict(-14), Verdict::Ahead { seconds: 14 });
        assert_eq!(verdict(-15), Verdict::Future { seconds: 15 });
    }

    #[test]
    fn the_wrong_chain_and_an_unsynced_node_are_never_fresh() {
        let other = ChainId::new([1, 2, 3, 4]);
        let wrong = Verdict::of(&head(100, 1), Some(SyncState::Synced), NOW, Some(other));
        assert!(!wrong.is_fresh(), "{wrong}");
        let unsynced = Verdict::of(&head(100, 1), Some(SyncState::Unsynced), NOW, Some(ChainId::MAINNET));
        assert!(!unsynced.is_fresh(), "{unsynced}");
    }

    #[test]
    fn one_peer_that_lies_is_not_believed() {
        let peers = |levels: &[u64]| -> Vec<PeerHead> {
            let peer = |l: &u64| PeerHead { level: Level::new(*l).unwrap(), hash: BlockHash::new([2; 32]) };
            levels.iter().map(peer).collect()
        };
        assert_eq!(peers_level(&peers(&[1, 2])), None);
        // One peer that lies does not move the middle.
        let middle = peers_level(&peers(&[100, 20_000_000, 101])).unwrap();
        assert_eq!(middle.get(), 101);
        assert!(not_behind(&head(99, 0), middle).is_ok());
        assert!(not_behind(&head(98, 0), middle).is_err());
    }
}
