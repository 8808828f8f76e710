//! What pays delegators on the primary: named in the plan, and read back in the last line. Nobody starts it but a person.

use crate::baker::{BakerMachine, UnitName};
use crate::decision::Path;

/// What is stopped with what signs.
pub(crate) fn known(path: Path, primary: &mut dyn BakerMachine) -> Vec<String> {
    let payouts = primary.payouts().filter(|_| path == Path::Controlled);
    payouts.map(|payouts| named(&payouts.pays())).unwrap_or_default()
}

fn named(units: &[UnitName]) -> Vec<String> {
    units.iter().map(ToString::to_string).collect()
}

/// Whether it runs now, as the end of a last line; empty where nothing pays there, or where that is not known.
pub(crate) fn said(primary: &mut dyn BakerMachine) -> String {
    let Some(payouts) = primary.payouts() else { return String::new() };
    let units = named(&payouts.pays());
    if units.is_empty() {
        return String::new();
    }
    let all = units.join(" ");
    let start =
        format!("pay from one machine only: `systemctl enable --now {all}` there, or where the payout wallet is");
    match payouts.paying() {
        Ok(running) if running.is_empty() => format!(". {all} does not run on the primary; {start}"),
        Ok(running) => format!(". {} STILL RUNS on the primary; {start}", named(&running).join(" ")),
        Err(error) => format!(". Whether {all} runs on the primary is not known ({error}): look there before you pay"),
    }
}
