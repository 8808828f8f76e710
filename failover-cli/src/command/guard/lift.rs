//! `guard lift`: puts the token there, on the statement of a person. It makes a permit and claims the primary as a run does,
//! because what may start afterwards signs (S13).

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::config::Config;
use failover_core::decision::claimed;
use failover_core::effect::{EffectError, Hands, take_and_claim, with_permit};
use failover_core::guard::{Guard, Lift};
use failover_core::operator::Nobody;
use failover_core::permit::ClaimAnswer;
use failover_core::session::open;
use failover_core::state::StateDir;

use super::token;
use crate::command::run::finished;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::output::{End, Output};
use crate::prompt;
use crate::settings::Settings;
use crate::signals;

/// Lifts the guard. Starts nothing.
///
/// # Errors
/// A duplicate was seen (exit 5), a run goes on here or there (7) or was interrupted (6), nobody can be asked, or it was not
/// said.
pub(crate) fn run(settings: &Settings, statement: Option<&str>, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    // A stop from now on is one of this command too, though somebody still types (S14).
    let run = open::begin(&config)?;
    let mut locks = locks::all(&config, out)?;
    let guard = Guard::new(state.path());
    guard.may_be_lifted()?;
    if state.unfinished(finished)?.is_some() {
        let next = "run `failover resume` to go on, or `failover stand-down`";
        return Err(Failure::new(Exit::Interrupted, "a run was interrupted here and is not over", next));
    }
    let permit = open::permit(&config, &state, run)?;
    let sentence = Lift::sentence(&config.baker.name);
    let said = match statement {
        Some(said) => said.to_owned(),
        None => {
            let (what, flag) = ("for the statement that lifts the guard", "--statement");
            let said = prompt::typed_sentence(what, flag, "If it is so", &sentence)?;
            if said { sentence.clone() } else { String::new() }
        }
    };
    let Some(lift) = Lift::stated(&config.baker.name, &said) else {
        let next = "this machine stays guarded; say it only after you made sure";
        return match statement {
            Some(_) => Err(Failure::usage(format!("the statement is not, word for word: {sentence}"), next)),
            None => Ok(End::new(Exit::Cancelled, next)),
        };
    };
    // A person was asked meanwhile (S7).
    locks.iter_mut().try_for_each(|lock| lock.still_held())?;
    let hands = open::disarming(&config, &state, Box::new(Nobody), &signals::flag())?;
    let mut hands = Hands { locks, permit: Some(permit.clone()), ..hands };
    let lifted = may_lift(&mut hands, &config, &state).and_then(|()| {
        with_permit(&mut hands, &SystemClock, "guard lift", |_| Ok(guard.lift(&lift, SystemClock.now())?))
    });
    // Whatever came of it, this command is over.
    let ended = permit.permits.end(&permit.run);
    lifted?;
    ended?;
    token(settings, out)?;
    Ok(End::done("start the services when you are ready, and watch them with `failover watch`"))
}

/// As a run: a permit, then the claim. The statement that was typed speaks of every other machine, so that one that cannot
/// be asked is no obstacle by itself; a claim that stands here is.
fn may_lift(hands: &mut Hands, config: &Config, state: &StateDir) -> Result<(), Failure> {
    let policy = open::policy(config, state, None, false)?;
    let answer = take_and_claim(hands, &SystemClock, &[])?;
    let answer = match answer {
        ClaimAnswer::Unasked { .. } => ClaimAnswer::Made { over: None },
        asked => asked,
    };
    let standing = match &hands.permit {
        Some(permit) => permit.permits.claims().map_err(EffectError::from)?,
        None => Vec::new(),
    };
    claimed(&answer, &standing, &policy)
        .map_err(|refusal| Failure::new(Exit::of(refusal.exit()), &refusal, refusal.next()))
}
