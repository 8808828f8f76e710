//! What stops a machine that bakes needs a sentence with its name, so that nobody stops the wrong one (H43).

use failover_core::baker::{BakerControl, BakerState};
use failover_core::operator::OperatorError;
use failover_core::permit::hostname;

use crate::failure::Failure;
use crate::prompt;

/// Is something to be stopped here, and did a person say so: by a sentence with this machine's name, or by `--stop HOST`?
/// `false`: nothing runs, or nobody said so. What cannot be read may run (S3). `permits`: so many were taken away before.
///
/// # Errors
/// `--stop` names another machine than this one, or the person cancelled.
pub(crate) fn may_be_stopped(
    control: &mut dyn BakerControl,
    stop: Option<&str>,
    permits: usize,
) -> Result<bool, Failure> {
    let here = hostname();
    if let Some(named) = stop {
        if named == here {
            return Ok(true);
        }
        let message = format!("--stop names {named}, and this machine is {here}");
        return Err(Failure::usage(message, "log in to the machine that is meant, or give its own name"));
    }
    let bakes = match control.state() {
        Ok(BakerState::Stopped { .. }) => return Ok(false),
        Ok(BakerState::Running { what }) => format!("{here} bakes now: {} run.", what.join(", ")),
        Err(error) => format!("Whether {here} bakes is not known: {error}."),
    };
    let sentence = format!("stop what bakes on {here}");
    let means = format!("{bakes} Once it is stopped, nobody bakes until a machine is started. If that is meant");
    match prompt::typed_sentence("whether what bakes here is to be stopped", "--stop HOST", &means, &sentence) {
        Ok(said) => Ok(said),
        // Without a terminal nothing is stopped, and that something runs is said.
        Err(OperatorError::NoTerminal { .. }) => Ok(false),
        Err(error) => {
            let failure = Failure::from(error);
            let next = if permits > 0 { nothing_more(permits).to_owned() } else { failure.next };
            Err(Failure { next, ..failure })
        }
    }
}

/// The last line of a command that was answered no, after it took permits away.
pub(crate) const fn nothing_more(permits: usize) -> &'static str {
    match permits {
        0 => "nothing was done",
        _ => "nothing else was done; the run that was in progress here ends: look at `failover status`",
    }
}
