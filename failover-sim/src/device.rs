//! A machine's signing device, as the services of that machine use it: through its own bytes.

use super::chain::committee::SigningKey;
use super::event::DeviceCondition;
use super::ledger::SimLedger;
use super::seed::base58;
use super::tezsign::{SimGadget, SimKey};
use failover_core::chain::KeyRole;
use failover_core::signer::tezsign::TezSign;
use failover_core::signer::{HwmSetter, Mark, Marks};
use failover_core::tezos::{ChainId, KeyHash, Level, Position};

mod build;
mod ledger;
mod tezsign;

pub(crate) use build::{card_keys, ledger_key, new_ledger, next_key, passphrase};
pub(crate) use ledger::LedgerPort;
pub(crate) use tezsign::TezSignPort;

/// The device of a machine.
#[derive(Debug)]
pub(crate) enum Device {
    TezSign(Box<TezSignPort>),
    Ledger(LedgerPort),
}

impl Device {
    /// Plugged in, with power: a TezSign boots locked. A Ledger is ready, as one is that a hub keeps powered, or
    /// whose PIN is entered by the person who switched the machine on.
    pub(crate) fn power_on(&mut self) {
        match self {
            Self::TezSign(port) => port.gadget.plug(),
            Self::Ledger(port) => port.plugged = true,
        }
    }

    /// Pulled out, or without power.
    pub(crate) fn power_off(&mut self) {
        match self {
            Self::TezSign(port) => {
                port.release();
                port.gadget.unplug();
                port.gadget.with(super::tezsign::TezSignSim::power_cycle);
            }
            Self::Ledger(port) => {
                port.plugged = false;
                port.ledger.lock().power_cycle();
            }
        }
    }

    /// The tezsign service takes the sign interface. `false`: somebody holds it, or no device.
    pub(crate) fn claim(&mut self) -> bool {
        match self {
            Self::TezSign(port) => port.claim(),
            Self::Ledger(_) => true,
        }
    }

    /// The service gives it up.
    pub(crate) fn release(&mut self) {
        if let Self::TezSign(port) = self {
            port.release();
        }
    }

    /// Does the service still have what it serves?
    pub(crate) fn serves(&self) -> bool {
        match self {
            Self::TezSign(port) => port.serves(),
            Self::Ledger(_) => true,
        }
    }

    /// Lets it sign: a TezSign unlocks every key, over the management interface; on a Ledger a person authorizes the
    /// key, and its mark stays. `false`: refused, throttled, held, or no device.
    pub(crate) fn unlock(&mut self, passphrase: &str) -> bool {
        match self {
            Self::TezSign(port) => port.unlock(passphrase),
            Self::Ledger(port) => port.authorize(),
        }
    }

    /// What the primary's device went through long ago: unlocked, or set up at a level.
    pub(crate) fn set_up(&mut self, passphrase: &str, chain: ChainId, level: u64) {
        match self {
            Self::TezSign(port) => port.unlock(passphrase),
            Self::Ledger(port) => port.set_up(chain, level),
        };
    }

    /// Marks as they are after the device was used at a level and laid away, locked.
    pub(crate) fn set_marks(&mut self, chain: ChainId, level: u64) {
        match self {
            Self::TezSign(port) => {
                let mark = Level::new(level).map_or(Mark(None), |level| Mark::at(Position::start_of(level)));
                for key in port.keys() {
                    port.gadget.with(|sim| sim.set_marks(&key.alias, Marks::all(mark)));
                }
            }
            Self::Ledger(port) => {
                port.set_up(chain, level);
                port.deauthorize();
            }
        }
    }

    /// It is like this from now on.
    pub(crate) fn suffer(&mut self, condition: &DeviceCondition, passphrase: &str, chain: ChainId) {
        match (condition, &mut *self) {
            (DeviceCondition::Marks(level), _) => self.set_marks(chain, *level),
            // It happened before whatever was tried lately, and whoever held it then.
            (DeviceCondition::LeftArmed, Self::TezSign(port)) => port.gadget.with(|sim| sim.leave_armed(passphrase)),
            (DeviceCondition::LeftArmed, Self::Ledger(port)) => {
                port.authorize();
            }
            (DeviceCondition::OneSlot(key), Self::TezSign(port)) => port.gadget.with(|sim| sim.corrupt(key)),
            (DeviceCondition::BothSlots(key), Self::TezSign(port)) => port.gadget.with(|sim| sim.ruin(key)),
            (DeviceCondition::Unlinked(key), Self::TezSign(port)) => port.gadget.with(|sim| sim.unlink(key)),
            (DeviceCondition::Oldest, Self::TezSign(port)) => port.gadget.with(super::tezsign::TezSignSim::set_oldest),
            (DeviceCondition::LateUnlock(seconds), Self::TezSign(port)) => {
                port.gadget.with(|sim| sim.set_late(*seconds))
            }
            (DeviceCondition::CutOff(key), Self::TezSign(port)) => port.gadget.with(|sim| sim.cut_off(key)),
            (DeviceCondition::Old, Self::TezSign(port)) => port.gadget.with(super::tezsign::TezSignSim::set_old),
            (DeviceCondition::MainChain { chain, level }, Self::Ledger(port)) => {
                port.set_up(*chain, *level);
                port.deauthorize();
            }
            (DeviceCondition::Rejects, Self::Ledger(port)) => {
                port.ledger.lock().reject();
            }
            (DeviceCondition::NobodyPresses(nobody), Self::Ledger(port)) => port.ledger.lock().attend(!nobody),
            _ => {}
        }
    }

    /// Asks for a signature, of the key that follows where that is active. `false`: none was made.
    pub(crate) fn sign(&mut self, role: KeyRole, next: bool, bytes: &[u8]) -> bool {
        match self {
            Self::TezSign(port) => port.sign(role, next, bytes),
            Self::Ledger(port) => role == KeyRole::Consensus && port.sign(bytes),
        }
    }

    /// The keys that it holds: consensus, companion.
    pub(crate) fn keys(&self) -> (SigningKey, Option<SigningKey>) {
        match self {
            Self::TezSign(port) => {
                let key = |key: &SimKey| SigningKey { hash: key.hash, public: key.public_key.clone() };
                (key(&port.consensus), Some(key(&port.companion)))
            }
            Self::Ledger(port) => (app_key(port), None),
        }
    }

    /// The device behind the real driver, for a program of its machine; `None`: nothing is plugged in.
    pub(crate) fn driver(&self) -> Option<Box<dyn HwmSetter>> {
        match self {
            Self::TezSign(port) => Some(Box::new(TezSign::new(port.gadget.seen_by("failover")))),
            Self::Ledger(port) => port.driver().map(|ledger| Box::new(ledger) as Box<dyn HwmSetter>),
        }
    }

    pub(crate) fn gadget(&self) -> Option<SimGadget> {
        match self {
            Self::TezSign(port) => Some(port.gadget.seen_by("failover")),
            Self::Ledger(_) => None,
        }
    }

    pub(crate) fn ledger(&self) -> Option<SimLedger> {
        match self {
            Self::TezSign(_) => None,
            Self::Ledger(port) => Some(port.ledger.clone()),
        }
    }
}

/// An `edpk...` for the key that the app shows.
fn app_key(port: &LedgerPort) -> SigningKey {
    let bytes = port.public_key();
    let hash = port.hash().unwrap_or(KeyHash::new(failover_core::tezos::Curve::Ed25519, [0; 20]));
    SigningKey { hash, public: base58(&[0x0d, 0x0f, 0x25, 0xd9], &bytes) }
}
