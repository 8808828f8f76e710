//! A TezSign, byte for byte: what the gadget does with the bytes of its two interfaces.
//!
//! Behaviour: TezSign 2026-04-30 (`broker/`, `app/gadget/gadget.go`, `keychain/`), compared with recorded exchanges.
//! [`TezSignSim`] is the device; [`SimGadget`] is a handle to one that the real driver connects to in memory.

use failover_core::clock::Timestamp;
use failover_core::signer::tezsign::Interface;
use failover_core::signer::tezsign::frame::{FrameKind, encode};
use failover_core::signer::tezsign::message::{Ask, Request, Response, Unlock};
use failover_core::signer::{Marks, Passphrase};
use failover_core::tezos::KeyHash;
use prost::Message as _;
use std::time::Duration;

use super::book::SignatureBook;

mod gadget;
mod handler;
mod key;
mod stash;
mod store;
mod throttle;

pub use gadget::{SimGadget, SimLink};
pub use key::{PASSPHRASE, SimKey};
use stash::Stash;
use store::Store;
use throttle::Throttle;

/// What a simulated gadget is made of.
#[derive(Debug, Clone)]
pub struct TezSignOptions {
    /// Its name in the book of signatures and in errors.
    pub name: String,
    /// The serial number of its card.
    pub serial: String,
    /// The version of its software; the recorded gadget says `unknown`. `None`: it does not know the question, as before
    /// 2026-01-06.
    pub version: Option<String>,
    /// When that was built; the recorded gadget says `unknown`.
    pub build_date: String,
    /// The master passphrase, `None` for an empty card without a master secret.
    pub passphrase: Option<Passphrase>,
    /// Its keys, locked and not loaded since boot; marks empty.
    pub keys: Vec<SimKey>,
    /// Where its signatures are written down.
    pub book: SignatureBook,
}

impl Default for TezSignOptions {
    /// The recorded gadget's passphrase and its keys `consensus` and `companion`.
    fn default() -> Self {
        Self {
            name: "tezsign".to_owned(),
            serial: "SIM0001".to_owned(),
            version: Some("unknown".to_owned()),
            build_date: "unknown".to_owned(),
            passphrase: Some(Passphrase::new(PASSPHRASE.to_vec())),
            keys: SimKey::defaults(),
            book: SignatureBook::default(),
        }
    }
}

/// What is wrong with a gadget, until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It reads, and neither accepts nor answers nor does anything.
    Hang,
    /// It does what it is asked, and no answer arrives.
    LostAnswers,
    /// It does what it is asked, and answers a set-level with an error all the same.
    SetLevelDenied,
    /// Its list of keys is empty, as where its store cannot be read; keys in memory still sign.
    UnreadableStore,
}

/// A simulated gadget.
#[derive(Debug)]
pub struct TezSignSim {
    name: String,
    serial: String,
    version: Option<String>,
    build_date: String,
    store: Store,
    throttle: Throttle,
    stashes: [Stash; 2],
    fault: Option<Fault>,
    book: SignatureBook,
    /// It sends no accept: a release of before 2025-12-02.
    silent: bool,
    /// This many seconds after it is asked an unlock ends, and is not answered.
    late: Option<u64>,
    /// Those that it is at, and when they end.
    unlocking: Vec<(Timestamp, Unlock)>,
    /// What it was asked, in order, and each opening.
    asked: Vec<(Interface, &'static str)>,
}

impl TezSignSim {
    /// A gadget that has just been booted.
    #[must_use]
    pub fn new(options: TezSignOptions) -> Self {
        let TezSignOptions { name, serial, version, build_date, passphrase, keys, book } = options;
        let (stashes, fault) = (Default::default(), None);
        let (throttle, asked) = (Throttle::default(), Vec::new());
        let store = Store::new(passphrase, keys);
        let (silent, late, unlocking) = (false, None, Vec::new());
        Self {
            name,
            serial,
            version,
            build_date,
            store,
            throttle,
            stashes,
            fault,
            book,
            silent,
            late,
            unlocking,
            asked,
        }
    }

    /// Takes bytes that a host wrote to an interface, and gives those that it would read.
    pub fn receive(&mut self, interface: Interface, bytes: &[u8], now: Timestamp) -> Vec<u8> {
        let mut answer = Vec::new();
        if self.fault == Some(Fault::Hang) {
            return answer;
        }
        self.end_unlocks(now);
        let stash = self.stash(interface);
        stash.write(bytes);
        let mut requests = Vec::new();
        while let Some(frame) = stash.next_frame() {
            requests.push(frame);
        }
        for request in requests.into_iter().filter(|frame| frame.kind == FrameKind::Request) {
            if !self.silent {
                answer.extend_from_slice(&encode(FrameKind::Accept, request.id, &[]));
            }
            if self.begins_unlock(interface, &request.payload, now) {
                continue;
            }
            let response: Response = match Request::decode(request.payload.as_slice()) {
                Ok(message) => {
                    self.asked.extend(message.ask.as_ref().map(|ask| (interface, ask.name())));
                    self.handle(interface, message, now).into()
                }
                Err(_) => handler::error(1, "bad protobuf: proto: cannot parse invalid wire-format data").into(),
            };
            answer.extend_from_slice(&encode(FrameKind::Response, request.id, &response.encode_to_vec()));
        }
        if self.fault == Some(Fault::LostAnswers) {
            answer.clear();
        }
        answer
    }

    /// An unlock that takes its time is begun, and not answered.
    fn begins_unlock(&mut self, interface: Interface, payload: &[u8], now: Timestamp) -> bool {
        let Some(seconds) = self.late else { return false };
        let Ok(Request { ask: Some(Ask::Unlock(unlock)) }) = Request::decode(payload) else { return false };
        self.asked.push((interface, "unlock"));
        self.unlocking.push((now.after(Duration::from_secs(seconds)), unlock));
        true
    }

    /// What it was at is over by now.
    fn end_unlocks(&mut self, now: Timestamp) {
        let (over, at): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.unlocking).into_iter().partition(|(at, _)| *at <= now);
        self.unlocking = at;
        for (_, unlock) in over {
            let passphrase = unlock.passphrase.as_deref().unwrap_or_default();
            for key in &unlock.keys {
                // Nobody hears of it.
                let _unanswered = self.store.unlock(key, passphrase);
            }
        }
    }

    fn stash(&mut self, interface: Interface) -> &mut Stash {
        let [sign, management] = &mut self.stashes;
        match interface {
            Interface::Sign => sign,
            Interface::Management => management,
        }
    }

    /// Its name in the book of signatures.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The serial number of its card.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Its keys: alias, hash, unlocked or not, and the marks that it really has, shown or not.
    #[must_use]
    pub fn keys(&self) -> Vec<(String, KeyHash, bool, Marks)> {
        self.store.overview()
    }

    /// An interface was opened.
    pub(super) fn opened(&mut self, interface: Interface) {
        self.asked.push((interface, "open"));
    }

    /// What it was asked since this was last called, in order; each opening of an interface is `open`.
    pub fn take_asked(&mut self) -> Vec<(Interface, &'static str)> {
        std::mem::take(&mut self.asked)
    }

    /// Its software is of before 2026-01-06 and does not know the version request.
    pub fn set_old(&mut self) {
        self.version = None;
    }

    /// Its keys are unlocked, by nobody who holds an interface or tried lately.
    pub(crate) fn leave_armed(&mut self, passphrase: &str) {
        for (alias, ..) in self.store.overview() {
            // A damaged one stays locked.
            let _damaged = self.store.unlock(&alias, passphrase.as_bytes());
        }
    }

    /// Its software is of before 2025-12-02: it sends no accept either.
    pub fn set_oldest(&mut self) {
        (self.version, self.silent) = (None, true);
    }

    /// From now on an unlock ends so many seconds after it was asked for, and is not answered; 0 ends that.
    pub fn set_late(&mut self, seconds: u64) {
        self.late = Some(seconds).filter(|seconds| *seconds > 0);
    }

    /// A file of this key is cut off on the card: no passphrase opens it.
    pub fn cut_off(&mut self, alias: &str) {
        self.store.cut_off(alias);
    }

    /// The state file of an unlocked key is unlinked: what is set is shown, and gone after the next lock.
    pub fn unlink(&mut self, alias: &str) {
        self.store.unlink(alias);
    }

    /// Sets what is wrong with it, `None` for nothing.
    pub fn set_fault(&mut self, fault: Option<Fault>) {
        self.fault = fault;
    }

    /// Sets a key's marks, whatever they were: a restored card has none, a cloned one those of the day it was cloned.
    /// Nothing happens where there is no such key.
    pub fn set_marks(&mut self, alias: &str, marks: Marks) {
        self.store.set_marks(alias, marks);
    }

    /// Damages one slot of a key's state file. While the key is locked it cannot be told; unlocked it reads locked and
    /// corrupted, does not sign, and a set-level repairs it.
    pub fn corrupt(&mut self, alias: &str) {
        self.store.corrupt(alias);
    }

    /// Damages both slots: the key cannot be unlocked any more, whatever the passphrase, and reads plainly locked.
    pub fn ruin(&mut self, alias: &str) {
        self.store.ruin(alias);
    }

    /// A card with other keys, for the same passphrase.
    pub fn set_keys(&mut self, keys: Vec<SimKey>) {
        self.store.set_keys(keys);
    }

    /// Changes the master passphrase.
    pub fn set_passphrase(&mut self, passphrase: Passphrase) {
        self.store.set_passphrase(passphrase);
    }

    /// Power off and on: every key is locked and not loaded, marks stay, what was half read is gone.
    pub fn power_cycle(&mut self) {
        self.store.power_cycle();
        self.throttle = Throttle::default();
        self.stashes = Default::default();
        self.unlocking.clear();
    }

    /// Is an interface dead until a reboot, because its read loop spins on less than a header?
    #[must_use]
    pub fn is_wedged(&self, interface: Interface) -> bool {
        let [sign, management] = &self.stashes;
        match interface {
            Interface::Sign => sign.is_wedged(),
            Interface::Management => management.is_wedged(),
        }
    }
}
