//! Time: the one clock that everything asks, so that a drill can run fast and a test can jump.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

mod steady;

pub use steady::Steady;

/// A moment, in milliseconds since 1970, written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment from milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// How long this is after `earlier`; zero where it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Later by `duration`.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        })
    }
}

impl From<Timestamp> for SystemTime {
    fn from(at: Timestamp) -> Self {
        let away = Duration::from_millis(at.0.unsigned_abs());
        let time = if at.0 < 0 { UNIX_EPOCH.checked_sub(away) } else { UNIX_EPOCH.checked_add(away) };
        // No clock of a machine counts so far.
        time.unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // humantime writes the years 1970 to 9999 only, and panics outside.
        let millis = self.0.clamp(0, 253_402_300_799_999);
        let time = UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        if millis % 1000 == 0 {
            humantime::format_rfc3339_seconds(time).fmt(f)
        } else {
            humantime::format_rfc3339_millis(time).fmt(f)
        }
    }
}

/// A text that is not an RFC 3339 time in UTC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time like 2026-11-22T03:00:00Z")]
pub struct TimestampError {
    text: String,
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_rfc3339(text)
            .map(Self::from)
            .map_err(|_| TimestampError { text: text.chars().take(40).collect() })
    }
}

crate::tezos::text_serde!(Timestamp);

/// What gives the time and lets it pass.
pub trait Clock: Send + Sync {
    /// The time now. Of a machine's own clock it is the wall clock's, which somebody can set; of a [`Steady`] one it is not.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, a suspend of the machine included. Nobody can set it: ages and waits are counted by
    /// it (S15).
    fn steady(&self) -> Duration;

    /// What the wall clock shows: what a journal has, and what block timestamps are compared with.
    fn wall(&self) -> Timestamp {
        self.now()
    }

    /// Lets this much time pass.
    fn sleep(&self, duration: Duration);

    /// Does these at the same time, the first of them on this thread, and waits for all of them; one that panicked has done
    /// no more. Where no thread can be made they are done one after the other. A simulated clock
    /// may do one after the other, so that a replay is the same.
    fn together(&self, jobs: Vec<Job<'_>>) {
        std::thread::scope(|scope| {
            let mut jobs = jobs.into_iter();
            let here = jobs.next();
            let mut waiting = Vec::new();
            let mut threads = Vec::new();
            for job in jobs {
                // Behind a lock, so that it is still there where no thread can be made for it.
                let job = Arc::new(Mutex::new(Some(job)));
                let taken = Arc::clone(&job);
                match std::thread::Builder::new().spawn_scoped(scope, move || run(&taken)) {
                    Ok(thread) => threads.push(thread),
                    Err(_) => waiting.push(job),
                }
            }
            if let Some(job) = here {
                let _panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            }
            // One after the other, where this process may have no more threads.
            waiting.iter().for_each(run);
            for thread in threads {
                let _panicked = thread.join();
            }
        });
    }
}

/// Runs a job that nobody has taken yet; what panics has done no more.
fn run(job: &Arc<Mutex<Option<Job<'_>>>>) {
    let job = job.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(job) = job {
        let _panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

/// One of the things that happen at the same time.
pub type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    /// `CLOCK_BOOTTIME`: `CLOCK_MONOTONIC` stops in a suspend, and blocks do not.
    fn steady(&self) -> Duration {
        Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or(Duration::MAX)
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
