//! The simulated TzKT and the further node, read by the real code of a chain source.

use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::chain::{Ahead, ChainError, ChainLevelSource, ChainNode};
use failover_core::clock::Clock;
use failover_core::signer::Model;
use failover_core::tezos::Kind;
use failover_sim::{Event, RpcFault, Side, SimNode, Source, SourceFault, World, WorldOptions};

fn world() -> (World, Tzkt<SimNode>, OctezNode<SimNode>) {
    let world = World::new(WorldOptions::new(Model::TezSign, 5));
    let (tzkt, node) = (Tzkt::new(world.source(Source::Tzkt)), OctezNode::new(world.source(Source::Node)));
    (world, tzkt, node)
}

/// Both, as sources of the level.
fn both(world: &World) -> [(Source, Box<dyn ChainLevelSource>); 2] {
    [
        (Source::Tzkt, Box::new(Tzkt::new(world.source(Source::Tzkt)))),
        (Source::Node, Box::new(OctezNode::new(world.source(Source::Node)))),
    ]
}

#[test]
fn both_show_the_own_nodes_chain() {
    let (world, ..) = world();
    let mut own = OctezNode::new(world.node());
    let head = own.head().unwrap();
    for (source, mut shown) in both(&world) {
        assert_eq!(shown.head().unwrap(), head, "{source:?}");
        for below in [1, 2, 40] {
            let level = head.level.below(below).unwrap();
            assert_eq!(shown.hash_at(level).unwrap(), own.hash_at(level).unwrap(), "{source:?} {below}");
        }
        let missing = shown.hash_at(head.level.above(1)).unwrap_err();
        assert!(matches!(missing, ChainError::Missing { .. }), "{source:?}: {missing:?}");
    }
}

/// TzKT's last attestation has the level of the block that includes it: one more than what was attested.
#[test]
fn tzkt_knows_what_the_own_node_reads_in_blocks() {
    let (world, mut tzkt, _) = world();
    let (mut own, baker) = (OctezNode::new(world.node()), world.baker());
    for _ in 0..30 {
        world.clock().sleep(Duration::from_secs(6));
        let head = own.head().unwrap();
        let mut read = own.newest(&baker, &head).unwrap();
        for level in head.level.below(30).unwrap().to(head.level.below(1).unwrap()) {
            read.extend(own.activity(&baker, level).unwrap().signed);
        }
        let told = tzkt.last_signed(&baker).unwrap().unwrap();
        for kind in [Kind::Block, Kind::Attestation] {
            let last = read.iter().filter(|s| s.kind == kind).map(|s| s.at.level).max();
            assert_eq!(told.iter().find(|last| last.kind == kind).map(|last| last.level), last, "{kind}");
        }
    }
    world.apply(Event::PowerOff(Side::Primary));
    world.clock().sleep(Duration::from_secs(60));
    let then = tzkt.last_signed(&baker).unwrap();
    world.clock().sleep(Duration::from_secs(60));
    assert_eq!(tzkt.last_signed(&baker).unwrap(), then, "nothing more was signed");
    let nobody = "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E".parse().unwrap();
    assert_eq!(tzkt.last_signed(&nobody).unwrap(), Some(Vec::new()));
}

#[test]
fn what_is_wrong_with_a_source_can_be_seen() {
    let (world, ..) = world();
    let truth = world.head_level();
    for (source, mut shown) in both(&world) {
        let mut spoil = |fault| {
            world.apply(Event::Source(source, Some(fault)));
            shown.head()
        };
        assert_eq!(spoil(SourceFault::Behind(10)).unwrap().level, truth.below(10).unwrap());
        assert_eq!(spoil(SourceFault::Ahead(1_000_000)).unwrap().level, truth.above(1_000_000));
        let forked = spoil(SourceFault::Fork(2)).unwrap();
        assert!(forked.level == truth && forked.hash != world.head_hash());
        assert_ne!(spoil(SourceFault::OtherChain).unwrap().chain_id, world.options().chain);
        assert!(matches!(spoil(SourceFault::Down), Err(ChainError::Unreachable { .. })));
        let limited = spoil(SourceFault::Rpc(RpcFault::TooMany));
        assert!(matches!(limited, Err(ChainError::RateLimited { retry_after: Some(_), .. })), "{limited:?}");
        assert!(matches!(spoil(SourceFault::Rpc(RpcFault::Html)), Err(ChainError::Malformed { .. })));
        assert!(matches!(spoil(SourceFault::Rpc(RpcFault::LevelZero)), Err(ChainError::Malformed { .. })));
        world.apply(Event::Source(source, None));
        assert_eq!(shown.head().unwrap().level, truth);
    }
    let mut tzkt = Tzkt::new(world.source(Source::Tzkt));
    world.apply(Event::Source(Source::Tzkt, Some(SourceFault::SignedAhead(50))));
    let told = tzkt.last_signed(&world.baker()).unwrap().unwrap();
    assert!(told.iter().any(|last| last.level >= truth.above(49)), "{told:?}");
}

#[test]
fn a_stuck_source_stays_where_it_is() {
    let (world, ..) = world();
    let before = world.head_level();
    for (source, mut shown) in both(&world) {
        world.apply(Event::Source(source, Some(SourceFault::Stuck)));
        let stuck = shown.head().unwrap().level;
        world.clock().sleep(Duration::from_secs(60));
        assert_eq!(shown.head().unwrap().level, stuck);
    }
    assert!(world.head_level() > before.above(10));
}

#[test]
fn the_further_node_denies_what_a_public_one_does() {
    let (world, _, mut node) = world();
    let denied = [
        node.peers_heads().map(drop),
        node.sync().map(drop),
        node.may_attest(&world.baker(), world.head_level()).map(drop),
    ];
    assert!(denied.iter().all(|answer| matches!(answer, Err(ChainError::Denied { .. }))), "{denied:?}");
}

#[test]
fn a_reorganisation_replaces_blocks_for_everybody_and_the_chain_goes_on() {
    let (world, ..) = world();
    let mut own = OctezNode::new(world.node());
    for _ in 0..45 {
        let head = own.head().unwrap();
        let old: Vec<_> = (0..3).map(|n| own.hash_at(head.level.below(n).unwrap()).unwrap()).collect();
        world.apply(Event::Reorganise(2));
        let new: Vec<_> = (0..3).map(|n| own.hash_at(head.level.below(n).unwrap()).unwrap()).collect();
        assert!(new[0] != old[0] && new[1] != old[1] && new[2] == old[2], "two, and no more");
        for (source, mut shown) in both(&world) {
            assert_eq!(shown.head().unwrap().hash, new[0], "{source:?}");
        }
        // Each block reads completely, and follows the one before.
        own.activity(&world.baker(), head.level.below(1).unwrap()).unwrap();
        own.activity(&world.baker(), head.level.below(2).unwrap()).unwrap();
        world.clock().sleep(Duration::from_secs(30));
        assert!(own.head().unwrap().level > head.level.above(1), "no more blocks after {}", head.level);
    }
    assert!(world.alarms().is_empty(), "{:?}", world.alarms());
}

/// What waiting costs can be told where the own node denies its rights: both draw the same ones.
#[test]
fn tzkt_draws_the_rights_that_the_own_node_draws() {
    let (world, mut tzkt, _) = world();
    let (mut own, baker) = (OctezNode::new(world.node()), world.baker());
    let head = own.head().unwrap();
    let to = head.level.above(40);
    let ahead = Ahead { head: head.level, hash: head.hash, votes_to: to, blocks_to: to };
    let within = Duration::from_secs(3);
    let drawn = own.rights(&baker, &ahead, within).unwrap().unwrap();
    let told = tzkt.rights(&baker, &ahead, within).unwrap().unwrap();
    assert!(drawn.blocks.len() > 5 && drawn.votes.len() == 40, "{drawn:?}");
    // The node names a baker's lowest round of a level only.
    assert!(drawn.blocks.iter().all(|block| told.blocks.contains(block)), "{drawn:?} {told:?}");
    assert_eq!(told.votes, drawn.votes);
}
