//! A clock that nobody can set, with the wall clock beside it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Clock, Job, Timestamp};

/// Begins at the wall clock's time and goes on steadily from there, a suspend included (S15). Where the wall clock is set
/// meanwhile, [`Clock::wall`] shows it and [`Clock::now`] does not: the ages of what it stamped stay true.
pub struct Steady {
    clock: Arc<dyn Clock>,
    began: (Timestamp, Duration),
}

impl Steady {
    /// Begins now.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let began = (clock.wall(), clock.steady());
        Self { clock, began }
    }
}

impl fmt::Debug for Steady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steady").field("began", &self.began).finish_non_exhaustive()
    }
}

impl Clock for Steady {
    fn now(&self) -> Timestamp {
        let (wall, steady) = self.began;
        wall.after(self.clock.steady().saturating_sub(steady))
    }

    fn steady(&self) -> Duration {
        self.clock.steady()
    }

    fn wall(&self) -> Timestamp {
        self.clock.wall()
    }

    fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration);
    }

    fn together(&self, jobs: Vec<Job<'_>>) {
        self.clock.together(jobs);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// Ten minutes after it started, and a wall clock that can be set.
    struct Set(AtomicI64);

    impl Clock for Set {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst))
        }
        fn steady(&self) -> Duration {
            Duration::from_secs(600)
        }
        fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn a_wall_clock_that_is_set_moves_nothing_but_the_wall() {
        let wall = Arc::new(Set(AtomicI64::new(1_000_000)));
        let steady = Steady::new(wall.clone());
        wall.0.fetch_sub(60_000, Ordering::SeqCst);
        assert_eq!((steady.now().millis(), steady.wall().millis()), (1_000_000, 940_000));
    }

    #[test]
    fn the_systems_steady_clock_goes_on() {
        let before = super::super::SystemClock.steady();
        super::super::SystemClock.sleep(Duration::from_millis(20));
        let passed = super::super::SystemClock.steady().saturating_sub(before);
        assert!(passed >= Duration::from_millis(20), "{passed:?}");
    }
}
