//! When each part of a look was asked: what an answer proves is as old as its question (S15).

use std::time::Duration;

use crate::clock::Timestamp;

/// When each part of a look was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What the wall clock showed when the gathering began: with this alone block timestamps are compared.
    pub wall: Timestamp,
    /// When the chain was asked.
    pub chain: Timestamp,
    /// When the oldest of what guards the primary was asked: its services, its keys, its boot guard, its secret, its
    /// power. `None`: nothing of it was read.
    pub primary: Option<Timestamp>,
    /// Nothing of what guards the primary or the backup was remembered from an earlier look.
    pub anew: bool,
}

impl Asked {
    /// All of it at one moment, by one clock.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { wall: now, chain: now, primary: Some(now), anew: true }
    }

    /// How old the two are by now: the chain, and what guards the primary.
    #[must_use]
    pub fn ages(&self, now: Timestamp) -> (Duration, Option<Duration>) {
        (now.since(self.chain), self.primary.map(|asked| now.since(asked)))
    }
}
