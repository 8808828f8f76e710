//! How a session ends that could not say so itself.

use crate::wire::Ended;
use failover_core::journal::record::End;
use failover_core::lock::LockError;

/// A session that was killed, or that never ended (S10).
pub(super) fn killed(ended: Ended) -> End {
    let (outcome, exit, message) = match ended {
        Ended::Killed => ("interrupted", 6, "the drill killed the run here"),
        Ended::Endless => ("endless", 255, "the run does not end"),
    };
    End {
        outcome: outcome.to_owned(),
        exit,
        message: message.to_owned(),
        refusal: None,
        resumed: None,
        next: "run `failover resume`".to_owned(),
    }
}

pub(super) fn locked(error: &LockError) -> End {
    End {
        outcome: "locked".to_owned(),
        exit: 7,
        message: error.to_string(),
        refusal: None,
        resumed: None,
        next: error.next().to_owned(),
    }
}
