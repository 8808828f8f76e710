//! `return`: gives the fenced primary back its job, only if this machine is proven to have signed nothing since it last
//! became the backup.

use failover_core::clock::SystemClock;
use failover_core::effect::Hands;
use failover_core::journal::JournalFile;
use failover_core::permit::RunId;
use failover_core::preflight;
use failover_core::returning::{Taken, give_back};
use failover_core::session::open;
use failover_core::state::{PlanId, StateDir};

use crate::afterwards::LocksAfterwards;
use crate::args::Return;
use crate::failure::Failure;
use crate::locks;
use crate::output::{End, Output};
use crate::prompt::Prompt;
use crate::session;
use crate::settings::Settings;
use crate::signals;

const START_BY_HAND: &str = "start it by hand, once you are sure that the backup cannot sign";

/// Starts the primary's baker again.
///
/// # Errors
/// There is no run to take back, the primary cannot be started from here, or a part cannot be used. Everything later is the
/// verdict's own end.
pub(crate) fn run(settings: &Settings, wanted: Return, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    preflight::no_duplicate(&state)?;
    let locks = locks::all(&config, out)?;
    let Some(taken) = Taken::newest(&state, PlanId::random()?)? else {
        return Err(Failure::usage("no run took the primary's job away", "there is nothing to give back"));
    };
    if config.primary.machine.is_none() {
        return Err(Failure::usage("the configuration has no way to start the primary", START_BY_HAND));
    }
    let policy = open::policy(&config, &state, None, false)?;
    let mut prompt = Prompt::new(wanted.answers, settings.passphrase(out)?);
    prompt.of_this_host(wanted.confirm_unplugged, wanted.confirm_not_moved);
    // A dead signer must not end the command: it is asked about (H28).
    let permit = open::permit(&config, &state, RunId::random()?)?;
    let hands = open::disarming(&config, &state, Box::new(prompt), &signals::flag())?;
    let mut hands = Hands { locks, permit: Some(permit.clone()), ..hands };
    let (file, _) = JournalFile::reopen(&taken.journal)?;
    let mut recorder = session::recorder(file, out);
    // Keys that can sign already are not this command's to lock: they may be those that bake.
    let locked = hands.device.state().is_ok_and(|device| device.able_to_sign().is_empty());
    let token = hands.guard.token();
    let afterwards = locked.then(|| LocksAfterwards::where_possible(&config.signer.device, Some(&token))).flatten();
    let end = give_back(&mut hands, (&state, &taken), &policy, &SystemClock, &mut recorder);
    if let Some(afterwards) = afterwards {
        afterwards.done_where_locked(false, &mut *hands.device);
    }
    // Gone already, where something stopped this command.
    let _said_by_the_verdict = permit.permits.end(&permit.run);
    Ok(session::ended(end, out))
}
