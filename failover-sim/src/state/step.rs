//! Time passes: blocks, votes, restarts and whatever was planned happen when they are due.

use std::time::Duration;

use super::State;
use crate::event::{Event, When};
use crate::machine::command::Ran;
use crate::machine::programs;
use crate::options::Side;
use failover_core::clock::Timestamp;
use failover_core::host::HostError;
use failover_core::tezos::Kind;

/// What falls due.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// A round begins: its baker makes a block.
    Slot { level: u64, round: u32 },
    /// Bakers vote for the head, if it still is this one.
    Vote { hash: [u8; 32], kind: Kind },
    /// Something planned.
    Event(Event),
}

impl State {
    pub(crate) fn now(&self) -> Timestamp {
        self.dial.now()
    }

    /// Goes on until then.
    pub(crate) fn advance_to(&mut self, until: Timestamp) {
        loop {
            let queued = self.queue.first_key_value().map(|((time, _), _)| *time);
            let machines = [Side::Primary, Side::Backup].map(|side| self.machines.of(side).next_due());
            let Some(next) = queued.into_iter().chain(machines.into_iter().flatten()).min() else { break };
            if next > until {
                break;
            }
            self.dial.turn_to(next);
            let now = self.now();
            for side in Side::BOTH {
                self.machines.of_mut(side).advance(now);
            }
            if queued == Some(next)
                && let Some((_, due)) = self.queue.pop_first()
            {
                match due {
                    Due::Slot { level, round } => self.slot(level, round),
                    Due::Vote { hash, kind } => self.votes(&hash, kind),
                    Due::Event(event) => self.apply(event),
                }
            }
        }
        self.dial.turn_to(until);
    }

    pub(crate) fn queue(&mut self, time: Timestamp, due: Due) {
        self.queued += 1;
        self.queue.insert((time, self.queued), due);
    }

    pub(crate) fn schedule(&mut self, when: When, event: Event) {
        match when {
            When::Time(time) if time <= self.now() => self.apply(event),
            When::Time(time) => self.queue(time, Due::Event(event)),
            When::Level(level) if self.chain.head().is_some_and(|head| head.level >= level) => self.apply(event),
            When::Level(level) => self.at_level.entry(level).or_default().push(event),
            When::Signs(side) => self.at_signature.of_mut(side).push(event),
        }
    }

    /// What was planned for the levels up to this one.
    pub(crate) fn reached(&mut self, level: u64) {
        while let Some(entry) = self.at_level.first_entry().filter(|entry| *entry.key() <= level) {
            for event in entry.remove() {
                self.apply(event);
            }
        }
    }

    /// A side's device has signed: what was planned for that happens next.
    pub(crate) fn has_signed(&mut self, side: Side) {
        for event in std::mem::take(self.at_signature.of_mut(side)) {
            self.queue(self.now(), Due::Event(event));
        }
    }

    /// How long a round lasts: the block time, and half of it more for each further round, as on mainnet.
    pub(crate) fn round_time(&self, round: u32) -> Duration {
        let block = self.options.block_seconds;
        Duration::from_secs(block.saturating_add(u64::from(round).saturating_mul(self.increment())))
    }

    /// `delay_increment_per_round`.
    pub(crate) const fn increment(&self) -> u64 {
        let half = self.options.block_seconds / 2;
        if half == 0 { 1 } else { half }
    }

    pub(crate) fn run(&mut self, side: Side, argv: &[&str], input: &str) -> Result<Ran, HostError> {
        let now = self.now();
        let machine = self.machines.of_mut(side);
        let host = format!("the simulated {side}");
        if !machine.powered || machine.boots_at.is_some() || !machine.reachable {
            let why = "connection timed out".to_owned();
            return Err(HostError::Unreachable { host, why });
        }
        programs::run(machine, now, argv, input).ok_or_else(|| HostError::NotRun {
            host,
            what: argv.first().copied().unwrap_or_default().to_owned(),
            why: "no such file or directory".to_owned(),
        })
    }
}
