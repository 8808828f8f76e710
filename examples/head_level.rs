//! Which level is the chain's head, and who else says so?
//!
//! `cargo run --example head_level -- http://127.0.0.1:8732`. Without a URL, the node is a simulated one.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::time::Duration;

use failover_core::chain::ChainNode;
use failover_core::chain::octez::OctezNode;
use failover_core::clock::{Clock, SystemClock};
use failover_core::signer::Model;
use failover_sim::{World, WorldOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    let (mut node, now): (Box<dyn ChainNode>, _) = match std::env::args().nth(1) {
        Some(url) => (Box::new(OctezNode::connect(&url)?), SystemClock.now()),
        None => (Box::new(OctezNode::new(world.node())), world.now()),
    };
    let head = node.head()?;
    let age = now.since(head.timestamp);
    println!("{}: level {} of {}, {} s old", node.name(), head.level, head.chain_id, age.as_secs());
    // An old head is no level at all: the node may be behind.
    if age > Duration::from_secs(30) {
        return Err("the head is more than 30 s old: the node is behind, or the chain is slow".into());
    }
    // One source can lie, or be behind without knowing it. Its peers are a second opinion, where it tells theirs.
    let peers = node.peers_heads()?;
    let near = peers.iter().filter(|peer| peer.level.since(head.level) <= 2 && head.level.since(peer.level) <= 2);
    println!("{} of its {} peers are at most two levels away", near.count(), peers.len());
    Ok(())
}
