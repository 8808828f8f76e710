//! Rumours: votes in this baker's slot whose signature nobody has checked (S8, H25). They hold the start for a while, once in
//! a run, and stop nothing: what is true of them is checked by the node within a block or two, and accuses then.

use std::time::Duration;

use super::foreign::{Whose, consensus_marks, whose};
use super::policy::RUMOUR_HOLD;
use super::progress::Progress;
use super::vocabulary::{WaitFor, Waiting};
use crate::facts::{Facts, Rumour};

/// The rumours of votes above B that are not the backup's own as its marks tell.
#[must_use]
pub fn rumours(facts: &Facts, progress: &Progress) -> Vec<Rumour> {
    let Some(noted) = progress.kept.noted else { return Vec::new() };
    let now = consensus_marks(facts);
    let above = facts.chain.pool.rumours.iter().filter(|r| r.signed.at.level > noted.bound);
    above.filter(|r| matches!(whose(&r.signed, facts, progress, now), Whose::Foreign)).cloned().collect()
}

/// The wait for what the node will say of the newest of them: a few levels from when it was heard, and no more than that
/// in the whole run, however many there are.
pub(super) fn held(facts: &Facts, progress: &Progress) -> Option<Waiting> {
    let head = facts.chain.head.as_ref().ok()?.value.level;
    let newest = rumours(facts, progress).into_iter().max_by_key(|rumour| rumour.since)?;
    let until = newest.since.min(progress.kept.held_from.unwrap_or(head)).above(RUMOUR_HOLD);
    let left = until.since(head);
    if left == 0 {
        return None;
    }
    let block = facts.chain.block_seconds();
    let left = Some(Duration::from_secs(block.saturating_mul(left)));
    Some(Waiting { why: WaitFor::Rumour { signed: newest.signed, until }, left })
}
