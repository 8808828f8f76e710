//! A node that answers from a table, and the sample blocks put into it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, Rpc};
use failover_core::tezos::{BlockHash, KeyHash, Level};
use serde_json::{Value, json};

pub(crate) const TALLINN: &str = "PtTALLiNtPec7mE7yY4m3k26J8Qukef3E3ehzhfXgFZKGtDdAXu";
pub(crate) const SEOUL: &str = "PtSeouLouXkxhg39oWzjxDWaCydNfR3RxCUrNe4Q9Ro8BTehcbh";
/// A baker of the sample blocks with a tz4 consensus key.
pub(crate) const TZ4_BAKER: &str = "tz1NNT9EERmcKekRq2vdv6e8TL3WQpY8AXSF";
/// The baker of sample block 1839179.
pub(crate) const BLOCK_BAKER: &str = "tz1TnEtqDV9mZyts2pfMy6Jw1BTPs4LMjL8M";
/// Somebody who is in no sample.
pub(crate) const STRANGER: &str = "tz1burnburnburnburnburnburnburjAYjjX";

/// A change to an answer, in a table of cases.
pub(crate) type Change<'a> = &'a dyn Fn(&mut Value);

type Answers = BTreeMap<String, Result<Vec<u8>, ChainError>>;

/// Answers by path; the same table can be changed while a node uses it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(Arc<Mutex<Answers>>);

impl Table {
    pub(crate) fn put(&self, path: &str, answer: &Value) {
        self.put_bytes(path, answer.to_string().into_bytes());
    }

    pub(crate) fn put_bytes(&self, path: &str, answer: Vec<u8>) {
        self.0.lock().unwrap().insert(format!("/chains/main{path}"), Ok(answer));
    }

    pub(crate) fn deny(&self, path: &str) {
        let path = format!("/chains/main{path}");
        let denied = ChainError::Denied { source_name: "table".into(), path: path.clone(), status: 403 };
        self.0.lock().unwrap().insert(path, Err(denied));
    }

    pub(crate) fn drop(&self, path: &str) {
        self.0.lock().unwrap().remove(&format!("/chains/main{path}"));
    }

    pub(crate) fn node(&self) -> OctezNode<Self> {
        OctezNode::new(self.clone())
    }

    /// A block: its header under its level and its hash, its metadata and operations under its hash.
    pub(crate) fn block(&self, header: &Value, metadata: &Value, operations: &Value) {
        let hash = header["hash"].as_str().unwrap();
        self.put(&format!("/blocks/{}/header", header["level"]), header);
        self.put(&format!("/blocks/{hash}/header"), header);
        self.put(&format!("/blocks/{hash}/metadata"), metadata);
        self.put(&format!("/blocks/{hash}/operations/0?metadata=always"), operations);
    }

    pub(crate) fn rights(&self, block: &str, level: u64, baker: &str, slot: Option<u16>) {
        let delegates = slot.map(|slot| {
            json!({"delegate": baker, "rounds": [], "consensus_key": baker,
            "attesting_power": "1", "attestation_slot": slot})
        });
        let answer = json!([{"level": level, "consensus_threshold": "1", "consensus_committee": "1",
            "all_bakers_attest_activated": true, "delegates": delegates.into_iter().collect::<Vec<_>>()}]);
        self.put(&format!("/blocks/{block}/helpers/validators?level={level}&delegate={baker}"), &answer);
    }
}

impl Rpc for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn get(&mut self, path: &str, _: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let (source_name, path) = ("table".to_owned(), path.to_owned());
        match self.0.lock().unwrap().get(&path) {
            Some(Ok(body)) if body.len() > limit => Err(ChainError::TooLarge { source_name, path, limit }),
            Some(answer) => answer.clone(),
            None => Err(ChainError::Missing { source_name, path, why: "not in the table".into() }),
        }
    }
}

pub(crate) fn sample(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// A sample as it is written.
pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(crate) fn level(level: u64) -> Level {
    Level::new(level).unwrap()
}

pub(crate) fn key(text: &str) -> KeyHash {
    text.parse().unwrap()
}

/// A hash that is no real block's.
pub(crate) fn made_hash(seed: u64) -> BlockHash {
    let mut bytes = [0xaa; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    BlockHash::new(bytes)
}

/// A header where no sample has one.
pub(crate) fn header(level: u64, round: u32, hash: &str, predecessor: &str, protocol: &str) -> Value {
    json!({"protocol": protocol, "chain_id": "NetXe8DbhW9A1eS", "hash": hash, "level": level, "proto": 2,
        "predecessor": predecessor, "timestamp": "2026-02-12T19:45:05Z", "validation_pass": 4,
        "fitness": ["02", format!("{level:08x}"), "", "ffffffff", format!("{round:08x}")], "payload_round": round})
}

/// Metadata where no sample has them.
pub(crate) fn metadata(level: u64, baker: &str, protocol: &str) -> Value {
    json!({"protocol": protocol, "next_protocol": protocol, "proposer": baker, "baker": baker,
        "level_info": {"level": level, "level_position": level - 1, "cycle": 6130, "cycle_position": 178},
        "attestations": null, "preattestations": null})
}

pub(crate) const TALLINN_LEVEL: u64 = 1_839_178;

/// Sample block 1839179, whole, on an empty block 1839178 that [`TZ4_BAKER`] baked.
pub(crate) fn tallinn(operations: &Value) -> Table {
    let table = Table::default();
    let next = sample("tallinnnet-024-abaab-block1839179-header.json");
    let hash = next["predecessor"].as_str().unwrap();
    let before = header(TALLINN_LEVEL, 0, hash, &made_hash(1).to_string(), TALLINN);
    table.block(&before, &metadata(TALLINN_LEVEL, TZ4_BAKER, TALLINN), &json!([]));
    let sampled = sample("tallinnnet-024-abaab-block1839179-metadata.no-balance-updates.json");
    table.block(&next, &sampled, operations);
    table
}

pub(crate) fn tallinn_operations() -> Value {
    sample("tallinnnet-024-abaab-block1839179-operations0.json")
}
