//! A baker with 1 % of the power on a chain like mainnet, and a table that answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::chain::{Ahead, ChainError, Constants, Earnings, Participation, Ratio, Rights, Rpc, Slashing};
use failover_core::clock::Timestamp;
use failover_core::facts::{Observed, Unknown};
use failover_core::price::{Answers, Known, Now};
use failover_core::tezos::{BlockHash, KeyHash, Level, Mutez, Position, Round};
use serde_json::Value;

pub(crate) const BAKER: &str = "tz1NNT9EERmcKekRq2vdv6e8TL3WQpY8AXSF";
pub(crate) const STRANGER: &str = "tz1burnburnburnburnburnburnburjAYjjX";

pub(crate) fn baker() -> KeyHash {
    BAKER.parse().unwrap()
}

pub(crate) fn level(level: u64) -> Level {
    Level::new(level).unwrap()
}

pub(crate) fn hash() -> BlockHash {
    BlockHash::new([7; 32])
}

pub(crate) const fn tez(tez: u64) -> Mutez {
    Mutez::new(tez * 1_000_000)
}

/// The head is 1,000, the floor 1,012; blocks are known up to 1,300.
pub(crate) fn ahead() -> Ahead {
    Ahead { head: level(1000), hash: hash(), votes_to: level(1012), blocks_to: level(1300) }
}

/// 2 s after the head, 10,000 levels before the cycle's end, on a chain like mainnet.
pub(crate) fn now() -> Now {
    Now {
        at: Timestamp::from_millis(1_000_002_000),
        head_at: Timestamp::from_millis(1_000_000_000),
        constants: Constants { block_seconds: 6, round_increment_seconds: 3, blocks_per_cycle: 14_400 },
        left_in_cycle: 10_000,
        ahead: ahead(),
    }
}

/// 1 % of 7000 slots in each of 14,400 levels is 1,008,000 slots, of which a third may be missed. A block pays 3.6 tez,
/// and so do its votes: 3.6 x 1,008,000 / 7000 = 518.4 tez a cycle.
pub(crate) fn earnings() -> Earnings {
    Earnings {
        committee: 7000,
        block: Mutez::new(3_600_000),
        votes: Mutez::new(3_600_000),
        participation: Participation {
            expected_slots: 1_008_000,
            missed_levels: 0,
            allowed_slots: 336_000,
            rewards: Mutez::new(518_400_000),
        },
        minimal_participation: Ratio { numerator: 2, denominator: 3 },
        staked: tez(700_000),
        own_staked: tez(100_000),
        slashing: Slashing { block: 500, most: 10_000, threshold: Ratio { numerator: 1, denominator: 3 } },
    }
}

/// Blocks as (level, round), and votes.
pub(crate) fn rights(blocks: &[(u64, u32)], votes: impl Iterator<Item = u64>) -> Rights {
    Rights {
        blocks: blocks.iter().map(|(at, round)| Position::new(level(*at), Round(*round))).collect(),
        votes: votes.map(level).collect(),
        all_bakers_attest: Some(false),
    }
}

pub(crate) fn unknown(why: &str) -> Unknown {
    Unknown { why: why.to_owned(), next: "wait".to_owned() }
}

pub(crate) fn answers(earnings: Result<Earnings, Unknown>, rights: Result<Rights, Unknown>) -> Answers {
    let source = "node http://127.0.0.1:8732".to_owned();
    Answers { earnings, rights: rights.map(|value| Observed { value, source, at: now().at }) }
}

pub(crate) fn known<T>(known: Known<T>) -> T {
    match known {
        Known::Known(value) => value,
        Known::Unknown(why) => panic!("not known: {why}"),
    }
}

pub(crate) fn sample(name: &str) -> Value {
    let path = format!("{}/tests/data/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

type Answer = Result<String, ChainError>;

/// Answers by how a path begins, the longest first, and what was asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Table {
    pub(crate) fn put(&self, path: &str, answer: &Value) {
        self.answers.lock().unwrap().insert(path.to_owned(), Ok(answer.to_string()));
    }

    /// Fails at every path that begins like this.
    #[cfg(feature = "http")]
    pub(crate) fn fail(&self, path: &str, error: ChainError) {
        self.answers.lock().unwrap().insert(path.to_owned(), Err(error));
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Rpc for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn get(&mut self, path: &str, _: Duration, _: usize) -> Result<Vec<u8>, ChainError> {
        self.asked.lock().unwrap().push(path.to_owned());
        let answers = self.answers.lock().unwrap();
        let found = answers.iter().rev().find(|(begins, _)| path.starts_with(begins.as_str()));
        let missing =
            || ChainError::Missing { source_name: "table".into(), path: path.into(), why: "not there".into() };
        found.ok_or_else(missing)?.1.clone().map(String::into_bytes)
    }
}
