//! What a locked key hides: whether a key is damaged, and where its marks are (H29). It shows only while it is unlocked.

use failover_core::baker::BakerError;
use failover_core::clock::SystemClock;
use failover_core::config::Config;
use failover_core::decision::{Policy, read_unlocked, usable};
use failover_core::effect::raise_marks;
use failover_core::facts::Facts;
use failover_core::guard::{BootGuard, Guard, GuardStatus};
use failover_core::permit::RunId;
use failover_core::session::open;
use failover_core::signer::traits::AtRest;
use failover_core::signer::{DeviceState, SignerError};
use failover_core::state::StateDir;

use super::stopped;
use crate::afterwards::LocksAfterwards;
use crate::args::Answers;
use crate::command::found::Found;
use crate::failure::Failure;
use crate::output::Output;
use crate::prompt::Prompt;
use crate::settings::Settings;
use crate::signals;

/// systemd sets it for what it starts.
const UNIT: &str = "INVOCATION_ID";

/// What was not checked, and how to check it; `None`: this device hides nothing.
pub(super) fn not_asked_for(facts: &Facts) -> Option<String> {
    let device = &facts.backup.device.as_ref().ok()?.value;
    let hides = device.traits().marks_at_rest == AtRest::Hidden && device.keys.iter().any(|key| key.marks.is_none());
    hides.then(|| {
        format!(
            "not checked: a locked {} shows neither a damaged key nor marks above the cap; `failover check --unlock` \
             looks at them",
            device.info.model
        )
    })
}

/// Unlocks every signing key with the sign interface held, reads it, and locks it again.
///
/// # Errors
/// The state or a part cannot be used. What was found is in the answer.
pub(super) fn look(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    (facts, policy): (&Facts, &Policy),
    out: &mut Output,
) -> Result<Found, Failure> {
    if let Err(why) = may_be_unlocked(config, state)? {
        return Ok(Err(why));
    }
    let _no_run_goes_on = open::lock_here(config)?;
    let step = match read_unlocked(facts, policy) {
        Ok(step) => step,
        Err(refusal) => return Ok(Err((refusal.to_string(), refusal.next()))),
    };
    let mut prompt = Prompt::new(Answers::default(), settings.passphrase(out)?);
    let permit = open::permit(config, state, RunId::random()?)?;
    let mut device = open::device(&config.signer, signals::flag())?;
    let afterwards = match LocksAfterwards::of(&config.signer.device, Some(&Guard::new(state.path()).token())) {
        Ok(afterwards) => afterwards,
        Err(error) => {
            let why = format!("nothing would lock the keys if this process were killed: {error}");
            return Ok(Err((why, "mend that, then run `failover check --unlock` again".to_owned())));
        }
    };
    let read = raise_marks(step, &mut *device, &mut prompt, &SystemClock, Some(&permit));
    afterwards.done_where_locked(false, &mut *device);
    // Gone already, where something stopped this command.
    let _said_by_the_look = permit.permits.end(&permit.run);
    Ok(match read {
        Ok(read) => judged(facts, policy, read.read.as_ref()),
        Err(error) => Err((error.to_string(), error.next().to_owned())),
    })
}

fn judged(facts: &Facts, policy: &Policy, read: Option<&DeviceState>) -> Found {
    let Some(read) = read else {
        let error = SignerError::NoKeys;
        return Err((error.to_string(), error.next().to_owned()));
    };
    match usable(facts, policy, &read.keys) {
        Ok(()) => {
            let marks = read.keys.iter().filter_map(|key| Some(format!("{} at {:#}", key.name, key.marks?.highest())));
            Ok(format!("unlocked, read and locked again: {}", marks.collect::<Vec<_>>().join(", ")))
        }
        Err(refusal) => Err((refusal.to_string(), refusal.next())),
    }
}

/// Never by a timer, and only on a machine that cannot sign: guarded, its boot guard read back, nothing running.
fn may_be_unlocked(config: &Config, state: &StateDir) -> Result<Result<(), (String, String)>, Failure> {
    let not = |why: String, next: String| Ok(Err((format!("not unlocked: {why}"), next)));
    if std::env::var_os(UNIT).is_some() && std::fs::File::open("/dev/tty").is_err() {
        let next = "run `failover check --unlock` at a terminal, or leave `--unlock` out".to_owned();
        return not("no timer and no service unlocks keys".to_owned(), next);
    }
    if !matches!(Guard::new(state.path()).status(), GuardStatus::Guarded) {
        return not("this machine is not guarded".to_owned(), "run `failover guard install`".to_owned());
    }
    let mut backup = open::backup(&config.backup, state.path())?;
    if let Err((why, next)) = stopped(&mut *backup) {
        return not(why, next);
    }
    match backup.boot_guard() {
        Ok(BootGuard::Holds { .. }) | Err(BakerError::NoUnits { .. }) => Ok(Ok(())),
        Ok(BootGuard::Open { why }) => not(
            format!("its boot guard does not hold: {}", why.join("; ")),
            "run `failover guard install`, then `failover check --unlock` again".to_owned(),
        ),
        Err(error) => not(error.to_string(), error.next().to_owned()),
    }
}
