//! `hwm show` and `hwm raise`, on both devices.

use failover_core::signer::{Mark, Marks};
use failover_core::tezos::{Level, Position};

use crate::failed::{Failed, Outcome, ensure};
use crate::ledger::UsbLedger;
use crate::program::{Program, Said};
use crate::tezsign::UsbTezSign;

/// Where the marks are raised to in every test; its head is typed, because there is no node.
pub(super) const LEVEL: u64 = 15_000_050;

/// Raises the marks of a device.
pub(super) fn raise(program: &Program, device: &str) -> Outcome<Said> {
    program.call(&raising(device))
}

/// The words for it.
pub(super) const fn raising(device: &str) -> [&str; 10] {
    ["--json", "--device", device, "--node", "http://127.0.0.1:1", "hwm", "raise", "--head", "15000000", "15000050"]
}

/// All marks of a key at a level, or none.
pub(super) fn marks_at(level: Option<u64>) -> Marks {
    level.and_then(Level::new).map_or_else(Marks::default, |level| Marks::all(Mark::at(Position::start_of(level))))
}

/// Every key of the device must be locked, and its marks there.
pub(super) fn locked_at(device: &UsbTezSign, levels: [Option<u64>; 2]) -> Outcome {
    let keys = device.sim.with(|sim| sim.keys());
    let unlocked = keys.iter().filter(|(_, _, unlocked, _)| *unlocked).count();
    ensure(unlocked == 0, || format!("{unlocked} keys are unlocked"))?;
    let marks: Vec<Marks> = keys.into_iter().map(|(.., marks)| marks).collect();
    ensure(marks == levels.map(marks_at), || format!("the marks are {marks:?}"))
}

/// The main mark of a Ledger, as it really is.
pub(super) fn ledger_level(device: &UsbLedger) -> u32 {
    device.sim.lock().memory().main.level
}

fn tezsign_with(program: &Program, device: &UsbTezSign) -> Outcome {
    let show = ["--json", "--device", "tezsign", "hwm", "show"];
    let keys = program.call(&show)?.exits(0)?.named("key");
    ensure(keys.len() == 2, || format!("{} keys", keys.len()))?;
    ensure(keys.iter().all(|key| key.get("marks").is_some_and(serde_json::Value::is_null)), || {
        "a locked key shows marks".to_owned()
    })?;
    let said = raise(program, "tezsign")?.exits(0)?;
    ensure(said.named("raised").len() == 2, || said.out.clone())?;
    locked_at(device, [Some(LEVEL); 2])
}

/// A TezSign at high speed.
pub(super) fn tezsign(program: &Program) -> Outcome {
    tezsign_with(program, &UsbTezSign::new("E2E0002")?)
}

/// A TezSign at full speed: packets of 64 bytes, so that an answer is several.
pub(super) fn full_speed(program: &Program) -> Outcome {
    let device = UsbTezSign::of("E2E0003", |identity| identity.full_speed = true)?;
    let place = device.usb.place().ok_or_else(|| Failed("it is not on the bus".to_owned()))?;
    let speed = std::fs::read_to_string(place.join("speed"))?;
    ensure(speed.trim() == "12", || format!("its speed is {speed}"))?;
    tezsign_with(program, &device)
}

/// A Ledger whose person accepts.
pub(super) fn ledger(program: &Program) -> Outcome {
    let device = UsbLedger::new("0001")?;
    program.call(&["--json", "--device", "ledger", "hwm", "show"])?.exits(0)?;
    let said = raise(program, "ledger")?.exits(0)?;
    ensure(said.named("raised").len() == 1, || said.out.clone())?;
    let level = ledger_level(&device);
    ensure(u64::from(level) == LEVEL, || format!("its mark is {level}"))
}
