//! `check`: is this backup ready, before it is needed? Every refusal is 4: not ready.

use std::path::Path;
use std::time::Duration;

use failover_core::baker::{BakerControl, BakerError, BakerMachine, BakerState, Depth, Wallet, in_one_look};
use failover_core::clock::{Clock, SystemClock};
use failover_core::config::{Config, Control, Machine};
use failover_core::decision::{Verdict, WaitFor, Waiting, is_alone};
use failover_core::guard::{BootGuard, Guard, GuardStatus};
use failover_core::mark_files::MarkFileError;
use failover_core::session::{Look, open};
use failover_core::signer::traits::ArmedBy;
use failover_core::state::{Pin, Pins, PlanId, Role, StateDir};
use failover_core::tezos::ChainId;
use serde::Serialize;

use super::drill;
use super::found::{Found, Seen};
use super::systemd::proven_systemd;
use crate::config::tzkt_of;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output, Row};
use crate::settings::Settings;
use crate::{locks, signals};

mod rungs;
mod unlocked;

use rungs::rungs;

/// A drill should not be longer ago than this.
const DRILL: Duration = Duration::from_secs(90 * 24 * 3600);

/// One thing that was looked at.
#[derive(Serialize)]
#[serde(tag = "record", rename = "check")]
struct Looked<'a> {
    what: &'a str,
    /// Is nothing missing?
    ready: bool,
    state: Row,
    says: String,
}

impl std::fmt::Display for Looked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] {}: {}", self.state.mark(), self.what, self.says)
    }
}

struct Checks<'a> {
    out: &'a mut Output,
    missing: Vec<String>,
}

impl Checks<'_> {
    fn note(&mut self, what: &str, found: impl Into<Seen>) {
        let (state, says) = match found.into() {
            Seen::Well(says) => (Row::Well, says),
            Seen::Told(says) => (Row::Told, says),
            Seen::Missing(says, next) => {
                self.missing.push(next);
                (Row::Missing, says)
            }
        };
        let looked = Looked { what, ready: state != Row::Missing, state, says };
        self.out.check(&looked, state, what, &looked.says);
    }
}

/// Looks at everything that a run needs; pins the machines where the primary answers (H19).
///
/// # Errors
/// The configuration or the state cannot be used.
pub(crate) fn run(settings: &Settings, unlock: bool, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    let mut checks = Checks { out, missing: Vec::new() };
    if let GuardStatus::Lifted(token) = Guard::new(state.path()).status() {
        let says = format!("it may bake since {}, {}", token.at, token.by);
        checks.note("this machine is the backup", Err((says, String::new())));
        return Ok(End::new(
            Exit::NotReady,
            "nothing needs to be done here: run `failover check` on the machine that is the backup now",
        ));
    }
    // Which machine the primary is belongs to what a run asks first.
    let pinned = pinned(&config, &state)?;
    procedure(settings, &config, &state, unlock, &mut checks)?;
    machines(&config, &state, pinned, &mut checks)?;
    let lock = locks::look(&config, checks.out);
    checks.note("lock", lock);
    if config.signer.device.model().traits().armed_by == ArmedBy::Passphrase {
        checks.note("passphrase", passphrase(&config));
    }
    checks.note("drill", last_drill(settings));
    let missing = checks.missing;
    Ok(match missing.first() {
        None => End::done("this backup is ready; nothing needs to be done"),
        Some(next) => End::new(Exit::NotReady, next.clone()),
    })
}

/// The decision's own gates: device, keys, node, peers, clock, this machine. A backup that is ready would now ask.
fn procedure(
    settings: &Settings,
    config: &Config,
    state: &StateDir,
    unlock: bool,
    checks: &mut Checks<'_>,
) -> Result<(), Failure> {
    let policy = open::policy(config, state, None, false)?;
    let mut looking = Look::open(config, state, policy.clone(), PlanId::random()?, None, signals::flag())?;
    let (facts, verdict) = looking.once();
    let says = match &verdict {
        Verdict::Refuse(refusal) => Err((refusal.to_string(), refusal.next())),
        Verdict::Wait(waiting) => Err(waited(waiting)),
        _ => Ok("chain, keys, device and this machine are as a run needs them".to_owned()),
    };
    if facts.chain.head.is_ok() {
        let alone = is_alone(&facts.chain, &policy.judging());
        checks.note("second source", if alone { Err(another(config)).into() } else { head_pinned(state) });
    }
    checks.note("run", says);
    let armed =
        facts.backup.device.as_ref().map_err(|unknown| (unknown.why.clone(), unknown.next.clone())).and_then(|d| {
            let armed: Vec<String> = d.value.able_to_sign().iter().map(ToString::to_string).collect();
            if armed.is_empty() {
                Ok("no key can sign".to_owned())
            } else {
                Err((
                    format!("can sign: {}", armed.join(", ")),
                    "run `failover stand-down`: a backup must not be able to sign".to_owned(),
                ))
            }
        });
    checks.note("keys locked or not authorized", armed);
    if let Some(ledger) = facts.backup.device.as_ref().ok().and_then(|seen| seen.value.info.ledger) {
        let says = ledger.takeover(policy.chain).unwrap_or_else(|| format!("it is {ledger}"));
        checks.note("chain of the Ledger", Seen::Told(says));
    }
    if let Some(hidden) = unlocked::not_asked_for(&facts) {
        let found = match unlock {
            true => unlocked::look(settings, config, state, (&facts, &policy), checks.out)?.into(),
            false => Seen::Told(hidden),
        };
        checks.note("damage and marks", found);
    }
    Ok(())
}

/// A run would wait for the chain: it may be slow or halted, and nothing could be failed over now.
fn waited(waiting: &Waiting) -> (String, String) {
    let says = match &waiting.why {
        WaitFor::Known { what } => what.clone(),
        _ => "the newest block is old, and no further one came".to_owned(),
    };
    (says, "run `failover level`; when the chain moves again, run `failover check` again".to_owned())
}

/// S15: the own node alone, with its peers, is not enough to be ready.
fn another(config: &Config) -> (String, String) {
    let line = match tzkt_of(&config.baker.network) {
        Some(url) => format!("tzkt = \"{url}\""),
        None => "others = [\"http://ANOTHER-NODE:8732\"]".to_owned(),
    };
    let next =
        format!("add this line to [chain] in {}, then run `failover check` again: {line}", config.file.display());
    ("no other source is configured that could confirm the node's head".to_owned(), next)
}

/// The head that this look pinned, where another source agreed.
fn head_pinned(state: &StateDir) -> Seen {
    match state.head_pin() {
        Ok(Some(pin)) => Seen::Well(format!("head {:#} of {} is pinned: it bounds later ones", pin.level, pin.at)),
        Ok(None) => Seen::Told("no head is pinned yet: another source must agree".to_owned()),
        Err(error) => Seen::Missing(error.to_string(), error.next().to_owned()),
    }
}

/// What a run does itself is not missing; what it could not even read is.
fn guarded(backup: &mut dyn BakerMachine) -> Seen {
    match backup.boot_guard() {
        Ok(BootGuard::Holds { units, .. }) => Seen::Well(format!("no reboot starts {}", units.join(", "))),
        Ok(BootGuard::Open { .. }) => {
            Seen::Told("not installed: a run does it first of all, `failover guard install` does it now".to_owned())
        }
        Err(BakerError::NoUnits { .. }) => {
            Seen::Told("none: [backup] has no units, so its start command has to ask `failover guard check`".to_owned())
        }
        Err(error) => Seen::Missing(error.to_string(), error.next().to_owned()),
    }
}

/// Pins the primary, where it answers; `None`: it is never reached from here.
fn pinned(config: &Config, state: &StateDir) -> Result<Option<Found>, Failure> {
    let Some(mut primary) = open::primary(config)? else { return Ok(None) };
    let found = in_one_look(&mut *primary, Depth::Services, |primary| {
        primary.identity().and_then(|identity| primary.state().map(|_| identity))
    });
    match found {
        Ok(identity) => pin(state, &primary.describe(), identity).map(Some),
        Err(error) => Ok(Some(Err((error.to_string(), error.next().to_owned())))),
    }
}

fn machines(config: &Config, state: &StateDir, pinned: Option<Found>, checks: &mut Checks<'_>) -> Result<(), Failure> {
    let mut backup = open::backup(&config.backup, state.path())?;
    checks.note("services here", stopped(&mut *backup));
    checks.note("boot guard here", guarded(&mut *backup));
    if let Some(systemd) = proven_systemd(&config.backup)? {
        checks.note("systemd here", systemd);
    }
    checks.note("keys of the baker here", wallet(&mut *backup));
    let (Some(machine), Some(pinned), Some(mut primary)) = (&config.primary.machine, pinned, open::primary(config)?)
    else {
        let never = "never reached from here: every run is an emergency run".to_owned();
        checks.note("primary", Seen::Told(never));
        return Ok(());
    };
    let answers = pinned.is_ok();
    checks.note("primary", pinned);
    if !answers {
        return Ok(());
    }
    checks.note("marks of the primary", marks(&mut *primary, config.baker.chain, !machine.marks.is_empty()));
    if let Some(signer) = &config.primary.signer {
        checks.note("stopping the primary's signer", may_stop(signer)?);
    }
    if !matches!(machine.control, Control::Command { .. }) {
        checks.note("stopping the primary", may_stop(machine)?);
        checks.note("fencing the primary from here", Seen::Told(rungs(config)?));
    }
    Ok(())
}

/// So often a mark file is looked at that is in the middle of being written.
const LOOKS: usize = 3;
/// Between two of these looks.
const PAUSE: Duration = Duration::from_millis(300);

/// A baker that works is in the middle of writing now and then.
const fn is_being_written(error: &BakerError) -> bool {
    matches!(
        error,
        BakerError::MarkFile { error: MarkFileError::Changed | MarkFileError::Empty | MarkFileError::Cut { .. }, .. }
    )
}

/// Can the primary's mark files be read? Not needed, but where somebody named folders they must be right.
fn marks(primary: &mut dyn BakerMachine, chain: ChainId, named: bool) -> Seen {
    let mut read = primary.marks(chain);
    for _ in 1..LOOKS {
        if !read.as_ref().is_err_and(is_being_written) {
            break;
        }
        SystemClock.sleep(PAUSE);
        read = primary.marks(chain);
    }
    let is_written = read.as_ref().is_err_and(is_being_written);
    match read {
        Ok(found) if named && !found.absent.is_empty() => Seen::Missing(
            format!("there is no folder {} there", found.absent.join(", ")),
            "correct `marks` in the configuration".to_owned(),
        ),
        Ok(found) if found.files.is_empty() => {
            Seen::Told("no file there: what it signed is taken from the chain".to_owned())
        }
        Ok(found) => {
            let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
            Seen::Well(format!("read from {}", paths.join(", ")))
        }
        Err(BakerError::MarkFile { path, .. }) if is_written => Seen::Told(format!("{path} is being written now")),
        Err(error) if named => Seen::Missing(error.to_string(), error.next().to_owned()),
        Err(error) => Seen::Told(format!("not used: {error}")),
    }
}

fn stopped(backup: &mut dyn BakerControl) -> Result<String, (String, String)> {
    match backup.state() {
        Ok(BakerState::Stopped { .. }) => Ok("nothing signs on this machine".to_owned()),
        Ok(BakerState::Running { what }) => {
            Err((format!("running: {}", what.join(", ")), "run `failover stand-down`".to_owned()))
        }
        Err(error) => Err((error.to_string(), error.next().to_owned())),
    }
}

/// The keys that the baker here knows by name. Whether they are the right ones is the run's to say; where they are not
/// known, nothing is refused.
fn wallet(backup: &mut dyn BakerMachine) -> Seen {
    match backup.startable().map(|found| found.unwrap_or_default().wallet) {
        Ok(Wallet::Read { files, keys }) => Seen::Well(format!("{} in {}", keys.len(), files.join(", "))),
        Ok(Wallet::NotKnown { why }) => Seen::Told(format!("not known, look yourself: {why}")),
        Ok(_) => Seen::Told("not known, look yourself".to_owned()),
        Err(error) => Seen::Missing(error.to_string(), error.next().to_owned()),
    }
}

/// Pins the primary the first time, and compares ever after.
fn pin(
    state: &StateDir,
    host: &str,
    identity: failover_core::host::HostIdentity,
) -> Result<Result<String, (String, String)>, Failure> {
    let mut pins: Pins = state.pins()?.unwrap_or_default();
    if let Some(known) = pins.get(Role::Primary) {
        return Ok(if known.identity == identity {
            Ok(format!("{host} is the machine that was pinned"))
        } else {
            let says = format!("{host} has the machine-id {}, not {}", identity.machine_id, known.identity.machine_id);
            let next = format!(
                "find out which machine answers; if the primary was replaced, remove pins.json in {}",
                state.path().display()
            );
            Err((says, next))
        });
    }
    let says = format!("{host} pinned: machine-id {}", identity.machine_id);
    pins.machines.insert(Role::Primary, Pin { host: host.to_owned(), identity, at: SystemClock.now() });
    state.set_pins(&pins)?;
    Ok(Ok(says))
}

/// `sudo -n -l` tells beforehand whether a stop would be let through.
fn may_stop(machine: &Machine) -> Result<Result<String, (String, String)>, Failure> {
    let mut host = open::host(machine)?;
    let deadline = Duration::from_secs(15);
    // Both at once: over a line each round trip counts.
    let sudo: [&str; 6] = ["sudo", "-n", "-l", "systemctl", "stop", "x"];
    let mut said = host.ask_together(&[(&["id", "-u"], deadline), (&sudo, deadline)]).into_iter();
    let who = said.next().unwrap_or_else(|| host.ask(&["id", "-u"], deadline));
    if who.is_ok_and(|out| out.code == 0 && out.stdout.trim() == "0") {
        return Ok(Ok("as root".to_owned()));
    }
    Ok(match said.next().unwrap_or_else(|| host.ask(&sudo, deadline)) {
        Ok(out) if out.code == 0 => Ok("sudo lets it through without a password".to_owned()),
        Ok(_) => Err((
            "sudo wants a password there, or does not allow systemctl".to_owned(),
            "add a NOPASSWD rule for systemctl on the primary, or log in as root".to_owned(),
        )),
        Err(error) => Err((error.to_string(), error.next().to_owned())),
    })
}

fn passphrase(config: &Config) -> Seen {
    match &config.signer.passphrase_file {
        Some(file) if Path::new(file).is_file() => Seen::Well(format!("read from {}", file.display())),
        Some(file) => Seen::Missing(format!("{} is not there", file.display()), "correct `passphrase_file`".to_owned()),
        None => Seen::Told("asked for when it is needed, unless TEZSIGN_UNLOCK_PASS has it".to_owned()),
    }
}

fn last_drill(settings: &Settings) -> Found {
    let next = "rehearse: failover drill".to_owned();
    match drill::remembered(settings) {
        Ok(Some(drill)) => {
            let age = SystemClock.now().since(drill.at);
            let days = age.as_secs() / 86_400;
            if age > DRILL || drill.exit != 0 {
                Err((format!("the last one was {days} days ago and ended with exit {}", drill.exit), next))
            } else {
                Ok(format!("{days} days ago"))
            }
        }
        Ok(None) => Err(("none on this machine yet".to_owned(), next)),
        Err(error) => Err((error.to_string(), error.next().to_owned())),
    }
}
