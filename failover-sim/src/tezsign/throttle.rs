//! Unlock and delete: five attempts in 30 s together, successes counted (TezSign 2026-04-30, `app/gadget/limiter.go`).

use std::time::Duration;

use failover_core::clock::Timestamp;

const WINDOW: Duration = Duration::from_secs(30);
const MOST: usize = 5;

#[derive(Debug, Default)]
pub(super) struct Throttle {
    attempts: Vec<Timestamp>,
}

impl Throttle {
    /// Counts an attempt.
    ///
    /// # Errors
    /// Too many: the words that follow the command's name.
    pub(super) fn attempt(&mut self, now: Timestamp) -> Result<(), String> {
        self.attempts.retain(|at| now.since(*at) < WINDOW);
        if self.attempts.len() < MOST {
            self.attempts.push(now);
            return Ok(());
        }
        let waited = self.attempts.first().map_or(Duration::ZERO, |first| now.since(*first));
        let wait = WINDOW.saturating_sub(waited).saturating_add(Duration::from_millis(500)).as_secs();
        Err(format!("throttled: retry in ~{wait}s (max {MOST} attempts per 30s)"))
    }
}
