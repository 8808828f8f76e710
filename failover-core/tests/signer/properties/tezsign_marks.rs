//! S4 on a TezSign: whatever is done with it, in any order, no mark of any key goes down.

use failover_core::signer::tezsign::frame::{FrameId, FrameKind, encode};
use failover_core::signer::tezsign::message::{Ask, Request, Sign};
use failover_core::signer::tezsign::{Connect as _, Interface, TezSign};
use failover_core::signer::{
    Arm, Cap, DeviceReading, KeyName, Marks, Passphrase, RaiseOrder, SignerDevice, plan_raise, raise_to_floor,
    refuse_lower,
};
use failover_core::tezos::{ChainId, Curve, Kind, Level};
use failover_sim::tezsign::{Fault, SimGadget};
use prost::Message as _;

use super::dice::Dice;
use super::tezsign_support::{SECOND, gadget, names, unlock};
use super::votes::{kind, message};
use crate::meanwhile::meanwhile;

const MOST: Cap = match Cap::new(Level::FIRST.above(249)) {
    Some(cap) => cap,
    None => unreachable!(),
};

fn level(dice: &mut Dice) -> Level {
    Level::new(1 + dice.roll(200)).unwrap()
}

/// What the gadget really has, locked or not.
fn marks(gadget: &SimGadget) -> Vec<(String, Marks)> {
    gadget.with(|sim| sim.keys().into_iter().map(|(alias, _, _, marks)| (alias, marks)).collect())
}

/// A request's frame, as another host would send it.
fn request(ask: Ask) -> Vec<u8> {
    encode(FrameKind::Request, FrameId([9; 16]), &Request::from(ask).encode_to_vec()).to_vec()
}

/// A baker on this host asks for a signature.
fn sign(gadget: &SimGadget, dice: &mut Dice) {
    let keys = gadget.with(|sim| sim.keys());
    let tz4 = keys[dice.roll(2) as usize].1.to_string();
    let (at, round) = (1 + dice.roll(220) as u32, dice.roll(3) as u32);
    let message = message(Curve::Bls, kind(dice), ChainId::MAINNET, at, round);
    // Refused while the tool holds the interface, which is as good.
    let Ok(mut link) = gadget.seen_by("octez-baker").open(Interface::Sign, SECOND) else { return };
    let _signed = link.pass(&request(Ask::Sign(Sign { tz4, message })));
}

/// One thing that somebody does.
fn one(gadget: &SimGadget, driver: &mut TezSign<SimGadget>, orders: &mut Vec<RaiseOrder>, dice: &mut Dice) {
    let all = names();
    let keys = &all[dice.roll(2) as usize..];
    match dice.roll(14) {
        0..=3 => sign(gadget, dice),
        4 | 5 => drop(unlock(driver)),
        6 => {
            let wrong = Passphrase::new(b"wrong".to_vec());
            let _refused = driver.arm(Arm::Unlock { keys, passphrase: &wrong });
        }
        7 => drop(driver.disarm()),
        8 | 9 => {
            let (floor, before) = (level(dice), marks(gadget));
            if let Ok(raised) = raise_to_floor(driver, keys, floor, MOST) {
                assert!(raised.iter().all(|raised| raised.after.lowest().0.is_some_and(|at| at.level >= floor)), "S5");
                assert!(raised.iter().all(|raised| before.contains(&(raised.key.to_string(), raised.before))));
            }
        }
        10 => {
            // Planned now, and sent whenever it comes to it.
            let read = DeviceReading::of(driver).ok();
            let planned = read.and_then(|read| read.orders(keys, level(dice), Cap::new(level(dice))?).ok());
            orders.extend(planned.into_iter().flatten());
        }
        11 => {
            if !orders.is_empty() {
                let order = orders.swap_remove(dice.roll(orders.len() as u64) as usize);
                // As often as not the key signs after the library has read its marks: then the device is the judge.
                let signs = dice.one_in(2);
                let _told = order.send(&mut meanwhile(driver, |_| {
                    if signs {
                        sign(gadget, dice)
                    }
                }));
            }
        }
        12 => {
            gadget.unplug();
            if dice.one_in(2) {
                gadget.with(|sim| sim.power_cycle());
            }
            let _gone = driver.state();
            gadget.plug();
        }
        _ => {
            let faults = [Fault::LostAnswers, Fault::SetLevelDenied, Fault::UnreadableStore];
            let fault = if dice.one_in(2) { Some(faults[dice.roll(3) as usize]) } else { None };
            gadget.with(|sim| sim.set_fault(fault));
            if dice.one_in(2) { drop(driver.hold()) } else { driver.release() }
        }
    }
}

#[test]
fn no_mark_goes_down_through_any_sequence_of_commands() {
    let (mut moved, mut signed) = (0, 0);
    for seed in 1..=200 {
        let (mut dice, (gadget, mut driver), mut orders) = (Dice(seed), gadget(), Vec::new());
        let mut before = marks(&gadget);
        for step in 0..60 {
            one(&gadget, &mut driver, &mut orders, &mut dice);
            let after = marks(&gadget);
            for ((alias, old), (_, new)) in before.iter().zip(&after) {
                for kind in Kind::ALL {
                    let (old, new) = (old.of(kind), new.of(kind));
                    assert!(new >= old, "S4: seed {seed}, step {step}: {alias}'s {kind} went from {old} to {new}");
                    moved += u32::from(new > old);
                    signed += u32::from(new > old && new.0.is_some_and(|at| at.round.0 > 0));
                }
            }
            before = after;
        }
    }
    assert!(moved > 1000 && signed > 100, "nothing was done: {moved} moves, {signed} of them signatures");
}

#[test]
fn a_level_below_a_mark_is_refused_before_it_is_sent() {
    let mut dice = Dice(4);
    let (gadget, mut driver) = gadget();
    unlock(&mut driver).unwrap();
    for _ in 0..300 {
        sign(&gadget, &mut dice);
        let (typed, state) = (level(&mut dice), driver.state().unwrap());
        let keys: [KeyName; 2] = names();
        let highest = state.keys.iter().filter_map(|key| key.marks?.highest().0).map(|at| at.level).max();
        assert_eq!(refuse_lower(&state, &keys, typed).is_err(), highest.is_some_and(|highest| highest > typed));
        for order in plan_raise(&state, &keys, typed, MOST).unwrap() {
            let mark = state.named(order.key()).unwrap().marks.unwrap().highest();
            assert!(mark.0.is_none_or(|at| at.level < order.level()), "S4: {order:?} over {mark}");
        }
    }
}
