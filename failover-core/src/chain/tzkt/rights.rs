//! `/v1/rights`: blocks and votes to come, in one list. TzKT keeps them some cycles ahead, as the node draws them.

use std::time::Duration;

use serde::Deserialize;

use super::{RawAccount, Tzkt, level};
use crate::chain::{Ahead, ChainError, Rights, Rpc};
use crate::tezos::{KeyHash, Level, Position, Round};

/// Most rights in one answer, which allows 10,000 (`RightsController.cs`, TzKT of June 2026): a vote and some rounds for
/// each of the levels that are asked for.
const MOST: usize = 2_000;

/// A right (`BakingRight.cs`); what it has besides is left out.
#[derive(Deserialize)]
struct RawRight {
    #[serde(rename = "type")]
    kind: Kind,
    level: u64,
    /// Blocks only.
    round: Option<u32>,
    baker: RawAccount,
}

/// A kind of right that is not one of these is of another shape, and nothing is known (S3).
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Baking,
    /// Older versions call it `endorsing`.
    #[serde(alias = "endorsing")]
    Attestation,
}

/// What one right adds.
enum Right {
    Block(Position),
    Vote(Level),
}

impl RawRight {
    fn read(&self, baker: &KeyHash, ahead: &Ahead) -> Result<Right, String> {
        let level = level(self.level)?;
        if self.baker.address != *baker || !ahead.has_block(level) {
            return Err(format!("a right of {} at level {level:#}, which was not asked for", self.baker.address));
        }
        match (&self.kind, self.round) {
            (Kind::Attestation, None) => Ok(Right::Vote(level)),
            (Kind::Baking, Some(round)) => Ok(Right::Block(Position::new(level, Round(round)))),
            (Kind::Attestation, Some(round)) => Err(format!("a right to vote in round {round} of level {level:#}")),
            (Kind::Baking, None) => Err(format!("a right to bake level {level:#} in no round")),
        }
    }
}

impl<R: Rpc> Tzkt<R> {
    pub(super) fn rights_ahead(
        &mut self,
        baker: &KeyHash,
        ahead: &Ahead,
        within: Duration,
    ) -> Result<Rights, ChainError> {
        let last = ahead.blocks_to.max(ahead.votes_to);
        let ahead = Ahead { blocks_to: last, ..*ahead };
        let path = format!(
            "/v1/rights?baker={baker}&level.gt={}&level.le={}&sort.asc=level&limit={MOST}",
            ahead.head.get(),
            last.get()
        );
        let raw: Vec<RawRight> = self.ask_within(&path, within)?;
        if raw.len() >= MOST {
            return Err(self.malformed(&path, format!("{} rights, and there may be more", raw.len())));
        }
        let mut rights = Rights { blocks: Vec::new(), votes: Vec::new(), all_bakers_attest: None };
        for raw in raw {
            match raw.read(baker, &ahead).map_err(|why| self.malformed(&path, why))? {
                Right::Block(at) if at.round.0 <= Ahead::MAX_ROUND => rights.blocks.push(at),
                Right::Vote(level) if ahead.has_vote(level) => rights.votes.push(level),
                Right::Block(_) | Right::Vote(_) => {}
            }
        }
        Ok(rights)
    }
}
