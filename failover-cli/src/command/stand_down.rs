//! `stand-down`: leaves the backup unable to sign. Never gated: no plan, no lock, no configuration, no state folder, no
//! journal line first, and no question (S12, S14).

use std::fmt;

use failover_core::clock::{Clock, SystemClock};
use failover_core::config::Config;
use failover_core::effect::{Disarmed, Hands, Whose, stand_down};
use failover_core::journal::JournalFile;
use failover_core::journal::record::Record;
use failover_core::lock::FileLock;
use failover_core::operator::Nobody;
use failover_core::permit::hostname;
use failover_core::returning::stood_down;
use failover_core::session::open;
use failover_core::state::{Latch, StateDir};
use serde::Serialize;

use super::hwm;
use super::run::finished;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;
use crate::signals;

mod baked;
mod everything;

use baked::Baked;

/// What was done, each part read back.
#[derive(Serialize)]
#[serde(tag = "record", rename = "disarmed")]
pub(super) struct DisarmedRecord<'a> {
    pub(super) proven: bool,
    pub(super) what: &'a [String],
}

impl fmt::Display for DisarmedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.proven { "The backup cannot sign:" } else { "NOT read back as unable to sign:" })?;
        self.what.iter().try_for_each(|what| writeln!(f, "    {what}"))
    }
}

/// By whom a permit is taken away, for the run that finds it gone.
pub(super) fn by(command: &str) -> String {
    format!("`failover {command}`, process {} on {}", std::process::id(), hostname())
}

/// Takes permits and token away, locks or deauthorizes the keys, stops the services, installs the boot guard; then ends a
/// run that is going on or was interrupted in its journal.
///
/// # Errors
/// The configuration is there and wrong.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let by = by("stand-down");
    // Without a state folder that can be used, the journal matters least.
    let state = StateDir::open(settings.state());
    let Some(config) = settings.known() else { return Ok(everything::stand_down(&settings.state(), &by, out)) };
    let permits = config.root().of(config.baker.chain, config.baker.address);
    // At once, before anything is opened.
    let _said_below = permits.take_away(&by);
    let baked = Baked::before(config, &settings.state());
    let mut hands = hands(config, settings)?;
    let Disarmed { proven, mut what } = stand_down(&mut hands, Whose::Baker(&permits), &by, &SystemClock);
    let did_bake = baked.told(&mut what);
    if !proven {
        what.extend(going_on(config));
    }
    if proven {
        what.extend(hwm::setting(config.signer.device.model().traits()).map(str::to_owned));
    }
    out.show(&DisarmedRecord { proven, what: &what });
    // Written down as soon as it can be; where it cannot, the disarming has still happened.
    let written =
        state.as_ref().map_err(|error| error.clone().into()).and_then(|state| write_down(state, proven, what));
    if let Err(failure) = written {
        out.warn(format!("this is not in the journal: {failure}"));
    }
    if let Ok(state) = &state {
        let latch = state.latch();
        if !latch.is_open() && !matches!(latch, Latch::Unknown(_)) {
            return Ok(End::new(
                Exit::Duplicate,
                "a duplicate was seen here: find the machine that signed, then `failover clear`",
            ));
        }
    }
    let next = stood_down(proven).next;
    // Of a stop that is not proven the one urgent thing is said, and not that nobody bakes (S5).
    Ok(if proven { End::done(baked::after_it(did_bake, next)) } else { End::new(Exit::Failed, next) })
}

/// What is stopped and disarmed: without a state folder all the same.
fn hands(config: &Config, settings: &Settings) -> Result<Hands, Failure> {
    Ok(open::disarming_in(config, &settings.state(), Box::new(Nobody), &signals::flag())?)
}

/// The run that could not be stopped, for who ends it by hand.
pub(super) fn going_on(config: &Config) -> Option<String> {
    let holder = FileLock::holder_under(&config.root(), config.baker.chain, config.baker.address)?;
    Some(format!("a run is in progress: {holder}; end that process"))
}

fn write_down(state: &StateDir, proven: bool, what: Vec<String>) -> Result<(), Failure> {
    let Some((path, _)) = state.unfinished(finished)? else { return Ok(()) };
    let (mut file, _) = JournalFile::<Record>::reopen(&path)?;
    let now = SystemClock.now();
    file.append(now, &Record::Disarmed { proven, what })?;
    file.append(now, &Record::End(stood_down(proven)))?;
    Ok(())
}
