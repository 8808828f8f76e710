//! `run --plan-only`: what a run would do, and how it would begin.

use std::path::Path;

use failover_core::clock::{Clock, SystemClock};
use failover_core::config::Config;
use failover_core::decision::{self, Policy};
use failover_core::failover::PreviousRun;
use failover_core::journal;
use failover_core::journal::record::{Plan, Record};
use failover_core::narration::Narration;
use failover_core::preflight;
use failover_core::session::{Look, Wanted, open};
use failover_core::state::{PlanId, ShownPlan, StateDir};

use super::{about, confirmed, finished};
use crate::args;
use crate::failure::Failure;
use crate::locks;
use crate::output::{End, Output};
use crate::session;
use crate::settings::Settings;
use crate::signals;

/// Shows what a run would do. A plan is no run: it leaves nothing that a stop could take away.
pub(super) fn only(
    settings: &Settings,
    config: &Config,
    (wanted, asked): (&args::Run, &Wanted),
    out: &mut Output,
) -> Result<End, Failure> {
    let state = asked.state(config)?;
    preflight::no_duplicate(&state)?;
    let policy = asked.policy(config, &state)?;
    let _no_run_goes_on = locks::all(config, out)?;
    if let Some((path, _)) = state.unfinished(finished)? {
        return of_interrupted(config, &state, (&path, wanted), out);
    }
    let id = match confirmed(&wanted.answers, &state, &policy)? {
        Some(id) => id,
        None => PlanId::random()?,
    };
    settings.passphrase(out)?;
    let flags = same(&policy, config);
    let plan = show(config, &state, (policy, id, None), out)?;
    Ok(planned(&plan, &flags))
}

/// A plan was shown, which a statement may name. Nobody is sent to the cable of a primary that a run stops by itself.
fn planned(plan: &Plan, flags: &str) -> End {
    End::done(match plan.path {
        decision::Path::Controlled => format!(
            "unplug nothing now: the run stops the primary by itself, and asks before it does, and for the cable where that is needed: \
             failover run{flags}"
        ),
        _ => format!("{}: failover run{flags} --confirm-disconnected {}", unplug(), plan.statement),
    })
}

/// The same of a run that was interrupted: it is not asked again whether to go on.
fn planned_again(plan: &Plan) -> End {
    End::done(match plan.path {
        decision::Path::Controlled => {
            "unplug nothing now: the run goes on at once, and asks for the cable where that is needed: failover resume"
                .to_owned()
        }
        _ => format!("{}: failover resume --confirm-disconnected {}", unplug(), plan.statement),
    })
}

fn unplug() -> String {
    format!("unplug the primary's signer, then within {} minutes", ShownPlan::GOOD_FOR.as_secs() / 60)
}

/// What makes another run the same one: a statement holds for no other.
fn same(policy: &Policy, config: &Config) -> String {
    let emergency = policy.emergency.then(|| " --emergency".to_owned());
    let margin = (policy.margin != config.margin).then(|| format!(" --margin {}", policy.margin));
    let without = policy.without.iter().filter_map(|name| Some(format!(" --without {}", shlex::try_quote(name).ok()?)));
    emergency.into_iter().chain(margin).chain(without).collect()
}

/// The plan of a run that was interrupted: it goes on with what it was begun with.
fn of_interrupted(
    config: &Config,
    state: &StateDir,
    (path, wanted): (&Path, &args::Run),
    out: &mut Output,
) -> Result<End, Failure> {
    let past = open::previous_run(path, &journal::read::<Record>(path)?.entries, config)?;
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
    let plan = show(config, state, (policy, id, Some(past)), out)?;
    Ok(planned_again(&plan))
}

/// Looks once, shows the plan and keeps its name.
fn show(
    config: &Config,
    state: &StateDir,
    (policy, id, past): (Policy, PlanId, Option<PreviousRun>),
    out: &mut Output,
) -> Result<Plan, Failure> {
    let about = Some(about(&policy));
    match Look::open(config, state, policy, id, past, signals::flag())?.plan() {
        Ok(plan) => {
            session::show(out, &mut Narration::default(), &Record::Plan(plan.clone()));
            state.set_plan(&ShownPlan {
                plan: id,
                name: config.baker.name.clone(),
                created: SystemClock.now(),
                about,
            })?;
            Ok(plan)
        }
        Err(refusal) => Err((*refusal).into()),
    }
}
