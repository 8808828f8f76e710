//! Unlock: what the gadget's answer says of the passphrase and of the card, and that no answer says nothing.

use super::link::Connect;
use super::message::{Ask, DeviceAnswer, KeyResult, Unlock};
use super::{TezSign, mismatch};
use crate::signer::{KeyName, Passphrase, SignerError};

/// The gadget's words for a passphrase that does not open a key; since 2025-11-10 they are the same.
const WRONG: &str = "bad password or corrupted key (unwrap)";
/// In its words for a key whose state file cannot be read: the passphrase may well be right.
const STATE: &str = "state corrupted";
/// The error of too many unlocks.
const THROTTLED: u32 = 12;

impl<C: Connect> TezSign<C> {
    pub(super) fn unlock(&mut self, keys: &[KeyName], passphrase: &Passphrase) -> Result<(), SignerError> {
        let names = keys.iter().map(|k| k.as_str().to_owned()).collect();
        let ask = Ask::Unlock(Unlock { keys: names, passphrase: Some(passphrase.expose().to_vec()) });
        let mut unanswered = false;
        let answer = self.after_status(keys, ask, |answer| match answer {
            Ok(DeviceAnswer::Unlock(results)) => Ok(results.results),
            Ok(_) => Err(mismatch("unlock")),
            Err(error) => {
                // It was sent, or part of it: only an answer ends it.
                unanswered = !matches!(error, SignerError::Refused { .. });
                Err(error)
            }
        });
        self.unanswered |= unanswered;
        let results = answer.map_err(|error| match error {
            SignerError::Refused { code: THROTTLED, message, .. } => SignerError::Throttled { message },
            other => other,
        })?;
        keys.iter().try_for_each(|key| match results.iter().find(|result| result.key == key.as_str()) {
            Some(result) => opened(key, result),
            None => {
                let why = format!("it says nothing of the key {key}");
                Err(SignerError::Malformed { what: "unlock", why })
            }
        })
    }
}

/// Did it open this key? The gadget's own words decide what is wrong: only some of them are about the passphrase.
fn opened(key: &KeyName, result: &KeyResult) -> Result<(), SignerError> {
    let (key, message) = (key.clone(), result.error.clone());
    match result.error.as_str() {
        _ if result.ok => Ok(()),
        WRONG => Err(SignerError::WrongPassphrase { key, message }),
        words if words.contains(STATE) => Err(SignerError::Damaged { key, message }),
        _ => Err(SignerError::DamagedCard { key, message }),
    }
}
