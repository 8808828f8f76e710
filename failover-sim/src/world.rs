//! The simulated world: a chain, two machines with the same keys on their devices, and time.
//!
//! Locks are taken in one order: the world's, then a device's, then the book's. Time is read without any lock.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::book::{Alarm, SignatureBook};
use super::chain::Block;
use super::clock::{Dial, GoesOn, Inside, SimClock};
use super::device;
use super::event::{Event, When};
use super::machine::command::Ran;
use super::options::{Side, WorldOptions};
use super::rpc::{self, Answer};
use super::seed::Seed;
use super::shown;
use super::source::Source;
use super::state::State;
use super::wire::{Edge, Wire, Wires};
use failover_core::chain::KeyRole;
use failover_core::clock::Timestamp;
use failover_core::host::{HostError, Output};
use failover_core::tezos::{BlockHash, KeyHash, Level};

mod build;
mod devices;
mod host;
mod mend;
mod node;

pub use host::SimHost;
pub use node::SimNode;

/// A world. Clones share it.
#[derive(Debug, Clone)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    dial: Dial,
    book: SignatureBook,
    clock: SimClock,
    options: WorldOptions,
    wires: Wires,
}

impl Inner {
    /// Reads or changes the world. Nothing that is called in there may come back to the world, but to its clock.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let _inside = Inside::enter();
        act(&mut state)
    }
}

impl GoesOn for Inner {
    fn advance_to(&self, until: Timestamp) {
        self.with(|state| state.advance_to(until));
    }
}

impl World {
    /// Reads or changes it: see [`Inner::with`].
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.0.with(act)
    }

    /// What it was made from.
    #[must_use]
    pub fn options(&self) -> &WorldOptions {
        &self.0.options
    }

    /// What can go wrong between the tool and this world.
    pub(crate) fn wires(&self) -> &Wires {
        &self.0.wires
    }

    pub(crate) fn wire(&self, edge: Edge) -> Wire {
        self.0.wires.wire(edge, self.clock())
    }

    /// When a session of a drill asked this last, in the world's own time.
    #[must_use]
    pub fn asked(&self, edge: Edge) -> Option<Timestamp> {
        self.wires().asked(edge)
    }

    /// How many exchanges the session of a drill that goes on has made.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.wires().exchanges()
    }

    /// Its clock: sleeping on it lets the world go on.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        self.0.clock.clone()
    }

    /// The time in it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.dial.now()
    }

    /// Lets it go on until a time, everything that falls due included. Never back.
    pub fn advance_to(&self, until: Timestamp) {
        self.0.advance_to(until);
    }

    /// Lets something happen now.
    pub fn apply(&self, event: Event) {
        self.with(|state| state.apply(event));
    }

    /// Lets something happen at a time or at a level.
    pub fn at(&self, when: impl Into<When>, event: Event) {
        let when = when.into();
        self.with(|state| state.schedule(when, event));
    }

    /// Every signature that was made.
    #[must_use]
    pub fn book(&self) -> SignatureBook {
        self.0.book.clone()
    }

    /// Every double signature so far: none in a drill that went well.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.0.book.alarms()
    }

    /// The level of the true head, whatever the node shows.
    #[must_use]
    pub fn head_level(&self) -> Level {
        self.with(|state| state.chain.head().and_then(|head| Level::new(head.level))).unwrap_or(Level::FIRST)
    }

    /// The hash of the true head.
    #[must_use]
    pub fn head_hash(&self) -> BlockHash {
        self.with(|state| state.chain.head().map(Block::name)).unwrap_or(BlockHash::new([0; 32]))
    }

    /// Our baker's address.
    #[must_use]
    pub fn baker(&self) -> KeyHash {
        self.with(|state| state.committee.ours().address)
    }

    /// Our baker's keys, which both devices hold.
    #[must_use]
    pub fn keys(&self) -> Vec<(KeyRole, KeyHash)> {
        self.with(|state| {
            let ours = state.committee.ours();
            let companion = ours.companion.as_ref().map(|key| (KeyRole::Companion, key.hash));
            std::iter::once((KeyRole::Consensus, ours.consensus.hash)).chain(companion).collect()
        })
    }

    /// The passphrase of both TezSign devices.
    #[must_use]
    pub fn passphrase(&self) -> String {
        device::passphrase(Seed(self.0.options.seed))
    }

    /// Does a baker on this side see the chain, with a running signer service to ask?
    #[must_use]
    pub fn bakes(&self, side: Side) -> bool {
        self.with(|state| state.machines.of(side).bakes())
    }

    /// Is the machine on?
    #[must_use]
    pub fn powered(&self, side: Side) -> bool {
        self.with(|state| state.machines.of(side).powered)
    }

    /// The content of a machine's `/etc/machine-id`.
    #[must_use]
    pub fn machine_id(&self, side: Side) -> String {
        self.with(|state| state.machines.of(side).machine_id.clone())
    }

    /// Where a machine's guard keeps its token: a real file, which commands there see under this path and under the usual
    /// one. It keeps nothing from starting; only drop-ins do.
    pub fn set_guard(&self, side: Side, token: PathBuf) {
        self.with(|state| state.machines.of_mut(side).etc.token = Some(token));
    }

    /// Where that token lies; `None`: nobody has set it.
    #[must_use]
    pub fn guard(&self, side: Side) -> Option<PathBuf> {
        self.with(|state| state.machines.of(side).etc.token.clone())
    }

    /// Runs a command on a machine, as a person or the tool would.
    ///
    /// # Errors
    /// The machine is off or cannot be reached, or has no such program.
    pub fn exec(&self, side: Side, argv: &[&str]) -> Result<Output, HostError> {
        self.run(side, argv, "").map(|ran| ran.output)
    }

    pub(crate) fn run(&self, side: Side, argv: &[&str], input: &str) -> Result<Ran, HostError> {
        self.with(|state| state.run(side, argv, input))
    }

    /// The commands that were sent to a machine and change something there, in order.
    #[must_use]
    pub fn changes(&self, side: Side) -> Vec<String> {
        self.with(|state| state.machines.of(side).changes.clone())
    }

    /// A machine behind the [`failover_core::host::Host`] edge.
    #[must_use]
    pub fn host(&self, side: Side) -> SimHost {
        SimHost::new(self.clone(), side)
    }

    /// What the backup's node answers to `GET path`.
    #[must_use]
    pub fn rpc(&self, path: &str) -> Answer {
        self.with(|state| rpc::answer(state, path))
    }

    /// The backup's node behind the [`failover_core::chain::Rpc`] edge.
    #[must_use]
    pub fn node(&self) -> SimNode {
        SimNode::new(self.clone(), None)
    }

    /// What another source answers to `GET path`.
    #[must_use]
    pub fn source_rpc(&self, source: Source, path: &str) -> Answer {
        self.with(|state| shown::answer(state, source, path))
    }

    /// Another source behind the [`failover_core::chain::Rpc`] edge.
    #[must_use]
    pub fn source(&self, source: Source) -> SimNode {
        SimNode::new(self.clone(), Some(source))
    }
}
