//! What a machine with TezBake says of its units: which there are, what they do, what runs beside them.
#![no_main]

use failover_core::baker::{BakerControl, BakerState, MachineIdentity, TezbakeControl};
use failover_fuzz::{Machine, seeds};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 5] = ["list-unit-files", "list-units", "systemctl show", "ps -eo", "machine-id"];

fn ask(machine: Machine) {
    let mut baker = TezbakeControl::new(machine);
    match baker.state() {
        Ok(BakerState::Stopped { checked }) => assert!(!checked.is_empty(), "S3: stopped, and nothing was looked at"),
        Ok(BakerState::Running { what }) => assert!(!what.is_empty(), "S3: running, and nothing is named"),
        Err(error) => assert!(!error.to_string().is_empty() && !error.next().is_empty()),
    }
    if let Ok(identity) = baker.identity() {
        assert_eq!(identity.machine_id.len(), 32, "{identity:?}");
    }
}

fuzz_target!(init: seeds([Machine::new(&LIES, &[]).honest(ask)]), |data: &[u8]| ask(Machine::new(&LIES, data)));
