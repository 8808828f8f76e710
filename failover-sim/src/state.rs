//! All that a world is at a moment: its chain, its machines, what is wrong with it, and what falls due.

use std::collections::BTreeMap;

use super::chain::{Chain, Committee};
use super::clock::Dial;
use super::event::Event;
use super::machine::Machine;
use super::options::{Pair, WorldOptions};
use super::seed::Seed;
use super::source::{Source, Spoiled};
use super::tezsign::SimLink;
use failover_core::clock::Timestamp;

mod apply;
mod begin;
mod faults;
mod live;
mod reorganise;
mod step;

pub(crate) use begin::history;
pub(crate) use faults::{Faults, Stray};
use step::Due;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: WorldOptions,
    pub(crate) seed: Seed,
    pub(crate) dial: Dial,
    pub(crate) chain: Chain,
    pub(crate) committee: Committee,
    pub(crate) machines: Pair<Machine>,
    pub(crate) faults: Faults,
    pub(crate) sources: BTreeMap<Source, Spoiled>,
    queue: BTreeMap<(Timestamp, u64), Due>,
    at_level: BTreeMap<u64, Vec<Event>>,
    at_signature: Pair<Vec<Event>>,
    queued: u64,
    /// Interfaces that processes of a scenario hold.
    pub(crate) held: Vec<SimLink>,
}
