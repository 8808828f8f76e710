//! The thresholds, as configured and pinned.

use crate::config::Config;
use crate::decision::Policy;
use crate::host::HostIdentity;
use crate::session::SessionError;
use crate::state::{Role, StateDir, StateError};

/// The thresholds. `margin` in levels, where it is another one than the configured; `emergency`: the primary is not to be
/// controlled.
///
/// # Errors
/// The state folder cannot be read, or the margin is too small.
pub fn policy(config: &Config, state: &StateDir, margin: Option<u64>, emergency: bool) -> Result<Policy, SessionError> {
    let mut policy = Policy::new(config.baker.name.clone(), config.baker.address, config.baker.chain);
    policy.margin = margin.unwrap_or(config.margin);
    policy.emergency = emergency;
    policy.keys.clone_from(&config.signer.keys);
    policy.primary = config.primary_host();
    policy.host = config.primary.host().cloned();
    policy.signer_apart = config.primary.signer.is_some();
    policy.primary_pin = primary_pin(state)?;
    // One that cannot be read does not count: then another source must agree, and it is pinned anew.
    policy.head_pin = state.head_pin().ok().flatten();
    policy.check()?;
    Ok(policy)
}

/// The primary, as `check` pinned it (H19).
///
/// # Errors
/// The pins cannot be read.
pub fn primary_pin(state: &StateDir) -> Result<Option<HostIdentity>, StateError> {
    Ok(state.pins()?.unwrap_or_default().get(Role::Primary).map(|pin| pin.identity.clone()))
}
