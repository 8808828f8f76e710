//! Consensus keys that were active before: what one signed at its levels comes late, and is this baker's own past where the
//! device holds that key (S8, H39). The rule of a run and of a watch.

use super::progress::{Progress, Started};
use crate::facts::{DeviceState, Facts, KeyState, Mark, Marks};
use crate::tezos::Position;

/// The device's marks, as they are now, of every key on it that was this baker's consensus key and is not any more. A run
/// that was taken up again did not see the change: there it is a key that it armed, and that the chain expects no more.
pub(super) fn marks(facts: &Facts, progress: &Progress, device: &DeviceState) -> Vec<Marks> {
    let gone = |key: &KeyState| {
        let Ok(delegate) = &facts.chain.delegate else { return false };
        progress.kept.signers.contains(&key.name) && !delegate.value.keys.iter().any(|expected| expected.key == key.key)
    };
    let former = device.keys.iter().filter(|key| progress.session.followed.was_active(&key.key) || gone(key));
    former.filter_map(|key| key.marks).collect()
}

/// The marks that the active key was set to. Where another one was active at the start, it was raised to the floor with
/// it: below the floor it has signed nothing.
pub(super) fn set(started: &Started, former: &[Marks]) -> Marks {
    match former {
        [] => started.marks,
        _ => Marks::all(Mark::at(Position::start_of(started.floor))),
    }
}
