//! What is read of the chain, and how far: with the numbers as the documents state them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::chain::Earnings;
use crate::clock::Timestamp;
use crate::facts::{Manner, SyncState};
use crate::tezos::{BlockHash, ChainId, Curve, Kind, Position, Round};

const HEAD: u64 = 1_000;

/// What a test moves, and what was asked.
#[derive(Default)]
struct State {
    head: u64,
    /// The blocks of others, where they differ from the own node's.
    peers: Vec<(u64, bool)>,
    /// The level in which the baker's vote is seen, as long as its block is there.
    voted: Option<u64>,
    read: Vec<u64>,
    delegates: u64,
}

#[derive(Clone)]
struct Node(Arc<Mutex<State>>);

fn level(number: u64) -> Level {
    Level::new(number).unwrap()
}

fn block(own: bool) -> BlockHash {
    BlockHash::new([if own { 7 } else { 8 }; 32])
}

fn baker() -> KeyHash {
    KeyHash::new(Curve::Ed25519, [1; 20])
}

fn vote(at: u64) -> Signed {
    Signed { kind: Kind::Attestation, at: Position::start_of(level(at)), seen_in: "a block".to_owned() }
}

impl ChainLevelSource for Node {
    fn name(&self) -> &str {
        "a node"
    }
    fn head(&mut self) -> Result<Head, ChainError> {
        Ok(Head {
            level: level(self.0.lock().unwrap().head),
            round: Round(0),
            hash: block(true),
            timestamp: Timestamp::from_millis(0),
            chain_id: ChainId::MAINNET,
            protocol: "P".to_owned(),
        })
    }
    fn hash_at(&mut self, _: Level) -> Result<BlockHash, ChainError> {
        Ok(block(true))
    }
}

impl ChainNode for Node {
    fn sync(&mut self) -> Result<SyncState, ChainError> {
        Ok(SyncState::Synced)
    }
    fn constants(&mut self) -> Result<Constants, ChainError> {
        Ok(Constants { block_seconds: 6, round_increment_seconds: 3, blocks_per_cycle: 14_400 })
    }
    fn delegate(&mut self, _: &KeyHash) -> Result<Delegate, ChainError> {
        let mut state = self.0.lock().unwrap();
        state.delegates += 1;
        Ok(Delegate {
            keys: Vec::new(),
            deactivated: false,
            forbidden: false,
            denunciations: Vec::new(),
            missed_levels: None,
            level: level(state.head),
            cycle: 1,
            levels_to_next_cycle: HEAD + 100 - state.head,
            next_protocol: "P".to_owned(),
            earlier_protocol: "P".to_owned(),
            levels_to_protocol: None,
        })
    }
    fn peers_heads(&mut self) -> Result<Vec<PeerHead>, ChainError> {
        let state = self.0.lock().unwrap();
        Ok(state.peers.iter().map(|(at, own)| PeerHead { level: level(*at), hash: block(*own) }).collect())
    }
    fn may_attest(&mut self, _: &KeyHash, _: Level) -> Result<bool, ChainError> {
        Ok(true)
    }
    fn activity(&mut self, _: &KeyHash, at: Level) -> Result<LevelActivity, ChainError> {
        let mut state = self.0.lock().unwrap();
        state.read.push(at.get());
        let signed = state.voted.filter(|voted| *voted == at.get()).map(vote).into_iter().collect();
        Ok(LevelActivity { level: at, rights: true, signed })
    }
    fn newest(&mut self, _: &KeyHash, _: &Head) -> Result<Vec<Signed>, ChainError> {
        Ok(Vec::new())
    }
    fn mempool(&mut self, _: &KeyHash, _: &Head) -> Result<Pooled, ChainError> {
        Ok(Pooled::default())
    }
    fn earnings(&mut self, _: &KeyHash, _: &BlockHash, _: u64, _: Duration) -> Result<Earnings, ChainError> {
        panic!("nobody asks for it")
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
    fn steady(&self) -> Duration {
        Duration::ZERO
    }
    fn sleep(&self, _: Duration) {}
}

fn node() -> (Node, ChainGatherer) {
    let node = Node(Arc::new(Mutex::new(State { head: HEAD, ..State::default() })));
    (node.clone(), ChainGatherer::new(Box::new(node), Vec::new()))
}

fn scope() -> Scope {
    Scope { baker: baker(), from: None, primary: false, marks: None, manner: Manner::default() }
}

/// H20: at most two levels away; at the same level or below only with the same block.
#[test]
fn h20_a_peer_agrees_that_is_two_levels_away_and_not_three() {
    for (at, same, agrees) in [
        (HEAD, true, true),
        (HEAD, false, false),
        (HEAD - 2, true, true),
        (HEAD - 2, false, false),
        (HEAD - 3, true, false),
        (HEAD + 2, false, true),
        (HEAD + 3, false, false),
    ] {
        let (node, mut gatherer) = node();
        node.0.lock().unwrap().peers.push((at, same));
        let second = gatherer.gather(&scope(), &Stopped).second.unwrap().value;
        assert_eq!(second.agreeing == 1, agrees, "{at} {same}");
        assert_eq!(second.highest, level(if agrees { at.max(HEAD) } else { HEAD }), "{at} {same}");
    }
}

/// The votes for a level are settled three levels below the head. What is above is read as it is now.
#[test]
fn what_is_settled_ends_three_levels_below_the_head() {
    let (node, mut gatherer) = node();
    let found = gatherer.gather(&scope(), &Stopped).activity.unwrap().value;
    let settled: Vec<u64> = found.settled.iter().map(|level| level.level.get()).collect();
    assert_eq!((settled.first(), settled.last(), settled.len()), (Some(&(HEAD - 11)), Some(&(HEAD - 3)), 9));
    let read = std::mem::take(&mut node.0.lock().unwrap().read);
    assert_eq!(read.iter().filter(|at| **at > HEAD - 3).collect::<Vec<_>>(), [&(HEAD - 2), &(HEAD - 1)]);
}

/// S8: a block that goes away again was still seen: for two levels longer than it takes to settle.
#[test]
fn s8_a_vote_in_a_block_that_goes_away_is_told_for_five_levels() {
    let (node, mut gatherer) = node();
    let mut told = |head, voted| {
        let mut state = node.0.lock().unwrap();
        (state.head, state.voted) = (head, voted);
        drop(state);
        let found = gatherer.gather(&scope(), &Stopped).activity.unwrap().value;
        found.recent.contains(&vote(HEAD - 1))
    };
    assert!(told(HEAD, Some(HEAD - 1)));
    assert!(told(HEAD + 3, None));
    assert!(!told(HEAD + 4, None));
}

/// A glance reads the baker's keys again after ten levels, and where a cycle may have begun.
#[test]
fn a_glance_reads_the_bakers_keys_again_after_ten_levels() {
    let (node, mut gatherer) = node();
    let mut asked = |head| {
        node.0.lock().unwrap().head = head;
        gatherer.glance(&scope(), &Stopped);
        node.0.lock().unwrap().delegates
    };
    assert_eq!([HEAD, HEAD + 9, HEAD + 10].map(&mut asked), [1, 1, 2]);
    assert_eq!([HEAD + 95, HEAD + 99, HEAD + 100].map(&mut asked), [3, 3, 4], "the cycle is over after a hundred");
}
