//! `standby`: after a failover, makes this machine the new backup, then checks it as one.

use std::fmt;

use failover_core::clock::SystemClock;
use failover_core::decision::standby_marks;
use failover_core::operator::{Answer, Operator, Question};
use failover_core::standby::{self, Part};
use failover_core::state::{PlanId, StateDir};
use serde::Serialize;

use super::check;
use crate::args::Answers;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::output::{End, Output};
use crate::prompt::Prompt;
use crate::session;
use crate::settings::Settings;

/// One part, as it was read back.
#[derive(Serialize)]
#[serde(tag = "record", rename = "standby")]
struct PartRecord<'a> {
    #[serde(flatten)]
    part: &'a Part,
}

impl fmt::Display for PartRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}: {}", if self.part.done { "x" } else { " " }, self.part.what, self.part.says)
    }
}

fn show(part: &Part, out: &mut Output) {
    out.check(&PartRecord { part }, part.done, &part.what, &part.says);
}

/// Stops, guards and disarms this machine, raises its marks above everything seen, and checks it as a backup.
///
/// # Errors
/// The configuration or a part cannot be used at all.
pub(crate) fn run(settings: &Settings, answers: Answers, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    let mut prompt = Prompt::new(answers, settings.passphrase(out)?);
    // It is no harm to anybody's keys; but on the machine that bakes it ends the baking.
    if prompt.ask(&Question::Proceed { name: config.baker.name.clone() })? == Answer::No {
        return Ok(End::new(Exit::Cancelled, "nothing was done"));
    }
    // A run of this machine is stood down, not overtaken; `stand-down` asks no lock (S12).
    let lock = locks::here(&config)?;
    let mut hands = session::disarming(&config, &state, Box::new(prompt))?;
    let mut parts = standby::fence(&mut hands, &SystemClock);
    for part in &parts {
        show(part, out);
    }
    let policy = session::policy(&config, &state, None, false)?;
    let (facts, _) = session::looking(settings, &config, &state, policy.clone(), PlanId::random()?)?.look_once();
    let (marks, raised) = match standby_marks(&facts, &policy) {
        Ok(step) => standby::marks(&mut hands, step, &SystemClock, PlanId::random()?),
        Err(refusal) => (Part::missing("marks", refusal.to_string(), refusal.next()), Vec::new()),
    };
    show(&marks, out);
    parts.push(marks);
    drop((hands, lock));
    if let Some(next) = parts.iter().find(|part| !part.done).and_then(|part| part.next.clone()) {
        return Ok(End::new(Exit::NotReady, next));
    }
    // From here on `return` counts what is armed here anew (S16).
    standby::completed(&state, &SystemClock, raised)?;
    check::run(settings, out)
}
