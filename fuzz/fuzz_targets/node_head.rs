//! The small answers of a node: its head, how it stands with its peers, the chain's constants.
#![no_main]

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainLevelSource, ChainNode};
use failover_fuzz::{Node, WORLD, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 5] = ["/head/header", "/is_bootstrapped", "/active_peers_heads", "/constants", "/hash"];

fn ask(node: Node) {
    let mut node = OctezNode::new(node);
    if let Ok(head) = node.head() {
        assert!(head.level.get() > 0, "S3");
        let _shown = format!("{head:?} {}", head.timestamp);
    }
    let _sync = node.sync();
    let _peers = node.peers_heads();
    if let Ok(constants) = node.constants() {
        assert!(constants.block_seconds > 0 && constants.blocks_per_cycle > 0, "S3: {constants:?}");
    }
    if let Ok(hash) = node.hash_at(WORLD.head_level()) {
        assert_eq!(hash.to_string().parse().ok(), Some(hash), "decode after encode");
    }
}

fn known() -> Vec<Vec<u8>> {
    let samples = [
        include_bytes!("../../failover-core/tests/data/samples/tallinnnet-024-header-level340114.json").to_vec(),
        include_bytes!("../../failover-core/tests/data/samples/tallinnnet-024-abaab-block1839179-header.json").to_vec(),
        [b"\x1e\x1e\x1e", &include_bytes!("../../failover-core/tests/data/samples/ushuaia-025-constants.json")[..]]
            .concat(),
    ];
    samples.into_iter().chain([Node::own(&LIES, &[]).honest(ask)]).collect()
}

fuzz_target!(init: seeds(known()), |data: &[u8]| ask(Node::own(&LIES, data)));
