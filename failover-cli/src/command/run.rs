//! `run` and `resume`: the procedure.

use std::fs;
use std::path::{Path, PathBuf};

use failover_core::clock::{Clock, SystemClock};
use failover_core::decision::Policy;
use failover_core::guard::{Guard, GuardStatus};
use failover_core::journal::record::{End as Ended, Outcome, Record};
use failover_core::session::{Opening, Session, SessionError, Wanted};
use failover_core::state::{About, PlanError, PlanId, StateDir};

use crate::args::{self, Answers, Confirmation};
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::prompt::Prompt;
use crate::session;
use crate::settings::Settings;
use crate::signals;

mod plan;

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
        let why = "the primary's signer has a machine of its own: switching off the baker's machine does not fence it";
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
    let asked = Wanted {
        margin: wanted.margin,
        emergency: wanted.emergency,
        without: wanted.without.clone(),
        claims_over: wanted.answers.confirm_claim_over.clone(),
        ..session::wanted(settings)
    };
    if wanted.plan_only {
        return plan::only(settings, &config, (wanted, &asked), out);
    }
    go(settings, &wanted.answers, Session::open(&config, &asked)?, out)
}

/// From the locks to the end.
fn go(settings: &Settings, answers: &Answers, opening: Opening, out: &mut Output) -> Result<End, Failure> {
    if let Some(warning) = opening.warning() {
        out.warn(warning);
    }
    // A statement by a flag is about a plan that was shown lately.
    let known = confirmed(answers, opening.state(), opening.policy())?;
    let mut prompt = Prompt::new(answers.clone(), settings.passphrase(out)?);
    if let Some(id) = known {
        prompt.about(id.to_string());
    }
    let opening = match known {
        Some(id) => opening.of_plan(id),
        None => opening,
    };
    out.begin_screen(true);
    prompt.beside(out.screen());
    prompt.of_a_signer_apart(opening.policy().signer_apart);
    let (plan, mut journal) = (opening.plan(), PathBuf::new());
    // From here on: what opens a device or a machine may take its time, too.
    signals::cancel(out);
    let session = opening.session(Box::new(prompt), |file| {
        file.path().clone_into(&mut journal);
        Box::new(session::recorder(file, out))
    });
    let end = match session {
        Ok(session) => session.run(),
        Err(SessionError::Ended(end)) => *end,
        Err(error) => return Err(error.into()),
    };
    Ok(told(end, plan, &journal, out))
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

/// Nothing is left to resume: says how the last run ended.
fn over(state: &StateDir, out: &mut Output) -> Result<End, Failure> {
    let none = || Failure::usage("no run was interrupted", "start one with `failover run`");
    let last = state.newest::<Record>()?.and_then(|(_, journal)| journal.entries.into_iter().last());
    match last.map(|entry| entry.record) {
        Some(Record::End(end)) => {
            out.line(format!("The last run is over: {}", end.message));
            let guarded = matches!(Guard::new(state.path()).status(), GuardStatus::Guarded);
            if end.exit == 0 && end.outcome == Outcome::Done && guarded {
                out.line("Since then this machine was stopped: it may not bake.");
                return Ok(End::done("see with `failover status` who bakes; `failover run` starts over"));
            }
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
    let asked = Wanted { claims_over: wanted.answers.confirm_claim_over.clone(), ..session::wanted(settings) };
    match Session::resume(&config, &asked)? {
        Some(opening) => go(settings, &wanted.answers, opening, out),
        None => over(&asked.state(&config)?, out),
    }
}
