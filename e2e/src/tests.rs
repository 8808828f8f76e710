//! The tests, in the order in which they run.

use crate::failed::Outcome;
use crate::program::Program;

mod discovery;
mod faults;
mod ledger_faults;
mod marks;
mod whole;

/// Name and test.
pub(crate) type Named = (&'static str, fn(&Program) -> Outcome);

/// What is plugged in.
pub(crate) const DISCOVERY: &[Named] = &[
    ("devices: a TezSign and a Ledger", discovery::both),
    ("devices: no permission", discovery::no_access),
    ("devices: an interface held by another process", discovery::busy),
    ("devices: two of a kind", discovery::two),
    ("devices: usable, not accessible and busy at once", discovery::mixed),
];

/// With one TezSign; whatever Ledger there may be does not matter.
pub(crate) const TEZSIGN: &[Named] = &[
    ("TezSign: one that boots is waited for", discovery::booting),
    ("TezSign: marks shown, raised, read back", marks::tezsign),
    ("TezSign: the same at full speed, 64-byte packets", marks::full_speed),
    ("TezSign unplugged while idle", faults::idle),
    ("TezSign unplugged before set-level is done", faults::pulled_before),
    ("TezSign unplugged after set-level was done", faults::pulled_after),
    ("TezSign unplugged in the middle of the answer", faults::pulled_in_answer),
    ("TezSign accepts and never answers", faults::silent),
    ("TezSign never answers an unlock", faults::silent_unlock),
    ("TezSign does not accept a request", faults::deaf),
    ("TezSign whose answer is lost", faults::lost_answer),
    ("TezSign whose endpoint stalls", faults::stalled),
    ("TezSign: garbage before the frame", faults::garbage),
    ("TezSign: a response for an earlier process", faults::stale),
    ("TezSign: an earlier process died waiting", faults::dead_process),
    ("TezSign reset by another program", faults::reset),
    ("TezSign: the sign interface is held while keys are unlocked", faults::held),
    ("TezSign: check and a whole run", whole::tezsign),
];

/// With one Ledger.
pub(crate) const LEDGER: &[Named] = &[
    ("Ledger: locked, or another app open", discovery::other_app),
    ("Ledger: marks shown, raised, read back", marks::ledger),
    ("Ledger held by another process", ledger_faults::held),
    ("Ledger unplugged while its prompt is on the screen", ledger_faults::pulled_at_prompt),
    ("Ledger accepted when nobody waits any more", ledger_faults::accepted_late),
    ("Ledger accepted after the deadline of the question", ledger_faults::accepted_after_deadline),
    ("Ledger: a signal ends the wait for the buttons", ledger_faults::ended_by_a_signal),
    ("Ledger rejected", ledger_faults::rejected),
    ("Ledger: check and a whole run", whole::ledger),
];

/// Further whole runs: only where their names are asked for, `make e2e-long`.
pub(crate) const LONG: &[Named] = &[
    ("TezSign unplugged in the middle of a run, and plugged in again", whole::pulled_in_run),
    ("Ledger unplugged at its prompt in the middle of a run, and plugged in again", whole::ledger_pulled_in_run),
];
