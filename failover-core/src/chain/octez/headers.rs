//! Headers of the newest blocks: what the head that was just read says of those before it is not asked again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::header::Header;
use crate::tezos::{BlockHash, Level};

/// How many are kept.
const KEPT: usize = 64;

/// How long a head is the newest: whoever asks for blocks has asked for the head just before.
const NEWEST: Duration = Duration::from_secs(5);

/// What is known of the newest blocks.
#[derive(Debug, Default)]
pub(super) struct Headers {
    newest: Option<(Instant, BlockHash)>,
    known: VecDeque<Header>,
}

impl Headers {
    /// The head, as it was just read.
    pub(super) fn is_head(&mut self, header: &Header) {
        self.newest = Some((Instant::now(), header.hash));
        self.keep(header);
    }

    pub(super) fn keep(&mut self, header: &Header) {
        if self.of(&header.hash).is_some() {
            return;
        }
        if self.known.len() >= KEPT {
            self.known.pop_front();
        }
        self.known.push_back(header.clone());
    }

    /// A block's header. What has a hash does not change.
    pub(super) fn of(&self, hash: &BlockHash) -> Option<&Header> {
        self.known.iter().rev().find(|header| header.hash == *hash)
    }

    /// The block at this level of the chain that ends with the newest head, as far as it can be followed.
    pub(super) fn hash_at(&self, level: Level) -> Option<BlockHash> {
        let (_, newest) = self.newest.filter(|(at, _)| at.elapsed() < NEWEST)?;
        let mut at = self.of(&newest)?;
        if at.level < level {
            return None;
        }
        while at.level > level.above(1) {
            at = self.of(&at.predecessor)?;
        }
        Some(if at.level == level { at.hash } else { at.predecessor })
    }
}
