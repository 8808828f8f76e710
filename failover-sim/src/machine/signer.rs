//! Programs of a machine that ask its signing device: failover itself, where it is installed, and TezSign's own.

use super::Machine;
use super::command::{Command, Ran};
use failover_core::effect::disarm_keys;
use failover_core::signer::record::records;
use failover_core::signer::{Arming, DeviceState, KeyState};
use failover_core::tezos::Kind;

/// `failover --json --device SELECTOR hwm show`, or `disarm`.
pub(crate) fn failover(machine: &mut Machine, command: Command<'_>) -> Option<Ran> {
    if !machine.failover {
        return None;
    }
    let Some(mut device) = machine.device.driver() else { return Some(end(String::new(), 1, "no device found")) };
    let told = match command.args {
        [.., "hwm", "show"] => Ok(()),
        [.., "disarm"] => disarm_keys(&mut *device),
        _ => return Some(Ran::new(2, "", "error: unrecognized subcommand\n")),
    };
    Some(match (device.state(), told) {
        (Ok(state), Ok(())) => {
            let lines = records(&state).into_iter().filter_map(|record| serde_json::to_string(&record).ok());
            end(lines.map(|line| line + "\n").collect(), 0, "nothing")
        }
        (Err(error), _) => end(String::new(), 1, &error.to_string()),
        (_, Err(error)) => end(String::new(), 1, &error.to_string()),
    })
}

fn end(lines: String, exit: i32, next: &str) -> Ran {
    let end = serde_json::json!({ "record": "end", "outcome": "done", "exit": exit, "next": next });
    Ran::new(exit, format!("{lines}{end}\n"), "")
}

/// `tezsign status` and `tezsign lock`, which exits 0 whatever came of it.
pub(crate) fn tezsign(machine: &mut Machine, command: Command<'_>) -> Option<Ran> {
    machine.device.gadget()?;
    if !machine.tezsign {
        return None;
    }
    let failed = || Some(Ran::new(1, "", "no tezsign device found\n"));
    let Some(mut device) = machine.device.driver() else { return failed() };
    match command.args {
        [.., "status"] => match device.state() {
            Ok(state) => Some(Ran::ok(status(&state) + "\n")),
            Err(_) => failed(),
        },
        [.., "lock"] => {
            let _told = device.disarm();
            Some(Ran::ok("[]\n"))
        }
        _ => Some(Ran::new(1, "", "No help topic\n")),
    }
}

fn status(state: &DeviceState) -> String {
    let key = |key: &KeyState| {
        let at = |kind| key.marks.and_then(|marks| marks.of(kind).0).map_or((0, 0), |at| (at.level.get(), at.round.0));
        let [block, preattestation, attestation] = Kind::ALL.map(at);
        serde_json::json!({
            "id": key.name, "tz4": key.key.to_string(), "bl_pubkey": "BLpk1", "pop": "BLsig1",
            "lock_state": if key.arming == Arming::Armed { "UNLOCKED" } else { "LOCKED" },
            "state_corrupted": key.arming == Arming::Corrupted,
            "last_block_level": block.0, "last_block_round": block.1,
            "last_preattestation_level": preattestation.0, "last_preattestation_round": preattestation.1,
            "last_attestation_level": attestation.0, "last_attestation_round": attestation.1,
        })
    };
    serde_json::Value::Array(state.keys.iter().map(key).collect()).to_string()
}
