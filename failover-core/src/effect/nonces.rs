//! The primary's seed nonces, brought to the backup (H16).

use super::{EffectError, Hands};
use crate::baker::{BakerControl, BakerState};
use crate::clock::Timestamp;
use crate::nonces::Merged;
use crate::tezos::ChainId;

/// Reads them there and merges them here, both sides read back as stopped: a baker that runs writes its files whole, and
/// what was merged into them is lost.
pub(super) fn merge(hands: &mut Hands, chain: ChainId, at: Timestamp) -> Result<Merged, EffectError> {
    let primary = hands.primary.as_mut().ok_or(EffectError::NoControl)?;
    stopped(&mut **primary)?;
    stopped(&mut *hands.backup)?;
    let theirs = primary.nonces(chain)?;
    hands.backup.merge_nonces(chain, &theirs, at).map_err(|error| match theirs.count() {
        Some(theirs) => EffectError::NotMerged { theirs, error: Box::new(error) },
        None => error.into(),
    })
}

fn stopped(control: &mut dyn BakerControl) -> Result<(), EffectError> {
    match control.state()? {
        BakerState::Stopped { .. } => Ok(()),
        BakerState::Running { what } => Err(EffectError::StillRuns { what }),
    }
}
