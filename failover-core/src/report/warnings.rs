//! What a person should know besides the outcome.

use crate::decision::Path;
use crate::journal::Entry;
use crate::journal::record::{Record, StepResult};

use super::{Event, What, fence, once, session};

pub(super) fn warnings(entries: &[Entry<Record>], torn: Option<usize>, timeline: &[Event]) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(bytes) = torn {
        all.push(format!("the last record was cut off after {bytes} bytes: what it was about to tell was not tried"));
    }
    let sessions = session::sessions(entries);
    let cut = sessions.iter().rev().skip(1).filter(|session| session.end.is_none()).count();
    if cut > 0 {
        all.push(format!(
            "{cut} of {} sessions broke off without an end, and the run was taken up again",
            sessions.len()
        ));
    }
    let open = timeline.iter().filter(|event| event.what == What::Unknown);
    all.extend(open.map(|event| format!("how this ended is unknown, it may have happened: {}", event.text)));
    all.extend(path(entries));
    for Entry { record, .. } in entries {
        match record {
            Record::Begin { policy, .. } => {
                all.extend(policy.without.iter().map(|source| format!("left out by a person: {source}")));
                if !policy.quarantine.is_on() {
                    all.push("the quarantine was switched off".to_owned());
                }
            }
            Record::After { step, result: StepResult::Failed { why, .. }, .. } => {
                all.push(format!("{} failed: {why}", step.name()));
            }
            Record::Disarmed { proven: false, what } => {
                all.push(format!("the backup was not read back as unable to sign: {}", what.join("; ")));
            }
            Record::Duplicate { shared, .. } if !shared.is_empty() => {
                all.push(format!("{} positions may be signed twice", shared.len()));
            }
            _ => {}
        }
    }
    once(all)
}

fn path(entries: &[Entry<Record>]) -> Option<String> {
    match fence::path(entries)? {
        Path::Controlled => None,
        Path::Uncontrolled => Some("the primary was not stopped from here: a person's word stands for it".to_owned()),
        Path::Unproven => Some("nothing proves that the primary is off: a person took the risk".to_owned()),
    }
}
