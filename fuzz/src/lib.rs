//! What the fuzz targets share: a simulated world in which the fuzzer gives some of the answers.
//!
//! A target lets the library's own drivers work, with the fuzzer's bytes in the place of a part of what the world says:
//! an answer of the node, the output of a command, a device's frames. What it does not say is answered honestly, so that
//! the bytes get as deep as the real ones would. The seeds are what the world says by itself, and the recorded samples
//! and vectors of `failover-core/tests/data`; they are written by the targets, and in no second copy in the repository.

use std::sync::LazyLock;
use std::time::Duration;

use failover_core::clock::Clock;
use failover_core::signer::Model;
use failover_sim::{World, WorldOptions};

mod devices;
mod host;
mod input;
mod node;
mod seed;

pub use devices::{Answering, Gadget, LAST_WORDS};
pub use host::Machine;
pub use input::{BETWEEN, STREAMS, counted, joined, parts, texts};
pub use node::Node;
pub use seed::{seeds, vectors};

/// A world that has lived for ten minutes, whose primary bakes with a TezSign. Nothing here lets it go on.
pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    world.clock().sleep(Duration::from_secs(600));
    world
});
