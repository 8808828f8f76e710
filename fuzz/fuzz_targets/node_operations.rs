//! Who signed what in a block, read as it comes: the same however it is cut, and only of the level that was asked for.
#![no_main]

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainNode, LevelActivity};
use failover_fuzz::{Node, WORLD, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 5] = ["/metadata", "/operations/0", "/metadata", "/operations/0", "/validators"];

fn ask(node: Node) -> Result<LevelActivity, ChainError> {
    let level = WORLD.head_level().below(3).expect("the world has lived");
    let answer = OctezNode::new(node).activity(&WORLD.baker(), level);
    let signed = answer.as_ref().map_or_else(ChainError::seen, |activity| &activity.signed);
    assert!(signed.iter().all(|signed| signed.at.level.get() > 0), "S3");
    if let Ok(activity) = &answer {
        assert!(activity.signed.iter().all(|signed| signed.at.level == level), "of another level: {activity:?}");
    }
    answer
}

macro_rules! sample {
    ($name:literal) => {
        &include_bytes!(concat!("../../failover-core/tests/data/samples/", $name, ".json"))[..]
    };
}

fn known() -> Vec<Vec<u8>> {
    let operations = [
        sample!("seoulnet-023-block109772-operations.attestations_aggregate"),
        sample!("seoulnet-023-block109772-operations.preattestations_aggregate"),
        sample!("tallinnnet-024-abaab-block1839179-operations0"),
    ];
    let metadata = [
        sample!("tallinnnet-024-abaab-block1839179-metadata.no-balance-updates"),
        sample!("tallinnnet-024-abaab-metadata-level429176-reproposal"),
    ];
    let operations = operations.into_iter().map(|sample| [b"\x05\x1e", sample].concat());
    let metadata = metadata.into_iter().map(|sample| [b"\xff", sample].concat());
    let honest = Node::own(&LIES, &[]).honest(|node| drop(ask(node)));
    operations.chain(metadata).chain([[vec![3], honest].concat()]).collect()
}

fuzz_target!(init: seeds(known()), |data: &[u8]| {
    let Some((piece, data)) = data.split_first() else { return };
    // Its words may show how much there was to read; what was seen, and whether that was all, does not depend on it.
    let told = |node| ask(node).map_err(|error| (std::mem::discriminant(&error), error.seen().to_vec()));
    let whole = told(Node::own(&LIES, data));
    let pieces = told(Node::own(&LIES, data).in_pieces(usize::from(*piece)));
    assert_eq!(whole, pieces, "cut otherwise");
});
