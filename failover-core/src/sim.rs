//! A simulated world, byte for byte: devices, a chain, bakers, machines, a clock. Feature `sim`.
//!
//! [`World`] holds everything. It is deterministic: the same [`WorldOptions`] give the same blocks, and time passes
//! only on its own [`SimClock`], or where [`World::advance_to`] follows another clock.
//!
//! ```
//! use std::time::Duration;
//! use failover_core::clock::Clock;
//! use failover_core::signer::Model;
//! use failover_core::sim::{Event, Side, World, WorldOptions};
//!
//! let world = World::new(WorldOptions::new(Model::TezSign, 7));
//! let before = world.head_level();
//! world.apply(Event::PowerOff(Side::Primary));
//! world.clock().sleep(Duration::from_secs(60));
//! assert!(world.head_level() > before, "the others go on");
//! assert!(world.alarms().is_empty());
//! ```

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
pub mod soak;
mod source;
pub mod tezsign;
pub mod trial;
mod wire;
mod world;

pub use clock::SimClock;
pub use event::{DeviceCondition, Event, HostFault, MarkFileState, Questions, RpcFault, When};
pub use machine::{ACCUSER_UNIT, BAKER_UNIT, NODE_UNIT, PAY_UNIT, SIGNER_UNIT, SimHost, TEZSIGN_UNIT};
pub use options::{Pace, Side, WorldOptions};
pub use rpc::{Answer, SimNode};
pub use source::{Source, SourceFault};
pub use wire::{Burst, Edge, Jolt, Jolted, Kill, Mishap};
pub use world::World;
