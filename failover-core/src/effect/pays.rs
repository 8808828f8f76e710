//! What pays delegators on the primary: named in the plan, and read back in the last line. Nobody starts it but a person.

use crate::baker::BakerControl;
use crate::decision::Path;

/// What is stopped with what signs.
pub(crate) fn known(path: Path, primary: Option<&dyn BakerControl>) -> Vec<String> {
    let primary = primary.filter(|_| path == Path::Controlled);
    primary.map(BakerControl::pays).unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// How it is with it now, as the end of a last line; empty where nothing pays there.
pub(crate) fn said(primary: &mut dyn BakerControl) -> String {
    let units: Vec<String> = primary.pays().iter().map(ToString::to_string).collect();
    if units.is_empty() {
        return String::new();
    }
    let all = units.join(" ");
    let start =
        format!("pay from one machine only: `systemctl enable --now {all}` there, or where the payout wallet is");
    match primary.paying() {
        Ok(running) if running.is_empty() => format!(". {all} does not run on the primary; {start}"),
        Ok(running) => {
            let running: Vec<String> = running.iter().map(ToString::to_string).collect();
            format!(". {} STILL RUNS on the primary; {start}", running.join(" "))
        }
        Err(error) => format!(". Whether {all} runs on the primary is not known ({error}): look there before you pay"),
    }
}
