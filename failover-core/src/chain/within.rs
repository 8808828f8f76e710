//! Several questions with one deadline for them all.

use std::time::{Duration, Instant};

/// A deadline that questions asked one after the other share (S10).
#[derive(Debug, Clone, Copy)]
pub(super) struct Within {
    begun: Instant,
    whole: Duration,
}

impl Within {
    /// So much from now on.
    pub(super) fn new(whole: Duration) -> Self {
        Self { begun: Instant::now(), whole }
    }

    /// What is left for the next question; never zero, which some transports take for no deadline at all.
    pub(super) fn left(&self) -> Duration {
        self.whole.saturating_sub(self.begun.elapsed()).max(Duration::from_millis(1))
    }
}
