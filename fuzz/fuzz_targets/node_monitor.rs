//! Votes as the node hears of them: an answer that goes on, read by a thread of its own.
#![no_main]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{Body, ChainError, ChainLevelSource, ChainNode, Rpc};
use failover_sim::SimNode;
use failover_fuzz::{WORLD, seeds};
use libfuzzer_sys::fuzz_target;

/// An honest node that is listened to, and tells when what was heard has ended.
struct Heard {
    honest: SimNode,
    stream: Vec<u8>,
    ended: Sender<()>,
}

impl Rpc for Heard {
    fn name(&self) -> &str {
        "the fuzzed node"
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        self.honest.get(path, deadline, limit)
    }

    fn another(&self) -> Option<Box<dyn Rpc>> {
        Some(Box::new(Once { stream: Some(self.stream.clone()), ended: self.ended.clone() }))
    }
}

/// The way on which it is listened to: one answer, then no more.
struct Once {
    stream: Option<Vec<u8>>,
    ended: Sender<()>,
}

impl Rpc for Once {
    fn name(&self) -> &str {
        "the fuzzed node"
    }

    fn get(&mut self, path: &str, _: Duration, _: usize) -> Result<Vec<u8>, ChainError> {
        Err(ChainError::Denied { source_name: self.name().to_owned(), path: path.to_owned(), status: 403 })
    }

    fn open(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Box<dyn Body>, ChainError> {
        match self.stream.take() {
            Some(stream) => Ok(Box::new(Stream { stream, passed: 0, ended: self.ended.clone() })),
            None => self.get(path, deadline, limit).map(|_| unreachable!("it is denied")),
        }
    }
}

struct Stream {
    stream: Vec<u8>,
    passed: usize,
    ended: Sender<()>,
}

impl Body for Stream {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ChainError> {
        let rest = &self.stream[self.passed..];
        let count = rest.len().min(into.len()).min(61);
        into[..count].copy_from_slice(&rest[..count]);
        self.passed += count;
        Ok(count)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Nobody waits any more where the target has ended.
        let _gone = self.ended.send(());
    }
}

fn known() -> Vec<Vec<u8>> {
    let sample = include_str!("../../failover-core/tests/data/samples/ushuaia-025-mempool-all-classes.json");
    let pending: serde_json::Value = serde_json::from_str(sample).expect("the samples are JSON");
    let lists = pending.as_object().into_iter().flatten().map(|(_, list)| list.to_string());
    let lists: Vec<String> = lists.collect();
    let level = WORLD.head_level().get();
    let vote = format!(r#"[{{"contents":[{{"kind":"attestation","slot":7,"level":{level},"round":0}}]}}]"#);
    vec![lists.concat().into_bytes(), [lists.concat(), vote.clone(), vote].join("\n").into_bytes(), b"[][]".to_vec()]
}

fuzz_target!(init: seeds(known()), |data: &[u8]| {
    let (ended, end): (Sender<()>, Receiver<()>) = channel();
    let mut node = OctezNode::new(Heard { honest: WORLD.node(), stream: data.to_vec(), ended });
    let head = node.head().expect("the head is honest");
    // Begins to listen; then what was heard is there, and no thread has died of it.
    let _first = node.mempool(&WORLD.baker(), &head);
    end.recv_timeout(Duration::from_secs(8)).expect("S10: what is heard comes to an end");
    if let Ok(pooled) = node.mempool(&WORLD.baker(), &head) {
        let signed = pooled.signed.iter().chain(&pooled.conflicts).chain(pooled.rumours.iter().map(|r| &r.signed));
        assert!(signed.clone().all(|vote| vote.kind.is_vote() && vote.at.level.get() > 0), "{pooled:?}");
    }
});
