//! How a session ends that could not say so itself.

use crate::wire::Ended;
use failover_core::journal::record::{End, Outcome};
use failover_core::lock::LockError;

/// A session that was killed, or that never ended (S10).
pub(super) fn killed(ended: Ended) -> End {
    let (outcome, exit, message) = match ended {
        Ended::Killed => (Outcome::Interrupted, 6, "the drill killed the run here"),
        Ended::Endless => (Outcome::Other("endless".to_owned()), 255, "the run does not end"),
    };
    End {
        outcome,
        exit,
        message: message.to_owned(),
        refusal: None,
        resumed: None,
        next: "run `failover resume`".to_owned(),
    }
}

pub(super) fn locked(error: &LockError) -> End {
    End {
        outcome: Outcome::Locked,
        exit: 7,
        message: error.to_string(),
        refusal: None,
        resumed: None,
        next: error.next().to_owned(),
    }
}
