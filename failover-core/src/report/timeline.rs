//! What happened, in order: steps with their times, questions, waits, the fence as it grew.

use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::decision::{Rung, RungKind, Step, WaitFor};
use crate::journal::Entry;
use crate::journal::record::{Record, StepResult};
use crate::operator::Answer;

use super::words;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum What {
    /// A session began.
    Session,
    /// The plan was made.
    Plan,
    /// A question was answered.
    Asked,
    /// A step was done.
    Done,
    /// A step failed.
    Failed,
    /// A step was begun, and how it ended is not in the journal.
    Unknown,
    /// Something was waited for.
    Wait,
    /// A rung of the fence was proven, or lost.
    Fence,
    /// Another machine signs.
    Alarm,
    /// The backup was made unable to sign.
    Disarmed,
    /// The session ended.
    End,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Event {
    /// The number of its first record.
    pub seq: u64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took; milliseconds in JSON.
    #[serde(rename = "took_ms", serialize_with = "millis", skip_serializing_if = "Option::is_none")]
    pub took: Option<Duration>,
    /// The number of the written procedure, where it belongs to one.
    pub number: Option<u8>,
    /// What kind of thing it is.
    pub what: What,
    /// In words.
    pub text: String,
    /// More of it.
    pub notes: Vec<String>,
}

impl Event {
    /// How long it took, where that is worth a word.
    pub(super) fn lasted(&self) -> Option<String> {
        self.took.filter(|took| took.as_millis() >= 100).map(words::lasting)
    }
}

fn millis<S: serde::Serializer>(took: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let millis = took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    serde::Serialize::serialize(&millis, serializer)
}

pub(super) fn timeline(entries: &[Entry<Record>]) -> Vec<Event> {
    let mut telling = Telling::default();
    for entry in entries {
        telling.take(entry);
    }
    telling.events
}

#[derive(Default)]
struct Telling {
    events: Vec<Event>,
    /// The wait that lasts: where it is told, and what it is for.
    waiting: Option<(usize, Discriminant<WaitFor>)>,
    proven: BTreeSet<RungKind>,
    fenced: bool,
}

impl Telling {
    fn take(&mut self, entry: &Entry<Record>) {
        let Entry { at, record, .. } = entry;
        self.lasts_until(*at, record);
        match record {
            Record::Begin { version, .. } => {
                self.tell(entry, None, What::Session, format!("failover {version} begins"))
            }
            Record::Resume { version, .. } => {
                self.proven.clear();
                let text = format!("failover {version} takes the run up again: everything is looked at again");
                self.tell(entry, None, What::Session, text);
            }
            Record::Plan(plan) => {
                self.tell(entry, Some(1), What::Plan, format!("plan {}: {}", plan.plan, plan.why));
                self.note(plan.sources.clone());
            }
            Record::Asked { asked, answer } => {
                let (number, text) = (words::number(asked), asked);
                let said = if *answer == Answer::Yes { "yes" } else { "no" };
                self.tell(entry, Some(number), What::Asked, format!("asked: {text}: {said}"));
            }
            Record::Before { number, step } => self.tell(entry, Some(*number), What::Unknown, step.to_string()),
            Record::After { number, step, result } => {
                let text = step.to_string();
                let begun = self.events.iter_mut().rev().find(|e| e.what == What::Unknown && e.text == text);
                if let Some(event) = begun {
                    event.took = Some(at.since(event.at));
                    after(event, step, result);
                } else {
                    self.tell(entry, Some(*number), What::Unknown, text);
                    self.events.last_mut().into_iter().for_each(|event| after(event, step, result));
                }
            }
            Record::Fence { rungs, .. } => self.fence(entry, rungs),
            Record::Wait { waiting, .. } => {
                let kind = discriminant(&waiting.why);
                if self.waiting.is_none_or(|(_, last)| last != kind) {
                    let (number, text) = words::waited_for(&waiting.why);
                    self.waiting = Some((self.events.len(), kind));
                    self.tell(entry, number, What::Wait, format!("waited for {text}"));
                }
            }
            Record::Duplicate { signed, shared } => {
                self.tell(entry, Some(7), What::Alarm, "another machine signs with this baker's keys".to_owned());
                let shown = |s: &crate::facts::Signed| format!("{} {:#} seen in {}", s.kind, s.at, s.seen_in);
                let shared = shared.iter().map(|s| format!("may be signed twice: {}", shown(s)));
                self.note(signed.iter().map(shown).chain(shared).collect());
            }
            Record::Complaints { lines } => {
                self.tell(entry, Some(7), What::Wait, "the backup's baker and signer complained".to_owned());
                self.note(lines.clone());
            }
            Record::Rumour { signed } => {
                let text =
                    "votes for this baker in the mempool whose signature the node has not checked; they stop nothing";
                self.tell(entry, None, What::Fence, text.to_owned());
                self.note(signed.iter().map(|s| format!("{} {:#} seen in {}", s.kind, s.at, s.seen_in)).collect());
            }
            Record::Disarmed { proven, what } => {
                let text =
                    if *proven { "the backup cannot sign" } else { "the backup is NOT read back as unable to sign" };
                self.tell(entry, None, if *proven { What::Disarmed } else { What::Alarm }, text.to_owned());
                self.note(what.clone());
            }
            Record::End(end) => {
                self.tell(entry, None, What::End, format!("{} (exit {}): {}", end.outcome, end.exit, end.message));
            }
            Record::Rehearsed { .. } => {}
        }
    }

    /// A wait lasts until something else happens; a rung that is proven meanwhile does not end it.
    fn lasts_until(&mut self, at: Timestamp, record: &Record) {
        let Some((index, kind)) = self.waiting else { return };
        if let Some(event) = self.events.get_mut(index) {
            event.took = Some(at.since(event.at));
        }
        let goes_on = match record {
            Record::Wait { waiting, .. } => discriminant(&waiting.why) == kind,
            Record::Fence { .. } | Record::Rumour { .. } | Record::Complaints { .. } => true,
            _ => false,
        };
        if !goes_on {
            self.waiting = None;
        }
    }

    fn fence(&mut self, entry: &Entry<Record>, rungs: &[Rung]) {
        let now: BTreeSet<RungKind> = rungs.iter().filter(|r| r.proven).map(|r| r.kind).collect();
        let gone = self.proven.iter().filter(|name| !now.contains(*name));
        let lost: Vec<String> =
            gone.filter(|name| rungs.iter().any(|r| r.kind == **name)).map(ToString::to_string).collect();
        let new: Vec<&Rung> = rungs.iter().filter(|r| r.proven && !self.proven.contains(&r.kind)).collect();
        if !self.fenced {
            self.fenced = true;
            let needed: Vec<String> = rungs.iter().map(|r| r.kind.to_string()).collect();
            self.tell(entry, None, What::Fence, format!("the fence's rungs: {}", needed.join(", ")));
        }
        for rung in new {
            self.tell(entry, None, What::Fence, format!("proven: {}: {}", rung.kind, rung.why));
        }
        for name in lost {
            self.tell(entry, None, What::Fence, format!("not proven any more: {name}"));
        }
        self.proven = now;
    }

    fn tell(&mut self, entry: &Entry<Record>, number: Option<u8>, what: What, text: String) {
        let Entry { seq, at, .. } = entry;
        self.events.push(Event { seq: *seq, at: *at, took: None, number, what, text, notes: Vec::new() });
    }

    fn note(&mut self, notes: Vec<String>) {
        self.events.last_mut().into_iter().for_each(|event| event.notes.clone_from(&notes));
    }
}

fn after(event: &mut Event, step: &Step, result: &StepResult) {
    match result {
        StepResult::Done { raised, nonces, .. } => {
            event.what = What::Done;
            event.notes.extend(nonces.iter().map(ToString::to_string));
            event
                .notes
                .extend(raised.iter().filter(|_| step.raises()).map(|raised| format!("{}: read back", raised.key)));
        }
        StepResult::Failed { why, next, .. } => {
            event.what = What::Failed;
            event.notes.push(why.clone());
            event.notes.push(format!("next: {next}"));
        }
    }
}
