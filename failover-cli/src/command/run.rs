//! `run` and `resume`: the procedure.

use std::fs;
use std::path::Path;

use failover_core::clock::{Clock, SystemClock};
use failover_core::decision::Policy;
use failover_core::failover::{Past, earlier_refusal, plan};
use failover_core::journal::record::{End as Ended, Record};
use failover_core::journal::{self, Entry, JournalFile};
use failover_core::state::{Plan, PlanError, PlanId, PlanIdError, StateDir};

use crate::args::{self, Answers, Confirmation};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::output::{End, Output};
use crate::prompt::Prompt;
use crate::session;
use crate::settings::Settings;
use crate::story::Story;

impl From<PlanIdError> for Failure {
    fn from(error: PlanIdError) -> Self {
        Self::usage(&error, "run `failover run --plan-only` and use the plan that it prints")
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::usage(&error, error.next())
    }
}

/// Is a run over, so that there is nothing to resume?
pub(crate) fn finished(entries: &[Entry<Record>]) -> bool {
    // Interrupted and failed runs and those that lost their lock can be taken up again; done, refused, cancelled and
    // stood-down ones are over.
    entries.iter().rev().find_map(|entry| match &entry.record {
        Record::End(end) => Some(!matches!(end.outcome.as_str(), "interrupted" | "failed" | "locked")),
        Record::Resume { .. } | Record::Before { .. } | Record::After { .. } => Some(false),
        _ => None,
    }) == Some(true)
}

/// The plan that a flag's statement names, where it is one that was shown in the last ten minutes.
fn confirmed(answers: &Answers, state: &StateDir) -> Result<Option<PlanId>, Failure> {
    let given: Vec<&Confirmation> =
        [&answers.confirm_disconnected, &answers.confirm_powered_off].into_iter().flatten().collect();
    let Some(first) = given.first() else { return Ok(None) };
    let shown = state.plan()?.ok_or_else(|| {
        Failure::usage("no plan was shown yet that could be confirmed", "run `failover run --plan-only` first")
    })?;
    for confirmation in &given {
        shown.confirms(&confirmation.name, confirmation.plan.parse()?, SystemClock.now())?;
    }
    Ok(Some(first.plan.parse()?))
}

/// `run`.
///
/// # Errors
/// The configuration, the state, the lock or a part cannot be used. Everything later is the run's own end.
pub(crate) fn run(settings: &Settings, wanted: &args::Run, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    session::no_duplicate(&state)?;
    let mut policy = session::policy(&config, &state, wanted.margin, wanted.emergency)?;
    policy.without.clone_from(&wanted.without);
    let locks = locks::all(&config, out)?;
    if let Some((path, _)) = state.unfinished(finished)?
        && !wanted.plan_only
    {
        return Err(Failure::new(
            Exit::Interrupted,
            format!("the run {} was interrupted", path.display()),
            "run `failover resume` to go on, or `failover stand-down` to leave it",
        ));
    }
    let known = confirmed(&wanted.answers, &state)?;
    let id = match known {
        Some(id) => id,
        None => PlanId::random()?,
    };
    let mut prompt = Prompt::new(wanted.answers.clone(), settings.passphrase(out)?);
    if known.is_some() {
        prompt.about(id.to_string());
    }
    if wanted.plan_only {
        show_plan(settings, &config, &state, (policy, id), out)?;
        return Ok(End::done(format!(
            "unplug the primary's signer, then within 10 minutes: failover run --confirm-disconnected {}:{id}",
            config.baker.name
        )));
    }
    let refused = earlier_refusal(&state, &policy, SystemClock.now())?;
    let file = state.create_journal(SystemClock.now(), id)?;
    let path = file.path().to_owned();
    out.begin_screen(true);
    prompt.beside(out.screen());
    let mut run =
        session::failover(settings, &config, &state, (policy, id, file), (locks, Box::new(prompt)), None, out)?;
    run = run.after_refusal(refused);
    Ok(told(run.run(), id, &path, out))
}

/// The end of a run, and how to keep what happened in it.
fn told(ended: Ended, plan: PlanId, journal: &Path, out: &mut Output) -> End {
    let end = session::ended(ended, out);
    // Where the disk had no room for its first record, there is nothing to draw.
    if fs::metadata(journal).is_ok_and(|file| file.len() > 0) {
        out.line(format!("Its report: failover report {plan} --html report.html"));
    }
    end
}

/// Looks once, shows the plan and keeps its name.
fn show_plan(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    (policy, id): (Policy, PlanId),
    out: &mut Output,
) -> Result<(), Failure> {
    match plan(&mut session::looking(settings, config, state, policy, id)?) {
        Ok(plan) => {
            session::show(out, &mut Story::default(), &Record::Plan(plan));
            state.set_plan(&Plan { plan: id, name: config.baker.name.clone(), created: SystemClock.now() })?;
            Ok(())
        }
        Err(refusal) => Err(Failure::new(Exit::of(refusal.exit()), &refusal, refusal.next())),
    }
}

/// Nothing is left to resume: says how the last run ended.
fn over(state: &StateDir, out: &mut Output) -> Result<End, Failure> {
    let none = || Failure::usage("no run was interrupted", "start one with `failover run`");
    let newest = state.journals()?.into_iter().next().ok_or_else(none)?;
    let last = journal::read::<Record>(&newest)?.entries.into_iter().last();
    match last.map(|entry| entry.record) {
        Some(Record::End(end)) => {
            out.line(format!("The last run is over: {}", end.message));
            Ok(End::of_run(end))
        }
        _ => Err(none()),
    }
}

/// `resume`.
///
/// # Errors
/// There is nothing to resume, or as `run`.
pub(crate) fn resume(settings: &Settings, wanted: &args::Resume, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    session::no_duplicate(&state)?;
    let locks = locks::all(&config, out)?;
    let Some((path, _)) = state.unfinished(finished)? else { return over(&state, out) };
    let (file, journal) = JournalFile::<Record>::reopen(&path)?;
    let Some(past) = Past::of(&journal.entries) else {
        return Err(Failure::refused(
            format!("{} does not begin as a run does", path.display()),
            "run `failover stand-down`, then start again with `failover run`",
        ));
    };
    if past.policy.baker != config.baker.address || past.policy.chain != config.baker.chain {
        return Err(Failure::usage(
            format!("the interrupted run is for {} on {}", past.policy.baker, past.policy.chain),
            "use that baker's configuration",
        ));
    }
    let mut prompt = Prompt::new(wanted.answers.clone(), settings.passphrase(out)?);
    prompt.about(past.plan.to_string());
    out.begin_screen(true);
    prompt.beside(out.screen());
    let (policy, plan) = (past.policy.clone(), past.plan);
    let refused = earlier_refusal(&state, &policy, SystemClock.now())?;
    let mut run =
        session::failover(settings, &config, &state, (policy, plan, file), (locks, Box::new(prompt)), Some(past), out)?;
    run = run.after_refusal(refused);
    Ok(told(run.run(), plan, &path, out))
}
