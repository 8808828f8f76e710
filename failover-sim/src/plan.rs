//! A plan: one random world, everything in it drawn from one number: the machines, what was wrong before, what happens
//! and when, what goes wrong on the wires, and where the run is killed.
//!
//! What no tool can exclude (`docs/hazards.md`) is not in it: the person does what they say, what was unplugged or
//! switched off stays so, and nobody takes the guard away. [`Plan::with_a_liar`] is the exception, to see that the simulator tells.
//! Nor are flipped digits in it: see [`super::Mishap`].

use super::act::{Cut, Then};
use super::event::Event;
use super::operator::Cable;
use super::options::{Pace, WorldOptions};
use super::wire::{Burst, Edge, Kill};
use failover_core::signer::Model;

mod actors;
mod dice;
mod draw;
mod events;
mod evidence;
mod mishaps;
mod stage;

/// What was on the backup's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Card {
    /// Marks of a rehearsal long ago.
    Rehearsed,
    /// No marks (H6).
    Restored,
    /// Marks this many levels below the head, as after a standby.
    Behind(u64),
    /// Marks this many levels above it.
    Above(u64),
    /// Other keys (H7).
    Wrong,
}

/// Where a session ends before its time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// At an exchange.
    At(Kill),
    /// At a record.
    Record(Cut),
}

/// What happens between two sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pause {
    pub(crate) seconds: u64,
    /// The backup reboots, and its signer's service is started by hand.
    pub(crate) reboot: bool,
}

/// One random world.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own that can be so or not")]
pub struct Plan {
    /// The number that it is drawn from.
    pub seed: u64,
    /// Nothing is wrong and nothing happens: the run must end well.
    pub calm: bool,
    pub(crate) options: WorldOptions,
    pub(crate) card: Card,
    pub(crate) cable: Cable,
    pub(crate) ledger_setting: bool,
    pub(crate) right_passphrase: bool,
    pub(crate) ledger: Vec<super::ledger::Person>,
    pub(crate) margin: u64,
    pub(crate) emergency: bool,
    pub(crate) quarantine: bool,
    /// Is another machine pinned as the primary (H19)? `None`: the right one.
    pub(crate) pin: Option<bool>,
    /// Was the head pinned when the world began (S4)?
    pub(crate) pinned: bool,
    pub(crate) another_run: bool,
    /// The backup's signer runs already (H14).
    pub(crate) signer_runs: bool,
    /// Another process holds the backup's sign interface (H18).
    pub(crate) held: bool,
    /// Before the run.
    pub(crate) before: Vec<Event>,
    /// This many seconds after the world began.
    pub(crate) events: Vec<(u64, Event)>,
    pub(crate) bursts: Vec<Burst>,
    pub(crate) stops: Vec<(Stop, Pause)>,
    /// What others do while the run goes on.
    pub(crate) actors: Vec<Then>,
    /// Refused for want of a fence, the person runs again later and takes the risk.
    pub(crate) takes_the_risk: bool,
}

impl Plan {
    /// The world of this number.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        actors::draw(evidence::draw(draw::draw(seed)))
    }

    /// The same, but the person says that the signer is unplugged and it is not, the primary is dead and gets its power
    /// back, and the quarantine is judged or not: what `docs/hazards.md` excludes, to check the checker.
    #[must_use]
    pub fn with_a_liar(seed: u64, quarantine: bool) -> Self {
        draw::liar(seed, quarantine)
    }

    /// Which devices.
    #[must_use]
    pub const fn model(&self) -> Model {
        self.options.model
    }

    /// At this pace.
    #[must_use]
    pub const fn paced(mut self, pace: Pace) -> Self {
        self.options.pace = pace;
        self
    }

    /// Is there anything in it that keeps the backup from being disarmed and read back?
    pub(crate) fn disturbs_the_backup(&self) -> bool {
        let mut events = self.before.iter().chain(self.events.iter().map(|(_, event)| event));
        let backup = |event: &Event| {
            use super::options::Side::Backup;
            matches!(event, Event::Unplug(Backup) | Event::KillService(Backup, _) | Event::Host(Backup, _))
        };
        let wires = |burst: &Burst| matches!(burst.edge, Edge::Device | Edge::Backup);
        let hands = self.held || !self.ledger.is_empty() || !self.stops.is_empty();
        hands || self.bursts.iter().any(wires) || events.any(backup)
    }

    /// What is unusual in this world, in words.
    #[must_use]
    pub fn about(&self) -> String {
        let Self { options, card, cable, margin, emergency, before, events, bursts, stops, actors, .. } = self;
        let mut about = vec![format!("{card:?} card, cable {cable:?}, margin {margin}")];
        about.extend(emergency.then(|| "emergency".to_owned()));
        about.push(format!("{} rights in ten, {} other sources", options.rights_in_ten, options.sources.len()));
        about.extend(before.iter().map(|event| format!("before: {event:?}")));
        about.extend(events.iter().map(|(seconds, event)| format!("{seconds} s: {event:?}")));
        about.extend(bursts.iter().map(|burst| {
            let Burst { edge, from, count, mishap } = burst;
            format!("{edge:?} {from}+{count}: {mishap:?}")
        }));
        about.extend(stops.iter().map(|(stop, pause)| match stop {
            Stop::At(Kill { at, done }) => format!("killed at exchange {at} (done: {done}), {pause:?}"),
            Stop::Record(cut) => format!("killed at {cut:?}, {pause:?}"),
        }));
        about.extend(actors.iter().map(|then| format!("{:?}: {:?}", then.when, then.act)));
        about.extend(self.takes_the_risk.then(|| "takes the risk".to_owned()));
        about.join("\n    ")
    }
}
