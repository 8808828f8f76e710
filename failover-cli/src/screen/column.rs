//! The seven steps in a column, and the preparation above them: what is known of each, from the run's records.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use failover_core::decision::{Rung, Step, WaitFor};
use failover_core::journal::record::{Record, StepResult};

use super::look::State;
use super::result::result;
use failover_core::narration::{Narration, Told};

/// Steps of the written procedure; 0 is the preparation.
pub(super) const STEPS: usize = 8;
/// The step in which the primary is fenced.
pub(super) const FENCE: usize = 3;

/// Something that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) state: State,
    pub(super) text: String,
    /// Why it failed.
    pub(super) why: Option<String>,
    /// How often in a row it failed for the same reason.
    pub(super) times: u32,
}

/// What is known of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    begun: bool,
    pub(super) acts: Vec<Act>,
    pub(super) result: Option<String>,
}

/// What is waited for. Times are on the screen's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wait {
    kind: Discriminant<WaitFor>,
    pub(super) told: Told,
    /// As it was said at `said`.
    pub(super) left: Option<Duration>,
    pub(super) said: Option<Duration>,
    pub(super) begun: Option<Duration>,
}

/// One session of a run, as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Column {
    story: Narration,
    steps: [Known; STEPS],
    pub(super) active: usize,
    pub(super) rungs: Vec<Rung>,
    pub(super) wait: Option<Wait>,
    /// The start was tried: the fence is behind it.
    started: bool,
    /// The exit code of the end.
    pub(super) ended: Option<u8>,
    begun: bool,
}

impl Column {
    /// Takes a record in, at a time of the screen's clock where there is one. What is given back is for ordinary lines:
    /// it stays where it is read.
    pub(crate) fn hear(&mut self, record: &Record, at: Option<Duration>) -> Vec<Told> {
        let mut above = Vec::new();
        for told in self.story.tell(record) {
            match told {
                Told::Step(number) => {
                    self.come_to(number.into());
                    if matches!(record, Record::Plan(_)) {
                        above.push(told);
                    }
                }
                Told::Plan(_) | Told::Aside(_) | Told::Alarm(_) => above.push(told),
                Told::Try(text) => self.act(State::Active, text),
                Told::Note(text) if matches!(record, Record::Asked { .. }) => self.act(State::Done, text),
                Told::Failed(why) => self.close(State::Failed, Some(why)),
                Told::Wait(..) => self.waits(record, told, at),
                // Said by the result of the step, or drawn from the record itself.
                _ => {}
            }
        }
        match record {
            Record::Fence { rungs, .. } => self.rungs.clone_from(rungs),
            Record::After { result: StepResult::Done { .. }, .. } => self.close(State::Done, None),
            Record::Before { step, .. } => self.started |= matches!(step, Step::Start { .. }),
            Record::End(end) => (self.ended, self.wait) = (Some(end.exit), None),
            _ => {}
        }
        if let Some((number, text)) = result(record)
            && let Some(step) = self.steps.get_mut(number)
        {
            step.result = Some(text);
        }
        self.begun |= matches!(record, Record::Before { .. } | Record::Fence { .. } | Record::Wait { .. });
        above
    }

    /// Is there anything to draw? Before the first effect only the plan is shown, in ordinary lines.
    pub(crate) const fn is_begun(&self) -> bool {
        self.begun
    }

    fn come_to(&mut self, number: usize) {
        (self.active, self.wait) = (number, None);
        if let Some(step) = self.steps.get_mut(number) {
            step.begun = true;
        }
    }

    fn act(&mut self, state: State, text: String) {
        self.wait = None;
        if let Some(step) = self.steps.get_mut(self.active) {
            step.acts.push(Act { state, text, why: None, times: 1 });
        }
    }

    fn close(&mut self, state: State, why: Option<String>) {
        let Some(acts) = self.steps.get_mut(self.active).map(|step| &mut step.acts) else { return };
        let Some(mut act) = acts.pop() else { return };
        (act.state, act.why) = (state, why);
        match acts.last_mut() {
            Some(last) if act.why.is_some() && (&last.text, &last.why) == (&act.text, &act.why) => {
                last.times = last.times.saturating_add(1);
            }
            _ => acts.push(act),
        }
    }

    fn waits(&mut self, record: &Record, told: Told, at: Option<Duration>) {
        let Record::Wait { waiting, .. } = record else { return };
        let kind = discriminant(&waiting.why);
        // A wait that lasts is said again and again, each time with what is left then.
        let begun = self.wait.as_ref().filter(|wait| wait.kind == kind).map_or(at, |wait| wait.begun);
        self.wait = Some(Wait { kind, told, left: waiting.left, said: at, begun });
    }

    pub(super) fn step(&self, number: usize) -> Option<&Known> {
        self.steps.get(number)
    }

    /// How a step stands.
    pub(super) fn state(&self, number: usize) -> State {
        let begun = self.step(number).is_some_and(|step| step.begun);
        let later = self.steps.iter().skip(number + 1).any(|step| step.begun);
        match self.ended {
            Some(0) if begun => State::Done,
            Some(_) if begun && (number == self.active || self.is_open(number)) => State::Failed,
            None if number == self.active => State::Active,
            _ if self.is_open(number) => State::Open,
            _ if begun => State::Done,
            // The confirmation is the plan, which a run that is taken up again has behind it.
            _ if later => State::Skipped,
            _ => State::ToCome,
        }
    }

    /// The fence goes on until the start is tried, whatever else is done meanwhile.
    fn is_open(&self, number: usize) -> bool {
        number == FENCE && !self.started && self.step(number).is_some_and(|step| step.begun)
    }

    /// Are the fence's rungs worth their lines?
    pub(super) fn shows_rungs(&self) -> bool {
        !self.rungs.is_empty() && (self.ended.is_some() || self.is_open(FENCE))
    }
}
