//! The simulated node, read by the real code of a chain source.
#![expect(clippy::unwrap_used, reason = "a test's helpers may stop it like the test itself")]

use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, SyncState};
use failover_core::clock::Clock;
use failover_core::signer::Model;
use failover_core::tezos::{Kind, Level};
use failover_sim::{Event, NODE_UNIT, RpcFault, Side, SimNode, World, WorldOptions};

fn world(model: Model) -> (World, OctezNode<SimNode>) {
    let world = World::new(WorldOptions::new(model, 5));
    let node = OctezNode::new(world.node());
    (world, node)
}

fn kinds(node: &mut OctezNode<SimNode>, world: &World, level: Level) -> Vec<Kind> {
    let activity = node.activity(&world.baker(), level).unwrap();
    assert!(activity.rights);
    activity.signed.iter().map(|signed| signed.kind).collect()
}

#[test]
fn what_the_primary_signs_is_seen_and_then_no_more() {
    for model in [Model::TezSign, Model::Ledger] {
        let (world, mut node) = world(model);
        let head = node.head().unwrap();
        assert_eq!((head.level, head.hash), (world.head_level(), world.head_hash()));
        assert_eq!(node.sync().unwrap(), SyncState::Synced);
        assert_eq!(node.constants().unwrap().block_seconds, 6);
        let first = head.level.below(45).unwrap();
        let seen: Vec<Vec<Kind>> =
            first.to(head.level.below(2).unwrap()).map(|level| kinds(&mut node, &world, level)).collect();
        assert!(seen.iter().all(|level| level.contains(&Kind::Attestation)), "{model}: {seen:?}");
        assert!(seen.iter().any(|level| level.contains(&Kind::Block)), "{model}");

        world.apply(Event::PowerOff(Side::Primary));
        let stopped = world.head_level();
        world.clock().sleep(Duration::from_secs(200));
        let head = world.head_level();
        for level in stopped.above(2).to(head.below(2).unwrap()) {
            assert_eq!(kinds(&mut node, &world, level), []);
        }
    }
}

#[test]
fn the_delegate_has_the_devices_keys() {
    for (model, count) in [(Model::TezSign, 2), (Model::Ledger, 1)] {
        let (world, mut node) = world(model);
        let delegate = node.delegate(&world.baker()).unwrap();
        let keys: Vec<_> = delegate.keys.iter().map(|expected| (expected.role, expected.key)).collect();
        assert_eq!(keys, world.keys());
        assert_eq!(keys.len(), count);
        assert!(!delegate.forbidden && !delegate.deactivated && delegate.levels_to_next_cycle > 100);
        world.apply(Event::PendingKey { cycles: 2 });
        world.apply(Event::Forbid);
        let delegate = node.delegate(&world.baker()).unwrap();
        assert_eq!(delegate.keys.len(), count + 1);
        assert!(delegate.forbidden);
    }
}

#[test]
fn the_mempool_shows_votes_before_any_block_does() {
    let (world, mut node) = world(Model::TezSign);
    world.clock().sleep(Duration::from_secs(3));
    let head = node.head().unwrap();
    let votes = node.mempool(&world.baker(), &head).unwrap().signed;
    let here: Vec<Kind> = votes.iter().filter(|vote| vote.at.level == head.level).map(|vote| vote.kind).collect();
    assert!(here.contains(&Kind::Preattestation) && here.contains(&Kind::Attestation), "{votes:?}");
}

#[test]
fn what_is_wrong_with_a_node_can_be_seen() {
    let (world, mut node) = world(Model::TezSign);
    let true_head = world.head_level();
    world.apply(Event::NodeBehind(50));
    let head = node.head().unwrap();
    assert_eq!(head.level, true_head.below(50).unwrap());
    assert!(world.now().since(head.timestamp) >= Duration::from_secs(300));
    assert!(node.peers_heads().unwrap().iter().all(|peer| peer.level == true_head));
    world.apply(Event::NodeBehind(0));
    world.apply(Event::HeadFromFuture(60));
    assert!(node.head().unwrap().timestamp > world.now());
    world.apply(Event::HeadFromFuture(0));
    world.apply(Event::PeersDisagree);
    assert!(node.peers_heads().unwrap().iter().all(|peer| peer.hash != world.head_hash()));
    let chain = node.head().unwrap().chain_id;
    world.apply(Event::WrongChain);
    assert_ne!(node.head().unwrap().chain_id, chain);
}

#[test]
fn a_node_that_is_cut_off_stays_where_it_was() {
    let (world, mut node) = world(Model::TezSign);
    let before = node.head().unwrap();
    world.apply(Event::CutFromChain(Side::Backup));
    world.clock().sleep(Duration::from_secs(120));
    assert_eq!(node.head().unwrap(), before);
    assert!(world.head_level() > before.level.above(10), "the chain goes on, the primary with it");
    assert!(node.peers_heads().map_or(true, |peers| peers.is_empty()));
    world.apply(Event::BackOnChain(Side::Backup));
    assert_eq!(node.head().unwrap().level, world.head_level());
}

#[test]
fn each_way_to_answer_badly_is_an_error_of_its_own() {
    let (world, mut node) = world(Model::TezSign);
    let mut after = |fault| {
        world.apply(Event::Rpc(Some(fault)));
        node.head().unwrap_err()
    };
    assert!(matches!(after(RpcFault::Html), ChainError::Malformed { .. }));
    assert!(matches!(after(RpcFault::LevelZero), ChainError::Malformed { .. }));
    assert!(matches!(after(RpcFault::Cut), ChainError::Malformed { .. }));
    assert!(matches!(after(RpcFault::Huge), ChainError::TooLarge { .. }));
    assert!(matches!(after(RpcFault::Denied), ChainError::Denied { .. }));
    let before = world.now();
    assert!(matches!(after(RpcFault::Hangs), ChainError::Timeout { .. }));
    assert!(world.now() > before, "waiting takes time");
    world.apply(Event::Rpc(None));
    world.exec(Side::Backup, &["systemctl", "stop", NODE_UNIT]).unwrap();
    assert!(matches!(node.head().unwrap_err(), ChainError::Unreachable { .. }));
}

#[test]
fn a_halted_chain_stays_and_goes_on() {
    let (world, mut node) = world(Model::TezSign);
    world.apply(Event::HaltChain);
    world.clock().sleep(Duration::from_secs(600));
    let stuck = node.head().unwrap();
    assert!(world.now().since(stuck.timestamp) > Duration::from_secs(500));
    world.apply(Event::ResumeChain);
    world.clock().sleep(Duration::from_secs(300));
    let head = node.head().unwrap();
    assert!(head.level > stuck.level && world.now().since(head.timestamp) < Duration::from_secs(120));
}
