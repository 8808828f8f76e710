//! What the gadget answers (TezSign 2026-04-30, `app/gadget/gadget.go`), its words included.

use super::store::SignRefusal;
use super::{Fault, TezSignSim};
use failover_core::clock::Timestamp;
use failover_core::signer::tezsign::Interface;
use failover_core::signer::tezsign::message::{
    Ask, DeleteKeys, DeviceAnswer, Done, Failure, InitInfo, InitMaster, KeyResult, LogLines, NewKeyResult,
    NewKeyResults, NewKeys, Request, Results, SetLevel, Sign, Signature, SoftwareVersion, Status, Unlock,
};

pub(super) fn error(code: u32, message: impl Into<String>) -> DeviceAnswer {
    DeviceAnswer::Error(Failure { code, message: message.into() })
}

fn results<E: Into<String>>(keys: &[String], mut act: impl FnMut(&str) -> Result<(), E>) -> Results {
    let result = |key: &String| {
        let error = act(key).err().map(Into::into);
        KeyResult { key: key.clone(), ok: error.is_none(), error: error.unwrap_or_default() }
    };
    Results { results: keys.iter().map(result).collect() }
}

impl TezSignSim {
    pub(super) fn handle(&mut self, interface: Interface, request: Request, now: Timestamp) -> DeviceAnswer {
        match (interface, &request.ask) {
            (Interface::Sign, Some(Ask::Sign(_) | Ask::Status(_) | Ask::Version(_))) => {}
            (Interface::Sign, _) => return error(98, "wrong interface: use management (IF1) for this request"),
            (Interface::Management, Some(Ask::Sign(_))) => {
                return error(1001, "wrong interface: use sign (IF0) for signing");
            }
            (Interface::Management, _) => {}
        }
        match request.ask {
            Some(Ask::Unlock(unlock)) => self.unlock(&unlock, now),
            Some(Ask::Lock(lock)) if lock.keys.is_empty() => error(20, "lock: no key_ids provided"),
            Some(Ask::Lock(lock)) => DeviceAnswer::Lock(results(&lock.keys, |key| self.store.lock(key))),
            Some(Ask::Status(_)) if self.fault == Some(Fault::UnreadableStore) => {
                DeviceAnswer::Status(Status::default())
            }
            Some(Ask::Status(_)) => DeviceAnswer::Status(Status { keys: self.store.status() }),
            Some(Ask::Sign(sign)) => self.sign(&sign),
            Some(Ask::NewKeys(new)) => self.new_keys(&new),
            Some(Ask::Logs(_)) => DeviceAnswer::Logs(LogLines::default()),
            Some(Ask::InitMaster(init)) => self.init_master(&init),
            Some(Ask::InitInfo(_)) => {
                let (master_present, deterministic) = self.store.init_info();
                DeviceAnswer::InitInfo(InitInfo { master_present, deterministic })
            }
            Some(Ask::SetLevel(set)) => self.set_level(&set),
            Some(Ask::DeleteKeys(delete)) => self.delete_keys(&delete, now),
            Some(Ask::Version(_)) => match self.version.clone() {
                Some(version) => {
                    DeviceAnswer::Version(SoftwareVersion { version, build_date: self.build_date.clone() })
                }
                None => error(1000, "unknown request"),
            },
            None => error(1000, "unknown request"),
        }
    }

    fn unlock(&mut self, unlock: &Unlock, now: Timestamp) -> DeviceAnswer {
        let passphrase = unlock.passphrase.as_deref().unwrap_or_default();
        if unlock.keys.is_empty() {
            return error(10, "unlock: no key_ids provided");
        }
        if passphrase.is_empty() {
            return error(11, "unlock: passphrase required");
        }
        if let Err(throttled) = self.throttle.attempt(now) {
            return error(12, format!("unlock {throttled}"));
        }
        DeviceAnswer::Unlock(results(&unlock.keys, |key| self.store.unlock(key, passphrase)))
    }

    fn sign(&mut self, sign: &Sign) -> DeviceAnswer {
        match self.store.sign(&sign.tz4, &sign.message) {
            Ok((key, message, signature)) => {
                self.book.record(&self.name, key, &message);
                DeviceAnswer::Sign(Signature { signature })
            }
            Err(SignRefusal::Corrupted) => error(30, "sign: state corrupted"),
            Err(SignRefusal::NotFound) => error(31, "key not found"),
            Err(SignRefusal::Locked) => error(32, "key locked"),
            Err(SignRefusal::Stale) => error(33, "stale level/round"),
            Err(SignRefusal::BadPayload) => error(34, "bad sign payload"),
        }
    }

    fn new_keys(&mut self, new: &NewKeys) -> DeviceAnswer {
        let passphrase = new.passphrase.as_deref().unwrap_or_default();
        let mut results = Vec::new();
        for alias in &new.keys {
            results.push(match self.store.create(alias, passphrase) {
                Ok(key) => NewKeyResult {
                    key: key.alias,
                    public_key: key.public_key,
                    tz4: key.hash.to_string(),
                    ok: true,
                    error: String::new(),
                },
                Err(error) => NewKeyResult { key: alias.clone(), error: error.to_owned(), ..NewKeyResult::default() },
            });
        }
        DeviceAnswer::NewKeys(NewKeyResults { results })
    }

    fn init_master(&mut self, init: &InitMaster) -> DeviceAnswer {
        match init.passphrase.as_deref() {
            None | Some([]) => error(60, "init_master: passphrase required"),
            Some(passphrase) => match self.store.init_master(passphrase, init.deterministic) {
                Ok(()) => DeviceAnswer::Ok(Done { ok: true }),
                Err(why) => error(61, format!("init_master: {why}")),
            },
        }
    }

    fn set_level(&mut self, set: &SetLevel) -> DeviceAnswer {
        let done = self.store.set_level(&set.key, set.level);
        let why = match done {
            Ok(()) if self.fault != Some(Fault::SetLevelDenied) => return DeviceAnswer::Ok(Done { ok: true }),
            Ok(()) => "simulated fault".to_owned(),
            Err(why) => why,
        };
        error(80, format!("set_level for key={} error: {why}", set.key))
    }

    fn delete_keys(&mut self, delete: &DeleteKeys, now: Timestamp) -> DeviceAnswer {
        let passphrase = delete.passphrase.as_deref().unwrap_or_default();
        if delete.keys.is_empty() {
            return error(90, "delete_keys: no key_ids provided");
        }
        if passphrase.is_empty() {
            return error(91, "delete_keys: passphrase required");
        }
        if let Err(throttled) = self.throttle.attempt(now) {
            return error(92, format!("delete_keys {throttled}"));
        }
        if !self.store.opens(passphrase) {
            return error(93, "delete_keys: invalid passphrase");
        }
        DeviceAnswer::DeleteKeys(results(&delete.keys, |key| self.store.delete(key)))
    }
}
