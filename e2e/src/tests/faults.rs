//! Faults on the wire of a TezSign: the deadline is kept, one sentence, and the marks are what a read-back says.

use std::time::{Duration, Instant};

use failover_sim::tezsign::TezSignSim;

use super::discovery::show;
use super::marks::{LEVEL, locked_at, raise, raising};
use crate::failed::{Failed, Outcome, ensure};
use crate::program::{Program, Said};
use crate::tezsign::UsbTezSign;
use crate::wire::{SET_LEVEL, STATUS, Trouble, UNLOCK};

/// No error of a raise takes longer, on however slow a machine: a deadline of 3 s for each of a few exchanges.
const ERROR: u64 = 25;

/// How long something that must come may take, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that must come.
pub(super) fn until(what: &str, holds: impl Fn() -> bool) -> Outcome {
    let start = Instant::now();
    while !holds() {
        ensure(start.elapsed() < PATIENCE, || format!("{what} did not come"))?;
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// One error that is a sentence, with what to do next.
pub(super) fn one_sentence(said: &Said) -> Outcome {
    let errors = said.named("error");
    ensure(errors.len() == 1, || format!("{} errors: {}", errors.len(), said.out))?;
    ensure(!said.out.contains("panicked"), || said.out.clone())
}

/// Raises with trouble at the first set-level; then, plugged in again, everything must come right.
fn raise_with(program: &Program, trouble: Trouble, level: Option<u64>) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    device.wire.trouble(SET_LEVEL, trouble);
    let said = raise(program, "tezsign")?.within(ERROR)?;
    ensure(device.wire.had_trouble(), || "the trouble did not come".to_owned())?;
    ensure(said.code != 0, || format!("it says that all went well: {}", said.out))?;
    one_sentence(&said)?;
    // Whatever it said, the mark is what the device did with the one set-level that it got.
    let marks = device.sim.with(|sim| sim.keys()).into_iter().find(|(_, _, _, marks)| *marks != Default::default());
    ensure(marks.map(|(.., marks)| marks) == level.map(|level| super::marks::marks_at(Some(level))), || {
        "the marks are not what was done".to_owned()
    })?;
    device.usb.unplug()?;
    device.sim.with(TezSignSim::power_cycle);
    device.usb.plug()?;
    raise(program, "tezsign")?.exits(0)?;
    locked_at(&device, [Some(LEVEL); 2])
}

/// Unplugged while nothing goes on.
pub(super) fn idle(program: &Program) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    program.call(&show("tezsign"))?.exits(0)?;
    device.usb.unplug()?;
    program.call(&show("tezsign"))?.exits(4)?.within(10)?.says("no tezsign found")?;
    device.usb.plug()?;
    program.call(&show("tezsign"))?.exits(0).map(|_| ())
}

/// Unplugged when set-level arrives, before it is done.
pub(super) fn pulled_before(program: &Program) -> Outcome {
    raise_with(program, Trouble::PulledBefore, None)
}

/// Unplugged when set-level was done, before a word of the answer.
pub(super) fn pulled_after(program: &Program) -> Outcome {
    raise_with(program, Trouble::PulledAfter, Some(LEVEL))
}

/// Unplugged in the middle of the answer.
pub(super) fn pulled_in_answer(program: &Program) -> Outcome {
    raise_with(program, Trouble::PulledInAnswer, Some(LEVEL))
}

/// Accepted, not done, never answered.
pub(super) fn silent(program: &Program) -> Outcome {
    raise_with(program, Trouble::Silent, None)
}

/// Never answers an unlock, which may take longer than the rest: 5 s, and 1.5 s for the second key.
pub(super) fn silent_unlock(program: &Program) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    device.wire.trouble(UNLOCK, Trouble::Silent);
    // Looked at once more after 30 s: it may still succeed on the device.
    let said = raise(program, "tezsign")?.within(ERROR + 30)?.exits(1)?.says("unlock within 6s 500ms")?;
    one_sentence(&said)?;
    locked_at(&device, [None; 2])?;
    raise(program, "tezsign")?.exits(0)?;
    locked_at(&device, [Some(LEVEL); 2])
}

/// Does not take a request at all: what may be asked twice is sent again within the deadline.
pub(super) fn deaf(program: &Program) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    device.wire.trouble(STATUS, Trouble::Deaf);
    program.call(&show("tezsign"))?.exits(0)?;
    ensure(device.wire.had_trouble(), || "the trouble did not come".to_owned())?;
    drop(device);
    // What must not be done twice is not: a deadline, a sentence, and the mark is where it was.
    raise_with(program, Trouble::Deaf, None)
}

/// Done, and nothing was heard of it: only the read-back counts, and it says that the mark is there.
fn raised_all_the_same(program: &Program, trouble: Trouble) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    device.wire.trouble(SET_LEVEL, trouble);
    let said = raise(program, "tezsign")?.within(ERROR)?;
    ensure(device.wire.had_trouble(), || format!("{trouble:?} did not come"))?;
    said.exits(0)?;
    raise(program, "tezsign")?.exits(0)?;
    locked_at(&device, [Some(LEVEL); 2])?;
    // Two keys, two marks: nothing was set twice.
    let sets = device.wire.count(SET_LEVEL);
    ensure(sets == 2, || format!("{sets} set-levels for two keys"))
}

/// The answer is lost.
pub(super) fn lost_answer(program: &Program) -> Outcome {
    raised_all_the_same(program, Trouble::DoneAndSilent)
}

/// The endpoint of the request stalls.
pub(super) fn stalled(program: &Program) -> Outcome {
    raised_all_the_same(program, Trouble::Halts)
}

/// What comes before an answer and does not belong to it is dropped.
fn noise(program: &Program, trouble: Trouble) -> Outcome {
    for request in [STATUS, SET_LEVEL] {
        let device = UsbTezSign::new("E2E0001")?;
        device.wire.trouble(request, trouble);
        raise(program, "tezsign")?.exits(0)?;
        ensure(device.wire.had_trouble(), || "the trouble did not come".to_owned())?;
        locked_at(&device, [Some(LEVEL); 2])?;
    }
    Ok(())
}

/// Bytes without sense come before the frame.
pub(super) fn garbage(program: &Program) -> Outcome {
    noise(program, Trouble::Garbage)
}

/// An answer to an earlier process comes first.
pub(super) fn stale(program: &Program) -> Outcome {
    noise(program, Trouble::Stale)
}

/// The answer to a host process that died before it read it comes first at the next one.
pub(super) fn dead_process(program: &Program) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    device.wire.trouble(STATUS, Trouble::Silent);
    let dies = program.start(&show("tezsign"))?;
    until("the request", || device.wire.count(STATUS) > 0)?;
    dies.kill()?;
    program.call(&show("tezsign"))?.exits(0).map(|_| ())
}

/// A reset by another program, between two calls and in the middle of one.
pub(super) fn reset(program: &Program) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    program.call(&show("tezsign"))?.exits(0)?;
    program.helper(&["reset"])?.end(Duration::from_secs(20))?.exits(0)?;
    program.call(&show("tezsign"))?.exits(0)?;
    device.wire.trouble(SET_LEVEL, Trouble::Silent);
    let raises = program.start(&raising("tezsign"))?;
    until("set-level", || device.wire.count(SET_LEVEL) > 0)?;
    program.helper(&["reset"])?.end(Duration::from_secs(20))?.exits(0)?;
    let said = raises.end(Duration::from_secs(ERROR))?;
    // The connection is lost; what was unlocked is locked all the same.
    let said = said.exits(1)?;
    one_sentence(&said)?;
    let unlocked = device.sim.with(|sim| sim.keys()).iter().any(|(_, _, unlocked, _)| *unlocked);
    ensure(!unlocked, || "a key was left unlocked".to_owned())?;
    raise(program, "tezsign")?.exits(0)?;
    locked_at(&device, [Some(LEVEL); 2])
}

/// While keys are unlocked for a raise, nobody else gets the sign interface, and the management one is not needed for it (S1b).
pub(super) fn held(program: &Program) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    device.wire.trouble(SET_LEVEL, Trouble::Silent);
    let raises = program.start(&raising("tezsign"))?;
    until("set-level", || device.wire.count(SET_LEVEL) > 0)?;
    let unlocked = device.sim.with(|sim| sim.keys()).iter().any(|(_, _, unlocked, _)| *unlocked);
    ensure(unlocked, || "no key is unlocked while it is raised".to_owned())?;
    let pid = raises.id();
    let claim = program.helper(&["claim", "sign"])?.end(Duration::from_secs(20))?.exits(1)?;
    ensure(claim.out.contains(&format!("held by failover (pid {pid})")), || Failed(claim.out.clone()).0)?;
    raises.end(Duration::from_secs(ERROR))?;
    // Afterwards it is free again, and nothing is unlocked.
    let claims = program.helper(&["claim", "sign"])?;
    claims.until_says("claimed")?;
    claims.kill()?;
    raise(program, "tezsign")?.exits(0)?;
    locked_at(&device, [Some(LEVEL); 2])
}
