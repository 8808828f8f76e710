//! What can go wrong with a Ledger on HID.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use failover_sim::ledger::Person;

use super::discovery::show;
use super::faults::{one_sentence, until};
use super::marks::{LEVEL, ledger_level, raise, raising};
use crate::failed::{Failed, Outcome, ensure};
use crate::ledger::UsbLedger;
use crate::program::Program;

const PATIENCE: Duration = Duration::from_secs(25);
/// The person's 60 s, the reading before them and the one after.
const PERSON: Duration = Duration::from_secs(95);

fn at(device: &UsbLedger, level: u64) -> Outcome {
    let found = ledger_level(device);
    ensure(u64::from(found) == level, || format!("its mark is {found}, not {level}"))
}

/// Another process has the hidraw node open: named, and nothing is changed.
pub(super) fn held(program: &Program) -> Outcome {
    let device = UsbLedger::new("0001")?;
    let node = device.node().ok_or_else(|| Failed("it has no node".to_owned()))?;
    let mut holder = Command::new("sleep").arg("60").stdin(Stdio::from(File::open(node)?)).spawn()?;
    let said = raise(program, "ledger");
    let devices = program.call(&["devices", "--json"]);
    holder.kill()?;
    holder.wait()?;
    let name = format!("sleep (process {})", holder.id());
    said?.exits(4)?.within(20)?.says(&name)?;
    devices?.says(&name)?;
    at(&device, 0)?;
    raise(program, "ledger")?.exits(0)?;
    at(&device, LEVEL)
}

/// Unplugged while its prompt is on the screen.
pub(super) fn pulled_at_prompt(program: &Program) -> Outcome {
    let mut device = UsbLedger::new("0001")?;
    device.sim.lock().person(Person::Ignores);
    let raises = program.start(&raising("ledger"))?;
    until("the prompt", || device.sim.lock().is_prompting())?;
    device.unplug()?;
    device.sim.lock().power_cycle();
    let said = raises.end(PATIENCE)?;
    ensure(said.code != 0, || said.out.clone())?;
    one_sentence(&said)?;
    at(&device, 0)?;
    device.sim.lock().person(Person::Accepts);
    device.plug()?;
    raise(program, "ledger")?.exits(0)?;
    at(&device, LEVEL)
}

/// Accepted when the process that asked is gone: the old answer comes as the answer to a new question, and is dropped.
pub(super) fn accepted_late(program: &Program) -> Outcome {
    let device = UsbLedger::new("0001")?;
    device.sim.lock().person(Person::Ignores);
    let raises = program.start(&raising("ledger"))?;
    until("the prompt", || device.sim.lock().is_prompting())?;
    raises.kill()?;
    // Questions are dropped while the prompt is there: a deadline, a sentence.
    let said = program.call(&show("ledger"))?.within(20)?;
    ensure(said.code != 0, || said.out.clone())?;
    one_sentence(&said)?;
    ensure(device.sim.lock().press(), || "the prompt is gone".to_owned())?;
    program.call(&show("ledger"))?.exits(0)?.says(&LEVEL.to_string())?;
    at(&device, LEVEL)
}

/// Accepted after the 60 s that a person has: said once, and what the device did is what the next question reads.
pub(super) fn accepted_after_deadline(program: &Program) -> Outcome {
    let device = UsbLedger::new("0001")?;
    device.sim.lock().person(Person::Ignores);
    let raises = program.start(&raising("ledger"))?;
    until("the prompt", || device.sim.lock().is_prompting())?;
    let said = raises.end(PERSON)?.exits(1)?.says(", reject it there")?;
    one_sentence(&said)?;
    at(&device, 0)?;
    ensure(device.sim.lock().press(), || "the prompt is gone".to_owned())?;
    program.call(&show("ledger"))?.exits(0)?.says(&LEVEL.to_string())?;
    at(&device, LEVEL)?;
    // Already there: nothing is asked of the person again.
    raise(program, "ledger")?.exits(0).map(|_| ())
}

/// Nobody presses, and the command is told to end: at once, and what stands on the screen is said (H10).
pub(super) fn ended_by_a_signal(program: &Program) -> Outcome {
    let device = UsbLedger::new("0001")?;
    device.sim.lock().person(Person::Ignores);
    let raises = program.start(&raising("ledger"))?;
    until("the prompt", || device.sim.lock().is_prompting())?;
    let told = Command::new("kill").args(["-TERM", &raises.id().to_string()]).status()?;
    ensure(told.success(), || "no signal could be sent".to_owned())?;
    // Long before the 60 s that a person has.
    let said = raises.end(Duration::from_secs(30))?.exits(1)?.says(&format!("level {LEVEL}, reject it there"))?;
    one_sentence(&said)?;
    ensure(device.sim.lock().reject(), || "the prompt is gone".to_owned())?;
    at(&device, 0)
}

/// The person rejects.
pub(super) fn rejected(program: &Program) -> Outcome {
    let device = UsbLedger::new("0001")?;
    device.sim.lock().person(Person::Rejects);
    let said = raise(program, "ledger")?;
    ensure(said.code != 0, || said.out.clone())?;
    one_sentence(&said)?;
    at(&device, 0)
}
