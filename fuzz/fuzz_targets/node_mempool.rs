//! Votes that are in no block yet, looked for in the mempool.
#![no_main]

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainLevelSource, ChainNode};
use failover_fuzz::{Node, WORLD, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 3] = ["/pending_operations", "/validators", "/validators"];

fn ask(node: Node) {
    let mut node = OctezNode::new(node);
    let head = node.head().expect("the head is honest");
    for _ in 0..2 {
        // What was found the first time is still known the second time.
        let Ok(pooled) = node.mempool(&WORLD.baker(), &head) else { continue };
        let rumours = pooled.rumours.into_iter().map(|rumour| rumour.signed);
        for vote in pooled.signed.into_iter().chain(pooled.conflicts).chain(rumours) {
            assert!(vote.kind.is_vote() && vote.seen_in.starts_with("mempool"), "{vote:?}");
            assert!(vote.at.level.since(head.level) <= 20 && head.level.since(vote.at.level) <= 200, "{vote:?}");
        }
    }
}

fn known() -> Vec<Vec<u8>> {
    let samples = [
        include_bytes!("../../failover-core/tests/data/samples/ushuaia-025-mempool.json").to_vec(),
        include_bytes!("../../failover-core/tests/data/samples/ushuaia-025-mempool-all-classes.json").to_vec(),
    ];
    // The recorded votes, as if they were for levels around the head.
    let head = WORLD.head_level().get();
    let near = |sample: &Vec<u8>| {
        let mut pending: serde_json::Value = serde_json::from_slice(sample).expect("the samples are JSON");
        let mut at = 0;
        move_to(&mut pending, &mut || {
            at += 1;
            head - 2 + at % 4
        });
        pending.to_string().into_bytes()
    };
    let near: Vec<_> = samples.iter().map(near).collect();
    samples.into_iter().chain(near).chain([Node::own(&LIES, &[]).honest(ask)]).collect()
}

fn move_to(value: &mut serde_json::Value, level: &mut impl FnMut() -> u64) {
    match value {
        serde_json::Value::Array(list) => list.iter_mut().for_each(|value| move_to(value, level)),
        serde_json::Value::Object(map) => {
            for (name, value) in map {
                match name.as_str() {
                    "level" => *value = level().into(),
                    _ => move_to(value, level),
                }
            }
        }
        _ => {}
    }
}

fuzz_target!(init: seeds(known()), |data: &[u8]| ask(Node::own(&LIES, data)));
