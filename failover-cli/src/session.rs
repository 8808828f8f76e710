//! What a run of the procedure needs: the parts that the configuration names, the journal, the lock, the screen.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use failover_core::baker::PowerStatus;
use failover_core::clock::{SystemClock, Timestamp};
use failover_core::decision::Policy;
use failover_core::effect::Hands;
use failover_core::failover::{Failover, Parts, Past, Recorder};
use failover_core::guard::Guard;
use failover_core::host::LocalHost;
use failover_core::journal::record::{End as Ended, Record};
use failover_core::journal::{self, JournalError, JournalFile};
use failover_core::lock::FailoverLock;
use failover_core::operator::{Nobody, Operator};
use failover_core::state::{Latch, PlanId, Role, StateDir, StateError};

use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::late::Late;
use crate::output::{End, Output};
use crate::parts;
use crate::settings::Settings;
use crate::signals;
use crate::sources;
use crate::story::Story;

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::new(Exit::NotReady, &error, error.next())
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::new(Exit::NotReady, &error, error.next())
    }
}

/// The thresholds, as configured and pinned.
///
/// # Errors
/// The state folder cannot be read.
pub(crate) fn policy(
    config: &Config,
    state: &StateDir,
    margin: Option<u64>,
    emergency: bool,
) -> Result<Policy, Failure> {
    let mut policy = Policy::new(config.baker.name.clone(), config.baker.address, config.baker.chain);
    policy.margin = margin.unwrap_or(config.margin);
    policy.emergency = emergency;
    policy.keys.clone_from(&config.signer.keys);
    policy.host = config.primary.host().cloned();
    policy.primary_pin = state.pins()?.unwrap_or_default().get(Role::Primary).map(|pin| pin.identity.clone());
    Ok(policy)
}

/// What effects act on, with no lock: for what only looks.
///
/// # Errors
/// The device, the ssh destination or the state cannot be used.
pub(crate) fn hands(config: &Config, state: &StateDir, operator: Box<dyn Operator>) -> Result<Hands, Failure> {
    Ok(Hands { device: parts::open_device(&config.signer)?, ..disarming(config, state, operator)? })
}

/// The same for what disarms first of all: a device that is not plugged in keeps nothing from being stopped and guarded
/// (S12).
///
/// # Errors
/// The ssh destination or the state cannot be used.
pub(crate) fn disarming(config: &Config, state: &StateDir, operator: Box<dyn Operator>) -> Result<Hands, Failure> {
    Ok(Hands {
        device: Box::new(Late::new(config.signer.clone())),
        primary: parts::open_primary(&config.primary)?,
        backup: parts::open_backup(&config.backup, state.path())?,
        guard: Guard::new(state.path()),
        operator,
        passphrase: None,
        primary_signer: parts::open_primary_signer(config)?,
        locks: Vec::new(),
        power: config.primary.power_status.clone().map(|argv| PowerStatus::new(Box::new(LocalHost::new()), argv)),
    })
}

/// What a watch looks at and stops: this machine, whose device may be plugged in later. Nobody is asked anything.
///
/// # Errors
/// As [`hands`].
pub(crate) fn watching(config: &Config, state: &StateDir) -> Result<Hands, Failure> {
    Ok(Hands {
        device: Box::new(Late::new(config.signer.clone())),
        primary: None,
        backup: parts::open_backup(&config.backup, state.path())?,
        guard: Guard::new(state.path()),
        operator: Box::new(Nobody),
        passphrase: None,
        primary_signer: None,
        locks: Vec::new(),
        power: None,
    })
}

/// Refuses where a duplicate was seen and not cleared (S8).
///
/// # Errors
/// There is one, or it cannot be told.
pub(crate) fn no_duplicate(state: &StateDir) -> Result<(), Failure> {
    match state.latch() {
        Latch::Open => Ok(()),
        Latch::Latched(seen) => Err(Failure::refused(
            format!("a duplicate was seen at {} ({} {}), and nobody has cleared it", seen.at, seen.kind, seen.position),
            "find the machine that signed, then run `failover clear`",
        )),
        Latch::Unknown(error) => Err(Failure::refused(&error, error.next())),
    }
}

/// For a look that writes nothing down, because it does nothing.
struct Unwritten;

impl Recorder for Unwritten {
    fn record(&mut self, _: Timestamp, _: &Record) -> Result<(), JournalError> {
        Ok(())
    }
}

/// What looks at everything and does nothing: for the plan. A device that is not plugged in is one of the things that it sees.
///
/// # Errors
/// As [`disarming`].
pub(crate) fn looking(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    policy: Policy,
    plan: PlanId,
) -> Result<Failover, Failure> {
    looking_again(settings, config, state, (policy, plan), None)
}

/// The same for a run that was interrupted.
///
/// # Errors
/// As [`looking`].
pub(crate) fn looking_again(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    (policy, plan): (Policy, PlanId),
    past: Option<Past>,
) -> Result<Failover, Failure> {
    let parts = Parts {
        source: sources::open_node(&settings.node()?)?,
        others: sources::open_others(&config.chain, &policy.without)?,
        hands: disarming(config, state, Box::new(Nobody))?,
        policy,
        plan,
        clock: Arc::new(SystemClock),
        recorder: Box::new(Unwritten),
        state: state.clone(),
        cancel: Arc::new(AtomicBool::new(false)),
    };
    Ok(Failover::new(parts, past))
}

/// A record as its line in the journal has it.
#[derive(serde::Serialize)]
pub(crate) struct Line<'a, R> {
    pub(crate) v: u32,
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) record: &'a R,
}

/// The journal first, then the screen.
struct Shown {
    file: JournalFile<Record>,
    out: Output,
    story: Story,
}

impl Recorder for Shown {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        let seq = self.file.append(at, record)?;
        if !record.is_end() {
            self.out.record(&Line { v: journal::VERSION, seq, at, record });
        }
        tell(&mut self.out, &mut self.story, record);
        Ok(())
    }
}

/// Shows one record: as itself for a program, as a story for a person. The end is shown as the command's last line.
pub(crate) fn show(out: &mut Output, story: &mut Story, record: &Record) {
    if !record.is_end() {
        out.record(record);
    }
    tell(out, story, record);
}

/// For a person: drawn, or in plain lines.
fn tell(out: &mut Output, story: &mut Story, record: &Record) {
    match out.screen() {
        Some(screen) => screen.record(record),
        None => story.tell(record).into_iter().for_each(|told| out.line(told)),
    }
}

/// A run over real parts.
///
/// # Errors
/// As [`hands`].
pub(crate) fn failover(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    run: (Policy, PlanId, JournalFile<Record>),
    (locks, operator): (Vec<Box<dyn FailoverLock>>, Box<dyn Operator>),
    past: Option<Past>,
    out: &mut Output,
) -> Result<Failover, Failure> {
    let (policy, plan, file) = run;
    let parts = Parts {
        source: sources::open_node(&settings.node()?)?,
        others: sources::open_others(&config.chain, &policy.without)?,
        hands: Hands { locks, ..hands(config, state, operator)? },
        policy,
        plan,
        clock: Arc::new(SystemClock),
        recorder: Box::new(Shown { file, out: out.another(), story: Story::default() }),
        state: state.clone(),
        cancel: signals::cancel(out),
    };
    Ok(Failover::new(parts, past))
}

/// The end of a run as the end of a command.
pub(crate) fn ended(ended: Ended, out: &mut Output) -> End {
    if ended.exit == 0 {
        out.line(&ended.message)
    } else {
        out.say_wrong(&ended.message)
    }
    End::of_run(ended)
}
