//! A run's records as a person reads them: one step of the written procedure after the other.

use std::time::Duration;

use failover_core::decision::{Path, Step, WaitFor, Waiting};
use failover_core::facts::Signed;
use failover_core::journal::record::{Plan, Record, StepResult};
use failover_core::operator::{Answer, Question};
use failover_core::report::{question, title};
use failover_core::signer::Raised;
use failover_core::tezos::{Kind, Level};

/// Tells a run. A step's heading is printed whenever the telling comes to another step.
#[derive(Debug, Default)]
pub(crate) struct Story {
    step: Option<u8>,
    floor: Option<Level>,
    bound: Option<Level>,
    path: Option<Path>,
    rungs: Vec<(String, bool)>,
}

impl Story {
    /// The lines for one record; none where a person need not know.
    pub(crate) fn tell(&mut self, record: &Record) -> Vec<String> {
        let mut lines = Vec::new();
        match record {
            Record::Plan(plan) => {
                self.heading(1, &mut lines);
                plan_lines(plan, &mut lines);
            }
            Record::Resume { .. } => {
                lines.push("Taking up the interrupted run: everything is looked at again.".to_owned())
            }
            Record::Asked { asked, answer } => self.asked(asked, *answer, &mut lines),
            Record::Before { number, step } => self.before(*number, step, &mut lines),
            Record::After { step, result, .. } => self.after(step, result, &mut lines),
            Record::Fence { path, rungs } => {
                self.heading(3, &mut lines);
                if self.path != Some(*path) {
                    self.path = Some(*path);
                    lines.push(match path {
                        Path::Controlled => "    the primary could be stopped; the fence needs:".to_owned(),
                        Path::Unproven => {
                            "    nothing proves that the primary is off; the risk is taken behind:".to_owned()
                        }
                        Path::Uncontrolled => {
                            "    the primary could not be stopped from here; the fence needs:".to_owned()
                        }
                    });
                    self.rungs.clear();
                }
                for rung in rungs.iter().filter(|rung| !self.rungs.contains(&(rung.name.clone(), rung.proven))) {
                    lines.push(format!("    [{}] {}: {}", if rung.proven { "x" } else { " " }, rung.name, rung.why));
                }
                self.rungs = rungs.iter().map(|rung| (rung.name.clone(), rung.proven)).collect();
            }
            Record::Wait { waiting, .. } => self.wait(waiting, &mut lines),
            Record::Duplicate { signed, shared } => {
                lines.push(String::new());
                lines.push("ANOTHER MACHINE SIGNS with this baker's keys; the backup is stopped:".to_owned());
                let shown = |s: &Signed| format!("    {} {} seen in {}", s.kind, s.at, s.seen_in);
                lines.extend(signed.iter().map(shown));
                if !shared.is_empty() {
                    lines.push("Before that the backup signed too; each of these may be signed twice:".to_owned());
                    lines.extend(shared.iter().map(shown));
                }
            }
            Record::Disarmed { proven, what } => {
                let head =
                    if *proven { "The backup cannot sign:" } else { "THE BACKUP IS NOT READ BACK AS UNABLE TO SIGN:" };
                lines.push(head.to_owned());
                lines.extend(what.iter().map(|w| format!("    {w}")));
            }
            _ => {}
        }
        lines
    }

    fn heading(&mut self, number: u8, lines: &mut Vec<String>) {
        if self.step != Some(number) {
            self.step = Some(number);
            lines.push(format!("{number}  {}", title(number)));
        }
    }

    fn asked(&mut self, asked: &Question, answer: Answer, lines: &mut Vec<String>) {
        let said = if answer == Answer::Yes { "yes" } else { "no" };
        let (number, text) = question(asked);
        self.heading(number, lines);
        lines.push(format!("    asked: {text}: {said}"));
    }

    fn before(&mut self, number: u8, step: &Step, lines: &mut Vec<String>) {
        self.heading(number, lines);
        match step {
            Step::NoteLevel { bound, .. } => self.bound = Some(*bound),
            Step::Raise { floor, .. } | Step::Authorize { floor, .. } => self.floor = Some(*floor),
            _ => {}
        }
        lines.push(format!("    {step}"));
    }

    fn after(&self, step: &Step, result: &StepResult, lines: &mut Vec<String>) {
        match result {
            StepResult::Failed { why, .. } => lines.push(format!("    failed: {why}")),
            StepResult::Done { raised, nonces } => {
                lines.extend(nonces.iter().map(|merged| format!("    {merged}")));
                lines.extend(raised.iter().flat_map(marks));
                if let (Step::Raise { .. } | Step::Authorize { .. }, Some(bound), Some(floor)) =
                    (step, self.bound, self.floor)
                    && let Some(last) = floor.below(1).filter(|last| *last > bound)
                {
                    let first = bound.above(1);
                    lines.push(format!("    quarantine {first} to {last}: whatever is signed there is the primary's"));
                }
            }
        }
    }

    fn wait(&mut self, waiting: &Waiting, lines: &mut Vec<String>) {
        let left = match waiting.left {
            Some(left) => format!(", at most about {}", seconds(left)),
            None => String::new(),
        };
        let (number, text) = match &waiting.why {
            WaitFor::Chain { level } => (3, format!("the chain to move on from level {level}")),
            WaitFor::Known { what } => (self.step.unwrap_or(0), format!("what is not known at the moment: {what}")),
            WaitFor::Stopped => (2, "a second reading of the primary's services".to_owned()),
            WaitFor::Silence { silent, needed } => {
                (3, format!("the primary's silence: {silent} of {needed} levels so far"))
            }
            WaitFor::Statement => (3, "the two minutes after the statement".to_owned()),
            WaitFor::Baking { floor, .. } => (7, format!("the backup's first signature above {floor} on chain")),
            WaitFor::Steady { missed: Some(missed) } => {
                (7, format!("the missed levels to stop growing: {missed} in this cycle"))
            }
            WaitFor::Steady { missed: None } => {
                (7, "the node to say how many levels were missed in this cycle".to_owned())
            }
            WaitFor::Quarantine { floor, .. } => (7, format!("every level up to the floor {floor} to be judged")),
            _ => (self.step.unwrap_or(0), "something".to_owned()),
        };
        self.heading(number, lines);
        lines.push(format!("    waiting for {text}{left}"));
    }
}

fn seconds(left: Duration) -> String {
    match left.as_secs() {
        s if s < 120 => format!("{s} s"),
        s => format!("{} min", s.div_ceil(60)),
    }
}

fn marks(raised: &Raised) -> Vec<String> {
    let mut lines = vec![format!("    {}: read back", raised.key)];
    for kind in Kind::ALL {
        lines.push(format!("        {kind:<15} {} -> {}", raised.before.of(kind), raised.after.of(kind)));
    }
    lines
}

fn plan_lines(plan: &Plan, lines: &mut Vec<String>) {
    lines.push(format!("    plan {} for {}", plan.plan, plan.name));
    lines.push(match plan.path {
        Path::Controlled => format!("    controlled: {}, and will be stopped", plan.why),
        Path::Uncontrolled | Path::Unproven => format!("    emergency: {}", plan.why),
    });
    lines.extend(plan.sources.iter().map(|source| format!("    {source}")));
    lines.push(match &plan.last_signed {
        Some(last) => format!("    head {}; the baker's last signature seen: {} {}", plan.head, last.kind, last.at),
        None => format!("    head {}; nothing signed by this baker in the levels read", plan.head),
    });
    if let (Some(bound), Some(basis)) = (plan.bound, &plan.basis) {
        lines.push(format!("    the primary may have signed up to {bound}: {basis}"));
    }
    lines.push(format!("    floor about {} for the keys {}", plan.floor, plan.keys.join(", ")));
    lines.extend(plan.pending.iter().map(|key| format!("    to come: {key}")));
    lines.push(format!(
        "    start after {} silent levels of the primary, and its keys locked there or a statement about its signer",
        plan.silent
    ));
    lines.extend(
        plan.fence
            .iter()
            .map(|rung| format!("    now [{}] {}: {}", if rung.proven { "x" } else { " " }, rung.name, rung.why)),
    );
    lines.extend(plan.price.iter().flat_map(|price| price.lines()).map(|line| format!("    {line}")));
}
