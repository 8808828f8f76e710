//! The node's source against the simulated node: what a baker signed is what its device made.
#![cfg(test)]

use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, SyncState};
use failover_core::clock::Clock;
use failover_core::signer::Model;
use failover_core::tezos::{Kind, Level};
use failover_sim::{Event, RpcFault, Side, SimNode, World, WorldOptions};

fn world(model: Model) -> (World, OctezNode<SimNode>) {
    let world = World::new(WorldOptions::new(model, 11));
    world.clock().sleep(Duration::from_secs(600));
    let node = OctezNode::new(world.node());
    (world, node)
}

#[test]
fn every_settled_level_can_be_read_until_the_primary_dies_and_after() {
    for model in [Model::TezSign, Model::Ledger] {
        let (world, mut node) = world(model);
        let baker = world.baker();
        let dies_at = world.head_level();
        world.apply(Event::PowerOff(Side::Primary));
        world.clock().sleep(Duration::from_secs(600));
        let head = node.head().unwrap();
        assert_eq!(head.level, world.head_level());
        let (mut voted, mut silent) = (0, 0);
        for level in dies_at.below(60).unwrap().to(head.level.below(3).unwrap()) {
            let activity = node.activity(&baker, level).unwrap();
            assert!(activity.signed.iter().all(|s| s.at.level == level), "{activity:?}");
            let attested = activity.signed.iter().any(|s| s.kind == Kind::Attestation);
            if level < dies_at {
                voted += u32::from(attested);
                assert!(activity.rights || !attested);
            } else if level > dies_at.above(2) {
                assert!(activity.signed.is_empty(), "a dead machine signed: {activity:?}");
                silent += u32::from(activity.rights);
            }
        }
        assert!(voted > 20 && silent > 20, "{model:?}: {voted} levels voted, {silent} silent");
    }
}

#[test]
fn votes_are_in_the_mempool_before_they_are_in_a_block() {
    let (world, mut node) = world(Model::TezSign);
    let baker = world.baker();
    let mut found = 0;
    for _ in 0..60 {
        world.clock().sleep(Duration::from_secs(2));
        let head = node.head().unwrap();
        node.newest(&baker, &head).unwrap();
        for signed in node.mempool(&baker, &head).unwrap().signed {
            // What was found stays for twenty levels: a vote that goes away again was still signed.
            assert!(signed.at.level.since(head.level) <= 1 && head.level.since(signed.at.level) <= 21, "{signed:?}");
            found += u32::from(head.level.since(signed.at.level) <= 1);
        }
    }
    assert!(found > 10, "{found} votes");
}

#[test]
fn a_baker_at_the_head() {
    let (world, mut node) = world(Model::TezSign);
    let delegate = node.delegate(&world.baker()).unwrap();
    assert_eq!(delegate.keys.iter().map(|k| (k.role, k.key)).collect::<Vec<_>>(), world.keys());
    assert_eq!(delegate.next_protocol, node.head().unwrap().protocol);
    assert!(!delegate.forbidden && !delegate.deactivated);
    assert_eq!(node.sync().unwrap(), SyncState::Synced);
    assert!(!node.peers_heads().unwrap().is_empty());
    let head = node.head().unwrap();
    assert_eq!(node.hash_at(head.level).unwrap(), head.hash);
    world.apply(Event::Forbid);
    world.apply(Event::PendingKey { cycles: 1 });
    let delegate = node.delegate(&world.baker()).unwrap();
    assert!(delegate.forbidden);
    assert!(delegate.keys.iter().any(|k| k.from_cycle == Some(delegate.cycle + 1)), "{delegate:?}");
}

#[test]
fn faults_are_errors_of_their_kind() {
    let (world, mut node) = world(Model::TezSign);
    let level: Level = world.head_level().below(5).unwrap();
    let mut ask = |fault| {
        world.apply(Event::Rpc(Some(fault)));
        let answers = [node.head().err(), node.activity(&world.baker(), level).err()];
        world.apply(Event::Rpc(None));
        answers.map(Option::unwrap)
    };
    for fault in [RpcFault::Html, RpcFault::Cut] {
        assert!(ask(fault).iter().all(|e| matches!(e, ChainError::Malformed { .. })));
    }
    assert!(ask(RpcFault::Huge).iter().all(|e| matches!(e, ChainError::TooLarge { .. })));
    assert!(ask(RpcFault::Hangs).iter().all(|e| matches!(e, ChainError::Timeout { .. })));
    assert!(ask(RpcFault::Denied).iter().all(|e| matches!(e, ChainError::Denied { .. })));
    assert!(ask(RpcFault::LevelZero).iter().all(|e| matches!(e, ChainError::Malformed { .. })));
    assert!(node.head().is_ok());
}
