//! From the gadget's status to what the device's state is, without ever taking zero for a mark (S3).

use std::collections::BTreeSet;

use super::message::{KeyStatus, LockState};
use crate::signer::{Arming, KeyName, KeyState, Mark, Marks, SignerError};
use crate::tezos::{Curve, KeyHash, Level, Position, Round};

fn malformed(why: String) -> SignerError {
    SignerError::Malformed { what: "status", why }
}

/// The keys of a status.
///
/// # Errors
/// No keys, which an unreadable store looks like too; a name twice; a field that is not what it should be.
pub(super) fn keys(status: &[KeyStatus]) -> Result<Vec<KeyState>, SignerError> {
    if status.is_empty() {
        return Err(SignerError::NoKeys);
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = status.iter().find(|k| !seen.insert(&k.key)) {
        return Err(malformed(format!("the key {:?} stands there twice", twice.key)));
    }
    status.iter().map(key).collect()
}

fn key(status: &KeyStatus) -> Result<KeyState, SignerError> {
    let name = KeyName::new(&status.key);
    // A file of the key that is cut off leaves it without its address, and with it the whole device: no passphrase mends it.
    if status.tz4.is_empty() {
        return Err(SignerError::DamagedCard { key: name, message: "it shows no address for it".to_owned() });
    }
    let hash: KeyHash = status.tz4.parse().map_err(|e| malformed(format!("the address of the key {name}: {e}")))?;
    if status.key.is_empty() || hash.curve() != Curve::Bls {
        return Err(malformed(format!("the key {:?} with the address {hash} is not a TezSign's", status.key)));
    }
    let lock = LockState::try_from(status.lock_state).unwrap_or(LockState::Unspecified);
    let (arming, marks) = match (lock, status.state_corrupted) {
        (LockState::Unspecified, _) => {
            return Err(malformed(format!("the lock of the key {name} is {}", status.lock_state)));
        }
        // An unlocked key with a corrupted state reads locked, and signs after a set-level.
        (_, true) => (Arming::Corrupted, None),
        // A locked key shows zeros for its marks: not known.
        (LockState::Locked, false) => (Arming::Disarmed, None),
        (LockState::Unlocked, false) => (Arming::Armed, Some(marks(status))),
    };
    Ok(KeyState { name, key: hash, arming, marks })
}

fn marks(status: &KeyStatus) -> Marks {
    let mark = |level, round| Mark(Level::new(level).map(|level| Position::new(level, Round(round))));
    Marks {
        block: mark(status.block_level, status.block_round),
        preattestation: mark(status.preattestation_level, status.preattestation_round),
        attestation: mark(status.attestation_level, status.attestation_round),
    }
}
