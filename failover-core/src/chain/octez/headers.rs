//! Headers of the newest blocks: what the head that was just read says of those before it is not asked again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::chain::block::Header;
use crate::tezos::{BlockHash, Level};

/// How many are kept.
const KEPT: usize = 64;

/// How long a head is the newest: a caller that asks for blocks has asked for the head just before.
const NEWEST: Duration = Duration::from_secs(5);

/// How long the stream alone says that the head is the same: a connection can die without a word.
const STANDS: Duration = Duration::from_secs(2);

/// What is known of the newest blocks.
#[derive(Debug, Default)]
pub(super) struct Headers {
    newest: Option<(Instant, BlockHash)>,
    /// How many of the mempool's answers had ended when it was asked for.
    stream: Option<u64>,
    known: VecDeque<Header>,
}

impl Headers {
    /// The head, as it was just read, and how many of the mempool's answers had ended before.
    pub(super) fn is_head(&mut self, header: &Header, stream: Option<u64>) {
        (self.newest, self.stream) = (Some((Instant::now(), header.hash)), stream);
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

    /// That count, for as long as it may stand for the head.
    pub(super) fn stream(&self, head: &BlockHash) -> Option<u64> {
        let (at, _) = self.newest.filter(|(_, newest)| newest == head)?;
        self.stream.filter(|_| at.elapsed() < STANDS)
    }

    /// The block at this level of the chain that ends with the newest head, as far as it can be followed.
    pub(super) fn hash_at(&self, level: Level) -> Option<BlockHash> {
        let (_, newest) = self.newest.filter(|(at, _)| at.elapsed() < NEWEST)?;
        let mut at = self.of(&newest)?;
        if at.level < level {
            return None;
        }
        while at.level > level.above(1) {
            let before = self.of(&at.predecessor)?;
            // A node that says otherwise is followed nowhere.
            if before.level.above(1) != at.level {
                return None;
            }
            at = before;
        }
        Some(if at.level == level { at.hash } else { at.predecessor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tezos::{ChainId, Round};

    fn hash(n: u8) -> BlockHash {
        BlockHash::new([n; 32])
    }

    fn header(level: u64, own: u8, before: u8) -> Header {
        Header {
            protocol: String::new(),
            chain_id: ChainId::MAINNET,
            hash: hash(own),
            level: Level::new(level).unwrap(),
            round: Round(0),
            predecessor: hash(before),
            predecessor_round: Round(0),
            locked_round: None,
            payload_round: Round(0),
            timestamp: crate::clock::Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_chain_is_followed_down_and_in_no_circle() {
        let level = |n| Level::new(n).unwrap();
        let mut headers = Headers::default();
        headers.keep(&header(7, 2, 1));
        headers.is_head(&header(8, 3, 2), None);
        assert_eq!([8, 7, 6].map(|n| headers.hash_at(level(n))), [Some(hash(3)), Some(hash(2)), Some(hash(1))]);
        assert_eq!([9, 5].map(|n| headers.hash_at(level(n))), [None, None]);
        // A block before itself, and two before each other.
        headers.is_head(&header(9, 4, 4), None);
        assert_eq!(headers.hash_at(level(5)), None);
        headers.keep(&header(9, 5, 6));
        headers.is_head(&header(9, 6, 5), None);
        assert_eq!(headers.hash_at(level(5)), None);
    }
}
