//! A baker's standing and keys, out of five answers that must fit together.
#![no_main]

use failover_core::chain::ChainNode;
use failover_core::chain::octez::OctezNode;
use failover_fuzz::{Node, WORLD, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 5] = ["/delegates/", "/metadata", "/constants", "/head/header", "/header"];

fn ask(node: Node) {
    let Ok(delegate) = OctezNode::new(node).delegate(&WORLD.baker()) else { return };
    assert!(!delegate.keys.is_empty(), "S3: a baker without keys");
    assert!(delegate.level.get() > 0, "S3");
    let _shown = format!("{delegate:?}");
}

fn known() -> Vec<Vec<u8>> {
    let samples = [
        include_bytes!("../../failover-core/tests/data/samples/ushuaia-025-delegate-pending-key.json").to_vec(),
        include_bytes!("../../failover-core/tests/data/samples/ushuaia-025-delegate.json").to_vec(),
    ];
    // The answers are asked for in another order than they stand in.
    let honest = Node::own(&["/head/header", "/header", "/constants", "/metadata", "/delegates/"], &[]).honest(ask);
    let mut parts: Vec<&[u8]> = honest.split(|byte| *byte == failover_fuzz::BETWEEN).collect();
    parts.rotate_right(1);
    parts[1..].reverse();
    parts[1..].swap(2, 3);
    samples.into_iter().chain([failover_fuzz::joined(parts)]).collect()
}

fuzz_target!(init: seeds(known()), |data: &[u8]| ask(Node::own(&LIES, data)));
