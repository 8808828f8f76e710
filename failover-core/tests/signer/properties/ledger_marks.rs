//! S4 on a Ledger, which lowers marks as willingly as it raises them: whatever is done with it through the driver, in any
//! order and with any person at its buttons, the mark of no chain goes down. (The setting "High Watermark: disabled" is
//! not among it: such a device forgets by itself, H17.)

use std::time::Duration;

use failover_core::signer::ledger::{ApduExchange, Derivation, Ledger};
use failover_core::signer::{Cap, DeviceReading, KeyName, RaiseOrder, SignerDevice, raise_to_floor};
use failover_core::tezos::{ChainId, Curve, Level};
use failover_sim::ledger::{LedgerOptions, Person, SimLedger};

use super::dice::Dice;
use super::votes::{kind, message};
use crate::meanwhile::meanwhile;

const PATH: &str = "44'/1729'/0'/0'";
const OTHER: ChainId = ChainId::new([0, 0, 0, 9]);
const SELECT: &str = "8004000011048000002c800006c18000000080000000";

fn level(dice: &mut Dice) -> Level {
    Level::new(1 + dice.roll(200)).unwrap()
}

fn chain(dice: &mut Dice) -> ChainId {
    if dice.one_in(8) { OTHER } else { ChainId::MAINNET }
}

/// Level and round below which the device signs nothing for a chain.
fn guards(sim: &SimLedger, chain: ChainId) -> (u32, u32) {
    let device = sim.lock();
    let memory = device.memory();
    let main = memory.chain == 0 || memory.chain == u32::from_be_bytes(chain.bytes());
    let mark = if main { memory.main } else { memory.test };
    (mark.level, mark.round)
}

/// A baker on this host asks for a signature.
fn sign(sim: &SimLedger, dice: &mut Dice) -> bool {
    let (at, round) = (1 + dice.roll(220) as u32, dice.roll(3) as u32);
    let message = message(Curve::Ed25519, kind(dice), chain(dice), at, round);
    let request = [&[0x80, 0x04, 0x81, 0, u8::try_from(message.len()).unwrap()][..], &message].concat();
    let _selected = sim.clone().exchange(&hex::decode(SELECT).unwrap(), Duration::ZERO.into());
    sim.clone().exchange(&request, Duration::ZERO.into()).is_ok_and(|answer| answer.len() > 2)
}

/// One thing that somebody does; was it a signature?
fn one(sim: &SimLedger, driver: &mut Ledger<SimLedger>, orders: &mut Vec<RaiseOrder>, dice: &mut Dice) -> bool {
    let (key, most) = (KeyName::new(PATH), Cap::above(Level::FIRST, 249));
    // As often as not the key signs after the library has read its marks: then the driver's own reading is the last.
    let send = |driver: &mut Ledger<SimLedger>, order: RaiseOrder, authorize: bool, dice: &mut Dice| {
        let (chain, signs) = (chain(dice), dice.one_in(2));
        let mut device = meanwhile(driver, |_| _ = signs && sign(sim, dice));
        if authorize { drop(order.authorize(&mut device, chain)) } else { drop(order.send(&mut device)) }
    };
    match dice.roll(14) {
        0..=3 => return sign(sim, dice),
        4 | 5 => {
            let read = DeviceReading::of(driver).ok();
            if let Some(order) = read.and_then(|read| read.order_to_authorize(&key, level(dice), most).ok()) {
                send(driver, order, true, dice);
            }
        }
        6 | 7 => {
            let floor = level(dice);
            if let Ok(raised) = raise_to_floor(driver, std::slice::from_ref(&key), floor, most) {
                assert!(raised[0].after.lowest().0.is_some_and(|at| at.level >= floor), "S5");
            }
        }
        8 => {
            // Planned now, and sent whenever it comes to it: to the same device, that has signed meanwhile.
            let read = DeviceReading::of(driver).ok();
            let planned = read.and_then(|read| read.orders(std::slice::from_ref(&key), level(dice), most).ok());
            orders.extend(planned.into_iter().flatten());
        }
        9 | 10 => {
            if !orders.is_empty() {
                let order = orders.swap_remove(dice.roll(orders.len() as u64) as usize);
                let authorize = dice.one_in(2);
                send(driver, order, authorize, dice);
            }
        }
        11 => drop(driver.disarm()),
        12 => {
            let people = [Person::Accepts, Person::Rejects, Person::Ignores, Person::AcceptsAndLocks];
            let mut device = sim.lock();
            device.person(people[dice.roll(4) as usize]);
            let _late = if dice.one_in(2) { device.press() } else { device.reject() };
            device.lock(dice.one_in(4));
        }
        _ => {
            let mut device = sim.lock();
            match dice.roll(3) {
                0 => device.power_cycle(),
                1 => device.open_app(Some("Tezos Wallet")),
                _ => device.open_app(None),
            }
        }
    }
    false
}

#[test]
fn no_mark_goes_down_through_any_sequence_of_commands() {
    let (mut moved, mut signed) = (0, 0);
    for seed in 1..=300 {
        let sim =
            SimLedger::new(LedgerOptions { name: "any".to_owned(), seed: "s".to_owned(), ..LedgerOptions::default() });
        let mut driver = Ledger::new(sim.clone(), PATH.parse().unwrap(), Derivation::Ed25519);
        let (mut dice, mut orders) = (Dice(seed), Vec::new());
        for step in 0..80 {
            let before = [ChainId::MAINNET, OTHER].map(|chain| guards(&sim, chain));
            signed += u32::from(one(&sim, &mut driver, &mut orders, &mut dice));
            let after = [ChainId::MAINNET, OTHER].map(|chain| guards(&sim, chain));
            for (before, after) in before.into_iter().zip(after) {
                assert!(after >= before, "S4: seed {seed}, step {step}: a mark went from {before:?} to {after:?}");
                moved += u32::from(after > before);
            }
        }
    }
    assert!(moved > 1000 && signed > 200, "nothing was done: {moved} moves, {signed} signatures");
}
