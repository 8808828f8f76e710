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
//!
//! # A whole failover, with an operator of your own
//!
//! What a program owes before it may run, and what it asks of its person, is all here. From the operator's file it is shorter:
//! `Session::open`, with the feature `config`.
//!
//! ```
//! use failover_core::baker::TezbakeControl;
//! use failover_core::chain::{octez::OctezNode, tzkt::Tzkt};
//! use failover_core::lock::{FileLock, Holder};
//! use failover_core::operator::{Answer, Operator, OperatorError, Question};
//! use failover_core::permit::{Root, RunId, RunPermit};
//! use failover_core::signer::{Model, Passphrase};
//! use failover_core::state::{PlanId, StateDir};
//! use failover_core::{decision::Policy, effect::Hands, failover::Parts, guard::Guard, host::HostIdentity, session::Session};
//! use failover_sim::{Event, Side, Source, World, WorldOptions};
//!
//! struct Hand(World);
//! impl Operator for Hand {
//!     fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
//!         match question {
//!             Question::Proceed { .. } => Ok(Answer::Yes),
//!             // Done before it is said.
//!             Question::Disconnected { .. } => { self.0.apply(Event::Unplug(Side::Primary)); Ok(Answer::Yes) }
//!             _ => Ok(Answer::No), // No default is yes.
//!         }
//!     }
//!     fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
//!         Ok(Passphrase::new(self.0.passphrase().into_bytes()))
//!     }
//! }
//!
//! let (world, folder) = (World::new(WorldOptions::new(Model::TezSign, 7)), tempfile::tempdir()?);
//! let (chain, baker, plan, run) = (world.options().chain, world.baker(), PlanId::random()?, RunId::random()?);
//! let state = StateDir::open(folder.path())?;
//! let guard = Guard::new(state.path());
//! world.set_guard(Side::Backup, guard.token());
//! let root = |side: Side| Root::at(state.path().join(side.to_string())); // really: Root::usual()
//! let control = |side| TezbakeControl::new(world.host(side)).with_root(root(side));
//! let mut policy = Policy::new("mybaker".to_owned(), baker, chain);
//! policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
//! let permits = root(Side::Backup).of(chain, baker);
//! permits.begin(&run)?; // from here on a stop ends this run
//! let lock = FileLock::acquire_under(&root(Side::Backup), chain, baker, &Holder::this("a program", world.now(), None))?;
//! let hands = Hands {
//!     device: world.signer(Side::Backup), primary: Some(Box::new(control(Side::Primary))), primary_signer: None, power: None,
//!     backup: Box::new(control(Side::Backup).with_guard_token(guard.token())), guard, operator: Box::new(Hand(world.clone())),
//!     passphrase: None, locks: vec![Box::new(lock)],
//!     permit: Some(RunPermit { permits, run, who: "a program".to_owned(), known: Vec::new() }),
//! };
//! let parts = Parts {
//!     source: Box::new(OctezNode::new(world.node())), others: vec![Box::new(Tzkt::new(world.source(Source::Tzkt)))],
//!     hands, policy, plan, clock: std::sync::Arc::new(world.clock()), cancel: Default::default(),
//!     recorder: Box::new(state.create_journal(world.now(), plan)?), state,
//! };
//! let end = Session::from_parts(parts, None)?.run();
//! assert_eq!(end.exit, 0, "{}; {}", end.message, end.next);
//! assert!(world.bakes(Side::Backup) && !world.bakes(Side::Primary));
//! assert!(world.alarms().is_empty(), "nothing was signed twice");
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
