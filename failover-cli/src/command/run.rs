//! `run` and `resume`: the procedure.

use std::fs;
use std::path::Path;

use failover_core::clock::{Clock, SystemClock};
use failover_core::config::Config;
use failover_core::decision::Policy;
use failover_core::failover::{PreviousRun, earlier_refusal, plan};
use failover_core::journal::record::{End as Ended, Record};
use failover_core::journal::{self, Entry, JournalFile};
use failover_core::permit::RunId;
use failover_core::preflight;
use failover_core::state::{About, Plan, PlanError, PlanId, PlanIdError, StateDir};

use crate::args::{self, Answers, Confirmation};
use crate::failure::Failure;
use crate::locks;
use crate::narration::Narration;
use crate::output::{End, Output};
use crate::prompt::Prompt;
use crate::session;
use crate::settings::Settings;

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

pub(crate) use failover_core::failover::is_over as finished;

/// What a statement about this run is about.
fn about(policy: &Policy) -> About {
    About {
        baker: policy.baker,
        chain: policy.chain,
        host: policy.host.clone(),
        margin: policy.margin,
        emergency: policy.emergency,
        without: policy.without.clone(),
    }
}

/// The plan that a flag's statement names, where it is one that was shown in the last ten minutes, about the same.
fn confirmed(answers: &Answers, state: &StateDir, policy: &Policy) -> Result<Option<PlanId>, Failure> {
    let Answers { confirm_disconnected, confirm_powered_off, confirm_ledger_setting, .. } = answers;
    if policy.signer_apart && confirm_powered_off.is_some() {
        let why = "the primary's signer has a machine of its own: a baker's machine that is off is no fence";
        return Err(Failure::usage(why, "unplug the signer, and say so with --confirm-disconnected"));
    }
    let given: Vec<&Confirmation> =
        [confirm_disconnected, confirm_powered_off, confirm_ledger_setting].into_iter().flatten().collect();
    let Some(first) = given.first().copied().or(answers.confirm_no_other_run.as_ref()) else { return Ok(None) };
    let shown = state.plan()?.ok_or_else(|| {
        Failure::usage("no plan was shown yet that could be confirmed", "run `failover run --plan-only` first")
    })?;
    for confirmation in &given {
        shown.confirms(&confirmation.name, confirmation.plan.parse()?, &about(policy), SystemClock.now())?;
    }
    if let Some(host) = &answers.confirm_no_other_run {
        shown.confirms(&shown.name, host.plan.parse()?, &about(policy), SystemClock.now())?;
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
    policy.claims_over.clone_from(&wanted.answers.confirm_claim_over);
    // Before the lock, so that no stop falls between the two. A plan is no run.
    let run = if wanted.plan_only { None } else { Some(session::begin(&config)?) };
    let locks = locks::all(&config, out)?;
    if let Some((path, _)) = state.unfinished(finished)?
        && run.is_none()
    {
        return plan_of_interrupted(settings, &config, &state, (&path, wanted), out);
    }
    preflight::no_other_run(&state, None)?;
    let known = confirmed(&wanted.answers, &state, &policy)?;
    let id = match known {
        Some(id) => id,
        None => PlanId::random()?,
    };
    let mut prompt = Prompt::new(wanted.answers.clone(), settings.passphrase(out)?);
    if known.is_some() {
        prompt.about(id.to_string());
    }
    let Some(run) = run else {
        show_plan(settings, &config, &state, (policy, id, None), out)?;
        return Ok(planned("run", &config, id));
    };
    let refused = earlier_refusal(&state, &policy, SystemClock.now())?;
    let file = state.create_journal(SystemClock.now(), id)?;
    let path = file.path().to_owned();
    out.begin_screen(true);
    prompt.beside(out.screen());
    let mut run =
        session::failover(settings, &config, &state, (run, policy, id, file), (locks, Box::new(prompt)), None, out)?;
    run = run.after_refusal(refused);
    Ok(told(run.run(), id, &path, out))
}

/// The end of a run, and how to keep what happened in it.
fn told(ended: Ended, plan: PlanId, journal: &Path, out: &mut Output) -> End {
    let end = session::ended(ended, out);
    // Where it was refused before its first record, or the disk had no room for that, there is nothing to draw; and an
    // empty journal must not stand for the last run.
    if fs::metadata(journal).is_ok_and(|file| file.len() > 0) {
        out.line(format!("Its report: failover report {plan} --html report.html"));
    } else {
        let _gone = fs::remove_file(journal);
    }
    end
}

/// A plan was shown, which a statement may name.
fn planned(command: &str, config: &Config, id: PlanId) -> End {
    End::done(format!(
        "unplug the primary's signer, then within 10 minutes: failover {command} --confirm-disconnected {}:{id}",
        config.baker.name
    ))
}

/// The plan of a run that was interrupted: it goes on with what it was begun with.
fn plan_of_interrupted(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    (path, wanted): (&Path, &args::Run),
    out: &mut Output,
) -> Result<End, Failure> {
    let past = past(path, &journal::read::<Record>(path)?.entries, config)?;
    let policy = past.policy.clone();
    let same = wanted.margin.is_none_or(|margin| margin == policy.margin)
        && (!wanted.emergency || policy.emergency)
        && (wanted.without.is_empty() || wanted.without == policy.without);
    if !same {
        return Err(Failure::usage(
            format!("the run {} was interrupted, and goes on as it was begun", path.display()),
            "leave out `--margin`, `--emergency` and `--without`; or run `failover stand-down` first",
        ));
    }
    let id = PlanId::random()?;
    show_plan(settings, config, state, (policy, id, Some(past)), out)?;
    Ok(planned("resume", config, id))
}

/// Looks once, shows the plan and keeps its name.
fn show_plan(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    (policy, id, past): (Policy, PlanId, Option<PreviousRun>),
    out: &mut Output,
) -> Result<(), Failure> {
    let about = Some(about(&policy));
    match plan(&mut session::looking_again(settings, config, state, (policy, id), past)?) {
        Ok(plan) => {
            session::show(out, &mut Narration::default(), &Record::Plan(plan));
            state.set_plan(&Plan { plan: id, name: config.baker.name.clone(), created: SystemClock.now(), about })?;
            Ok(())
        }
        Err(refusal) => Err((*refusal).into()),
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

/// What an interrupted run left, where this configuration is the one that it was begun with.
///
/// # Errors
/// It does not begin as a run does, or it is about something else.
fn past(path: &Path, entries: &[Entry<Record>], config: &Config) -> Result<PreviousRun, Failure> {
    let Some(past) = PreviousRun::of(entries) else {
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
    if past.policy.signer_apart != config.primary.signer.is_some() {
        return Err(Failure::usage(
            "the interrupted run was begun with another [primary.signer]",
            "put it back as it was, or run `failover stand-down` and begin again",
        ));
    }
    // What was stated of one machine says nothing of another.
    if let Some(host) = past.policy.host.as_ref().filter(|host| config.primary.host() != Some(host)) {
        return Err(Failure::usage(
            format!("the interrupted run is for the primary {host}"),
            "put that `host` back into the configuration, or run `failover stand-down` and begin again",
        ));
    }
    Ok(past)
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
    let past = past(&path, &journal.entries, &config)?;
    // As in a run: a statement by a flag is about a plan that was shown lately.
    let known = confirmed(&wanted.answers, &state, &past.policy)?;
    let mut prompt = Prompt::new(wanted.answers.clone(), settings.passphrase(out)?);
    if let Some(id) = known {
        prompt.about(id.to_string());
    }
    out.begin_screen(true);
    prompt.beside(out.screen());
    let (mut policy, plan) = (past.policy.clone(), past.plan);
    policy.claims_over.clone_from(&wanted.answers.confirm_claim_over);
    // An older version ran without a pin; one that was made since counts.
    policy.primary_pin = match policy.primary_pin {
        None => session::policy(&config, &state, None, policy.emergency)?.primary_pin,
        known => known,
    };
    let refused = earlier_refusal(&state, &policy, SystemClock.now())?;
    let run = past.run.map_or_else(RunId::random, Ok)?;
    let mut run = session::failover(
        settings,
        &config,
        &state,
        (run, policy, plan, file),
        (locks, Box::new(prompt)),
        Some(past),
        out,
    )?;
    run = run.after_refusal(refused);
    Ok(told(run.run(), plan, &path, out))
}
