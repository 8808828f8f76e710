//! What a run of the procedure needs: the parts that the configuration names, the journal, the lock, the screen.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use failover_core::baker::command::Commands;
use failover_core::baker::{CommandControl, PowerStatus};
use failover_core::clock::{Clock as _, SystemClock, Timestamp};
use failover_core::config::Config;
use failover_core::decision::{Policy, Refusal};
use failover_core::effect::Hands;
use failover_core::failover::{Failover, Parts, PreviousRun, Recorder};
use failover_core::guard::{Guard, GuardNote};
use failover_core::host::LocalHost;
use failover_core::journal::record::{End as Ended, Record};
use failover_core::journal::{self, JournalError, JournalFile};
use failover_core::lock::FailoverLock;
use failover_core::operator::{Nobody, Operator};
use failover_core::permit::{PermitError, RunId, RunIdError, RunPermit};
use failover_core::preflight;
use failover_core::signer::HwmSetter;
use failover_core::state::{PlanId, Role, StateDir, StateError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::narration::Narration;
use crate::output::{End, Output};
use crate::reopening_device::Late;
use crate::settings::Settings;
use crate::signals;
use crate::sources;
use crate::wiring;

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::new(Exit::NotReady, &error, error.next())
    }
}

impl From<RunIdError> for Failure {
    fn from(error: RunIdError) -> Self {
        Self::new(Exit::NotReady, &error, "look at this machine: nothing was done")
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
    policy.primary = config.primary_host();
    policy.host = config.primary.host().cloned();
    policy.signer_apart = config.primary.signer.is_some();
    policy.primary_pin = state.pins()?.unwrap_or_default().get(Role::Primary).map(|pin| pin.identity.clone());
    // One that cannot be read is none: then another source must agree, and it is pinned anew.
    policy.head_pin = state.head_pin().ok().flatten();
    Ok(policy)
}

/// What effects act on, with no lock: for what only looks.
///
/// # Errors
/// The device, the ssh destination or the state cannot be used.
pub(crate) fn hands(config: &Config, state: &StateDir, operator: Box<dyn Operator>) -> Result<Hands, Failure> {
    Ok(Hands { device: wiring::open_device(&config.signer)?, ..disarming(config, state, operator)? })
}

/// The same for what disarms first of all: a device that is not plugged in keeps nothing from being stopped and guarded
/// (S12).
///
/// # Errors
/// The ssh destination or the state cannot be used.
pub(crate) fn disarming(config: &Config, state: &StateDir, operator: Box<dyn Operator>) -> Result<Hands, Failure> {
    disarming_in(config, state.path(), operator)
}

/// The same, whether or not the state folder can be used (S14).
///
/// # Errors
/// The ssh destination cannot be used.
pub(crate) fn disarming_in(config: &Config, state: &Path, operator: Box<dyn Operator>) -> Result<Hands, Failure> {
    Ok(Hands {
        device: Box::new(Late::new(config.signer.clone())),
        primary: wiring::open_primary(config)?,
        backup: wiring::open_backup(&config.backup, state)?,
        guard: Guard::new(state),
        operator,
        passphrase: None,
        primary_signer: wiring::open_primary_signer(config)?,
        locks: Vec::new(),
        permit: None,
        power: config.primary.power_status.clone().map(|argv| PowerStatus::new(Box::new(LocalHost::new()), argv)),
    })
}

/// A device alone, on a machine without a configuration: nothing else is controlled.
pub(crate) fn alone(device: Box<dyn HwmSetter>, state: &Path) -> Hands {
    let nothing = Commands { start: Vec::new(), stop: Vec::new(), status: Vec::new(), restart_delay: 0 };
    Hands {
        device,
        primary: None,
        backup: Box::new(CommandControl::new(LocalHost::new(), nothing)),
        guard: Guard::new(state),
        operator: Box::new(Nobody),
        passphrase: None,
        primary_signer: None,
        locks: Vec::new(),
        permit: None,
        power: None,
    }
}

/// What a watch looks at and stops: this machine, whose device may be plugged in later. Nobody is asked anything.
///
/// # Errors
/// As [`hands`].
pub(crate) fn watching(config: &Config, state: &StateDir) -> Result<Hands, Failure> {
    Ok(Hands {
        device: Box::new(Late::new(config.signer.clone())),
        primary: None,
        backup: wiring::open_backup(&config.backup, state.path())?,
        guard: Guard::new(state.path()),
        operator: Box::new(Nobody),
        passphrase: None,
        primary_signer: None,
        locks: Vec::new(),
        permit: Some(permit(config, state, RunId::random()?)?),
        power: None,
    })
}

impl From<PermitError> for Failure {
    fn from(error: PermitError) -> Self {
        Self::new(Exit::Failed, &error, error.next())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(Exit::of(refusal.exit()), &refusal, refusal.next())
    }
}

/// Refuses where a duplicate was seen and not cleared (S8).
///
/// # Errors
/// There is one, or it cannot be told.
pub(crate) fn no_duplicate(state: &StateDir) -> Result<(), Failure> {
    Ok(preflight::no_duplicate(state)?)
}

/// How many journals are looked through for runs of this machine.
const JOURNALS: usize = 100;

/// The permit of a run on this machine: not made yet. Runs in the journals here are known as its own.
///
/// # Errors
/// The journals cannot be listed.
pub(crate) fn permit(config: &Config, state: &StateDir, run: RunId) -> Result<RunPermit, Failure> {
    let journals = state.journals()?.into_iter().take(JOURNALS);
    // A journal that cannot be read names no run: its claim, if it left one, is then another's.
    let known =
        journals.filter_map(|path| PreviousRun::of(&journal::read::<Record>(&path).ok()?.entries)?.run).collect();
    let permits = config.root().of(config.baker.chain, config.baker.address);
    Ok(RunPermit { permits, run, who: GuardNote::here(SystemClock.now(), None).by, known })
}

/// A run begins: a stop from now on is one of this run, though locks, node and devices are still to be opened (S14).
///
/// # Errors
/// It cannot be written. Then no permit could be made either.
pub(crate) fn begin(config: &Config) -> Result<RunId, Failure> {
    let run = RunId::random()?;
    config.root().of(config.baker.chain, config.baker.address).begin(&run)?;
    Ok(run)
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
    past: Option<PreviousRun>,
) -> Result<Failover, Failure> {
    let run = match past.as_ref().and_then(|past| past.run) {
        Some(run) => run,
        None => RunId::random()?,
    };
    let parts = Parts {
        source: sources::open_node(&settings.node()?),
        others: sources::open_others(&config.chain, &policy.without)?,
        hands: Hands { permit: Some(permit(config, state, run)?), ..disarming(config, state, Box::new(Nobody))? },
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
    story: Narration,
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

/// Writes records into a run's journal, and shows them.
pub(crate) fn recorder(file: JournalFile<Record>, out: &Output) -> impl Recorder + use<> {
    Shown { file, out: out.another(), story: Narration::default() }
}

/// Shows one record: as itself for a program, as a story for a person. The end is shown as the command's last line.
pub(crate) fn show(out: &mut Output, story: &mut Narration, record: &Record) {
    if !record.is_end() {
        out.record(record);
    }
    tell(out, story, record);
}

/// For a person: drawn, or in plain lines.
fn tell(out: &mut Output, story: &mut Narration, record: &Record) {
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
    run: (RunId, Policy, PlanId, JournalFile<Record>),
    (locks, operator): (Vec<Box<dyn FailoverLock>>, Box<dyn Operator>),
    past: Option<PreviousRun>,
    out: &mut Output,
) -> Result<Failover, Failure> {
    let (id, policy, plan, file) = run;
    let permit = permit(config, state, id)?;
    let parts = Parts {
        source: sources::open_node(&settings.node()?),
        others: sources::open_others(&config.chain, &policy.without)?,
        hands: Hands { locks, permit: Some(permit), ..hands(config, state, operator)? },
        policy,
        plan,
        clock: Arc::new(SystemClock),
        recorder: Box::new(Shown { file, out: out.another(), story: Narration::default() }),
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
