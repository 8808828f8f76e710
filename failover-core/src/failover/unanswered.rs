//! The last thing before a run ends: an unlock that was not answered is waited for, and what is not proven locked is said.

use super::Failover;
use super::panicked::apart;
use crate::clock::Clock as _;
use crate::decision::{WaitFor, Waiting};
use crate::effect;
use crate::journal::record::{End, NOT_LOCKED, Record};
use crate::signer::traits::ArmedBy;
use crate::signer::{DisarmError, SignerDevice as _, SignerError};

impl Failover {
    /// The end, once no unlock of this run can open a key any more; else it says so, and what makes it safe.
    pub(super) fn at_rest(&mut self, mut end: End) -> End {
        if self.bakes() || self.hands.device.model().traits().armed_by != ArmedBy::Passphrase {
            return end;
        }
        // One that a session before this one asked for, and died, is over by then too.
        let left = self.progress.kept.unlock_since.is_some_and(|at| self.clock.wall().since(at) < effect::UNLOCK_LATE);
        if left || self.hands.device.unlock_may_end() {
            self.wait_for_unlock();
        }
        if let Some(why) = self.progress.session.not_locked.clone() {
            end = self.not_proven_locked(end, &why);
        }
        end
    }

    /// The end, where what can sign is not known.
    pub(super) fn not_proven_locked(&mut self, mut end: End, why: &str) -> End {
        end.message.push_str(&format!("; the keys of the backup's signer are not proven locked: {why}"));
        // What is unplugged already has nothing to be unplugged from.
        let gone = matches!(apart(|| self.hands.device.state()), Some(Err(SignerError::NotFound { .. })));
        let first = match gone {
            true => "cut the backup's signer from all power, so that it locks, before you plug it in anywhere",
            false => "unplug the backup's signer now: it may be able to sign",
        };
        end.next = format!("{first}; then {}", end.next);
        end
    }

    fn wait_for_unlock(&mut self) {
        let why = WaitFor::Known { what: effect::WAITS.to_owned() };
        let waiting = Waiting { why, left: Some(effect::UNLOCK_LATE) };
        // What cannot be written down is done all the same (S12).
        let _done_all_the_same = apart(|| self.record(&Record::Wait { head: None, waiting }));
        // S1b: nobody on this machine can use what opens meanwhile.
        let _locked_all_the_same = self.hands.device.hold();
        let locked = effect::lock_until_over(&mut *self.hands.device, &self.clock);
        self.hands.device.release();
        let what = match &locked {
            Ok(()) => "keys read back locked, after the unlock that was not answered is over".to_owned(),
            Err(error) => not_locked(error),
        };
        let _said_at_the_end = apart(|| self.record(&Record::Disarmed { proven: locked.is_ok(), what: vec![what] }));
        self.progress.session.not_locked = locked.err().map(|error| error.to_string());
    }
}

fn not_locked(error: &DisarmError) -> String {
    format!("{NOT_LOCKED}{error}")
}
