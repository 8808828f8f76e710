//! What was pinned, on disk: taken from there when a run or a watch begins; the head is renewed by what it sees.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::decision::{Policy, renewed};
use crate::facts::ChainFacts;
use crate::state::{HeadPin, Role, StateDir};

/// It is written again after this: an older one bounds the head as well, a little higher.
const AGAIN: Duration = Duration::from_secs(60);

/// The pinned head as it is on disk now; where that cannot be read, the one that is known. None is no harm: then another
/// source must agree. And which machine the primary is (H19), where nobody has said it: an older version ran without, and what
/// was pinned since counts.
pub(crate) fn take(state: &StateDir, policy: &mut Policy) {
    if policy.primary_pin.is_none() {
        policy.primary_pin =
            state.pins().ok().flatten().and_then(|pins| Some(pins.get(Role::Primary)?.identity.clone()));
    }
    if let Ok(Some(pin)) = state.head_pin() {
        policy.head_pin = Some(pin);
    }
}

/// Renews it, where a configured source agrees.
pub(crate) fn renew(state: &StateDir, policy: &mut Policy, chain: &ChainFacts, now: Timestamp) {
    let Some(pin) = renewed(chain, now, &policy.judging()) else { return };
    let HeadPin { chain: on, at, protocol, .. } = &pin;
    let known = policy.head_pin.as_ref();
    if known.is_some_and(|known| known.chain == *on && known.protocol == *protocol && at.since(known.at) < AGAIN) {
        return;
    }
    // Where it cannot be written, the one before still bounds the head.
    if state.set_head_pin(&pin).is_ok() {
        policy.head_pin = Some(pin);
    }
}
