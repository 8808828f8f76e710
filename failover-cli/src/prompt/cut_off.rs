//! What a person said of the primary's power when its cable was asked about.

use std::time::Instant;

use failover_core::operator::Answer;

use super::DEADLINE;

/// It is good for the question that follows at once, and no longer than a question stands.
pub(super) struct CutOff {
    said: Answer,
    at: Instant,
}

impl CutOff {
    /// Said now.
    pub(super) fn now(said: Answer) -> Self {
        Self { said, at: Instant::now() }
    }

    /// The answer, where it is not too old.
    pub(super) fn answer(self) -> Option<Answer> {
        (self.at.elapsed() < DEADLINE).then_some(self.said)
    }
}
