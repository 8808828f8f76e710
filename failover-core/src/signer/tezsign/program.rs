//! What tezsign's own program prints of a device (`tezsign status`, release 2026-04-30): JSON where its output is no
//! terminal.

use serde::Deserialize;

use super::message::{KeyStatus, LockState};
use super::state;
use crate::signer::{DeviceInfo, DeviceState, Model, SignerError};

/// One key, as the program prints it. Whatever is missing makes the whole answer one that is not understood (S3).
#[derive(Debug, Deserialize)]
struct Printed {
    id: String,
    lock_state: String,
    tz4: String,
    last_block_level: u64,
    last_block_round: u32,
    last_preattestation_level: u64,
    last_preattestation_round: u32,
    last_attestation_level: u64,
    last_attestation_round: u32,
    state_corrupted: bool,
}

impl From<Printed> for KeyStatus {
    fn from(key: Printed) -> Self {
        let lock = match key.lock_state.as_str() {
            "LOCKED" => LockState::Locked,
            "UNLOCKED" => LockState::Unlocked,
            _ => LockState::Unspecified,
        };
        Self {
            key: key.id,
            lock_state: lock.into(),
            tz4: key.tz4,
            block_level: key.last_block_level,
            preattestation_level: key.last_preattestation_level,
            attestation_level: key.last_attestation_level,
            block_round: key.last_block_round,
            preattestation_round: key.last_preattestation_round,
            attestation_round: key.last_attestation_round,
            state_corrupted: key.state_corrupted,
            ..Self::default()
        }
    }
}

/// A device from what `tezsign status` prints. `selector` is how the device is named.
///
/// # Errors
/// Not this JSON, no keys, a field that is not what it should be.
pub(super) fn read_status(text: &str, selector: &str) -> Result<DeviceState, SignerError> {
    let printed: Vec<Printed> = serde_json::from_str(text.trim())
        .map_err(|error| SignerError::Malformed { what: "tezsign status", why: error.to_string() })?;
    let status: Vec<KeyStatus> = printed.into_iter().map(KeyStatus::from).collect();
    let info =
        DeviceInfo { model: Model::TezSign, selector: selector.to_owned(), serial: None, version: None, ledger: None };
    Ok(DeviceState { info, keys: state::keys(&status)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::Arming;

    fn key(lock: &str, level: u64, corrupted: bool) -> String {
        format!(
            r#"{{"id":"consensus","lock_state":"{lock}","tz4":"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh","bl_pubkey":"BLpk1","pop":"BLsig1","last_block_level":0,"last_block_round":0,"last_preattestation_level":{level},"last_preattestation_round":1,"last_attestation_level":{level},"last_attestation_round":1,"state_corrupted":{corrupted}}}"#
        )
    }

    fn read(keys: &str) -> Result<DeviceState, SignerError> {
        read_status(&format!("[{keys}]\n"), "tezsign")
    }

    #[test]
    fn a_key_is_unlocked_locked_or_corrupted() {
        let unlocked = read(&key("UNLOCKED", 15_267_105, false)).unwrap();
        assert_eq!(unlocked.keys[0].arming, Arming::Armed);
        let marks = unlocked.keys[0].marks.unwrap();
        assert_eq!(marks.highest().0.unwrap().grouped(), "(15,267,105, 1)");
        assert_eq!(marks.block.0, None, "never signed");
        // A locked key shows zeros, which are no marks.
        let locked = read(&key("LOCKED", 0, false)).unwrap();
        assert_eq!((locked.keys[0].arming, locked.keys[0].marks), (Arming::Disarmed, None));
        assert_eq!(read(&key("LOCKED", 0, true)).unwrap().keys[0].arming, Arming::Corrupted);
    }

    #[test]
    fn anything_else_is_not_known() {
        let good = key("LOCKED", 0, false);
        for text in ["", "null", "[]", "{}", "no device found", "[{}]"] {
            assert!(read_status(text, "tezsign").is_err(), "{text}");
        }
        assert!(read(&good.replace("LOCKED", "ASLEEP")).is_err());
        assert!(read(&good.replace(r#","state_corrupted":false"#, "")).is_err());
        assert!(read(&format!("{good},{good}")).is_err(), "twice");
    }
}
