//! Virtual time: waiting on this clock is what makes the world go on.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::options::{Pace, WorldOptions};
use super::world::{Inner, World};
use crate::clock::{Clock, Job, SystemClock, Timestamp};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// This thread has the world's lock: a device that waits in there lets no time pass, instead of waiting for ever.
pub(crate) struct Inside(());

impl Inside {
    pub(crate) fn enter() -> Self {
        INSIDE.set(true);
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

/// The time of a world. Reading it takes no lock, so that devices may read it whatever holds the world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dial(Arc<AtomicI64>);

impl Dial {
    pub(crate) fn new(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.millis())))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn turn_to(&self, time: Timestamp) {
        self.0.fetch_max(time.millis(), Ordering::SeqCst);
    }
}

/// The clock of a world: [`Clock::sleep`] lets the world go on by that much, everything that falls due included;
/// at [`Pace::Real`] it also takes that long. It keeps no world alive.
#[derive(Debug, Clone)]
pub struct SimClock {
    dial: Dial,
    world: Weak<Inner>,
    pace: Pace,
    in_turn: bool,
}

impl SimClock {
    pub(crate) const fn new(dial: Dial, world: Weak<Inner>, options: &WorldOptions) -> Self {
        Self { dial, world, pace: options.pace, in_turn: options.in_turn }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.dial.now()
    }

    fn sleep(&self, duration: Duration) {
        if INSIDE.get() {
            return;
        }
        let until = self.dial.now().after(duration);
        if self.pace == Pace::Real {
            std::thread::sleep(duration);
        }
        match self.world.upgrade() {
            Some(inner) => World::from_inner(inner).advance_to(until),
            None => self.dial.turn_to(until),
        }
    }

    fn together(&self, mut jobs: Vec<Job<'_>>) {
        if !self.in_turn {
            return SystemClock.together(jobs);
        }
        // Either may come first; which one differs from one second to the next.
        if self.dial.now().millis().div_euclid(1000) % 2 == 1 {
            jobs.reverse();
        }
        jobs.into_iter().for_each(|job| job());
    }
}
