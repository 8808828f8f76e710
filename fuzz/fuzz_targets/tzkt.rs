//! TzKT's answers: its head, what a baker signed last, its rights.
#![no_main]

use std::time::Duration;

use failover_core::chain::tzkt::Tzkt;
use failover_core::chain::{Ahead, ChainLevelSource};
use failover_fuzz::{Node, WORLD, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 7] =
    ["/v1/head", "/v1/blocks/", "/v1/blocks/", "/attestations", "/preattestations", "/v1/blocks?", "/v1/rights"];

fn ask(node: Node) {
    let (head, hash, baker) = (WORLD.head_level(), WORLD.head_hash(), WORLD.baker());
    let mut tzkt = Tzkt::new(node);
    if let Ok(head) = tzkt.head() {
        assert!(head.level.get() > 0, "S3");
    }
    let _hash = tzkt.hash_at(head);
    if let Ok(Some(last)) = tzkt.last_signed(&baker) {
        assert!(last.len() <= 3 && last.iter().all(|last| last.level.get() > 0), "S3: {last:?}");
    }
    let ahead = Ahead { head, hash, votes_to: head.above(10), blocks_to: head.above(50) };
    let _rights = tzkt.rights(&baker, &ahead, Duration::from_secs(1));
}

fuzz_target!(init: seeds([Node::tzkt(&LIES, &[]).honest(ask)]), |data: &[u8]| ask(Node::tzkt(&LIES, data)));
