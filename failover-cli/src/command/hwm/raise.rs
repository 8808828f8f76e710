//! `hwm raise`: read, refuse to lower, refuse past the cap, set, read back, compare.

use std::fmt;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::config::Signer;
use failover_core::decision::raise_by_hand;
use failover_core::effect::{EffectError, disarm_keys, raise_marks};
use failover_core::guard::Guard;
use failover_core::guard::HistoryEvent;
use failover_core::operator::Operator as _;
use failover_core::permit::{RunId, RunPermit};
use failover_core::session::open;
use failover_core::signer::traits::{AtRest, Hold, MarkOf, RaisedBy};
use failover_core::signer::{
    self, Arming, Cap, DeviceState, HwmSetter, KeyName, KeyState, Marks, Model, RaiseError, Raised, reached,
};
use failover_core::state::StateDir;
use failover_core::tezos::{Kind, Level};
use serde::Serialize;

use super::cap;
use crate::afterwards::LocksAfterwards;
use crate::args::{Answers, Raise};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::prompt::{Prompt, Uninterrupted};
use crate::settings::Settings;
use crate::signals;

/// What became of one key, read back.
#[derive(Serialize)]
#[serde(tag = "record", rename = "raised")]
struct RaisedRecord {
    key: KeyName,
    /// Was it there before?
    already: bool,
    before: Marks,
    after: Marks,
}

impl From<Raised> for RaisedRecord {
    fn from(raised: Raised) -> Self {
        let Raised { key, before, after } = raised;
        Self { already: before == after, key, before, after }
    }
}

impl fmt::Display for RaisedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, if self.already { "already there" } else { "raised, and read back" })?;
        for kind in Kind::ALL {
            let (before, after) = (self.before.of(kind), self.after.of(kind));
            match self.already {
                true => write!(f, "\n  {kind:<15} {after:#}")?,
                false => write!(f, "\n  {kind:<15} {before:#} -> {after:#}")?,
            }
        }
        Ok(())
    }
}

/// Raises the marks of all keys that are meant.
///
/// # Errors
/// See [`RaiseError`]; no head, no device, no passphrase. Whatever it is, no mark was lowered.
pub(crate) fn run(settings: &Settings, wanted: &Raise, out: &mut Output) -> Result<End, Failure> {
    let signer = settings.signer()?;
    // A run that goes on here is not ended for a raise, which it does by itself (S7).
    let _no_run_goes_on = settings.known().map(open::lock_here).transpose()?;
    let cap = cap::find(settings, wanted, out)?;
    let mut prompt = Prompt::new(Answers::default(), settings.passphrase(out)?);
    let mut device = open::device(&signer, signals::flag())?;
    // One opening for all of it, unless a person is waited for in between.
    if !prompt.asks_for_passphrase() {
        device.open();
    }
    let mut state = device.state()?;
    let found = found_unlocked(&state, &mut *device);
    if !found.is_empty() {
        let then = if wanted.leave_unlocked { "left so" } else { "locked afterwards" };
        out.warn(format!("found unlocked, and nothing uses the device: {}; {then}", names(&found)));
    }
    // While a key stays unlocked the device shows what it remembers: only another unlock shows what is stored.
    if !found.is_empty() && !wanted.leave_unlocked && prompt.can_give_passphrase().is_ok() {
        signer::refuse_lower(&state, &shown(&state, &meant(&state, &signer, wanted)), wanted.level)?;
        disarm_keys(&mut *device)?;
        state = device.state()?;
    }
    let done = raise((settings, &signer, wanted), &state, &mut *device, &mut prompt, cap, out);
    // Whatever came of it.
    if !found.is_empty() && !wanted.leave_unlocked {
        disarm_keys(&mut *device)?;
    }
    done
}

fn raise(
    (settings, signer, wanted): (&Settings, &Signer, &Raise),
    state: &DeviceState,
    device: &mut dyn HwmSetter,
    prompt: &mut Prompt,
    cap: Cap,
    out: &mut Output,
) -> Result<End, Failure> {
    let keys = meant(state, signer, wanted);
    // What can be refused is refused before a passphrase is asked for.
    let (known, locked) = split(state, &keys)?;
    signer::refuse_lower(state, &known, wanted.level)?;
    let step = raise_by_hand(state, keys.clone(), wanted.level, cap)?;
    let permit = permit(settings)?;
    if !locked.is_empty() {
        out.line(format!("Unlocking {} for the raise; every key is locked afterwards.", names(&locked)));
    }
    let low = |key: &&KeyName| state.named(key).is_none_or(|k| !k.marks.is_some_and(|m| reached(&m, wanted.level)));
    let low: Vec<KeyName> = keys.iter().filter(low).cloned().collect();
    if !low.is_empty() {
        let raising = || format!("Raising {} to {:#}, unless it is there already.", names(&low), wanted.level);
        out.line(shows(state.info.model, wanted.level).unwrap_or_else(raising));
    }
    // Nothing is cut off between unlock and lock; a prompt on a screen is waited for no longer than the person wants.
    let uninterrupted = match state.traits().raised_by {
        RaisedBy::Command => Some(Uninterrupted::new()),
        RaisedBy::Prompt { .. } => {
            signals::cancel(out);
            None
        }
    };
    let token = Some(Guard::new(settings.state()).token()).filter(|token| !token.exists());
    // Keys that can sign already are not this command's to lock later: they may be those that bake.
    let unlocks = !locked.is_empty() && state.able_to_sign().is_empty();
    let afterwards = unlocks.then(|| LocksAfterwards::where_possible(&signer.device, token.as_deref())).flatten();
    let raised = raise_marks(step, device, prompt, &SystemClock, permit.as_ref());
    if let Some(afterwards) = afterwards {
        afterwards.done_where_locked(raised.is_ok(), device);
    }
    if let Some(permit) = &permit {
        // Gone already, where something stopped this command.
        let _said_by_the_raise = permit.permits.end(&permit.run);
    }
    drop(uninterrupted);
    let raised = raised?.raised;
    remember(settings, &raised, out);
    let already = raised.iter().all(|raised| raised.before == raised.after);
    let remembers = state.traits().marks_at_rest == AtRest::Hidden;
    if remembers && !already && !known.is_empty() {
        out.warn(format!(
            "what is stored was not proven, because these keys were unlocked already and stayed unlocked: {}; \
             `failover disarm`, then `failover hwm raise` once more with the passphrase proves it",
            names(&known)
        ));
    }
    for raised in raised {
        out.show(&RaisedRecord::from(raised));
    }
    if already {
        out.line("Every mark is already there.");
    }
    Ok(End::done("look at the marks with `failover hwm show`"))
}

/// What a person reads on the device's screen, as it is written there; `None`: it asks nobody.
pub(crate) fn shows(model: Model, level: Level) -> Option<String> {
    let RaisedBy::Prompt { title } = model.traits().raised_by else { return None };
    Some(format!(
        "Look at the {model}: it shows \"{title}\" and {}. Compare the level digit by digit, then accept with its buttons.",
        level.get()
    ))
}

/// Keys that are unlocked though nothing on this machine uses the device: a command was killed between unlock and lock (H44),
/// or somebody left them so. Of one that cannot be held that is not known.
fn found_unlocked(state: &DeviceState, device: &mut dyn HwmSetter) -> Vec<KeyName> {
    let armed = |key: &&KeyState| key.arming == Arming::Armed;
    let found: Vec<KeyName> = state.keys.iter().filter(armed).map(|key| key.name.clone()).collect();
    if state.traits().hold == Hold::Impossible || found.is_empty() || device.hold().is_err() {
        return Vec::new();
    }
    // Where its sign interface cannot be held it is not known who uses it.
    let unused = device.holds();
    device.release();
    if unused { found } else { Vec::new() }
}

/// Where a configuration says whose marks they are, any stop ends this command (S13, S14).
fn permit(settings: &Settings) -> Result<Option<RunPermit>, Failure> {
    let Some(config) = settings.known() else { return Ok(None) };
    let state = StateDir::open(settings.state())?;
    Ok(Some(open::permit(config, &state, RunId::random()?)?))
}

impl From<EffectError> for Failure {
    fn from(error: EffectError) -> Self {
        match error {
            EffectError::Signer(error) => error.into(),
            EffectError::Raise(error) => error.into(),
            EffectError::Operator(error) => error.into(),
            error => Self::new(Exit::Failed, &error, error.next()),
        }
    }
}

/// No journal has it, and `return` compares the marks with what was set last (S16).
fn remember(settings: &Settings, raised: &[Raised], out: &mut Output) {
    let changed: Vec<Raised> = raised.iter().filter(|raised| raised.before != raised.after).cloned().collect();
    if changed.is_empty() || settings.known().is_none() {
        return;
    }
    let state = StateDir::existing(settings.state());
    let written = state.and_then(|state| state.remember(SystemClock.now(), &HistoryEvent::Raised { raised: changed }));
    if let Err(error) = written {
        out.warn(format!(
            "this is not in the token's history, so that `failover return` will not trust the marks: {error}"
        ));
    }
}

/// Those of these keys whose marks are shown.
fn shown(state: &DeviceState, keys: &[KeyName]) -> Vec<KeyName> {
    keys.iter().filter(|key| state.named(key).is_some_and(|found| found.marks.is_some())).cloned().collect()
}

/// The keys that are meant: those that were named, else the configured ones, else every key on the device. Where one mark
/// stands for all of them, so does the first key: the configured one.
fn meant(state: &DeviceState, signer: &Signer, wanted: &Raise) -> Vec<KeyName> {
    if !wanted.keys.is_empty() {
        let mut keys: Vec<KeyName> = Vec::new();
        for key in wanted.keys.iter().map(KeyName::new) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        return keys;
    }
    if !signer.keys.is_empty() {
        return signer.keys.clone();
    }
    let count = match state.traits().marks {
        MarkOf::Device => 1,
        MarkOf::Key | MarkOf::Kind => state.keys.len(),
    };
    state.keys.iter().take(count).map(|key| key.name.clone()).collect()
}

/// Keys whose marks are shown, and keys that must be unlocked first.
fn split(state: &DeviceState, keys: &[KeyName]) -> Result<(Vec<KeyName>, Vec<KeyName>), Failure> {
    let mut known = Vec::new();
    let mut locked = Vec::new();
    for key in keys {
        match state.named(key) {
            Some(found) if found.marks.is_some() => known.push(key.clone()),
            Some(found) if found.arming == Arming::Disarmed && state.traits().marks_at_rest == AtRest::Hidden => {
                locked.push(key.clone());
            }
            Some(found) if found.arming == Arming::Corrupted => {
                return Err(RaiseError::Damaged { key: key.clone() }.into());
            }
            Some(_) => return Err(RaiseError::Unknown { key: key.clone() }.into()),
            None => {
                let known = state.keys.iter().map(|k| k.name.clone()).collect();
                return Err(signer::SignerError::UnknownKey { key: key.clone(), known }.into());
            }
        }
    }
    Ok((known, locked))
}

fn names(keys: &[KeyName]) -> String {
    keys.iter().map(KeyName::as_str).collect::<Vec<_>>().join(", ")
}
