//! A run that cannot be taken up again: what it left armed.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{SessionError, open};
use crate::baker::BakerState;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::effect;
use crate::failover::{BAKES_ON, PreviousRun};
use crate::operator::Nobody;
use crate::state::StateDir;

/// Why a run of this baker is not taken up again; what it left armed is disarmed all the same (S12), unless it was started and still
/// runs: that is the one that bakes.
pub(super) fn disarmed(
    error: SessionError,
    past: &PreviousRun,
    config: &Config,
    state: &StateDir,
    cancel: &Arc<AtomicBool>,
) -> SessionError {
    let PreviousRun { kept, policy, .. } = past;
    let ours = policy.baker == config.baker.address && policy.chain == config.baker.chain;
    if !kept.left_armed || !ours {
        return error;
    }
    let mut end = error.end();
    match open::disarming(config, state, Box::new(Nobody), cancel) {
        Err(error) => end.message.push_str(&format!("; and the backup could not be disarmed: {error}")),
        Ok(mut hands) => {
            if kept.started.is_some() && matches!(hands.backup.state(), Ok(BakerState::Running { .. })) {
                end.message.push_str(BAKES_ON);
                return SessionError::Ended(Box::new(end));
            }
            effect::disarm(&mut hands, &SystemClock).add_to(&mut end);
            // One that it asked for a moment ago may still end.
            if kept.unlock_since.is_some_and(|at| SystemClock.now().since(at) < effect::UNLOCK_LATE)
                && let Err(why) = effect::lock_until_over(&mut *hands.device, &SystemClock)
            {
                end.message.push_str(&format!("; the keys of the backup's signer are not proven locked: {why}"));
            }
        }
    }
    SessionError::Ended(Box::new(end))
}
