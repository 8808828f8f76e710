//! What a baker may do next, and what it pays.
#![no_main]

use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{Ahead, ChainLevelSource, ChainNode};
use failover_fuzz::{Node, WORLD, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 7] = [
    "/validators",
    "/baking_rights",
    "/constants",
    "/expected_issuance",
    "/participation",
    "/total_staked",
    "/own_staked",
];

fn ask(node: Node) {
    let (head, hash, baker) = (WORLD.head_level(), WORLD.head_hash(), WORLD.baker());
    let ahead = Ahead { head, hash, votes_to: head.above(10), blocks_to: head.above(50) };
    let second = Duration::from_secs(1);
    let mut node = OctezNode::new(node);
    if let Ok(Some(rights)) = node.rights(&baker, &ahead, second) {
        let _shown = format!("{rights:?}");
    }
    if let Ok(earnings) = node.earnings(&baker, &hash, 1, second) {
        let _shown = format!("{earnings:?}");
    }
}

fn known() -> Vec<Vec<u8>> {
    let issuance = include_bytes!("../../failover-core/tests/data/samples/ushuaia-025-expected-issuance.json");
    vec![[b"\x1e\x1e\x1e", &issuance[..]].concat(), Node::own(&LIES, &[]).honest(ask)]
}

fuzz_target!(init: seeds(known()), |data: &[u8]| ask(Node::own(&LIES, data)));
