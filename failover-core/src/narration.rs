//! A run's records as a person reads them: one step of the written procedure after the other. Told once, for plain lines, a
//! screen or a page.
//!
//! ```
//! use failover_core::journal::record::Record;
//! use failover_core::narration::Narration;
//!
//! let mut story = Narration::default();
//! let record = Record::Disarmed { proven: true, what: vec!["the keys read back locked".to_owned()] };
//! let told: Vec<String> = story.tell(&record).iter().map(ToString::to_string).collect();
//! assert_eq!(told, ["The backup cannot sign:", "    the keys read back locked"]);
//! ```

use std::fmt;
use std::time::Duration;

use crate::decision::ladder::title;
use crate::decision::{Path, Rung, RungKind, Step, WaitFor, Waiting, about};
use crate::facts::Signed;
use crate::journal::record::{Plan, Record, StepResult};
use crate::operator::{Answer, Question};
use crate::report::number;
use crate::signer::Raised;
use crate::tezos::{Kind, Level};

/// One thing that is told. Its `Display` is its plain line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// The telling comes to another step.
    Step(u8),
    /// Of the plan: read once, before anything is done.
    Plan(String),
    /// The fence, and which set of rungs it needs.
    Path(&'static str),
    /// This is tried from now on.
    Try(String),
    /// It failed.
    Failed(String),
    /// More of it.
    Note(String),
    /// A rung of the fence changed.
    Rung(Rung),
    /// This is waited for, and how long at most.
    Wait(String, Option<Duration>),
    /// Of no step.
    Aside(String),
    /// Of no step, and somebody must see it.
    Alarm(String),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(number) => write!(f, "{number}  {}", title(*number)),
            Self::Path(text) => write!(f, "    {text}"),
            Self::Plan(text) | Self::Try(text) | Self::Note(text) => write!(f, "    {text}"),
            Self::Failed(why) => write!(f, "    failed: {why}"),
            Self::Rung(Rung { kind, proven, why }) => {
                write!(f, "    [{}] {kind}: {why}", if *proven { "x" } else { " " })
            }
            Self::Wait(what, None) => write!(f, "    waiting for {what}"),
            Self::Wait(what, Some(left)) => write!(f, "    waiting for {what}, at most about {}", about(*left)),
            Self::Aside(text) | Self::Alarm(text) => f.write_str(text),
        }
    }
}

/// Tells a run, one record after the other. A step's heading is told whenever the telling comes to another step.
#[derive(Debug, Default)]
pub struct Narration {
    step: Option<u8>,
    floor: Option<Level>,
    bound: Option<Level>,
    path: Option<Path>,
    rungs: Vec<(RungKind, bool)>,
    /// Was it said already what a complaint may mean?
    complained: bool,
}

impl Narration {
    /// What is told of one record; nothing where a person need not know.
    pub fn tell(&mut self, record: &Record) -> Vec<Told> {
        let mut lines = Vec::new();
        match record {
            Record::Plan(plan) => {
                self.heading(1, &mut lines);
                plan_lines(plan, &mut lines);
            }
            Record::Resume { .. } => {
                let text = "Taking up the interrupted run: everything is looked at again.";
                lines.push(Told::Aside(text.to_owned()));
            }
            Record::Asked { asked, answer } => self.asked(asked, *answer, &mut lines),
            Record::Before { number, step } => self.before(*number, step, &mut lines),
            Record::After { step, result, .. } => self.after(step, result, &mut lines),
            Record::Fence { path, rungs } => {
                self.heading(3, &mut lines);
                if self.path != Some(*path) {
                    self.path = Some(*path);
                    lines.push(Told::Path(match path {
                        Path::Controlled => "the primary could be stopped; the fence needs:",
                        Path::Unproven => {
                            "nothing proves that the primary is off; the person takes the risk; the fence needs:"
                        }
                        Path::Uncontrolled => "the primary could not be stopped from here; the fence needs:",
                    }));
                    self.rungs.clear();
                }
                let new = rungs.iter().filter(|rung| !self.rungs.contains(&(rung.kind, rung.proven)));
                lines.extend(new.cloned().map(Told::Rung));
                self.rungs = rungs.iter().map(|rung| (rung.kind, rung.proven)).collect();
            }
            Record::Wait { waiting, .. } => self.wait(waiting, &mut lines),
            Record::Duplicate { signed, shared } => {
                lines.push(Told::Alarm(String::new()));
                let text = "ANOTHER MACHINE SIGNS with this baker's keys; the backup is stopped:";
                lines.push(Told::Alarm(text.to_owned()));
                let shown = |s: &Signed| Told::Alarm(format!("    {} {:#} seen in {}", s.kind, s.at, s.seen_in));
                lines.extend(signed.iter().map(shown));
                if !shared.is_empty() {
                    let text = "Before that the backup signed too; each of these may be signed twice:";
                    lines.push(Told::Alarm(text.to_owned()));
                    lines.extend(shared.iter().map(shown));
                }
            }
            Record::Rumour { signed } => {
                let text = "The mempool has votes for this baker whose signature the node has not checked; anybody can send \
                            such votes, and they stop nothing:";
                lines.push(Told::Aside(text.to_owned()));
                let shown = |s: &Signed| Told::Aside(format!("    {} {:#} seen in {}", s.kind, s.at, s.seen_in));
                lines.extend(signed.iter().map(shown));
            }
            Record::Complaints { lines: said } => {
                self.heading(7, &mut lines);
                // Said of every run: a person must not take it for a fault.
                if let Some(floor) = self.floor.filter(|_| !std::mem::replace(&mut self.complained, true)) {
                    lines.push(Told::Note(format!(
                        "(its signer refuses to sign below {floor:#}: that is what the marks are for)"
                    )));
                }
                lines.extend(said.iter().map(|line| Told::Note(format!("the backup says: {line}"))));
            }
            Record::Disarmed { proven: true, what } => {
                lines.push(Told::Aside("The backup cannot sign:".to_owned()));
                lines.extend(what.iter().map(|what| Told::Aside(format!("    {what}"))));
            }
            Record::Disarmed { proven: false, what } => {
                lines.push(Told::Alarm("THE BACKUP IS NOT READ BACK AS UNABLE TO SIGN:".to_owned()));
                lines.extend(what.iter().map(|what| Told::Alarm(format!("    {what}"))));
            }
            _ => {}
        }
        lines
    }

    fn heading(&mut self, number: u8, lines: &mut Vec<Told>) {
        if self.step != Some(number) {
            self.step = Some(number);
            lines.push(Told::Step(number));
        }
    }

    fn asked(&mut self, asked: &Question, answer: Answer, lines: &mut Vec<Told>) {
        let said = if answer == Answer::Yes { "yes" } else { "no" };
        let number = number(asked);
        self.heading(number, lines);
        lines.push(Told::Note(format!("asked: {asked}: {said}")));
    }

    fn before(&mut self, number: u8, step: &Step, lines: &mut Vec<Told>) {
        self.heading(number, lines);
        match step {
            Step::NoteLevel { bound, .. } => self.bound = Some(*bound),
            Step::Raise { floor, .. } | Step::Authorize { floor, .. } => self.floor = Some(*floor),
            _ => {}
        }
        lines.push(Told::Try(step.to_string()));
    }

    fn after(&self, step: &Step, result: &StepResult, lines: &mut Vec<Told>) {
        match result {
            StepResult::Failed { why, .. } => lines.push(Told::Failed(why.clone())),
            StepResult::Done { raised, nonces, .. } => {
                lines.extend(nonces.iter().map(|merged| Told::Note(merged.to_string())));
                lines.extend(raised.iter().filter(|_| step.raises()).flat_map(marks));
                if let (Step::Raise { .. } | Step::Authorize { .. }, Some(bound), Some(floor)) =
                    (step, self.bound, self.floor)
                    && let Some(last) = floor.below(1).filter(|last| *last > bound)
                {
                    let first = bound.above(1);
                    let text = format!("quarantine {first:#} to {last:#}: whatever is signed there is the primary's");
                    lines.push(Told::Note(text));
                }
            }
        }
    }

    fn wait(&mut self, waiting: &Waiting, lines: &mut Vec<Told>) {
        let number = match &waiting.why {
            WaitFor::Chain { .. } | WaitFor::Silence { .. } | WaitFor::Statement => 3,
            WaitFor::Stopped => 2,
            WaitFor::Baking { .. } | WaitFor::Steady { .. } | WaitFor::Quarantine { .. } => 7,
            _ => self.step.unwrap_or(0),
        };
        self.heading(number, lines);
        lines.push(Told::Wait(waiting.why.to_string(), waiting.left));
    }
}

fn marks(raised: &Raised) -> Vec<Told> {
    let mut lines = vec![Told::Note(format!("{}: read back", raised.key))];
    for kind in Kind::ALL {
        let text = format!("    {kind:<15} {:#} -> {:#}", raised.before.of(kind), raised.after.of(kind));
        lines.push(Told::Note(text));
    }
    lines
}

fn plan_lines(plan: &Plan, lines: &mut Vec<Told>) {
    let mut tell = |text: String| lines.push(Told::Plan(text));
    tell(format!("plan {} for {}", plan.plan, plan.name));
    tell(match plan.path {
        Path::Controlled => format!("controlled: {}, and will be stopped", plan.why),
        Path::Uncontrolled | Path::Unproven => format!("emergency: {}", plan.why),
    });
    plan.sources.iter().for_each(|source| tell(source.clone()));
    tell(match &plan.last_signed {
        Some(last) => format!("head {:#}; the baker's last signature seen: {} {:#}", plan.head, last.kind, last.at),
        None => format!("head {:#}; nothing signed by this baker in the levels read", plan.head),
    });
    if let (Some(bound), Some(basis)) = (plan.bound, &plan.basis) {
        tell(format!("the primary may have signed up to {bound:#}: {basis}"));
    }
    tell(format!("floor about {:#} for the keys {}", plan.floor, plan.keys.join(", ")));
    plan.takeover.iter().for_each(|takeover| tell(takeover.clone()));
    plan.pending.iter().for_each(|key| tell(format!("to come: {key}")));
    if !plan.pays.is_empty() {
        tell(format!("stopped with what signs, and started by you alone: {}, which pays", plan.pays.join(", ")));
    }
    tell(format!(
        "start after {} silent levels of the primary, and its keys locked there or a statement about its signer",
        plan.silent
    ));
    for rung in &plan.fence {
        tell(format!("now [{}] {}: {}", if rung.proven { "x" } else { " " }, rung.kind, rung.why));
    }
    plan.price.iter().flat_map(|price| price.lines()).for_each(tell);
}
