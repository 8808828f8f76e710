//! Reads the account: every journal of the state folder and the token's history, since the last completed standby.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::decision::Step;
use crate::facts::{Account, Deed, KeyName, Marks};
use crate::guard::HistoryEvent;
use crate::journal::record::{Record, StepResult};
use crate::journal::{self, Entry, name_of};
use crate::signer::Raised;
use crate::state::{StateDir, StateError};
use crate::tezos::Level;

/// What was armed on the machine with this state folder since it last became the backup.
///
/// # Errors
/// A journal or the history cannot be read: then it is not known (S3).
pub fn account(state: &StateDir) -> Result<Account, StateError> {
    let since = Since::last_standby(state.history()?);
    let mut dated = Vec::new();
    let mut journals = state.journals()?;
    journals.sort_unstable();
    for path in journals {
        let name = name_of(&path);
        let before = since.journals.get(&name).copied().unwrap_or(0);
        let entries = journal::read::<Record>(&path)?.entries;
        let known = usize::try_from(before).unwrap_or(usize::MAX).min(entries.len());
        let (_, after) = entries.split_at(known);
        dated.extend(of_run(&name, after));
    }
    dated.extend(of_history(&since.events));
    // Each list is in its order already, whatever the clock did; among lists it is the time that tells.
    dated.sort_by_key(|(at, _)| *at);
    let deeds = dated.into_iter().map(|(_, deed)| deed).collect();
    Ok(Account { deeds, left: since.left })
}

/// Where the account begins.
struct Since {
    left: Vec<(KeyName, Marks)>,
    journals: BTreeMap<String, u64>,
    events: Vec<Entry<HistoryEvent>>,
}

impl Since {
    fn last_standby(history: Vec<Entry<HistoryEvent>>) -> Self {
        let mut since = Self { left: Vec::new(), journals: BTreeMap::new(), events: Vec::new() };
        for entry in history {
            match entry.record {
                HistoryEvent::StoodBy { raised, journals } => {
                    let left = raised.into_iter().map(|raised| (raised.key, raised.after)).collect();
                    since = Self { left, journals, events: Vec::new() };
                }
                _ => since.events.push(entry),
            }
        }
        since
    }
}

type Dated = (Timestamp, Deed);

fn of_history(events: &[Entry<HistoryEvent>]) -> Vec<Dated> {
    let mut last = None;
    let mut dated = Vec::new();
    for entry in events {
        match &entry.record {
            HistoryEvent::Lifted { token } => {
                dated.push((entry.at, Deed::Lifted { what: format!("at {}, {}", token.at, token.by) }));
            }
            HistoryEvent::Guarded { token: Some(token) } => {
                dated.push((entry.at, Deed::Lifted { what: format!("at {}, {}", token.at, token.by) }));
            }
            HistoryEvent::Guarded { token: None } => {
                let what = format!("before {}, by a token that could not be read", entry.at);
                dated.push((entry.at, Deed::Lifted { what }));
            }
            HistoryEvent::Raised { raised } => {
                let at = later(&mut last, entry.at);
                dated.extend(marks(raised).map(|deed| (at, deed)));
            }
            HistoryEvent::StoodBy { .. } => {}
        }
    }
    dated
}

fn later(last: &mut Option<Timestamp>, at: Timestamp) -> Timestamp {
    let at = last.map_or(at, |last| at.max(last));
    *last = Some(at);
    at
}

fn marks(raised: &[Raised]) -> impl Iterator<Item = Deed> + '_ {
    raised.iter().map(|Raised { key, before, after }| Deed::Marks { key: key.clone(), before: *before, after: *after })
}

/// What a run's records say: every step as it was tried, and what is known of it.
fn of_run(name: &str, entries: &[Entry<Record>]) -> Vec<Dated> {
    let mut last = None;
    let mut dated: Vec<Dated> = Vec::new();
    let (mut planned, mut noted): (Option<Dated>, bool) = (None, false);
    let mut open: Option<(Timestamp, &Step)> = None;
    for entry in entries {
        let at = later(&mut last, entry.at);
        // A step that was begun and of which no end is on record.
        if let Some((then, step)) = open.take()
            && !matches!(&entry.record, Record::After { step: after, .. } if after == step)
        {
            dated.extend(tried(step).map(|deed| (then, deed)));
        }
        match &entry.record {
            Record::Plan(plan) => planned = planned.or(plan.bound.map(|level| (at, Deed::Bound { level }))),
            Record::Before { step, .. } => {
                if let Step::NoteLevel { bound, .. } = step {
                    noted = true;
                    dated.push((at, Deed::Bound { level: *bound }));
                }
                dated.extend(begun(name, entry.at, step).map(|deed| (at, deed)));
                open = Some((at, step));
            }
            Record::After { result: StepResult::Done { raised, .. }, .. } if !raised.is_empty() => {
                dated.extend(marks(raised).map(|deed| (at, deed)));
            }
            Record::After { step, .. } => dated.extend(tried(step).map(|deed| (at, deed))),
            _ => {}
        }
    }
    if let Some((then, step)) = open {
        dated.extend(tried(step).map(|deed| (then, deed)));
    }
    if let (false, Some(planned)) = (noted, planned) {
        dated.push(planned);
    }
    dated
}

/// What has to be taken for done from the moment that a step is tried.
fn begun(name: &str, at: Timestamp, step: &Step) -> Option<Deed> {
    Some(match step {
        Step::Start { .. } => {
            Deed::Started { what: format!("at {at}, in the run {}", name.trim_end_matches(".jsonl")) }
        }
        Step::Unlock { keys }
        | Step::ProvePassphrase { keys }
        | Step::ReadMarks { keys, .. }
        | Step::Raise { keys, .. }
        | Step::RaiseMarks { keys, .. } => Deed::Armed { keys: keys.clone() },
        Step::Authorize { key, .. } => Deed::Armed { keys: vec![key.clone()] },
        _ => return None,
    })
}

/// Marks of which it is not known whether they were raised.
fn tried(step: &Step) -> Option<Deed> {
    let (keys, level): (Vec<KeyName>, Level) = match step {
        Step::Raise { keys, floor, .. } => (keys.clone(), *floor),
        Step::RaiseMarks { keys, level, .. } => (keys.clone(), *level),
        Step::Authorize { key, floor, .. } => (vec![key.clone()], *floor),
        _ => return None,
    };
    Some(Deed::Tried { keys, level })
}
