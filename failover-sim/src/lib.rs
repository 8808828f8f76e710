//! A simulated world, byte for byte: devices, a chain, bakers, machines, a clock, and a book of every signature that
//! tells when a key signs two different things. What `failover drill` and the tests run on: the real drivers and the
//! real procedure of `failover-core`, with other bytes.
//!
//! [`World`] holds everything. It is deterministic: the same [`WorldOptions`] give the same blocks, and time passes
//! only on its own [`SimClock`], or where [`World::advance_to`] follows another clock.
//!
//! ```
//! use std::time::Duration;
//! use failover_core::clock::Clock;
//! use failover_core::signer::Model;
//! use failover_sim::{Event, Side, World, WorldOptions};
//!
//! let world = World::new(WorldOptions::new(Model::TezSign, 7));
//! let before = world.head_level();
//! world.apply(Event::PowerOff(Side::Primary));
//! world.clock().sleep(Duration::from_secs(60));
//! assert!(world.head_level() > before, "the others go on");
//! assert!(world.alarms().is_empty());
//! ```
//!
//! # The four primitives of `failover-core`, on a simulated world
//!
//! ## A signing device: [`SignerDevice`](failover_core::SignerDevice)
//!
//! ```
//! use failover_core::SignerDevice;
//! # let world = failover_sim::World::new(failover_sim::WorldOptions::new(failover_core::signer::Model::TezSign, 7));
//!
//! // A real one: signer::tezsign::open(&"tezsign".parse()?)?, or signer::ledger::open.
//! let mut device = world.signer(failover_sim::Side::Primary);
//! for key in device.state()?.keys {
//!     match key.marks {
//!         Some(marks) => println!("{} {}: signed up to {}", key.name, key.key, marks.highest()),
//!         None => println!("{} is locked: what it signed is unknown, not zero", key.name),
//!     }
//! }
//! # Ok::<(), failover_core::signer::SignerError>(())
//! ```
//!
//! ## Raising its marks: [`HwmSetter`](failover_core::HwmSetter)
//!
//! ```
//! use failover_core::signer::{Cap, KeyName, Passphrase, raise, with_unlocked};
//! # let world = failover_sim::World::new(failover_sim::WorldOptions::new(failover_core::signer::Model::TezSign, 7));
//! # let (mut device, head) = (world.signer(failover_sim::Side::Backup), world.head_level());
//! # let passphrase = Passphrase::new(world.passphrase().into_bytes());
//!
//! let keys = [KeyName::new("consensus"), KeyName::new("companion")];
//! // Held and unlocked for the raise, and locked again whatever becomes of it.
//! let raised = with_unlocked(&mut *device, &keys, &passphrase, |device| {
//!     // Read, refuse to lower, refuse past the cap, send, read back, compare: to 10 above the head, never past 100 above.
//!     raise(device, &keys, head.above(10), Cap::above(head, 100))
//! })?;
//! for raised in raised {
//!     println!("{}: {} before, {} after", raised.key, raised.before.lowest(), raised.after.lowest());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## What the chain says: [`ChainNode`](failover_core::ChainNode)
//!
//! ```
//! use failover_core::chain::{ChainLevelSource, ChainNode, octez::OctezNode};
//! # let world = failover_sim::World::new(failover_sim::WorldOptions::new(failover_core::signer::Model::TezSign, 7));
//! # let baker = world.baker();
//!
//! // A real one: OctezNode::connect("http://127.0.0.1:8732")?.
//! let mut node = OctezNode::new(world.node());
//! let head = node.head()?;
//! println!("{}: level {}, made at {}", node.name(), head.level, head.timestamp);
//! // What the baker signed three levels below, where nothing can be added any more.
//! let level = head.level.below(3).ok_or("the chain has just begun")?;
//! for signed in node.activity(&baker, level)?.signed {
//!     println!("{} at {}, seen in {}", signed.kind, signed.at, signed.seen_in);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## The services that sign: [`BakerControl`](failover_core::BakerControl)
//!
//! ```
//! use failover_core::baker::{BakerControl, BakerState, TezbakeControl};
//! # let world = failover_sim::World::new(failover_sim::WorldOptions::new(failover_core::signer::Model::TezSign, 7));
//!
//! // A real one: TezbakeControl::new(SshHost::new("baker@primary", SshOptions::default())?).
//! let mut primary = TezbakeControl::new(world.host(failover_sim::Side::Primary));
//! primary.stop()?;
//! // That the command went well proves nothing. What is read afterwards does, and an error here is unknown.
//! match primary.state()? {
//!     BakerState::Stopped { checked } => println!("stopped: {}", checked.join(", ")),
//!     BakerState::Running { what } => println!("still there: {}", what.join(", ")),
//! }
//! # Ok::<(), failover_core::baker::BakerError>(())
//! ```

mod act;
pub mod book;
mod chain;
mod clock;
mod device;
pub mod drill;
mod event;
pub mod judge;
pub mod ledger;
mod machine;
pub mod message;
pub mod operator;
mod options;
pub mod plan;
mod rpc;
pub mod scenario;
mod seed;
pub mod serve;
mod shown;
pub mod soak;
mod source;
mod state;
pub mod tezsign;
pub mod trial;
mod wire;
mod world;

pub use clock::SimClock;
pub use event::{DeviceCondition, Event, HostFault, MarkFileState, Questions, When};
pub use machine::{ACCUSER_UNIT, BAKER_UNIT, NODE_UNIT, PAY_UNIT, SIGNER_UNIT, TEZSIGN_UNIT};
pub use options::{Pace, SIMULATED, Side, WorldOptions};
pub use rpc::Answer;
pub use source::{RpcFault, Source, SourceFault};
pub use wire::{Burst, Edge, Jolt, Jolted, Kill, Mishap};
pub use world::{SimHost, SimNode, World};

/// The code of the page about embedding, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
pub struct EmbeddingDoctests;
