//! `systemctl show` and `ps` of named units: running, stopped or unknown, and never stopped where a unit is missing.
#![no_main]

use std::time::Duration;

use failover_core::baker::{BakerControl, BakerState, SystemdControl};
use failover_sim::{BAKER_UNIT, TEZSIGN_UNIT};
use failover_fuzz::{Machine, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 3] = ["systemctl show", "ps -eo", "systemctl show"];

fn ask(machine: Machine) {
    let units = vec![BAKER_UNIT.parse().expect("a unit"), TEZSIGN_UNIT.parse().expect("a unit")];
    let mut baker = SystemdControl::new(machine, units);
    match baker.state() {
        Ok(BakerState::Stopped { checked }) => assert_eq!(checked.len(), 2, "S3"),
        Ok(BakerState::Running { what }) => assert!(!what.is_empty(), "S3"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(delay) = baker.restart_delay() {
        let _later = Duration::from_secs(1).checked_add(delay);
    }
}

fuzz_target!(init: seeds([Machine::new(&LIES, &[]).honest(ask)]), |data: &[u8]| ask(Machine::new(&LIES, data)));
