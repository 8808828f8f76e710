//! What came of a step, in a few words.

use failover_core::decision::{Path, Step};
use failover_core::journal::record::{Record, StepResult};

/// The number of a step, and what this record says came of it.
pub(super) fn result(record: &Record) -> Option<(usize, String)> {
    match record {
        Record::Plan(plan) => Some((
            1,
            match plan.path {
                Path::Controlled => format!("controlled: {}", plan.why),
                Path::Uncontrolled | Path::Unproven => format!("emergency: {}", plan.why),
            },
        )),
        Record::Fence { rungs, .. } => {
            let proven: Vec<String> =
                rungs.iter().filter(|rung| rung.proven).map(|rung| rung.kind.to_string()).collect();
            (!proven.is_empty()).then(|| (3, format!("the primary is fenced: {}", proven.join(", "))))
        }
        Record::After { step, result: StepResult::Done { raised, .. }, .. } => {
            let keys = || raised.iter().map(|raised| raised.key.as_str()).collect::<Vec<_>>().join(", ");
            match step {
                Step::StopPrimary => Some((2, "what signs on the primary was stopped".to_owned())),
                Step::NoteLevel { head, bound, .. } => {
                    Some((4, format!("head {head:#}, the primary may have signed up to {bound:#}")))
                }
                Step::Raise { floor, .. } | Step::Authorize { floor, .. } => {
                    Some((5, format!("{} raised to the floor {floor:#}, and read back", keys())))
                }
                Step::Start { .. } => Some((6, "the backup's baker was started".to_owned())),
                _ => None,
            }
        }
        Record::End(end) => {
            let first = &end.resumed.as_ref()?.first;
            Some((7, format!("{} {:#} is on chain: the backup bakes", first.kind, first.at)))
        }
        _ => None,
    }
}
