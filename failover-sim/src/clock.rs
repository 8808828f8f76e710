//! Virtual time: waiting on this clock is what makes the world go on.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::options::{Pace, WorldOptions};
use failover_core::clock::{Clock, Job, SystemClock, Timestamp};

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

/// What goes on while somebody sleeps on its clock.
pub(crate) trait GoesOn: std::fmt::Debug + Send + Sync {
    /// Until then, everything that falls due included. Never back.
    fn advance_to(&self, until: Timestamp);
}

/// The time of a world. Reading it takes no lock, so that devices may read it whatever holds the world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dial {
    time: Arc<AtomicI64>,
    /// How far the wall clock of the machine that the tool runs on is ahead of it, in milliseconds (H41).
    ahead: Arc<AtomicI64>,
    /// For how long the tool's process is going to stand still, in seconds.
    stands: Arc<AtomicU64>,
}

impl Dial {
    pub(crate) fn new(time: Timestamp) -> Self {
        Self { time: Arc::new(AtomicI64::new(time.millis())), ahead: Arc::default(), stands: Arc::default() }
    }

    /// The same time, read by a machine of its own: nobody sets that one's clock.
    pub(crate) fn of_another(&self) -> Self {
        Self { time: Arc::clone(&self.time), ..Self::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.time.load(Ordering::SeqCst))
    }

    /// What the wall clock shows.
    fn wall(&self) -> Timestamp {
        let time = self.now().millis();
        Timestamp::from_millis(time.saturating_add(self.ahead.load(Ordering::SeqCst)))
    }

    /// The wall clock is set: so many seconds on, or back.
    pub(crate) fn step(&self, seconds: i64) {
        self.ahead.fetch_add(seconds.saturating_mul(1000), Ordering::SeqCst);
    }

    /// The tool's process is going to stand still.
    pub(crate) fn pause(&self, seconds: u64) {
        self.stands.store(seconds, Ordering::SeqCst);
    }

    pub(crate) fn turn_to(&self, time: Timestamp) {
        self.time.fetch_max(time.millis(), Ordering::SeqCst);
    }
}

/// The clock of a world: [`Clock::sleep`] lets the world go on by that much, everything that falls due included;
/// at [`Pace::Real`] it also takes that long. It keeps no world alive.
#[derive(Debug, Clone)]
pub struct SimClock {
    dial: Dial,
    world: Weak<dyn GoesOn>,
    pace: Pace,
    in_turn: bool,
}

impl SimClock {
    pub(crate) const fn new(dial: Dial, world: Weak<dyn GoesOn>, options: &WorldOptions) -> Self {
        Self { dial, world, pace: options.pace, in_turn: options.in_turn }
    }

    /// The clock of a device: see [`Dial::of_another`].
    pub(crate) fn of_another(&self) -> Self {
        Self { dial: self.dial.of_another(), ..self.clone() }
    }

    /// The world's own time, whatever the wall clock shows.
    pub(crate) fn time(&self) -> Timestamp {
        self.dial.now()
    }

    pub(crate) fn step(&self, seconds: i64) {
        self.dial.step(seconds);
    }

    /// Stands still, where that is due.
    pub(crate) fn stand_still(&self) {
        match self.dial.stands.swap(0, Ordering::SeqCst) {
            0 => {}
            seconds => self.sleep(Duration::from_secs(seconds)),
        }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.dial.wall()
    }

    fn steady(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.dial.now().millis()).unwrap_or(0))
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
            Some(world) => world.advance_to(until),
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
