//! The two devices of a world: for the drivers, and for what can be wrong with them.

use std::time::Duration;

use super::World;
use crate::chain::Block;
use crate::device::{self, Device};
use crate::ledger::SimLedger;
use crate::machine::nonces;
use crate::options::Side;
use crate::tezsign::SimGadget;
use crate::wire::{Edge, Mishap, Wire, whole};
use failover_core::signer::ledger::{ApduExchange, Derivation, KeyPath, Ledger, Wait, apdu};
use failover_core::signer::tezsign::{Connect, Interface, TezSign};
use failover_core::signer::{HwmSetter, SignerError};
use failover_core::tezos::{Level, NonceHash};

impl World {
    /// A side's device behind the real driver, in memory.
    #[must_use]
    pub fn signer(&self, side: Side) -> Box<dyn HwmSetter> {
        match self.gadget(side) {
            Some(gadget) => Box::new(TezSign::new(gadget)),
            None => {
                let (path, derivation) = self.ledger_key();
                let cable = Cable { world: self.clone(), side, wire: None, late: None };
                Box::new(Ledger::new(cable, path, derivation).of(Some(self.options().chain)))
            }
        }
    }

    /// The same at the end of a wire on which things go wrong: the device of the machine that the tool runs on.
    pub(crate) fn wired_signer(&self, side: Side) -> Box<dyn HwmSetter> {
        let wire = self.wire(Edge::Device);
        match self.gadget(side) {
            Some(gadget) => Box::new(TezSign::new(gadget.over(wire))),
            None => {
                let (path, derivation) = self.ledger_key();
                let cable = Cable { world: self.clone(), side, wire: Some(wire), late: None };
                Box::new(Ledger::new(cable, path, derivation).of(Some(self.options().chain)))
            }
        }
    }

    /// A side's TezSign, for the driver (it is a [`failover_core::signer::tezsign::Connect`]) and for faults.
    #[must_use]
    pub fn gadget(&self, side: Side) -> Option<SimGadget> {
        self.with(|state| state.machines.of(side).device.gadget())
    }

    /// A side's Ledger, for faults; it answers even while it is unplugged.
    #[must_use]
    pub fn ledger(&self, side: Side) -> Option<SimLedger> {
        self.with(|state| state.machines.of(side).device.ledger())
    }

    /// Where our baker's key is on the Ledgers.
    #[must_use]
    pub fn ledger_key(&self) -> (KeyPath, Derivation) {
        device::ledger_key()
    }

    /// A person at this side's machine lets its device sign: unlocks it, or presses the button that authorizes the
    /// key. `false`: the device did not.
    pub fn unlock(&self, side: Side, passphrase: &str) -> bool {
        self.with(|state| state.machines.of_mut(side).device.unlock(passphrase))
    }

    /// The machine baked before, and committed to a seed nonce in its block of this level (H16).
    pub fn committed_before(&self, side: Side, level: Level) {
        self.with(|state| {
            let chain = state.options.chain;
            let nonce = state.seed.bytes("an earlier seed nonce", &[level.get()]);
            let block = Block { seed_nonce: Some(NonceHash::of(&nonce)), ..Block::genesis(level.get(), 0) };
            nonces::commit(state.machines.of_mut(side), chain, &nonce, &block);
        });
    }

    /// The card was restored without its marks: they are at zero (H6).
    pub fn restore_card(&self, side: Side) {
        self.set_marks(side, 0);
    }

    /// The device was used until this level, and laid away locked.
    pub fn set_marks(&self, side: Side, level: u64) {
        self.with(|state| {
            let chain = state.options.chain;
            state.machines.of_mut(side).device.set_marks(chain, level);
        });
    }

    /// Another card, with other keys, under the same serial (H7).
    pub fn wrong_card(&self, side: Side) {
        let (seed, book) = (self.0.options.seed.wrapping_add(1), self.book());
        self.with(|state| {
            let device = &mut state.machines.of_mut(side).device;
            match device {
                Device::TezSign(port) => {
                    let keys = device::card_keys(seed).to_vec();
                    port.gadget.with(|sim| sim.set_keys(keys));
                }
                Device::Ledger(port) => {
                    *port.ledger.lock() = device::new_ledger(side, seed, &book);
                }
            }
        });
    }

    /// The signer service of a side runs already, since before any guard was put up (H14).
    pub fn start_signer(&self, side: Side) {
        self.with(|state| {
            let now = state.now();
            state.machines.of_mut(side).start_signer(now);
        });
    }

    /// Another process on this side's machine holds its TezSign's sign interface, for good (H18).
    pub fn hold_sign_interface(&self, side: Side, holder: &str) {
        if let Some(gadget) = self.gadget(side)
            && let Ok(link) = gadget.seen_by(holder).open(Interface::Sign, Duration::ZERO)
        {
            self.with(|state| state.held.push(link));
        }
    }

    /// A side's Ledger where it is plugged in, with power.
    pub(crate) fn plugged_ledger(&self, side: Side) -> Option<SimLedger> {
        self.with(|state| {
            let machine = state.machines.of(side);
            match &machine.device {
                Device::Ledger(port) if port.plugged && machine.powered => Some(port.ledger.clone()),
                _ => None,
            }
        })
    }
}

/// The cable of a side's Ledger.
#[derive(Debug)]
struct Cable {
    world: World,
    side: Side,
    wire: Option<Wire>,
    /// An answer that nobody waited for any more: the next question finds it first.
    late: Option<Vec<u8>>,
}

impl Cable {
    fn pass_on(&self, request: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        match self.world.plugged_ledger(self.side) {
            Some(mut ledger) => ledger.exchange(request, wait),
            None => {
                let why = "it was unplugged".to_owned();
                Err(SignerError::Disconnected { device: self.device(), why })
            }
        }
    }

    fn spoiled(
        &mut self,
        wire: &Wire,
        mishap: Option<Mishap>,
        request: &[u8],
        wait: Wait<'_>,
    ) -> Result<Vec<u8>, SignerError> {
        let timeout = |cable: &Self| {
            Err(SignerError::Timeout { device: cable.device(), what: apdu::name(request), after: wait.deadline })
        };
        if mishap == Some(Mishap::Dropped) {
            wire.waits_in_vain(wait.deadline);
            return timeout(self);
        }
        let answer = self.pass_on(request, wait)?;
        // What came too late for an earlier question is in front of it.
        let answer = match self.late.replace(answer.clone()) {
            Some(stale) => stale,
            None => {
                self.late = None;
                answer
            }
        };
        match mishap {
            Some(Mishap::Lost) => {
                wire.waits_in_vain(wait.deadline);
                timeout(self)
            }
            Some(Mishap::Late(seconds)) if !wire.waits(seconds, whole(wait.deadline)) => {
                self.late = Some(answer);
                timeout(self)
            }
            // HID's frames count themselves and begin with a length: what is left are answers without a status word,
            // and the status words of a device that did not understand.
            Some(Mishap::Cut) => Ok(answer.into_iter().take(1).collect()),
            Some(Mishap::Garbage(number)) => {
                let status: [u16; 4] = [0x6f00, 0x6700, 0x6a80, 0x9405];
                let index = usize::try_from(number % 4).unwrap_or(0);
                Ok(status.get(index).copied().unwrap_or(0x6f00).to_be_bytes().to_vec())
            }
            _ => Ok(answer),
        }
    }
}

impl ApduExchange for Cable {
    fn exchange(&mut self, request: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        match self.wire.clone() {
            None => self.pass_on(request, wait),
            Some(wire) => wire.exchange(|mishap| self.spoiled(&wire, mishap, request, wait)),
        }
    }

    fn device(&self) -> String {
        format!("ledger:the simulated {}'s", self.side)
    }

    fn resync(&mut self) {
        self.late = None;
    }
}
