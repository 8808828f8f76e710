//! The blocks and votes to come.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Now;
use crate::chain::{Ahead, Rights};
use crate::clock::Timestamp;
use crate::facts::Observed;
use crate::tezos::{Level, Position, Round};

/// The blocks and votes to come.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Coming {
    /// Who says so.
    pub source: String,
    /// The first level that was looked at is the one after this.
    pub head: Level,
    /// The last level whose blocks were looked at.
    pub until: Level,
    /// How many own blocks there are up to there in round 0, in round 1 and so on; of each level the lowest round only.
    /// A list, because a journal's line is read through a form whose keys are text.
    pub blocks: Vec<u64>,
    /// The next own block in round 0, else in the lowest round there is; `None`: there is none up to there.
    pub next: Option<NextBlock>,
    /// The last level that the backup does not sign, the floor, if the primary stopped now.
    pub floor: Level,
    /// Own blocks in round 0 up to the floor, which are skipped.
    pub skipped_blocks: u64,
    /// Levels up to the floor whose votes are skipped.
    pub skipped_votes: u64,
}

/// The next own block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NextBlock {
    /// Where.
    pub position: Position,
    /// About when: if every block before it comes in round 0.
    pub at: Timestamp,
}

impl Coming {
    pub(super) fn of(rights: &Observed<Rights>, now: &Now) -> Self {
        let ahead = &now.ahead;
        // The lowest round of each level, however often a source names it.
        let mut lowest: BTreeMap<Level, Round> = BTreeMap::new();
        for position in &rights.value.blocks {
            lowest
                .entry(position.level)
                .and_modify(|round| *round = position.round.min(*round))
                .or_insert(position.round);
        }
        let in_round = |wanted| count(lowest.values().filter(move |round| round.0 == wanted));
        let blocks = (0..=Ahead::MAX_ROUND).map(in_round).collect();
        let next = lowest.iter().min_by_key(|(level, round)| (**round, **level));
        let next = next.map(|(level, round)| Position::new(*level, *round));
        let in_first = lowest.iter().filter(|(level, round)| **level <= ahead.votes_to && round.0 == 0);
        let mut votes = rights.value.votes.clone();
        votes.sort_unstable();
        votes.dedup();
        Self {
            source: rights.source.clone(),
            head: ahead.head,
            until: ahead.blocks_to,
            blocks,
            next: next.map(|position| NextBlock { position, at: about(position, now) }),
            floor: ahead.votes_to,
            skipped_blocks: count(in_first),
            skipped_votes: count(votes.into_iter()),
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |count, _| u64::saturating_add(count, 1))
}

/// When a position is due, if every block before it comes in round 0: round `r` lasts so much longer than round 0
/// (`round_repr.ml`, protocol 025).
fn about(position: Position, now: &Now) -> Timestamp {
    let constants = &now.constants;
    let levels = position.level.since(now.ahead.head).saturating_mul(constants.block_seconds);
    let rounds = (0..u64::from(position.round.0)).fold(0_u64, |sum, round| {
        let lasts = constants.block_seconds.saturating_add(constants.round_increment_seconds.saturating_mul(round));
        sum.saturating_add(lasts)
    });
    now.head_at.after(Duration::from_secs(levels.saturating_add(rounds)))
}
