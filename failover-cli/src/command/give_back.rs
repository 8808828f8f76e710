//! `return`: gives the fenced primary back its job, only if the backup never started and cannot sign.

use failover_core::baker::BakerState;
use failover_core::clock::{Clock as _, SystemClock};
use failover_core::effect::{EffectError, Hands, give_back};
use failover_core::failover::Past;
use failover_core::journal::record::{End as Ended, Record};
use failover_core::journal::{self, Entry};
use failover_core::operator::{Answer, Operator, Question};
use failover_core::state::{PlanId, Role, StateDir};

use crate::args::Answers;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::output::{End, Output};
use crate::parts;
use crate::prompt::Prompt;
use crate::session;
use crate::settings::Settings;

const START_BY_HAND: &str = "start it by hand, if it is sure that the backup cannot sign";

/// Did the backup's start get as far as being tried, in this run? Tried is enough: it may have signed.
fn started(entries: &[Entry<Record>]) -> bool {
    entries.iter().any(|entry| matches!(&entry.record, Record::Before { step, .. } if step.name() == "start"))
}

/// Starts the primary's baker again.
///
/// # Errors
/// The backup may have signed or still could, the machine is another, or a part cannot be used.
pub(crate) fn run(settings: &Settings, answers: Answers, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    session::no_duplicate(&state)?;
    let locks = locks::all(&config, out)?;
    let Some(path) = state.journals()?.into_iter().next() else {
        return Err(Failure::usage("no run took the primary's job away", "there is nothing to give back"));
    };
    let entries = journal::read::<Record>(&path)?.entries;
    if started(&entries) {
        return Err(Failure::refused(
            "the backup was started in the last run and may have signed",
            "let the backup bake; on the repaired primary raise the marks before it is needed",
        ));
    }
    let Some(machine) = &config.primary.machine else {
        return Err(Failure::usage("the configuration has no way to start the primary", START_BY_HAND));
    };
    let mut prompt = Prompt::new(answers, settings.passphrase(out)?);
    if prompt.ask(&Question::Proceed { name: config.baker.name.clone() })? == Answer::No {
        return Ok(End::new(Exit::Cancelled, "nothing was done"));
    }
    let mut hands = Hands { locks, ..session::hands(&config, &state, Box::new(prompt))? };
    let Some(primary) = hands.primary.as_mut() else {
        return Err(Failure::usage("the configuration has no way to start the primary", START_BY_HAND));
    };
    let found = primary.identity()?;
    let pinned = state.pins()?.unwrap_or_default().get(Role::Primary).map(|pin| pin.identity.clone());
    let own = hands.backup.identity()?;
    if found == own || pinned.is_some_and(|pin| pin != found) {
        return Err(Failure::refused(
            format!("{} is not the primary: its machine-id is {}", primary.describe(), found.machine_id),
            "find out which machine answers there",
        ));
    }
    let plan = Past::of(&entries).map(|past| past.plan).map_or_else(PlanId::random, Ok)?;
    give_back(&mut hands, plan, &SystemClock).map_err(|error| match error {
        EffectError::NotDisarmed { .. } => Failure::refused(&error, error.next()),
        EffectError::Lock(lost) => lost.into(),
        error => Failure::new(Exit::Failed, &error, error.next()),
    })?;
    let end = match parts::open_control(machine)?.state()? {
        BakerState::Running { what } => {
            out.line(format!("The primary runs again: {}", what.join(", ")));
            "look for its signatures with `failover activity`; a signer that was locked or deauthorized is unlocked there by hand"
        }
        BakerState::Stopped { .. } => {
            return Err(Failure::new(
                Exit::Failed,
                "the primary was told to start and does not run",
                "look at its services there",
            ));
        }
    };
    write_down(&state, &path, end)?;
    Ok(End::done(end))
}

/// The run is over: there is nothing left to resume.
fn write_down(_state: &StateDir, path: &std::path::Path, next: &str) -> Result<(), Failure> {
    let (mut file, _) = journal::JournalFile::<Record>::reopen(path)?;
    let end = Ended {
        outcome: "returned".to_owned(),
        exit: 0,
        message: "the primary has its job back".to_owned(),
        refusal: None,
        resumed: None,
        next: next.to_owned(),
    };
    file.append(SystemClock.now(), &Record::End(end))?;
    Ok(())
}
