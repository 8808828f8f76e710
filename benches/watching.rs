//! `watch` over so many blocks: what it costs, and whether its memory stays as it is.

use std::process::{Child, Stdio};

use crate::row;
use crate::used::{cpu, resident};
use crate::world::{Signer, World, until};

/// Of one second each; an hour of mainnet has 600 (6-second blocks). `BENCH_WATCH_BLOCKS` says another number.
const BLOCKS: u64 = if cfg!(debug_assertions) { 3 } else { 60 };

/// Watches a backup that may not bake, and whose primary does.
pub(crate) fn bench() {
    let blocks = match std::env::var("BENCH_WATCH_BLOCKS") {
        Ok(number) => number.parse().unwrap(),
        Err(_) => BLOCKS,
    };
    let world = World::new(Signer::TezSign);
    let mut watch = Watch(world.program(&["watch"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let begun = world.head();
    // What it keeps of the blocks before it is read first.
    pass(&world, begun, blocks.div_ceil(3));
    let early = resident(&watch.0);
    pass(&world, begun, blocks);
    let late = resident(&watch.0);
    assert!(watch.0.try_wait().unwrap().is_none(), "the watch ended");
    let spent = cpu(&watch.0);

    let each = spent.as_secs_f64() * 1000.0 / f64::from(u32::try_from(blocks).unwrap());
    row(&format!("watch, {blocks} blocks: own time a block, ms"), each, Some(7.0), f64::NAN);
    row("  its memory at the end, MiB", late, None, f64::NAN);
    row("  against that after a third", late / early, Some(1.1), f64::NAN);
}

/// Waits until there are so many blocks, a minute of them at a time.
fn pass(world: &World, begun: u64, blocks: u64) {
    let mut head = world.head();
    while head < begun + blocks {
        let next = (head + 60).min(begun + blocks);
        until("the next blocks", || world.head() >= next);
        head = world.head();
    }
}

/// A watch that ends with this.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
