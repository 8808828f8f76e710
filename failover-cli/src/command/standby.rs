//! `standby`: after a failover, makes this machine the new backup, then checks it as one.

use std::fmt;

use failover_core::baker::BakerState;
use failover_core::clock::SystemClock;
use failover_core::decision::{Step, standby_marks};
use failover_core::effect::Hands;
use failover_core::operator::{Answer, Operator, Question};
use failover_core::permit::{RunId, STOP_PATIENCE, hostname};
use failover_core::session::{Look, open};
use failover_core::signer::traits::RaisedBy;
use failover_core::signer::{DeviceState, KeyName, reached};
use failover_core::standby::{self, Part};
use failover_core::state::{PlanId, StateDir};
use serde::Serialize;

use super::hwm::shows;
use super::stand_down::by;
use super::{check, guard};
use crate::afterwards::LocksAfterwards;
use crate::args::Standby;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output, Row};
use crate::prompt::Prompt;
use crate::settings::Settings;
use crate::signals;

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
    out.check(&PartRecord { part }, Row::done(part.done), &part.what, &part.says);
}

/// What a person will be asked for at the device's screen.
fn prompts(step: &Step, device: &DeviceState) -> Option<String> {
    let Step::RaiseMarks { keys, level, .. } = step else { return None };
    let there =
        |key: &KeyName| device.named(key).is_some_and(|key| key.marks.is_some_and(|marks| reached(&marks, *level)));
    shows(device.info.model, *level).filter(|_| !keys.iter().all(there))
}

/// Stops, guards and disarms this machine, raises its marks above everything seen, and checks it as a backup.
///
/// # Errors
/// The configuration or a part cannot be used at all.
pub(crate) fn run(settings: &Settings, wanted: Standby, out: &mut Output) -> Result<End, Failure> {
    let Standby { answers, stop } = wanted;
    let config = settings.config()?;
    // S14: at once and without any lock; a run that goes on here ends by it.
    let permits = config.root().of(config.baker.chain, config.baker.address);
    let stopped = permits.take_away(&by("standby"))?;
    let state = StateDir::open(settings.state())?;
    let mut prompt = Prompt::new(answers, settings.passphrase(out)?);
    // It is no harm to anybody's keys; but on the machine that bakes it ends the baking.
    prompt.tell(&format!(
        "This makes {} the backup of {}:\n  1  what signs here is stopped and guarded\n  2  the keys here are locked or \
         deauthorized, and their marks raised above everything seen\nWhatever bakes on another machine goes on.",
        hostname(),
        config.baker.name
    ));
    if prompt.ask(&Question::Proceed { name: config.baker.name.clone(), plan: None })? == Answer::No {
        return Ok(End::new(Exit::Cancelled, guard::nothing_more(stopped)));
    }
    let mut control = open::backup(&config.backup, state.path())?;
    // S3: a machine whose services cannot be read may bake.
    let bakes = match control.state() {
        Ok(BakerState::Stopped { .. }) => None,
        Ok(BakerState::Running { .. }) => Some("this machine bakes".to_owned()),
        Err(error) => Some(format!("whether this machine bakes is not known: {error}")),
    };
    if let Some(bakes) = bakes
        && !guard::may_be_stopped(&mut *control, stop.as_deref(), stopped)?
    {
        let next = format!("if this is the machine that is to stand by: `failover standby --stop {}`", hostname());
        return Err(Failure::refused(format!("{bakes}; nobody said that it is to be stopped"), next));
    }
    // The run that lost its permit lets its lock go; it is not overtaken.
    let lock = open::lock_here_within(&config, STOP_PATIENCE)?;
    let permit = open::permit(&config, &state, RunId::random()?)?;
    let hands = open::disarming(&config, &state, Box::new(prompt), &signals::flag())?;
    let mut hands = Hands { permit: Some(permit.clone()), ..hands };
    let mut parts = standby::fence(&mut hands, &SystemClock);
    for part in &parts {
        show(part, out);
    }
    let policy = open::policy(&config, &state, None, false)?;
    let (facts, _) = Look::open(&config, &state, policy.clone(), PlanId::random()?, None, signals::flag())?.once();
    if config.signer.device.model().traits().raised_by != RaisedBy::Command {
        signals::cancel(out);
    }
    let there = facts.backup.device.is_ok();
    let token = hands.guard.token();
    let afterwards = there.then(|| LocksAfterwards::where_possible(&config.signer.device, Some(&token))).flatten();
    let (marks, raised) = match standby_marks(&facts, &policy) {
        Ok(step) => {
            let device = facts.backup.device.as_ref().ok().map(|seen| &seen.value);
            if let Some(shows) = device.and_then(|device| prompts(step.get(), device)) {
                out.line(shows);
            }
            standby::marks(&mut hands, step, &SystemClock, PlanId::random()?)
        }
        Err(refusal) => (Part::missing("marks", refusal.to_string(), refusal.next()), Vec::new()),
    };
    if let Some(afterwards) = afterwards {
        afterwards.done_where_locked(marks.done, &mut *hands.device);
    }
    show(&marks, out);
    parts.push(marks);
    // Gone already, where something stopped this command.
    let _said_by_the_marks = permit.permits.end(&permit.run);
    drop((hands, lock));
    if let Some(next) = parts.iter().find(|part| !part.done).and_then(|part| part.next.clone()) {
        return Ok(End::new(Exit::NotReady, next));
    }
    // From here on `return` counts what is armed here anew (S16).
    standby::completed(&state, &SystemClock, raised)?;
    check::run(settings, false, out)
}
