//! What stops a machine that bakes needs a sentence with its name, so that nobody stops the wrong one (H43).

use failover_core::baker::{BakerControl, BakerState};
use failover_core::operator::OperatorError;
use failover_core::permit::hostname;

use crate::failure::Failure;
use crate::prompt;

/// Is something to be stopped here, and did a person say so: by a sentence with this machine's name, or by `--stop HOST`?
/// `false`: nothing runs, or nobody said so.
///
/// # Errors
/// `--stop` names another machine than this one, or the person cancelled.
pub(crate) fn may_be_stopped(control: &mut dyn BakerControl, stop: Option<&str>) -> Result<bool, Failure> {
    let here = hostname();
    if let Some(named) = stop {
        if named == here {
            return Ok(true);
        }
        let message = format!("--stop names {named}, and this machine is {here}");
        return Err(Failure::usage(message, "log in to the machine that is meant, or give its own name"));
    }
    if !matches!(control.state(), Ok(BakerState::Running { .. })) {
        return Ok(false);
    }
    let sentence = format!("stop what bakes on {here}");
    match prompt::typed_sentence("whether what bakes here is to be stopped", "--stop HOST", &sentence) {
        Ok(said) => Ok(said),
        // Without a terminal nothing is stopped, and that something runs is said.
        Err(OperatorError::NoTerminal { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
