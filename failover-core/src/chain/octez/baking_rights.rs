//! `/helpers/baking_rights` and `/helpers/validators`: the blocks and votes to come. Foreign nodes deny both.
//!
//! Shapes: protocols 023 to 025 (`lib_plugin/RPC.ml`, Octez v25.1). Without `all` the answer has a baker's lowest round
//! of each level; levels may be repeated in one question.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

use super::OctezNode;
use super::rights::RawValidators;
use crate::chain::block::level;
use crate::chain::within::Within;
use crate::chain::{Ahead, ChainError, Rights, Rpc};
use crate::tezos::{KeyHash, Level, Position, Round};

#[derive(Deserialize)]
struct RawBlock {
    level: u64,
    delegate: KeyHash,
    round: u32,
}

impl RawBlock {
    /// Where it is asked for and the baker's: an answer that ignored a filter is no answer.
    fn at(&self, baker: &KeyHash, ahead: &Ahead) -> Result<Position, String> {
        let at = Position::new(level(self.level)?, Round(self.round));
        if self.delegate != *baker || !ahead.has_block(at.level) || self.round > Ahead::MAX_ROUND {
            return Err(format!("the right of {} at {at:#}, which was not asked for", self.delegate));
        }
        Ok(at)
    }
}

/// `&level=5&level=6`.
fn levels(from: Level, to: Level) -> String {
    from.above(1).to(to).fold(String::new(), |mut query, level| {
        // Writing to a text does not fail.
        let _ = write!(query, "&level={}", level.get());
        query
    })
}

impl<R: Rpc> OctezNode<R> {
    pub(super) fn rights_ahead(
        &mut self,
        baker: &KeyHash,
        ahead: &Ahead,
        whole: Duration,
    ) -> Result<Rights, ChainError> {
        let (within, root) = (Within::new(whole), format!("/chains/main/blocks/{}/helpers", ahead.hash));
        let mut rights = Rights { blocks: Vec::new(), votes: Vec::new(), all_bakers_attest: None };
        let query = levels(ahead.head, ahead.blocks_to);
        // Without a level the node would answer for one that was not asked for.
        if !query.is_empty() {
            let path = format!("{root}/baking_rights?delegate={baker}&max_round={}{query}", Ahead::MAX_ROUND);
            let raw: Vec<RawBlock> = self.ask_within(&path, within.left())?;
            let blocks: Result<_, String> = raw.iter().map(|raw| raw.at(baker, ahead)).collect();
            rights.blocks = blocks.map_err(self.malformed(&path))?;
        }
        let query = levels(ahead.head, ahead.votes_to);
        if !query.is_empty() {
            let path = format!("{root}/validators?delegate={baker}{query}");
            let raw: RawValidators = self.ask_within(&path, within.left())?;
            rights.votes = raw.levels(baker, |level| ahead.has_vote(level)).map_err(self.malformed(&path))?;
            rights.all_bakers_attest = raw.all_bakers_attest();
        }
        Ok(rights)
    }
}
