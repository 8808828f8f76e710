//! Whether the boot guard holds, out of what the service manager has loaded and what lies on the disk.
#![no_main]

use std::path::Path;

use failover_core::baker::{BakerControl, BootGuards, SystemdControl};
use failover_core::clock::Timestamp;
use failover_core::guard::{DropIn, GuardNote};
use failover_sim::BAKER_UNIT;
use failover_fuzz::{Machine, WORLD, joined, seeds, texts};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 4] = ["test -e", "systemd1.Unit ", "systemd1.Service ", "cat -- /etc"];
const TOKEN: &str = "/var/lib/failover/ACTIVE";

fn control(machine: Machine) -> SystemdControl<Machine> {
    SystemdControl::new(machine, vec![BAKER_UNIT.parse().expect("a unit")])
}

fn known() -> Vec<Vec<u8>> {
    let note = GuardNote::new(Timestamp::from_millis(1_795_316_400_000), "failover run", "backup", None);
    let text = DropIn::new(Path::new(TOKEN)).expect("a path").text(&note);
    let ask = |machine| drop(control(machine).boot_guard());
    let bare = Machine::new(&LIES, &[]).honest(ask);
    let mut machine = control(Machine::new(&[], &[]));
    machine.stop().expect("the machine's services stop");
    machine.install_boot_guard(&note).expect("a stopped machine takes the guard");
    let guarded = Machine::new(&LIES, &[]).honest(ask);
    assert!(WORLD.alarms().is_empty());
    vec![bare, guarded, joined([&b""[..], b"", b"", text.as_bytes()])]
}

fuzz_target!(init: seeds(known()), |data: &[u8]| {
    match control(Machine::new(&LIES, data)).boot_guard() {
        Ok(guard) => drop(format!("{guard:?} {}", guard.holds())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let drop_in = DropIn::new(Path::new(TOKEN)).expect("a path");
    for text in texts(data) {
        let _written = drop_in.read(&text);
        // Any path: a drop-in that systemd would read otherwise than it was meant is refused.
        if let Ok(other) = DropIn::new(Path::new(&text)) {
            assert!(!other.token().contains(['\n', '"']) && other.token().starts_with('/'), "{other:?}");
        }
    }
});
