//! `stand-down`: leaves the backup unable to sign. Never gated: no plan, no lock, no journal line first (S12).

use std::fmt;

use failover_core::clock::{Clock, SystemClock};
use failover_core::effect::{Disarmed, disarm};
use failover_core::journal::JournalFile;
use failover_core::journal::record::{End as Ended, Record};
use failover_core::returning::unplugged_flag;
use failover_core::state::StateDir;
use serde::Serialize;

use super::run::finished;
use crate::args::Answers;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::prompt::Prompt;
use crate::session;
use crate::settings::Settings;

/// What was done, each part read back.
#[derive(Serialize)]
#[serde(tag = "record", rename = "disarmed")]
struct DisarmedRecord<'a> {
    proven: bool,
    what: &'a [String],
}

impl fmt::Display for DisarmedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.proven { "The backup cannot sign:" } else { "NOT read back as unable to sign:" })?;
        self.what.iter().try_for_each(|what| writeln!(f, "    {what}"))
    }
}

/// Takes the token away, locks or deauthorizes the keys, stops the services; then ends an interrupted run.
///
/// # Errors
/// The configuration or a part cannot be used at all.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    let operator = Box::new(Prompt::new(Answers::default(), settings.passphrase(out)?));
    let mut hands = session::disarming(&config, &state, operator)?;
    let Disarmed { proven, what } = disarm(&mut hands, &SystemClock);
    out.show(&DisarmedRecord { proven, what: &what });
    // Written down as soon as it can be; where it cannot, the disarming has still happened.
    if let Err(failure) = write_down(&state, proven, what) {
        out.warn(format!("this is not in the journal: {failure}"));
    }
    if proven {
        return Ok(End::done("the backup is stopped, guarded and disarmed; `failover run` starts over"));
    }
    let flag = unplugged_flag();
    Ok(End::new(
        Exit::Failed,
        format!(
            "unplug the backup's signer: it could not be read back as unable to sign. Then `failover return {flag}` gives the \
             primary its job back, where this machine never baked"
        ),
    ))
}

fn write_down(state: &StateDir, proven: bool, what: Vec<String>) -> Result<(), Failure> {
    let Some((path, _)) = state.unfinished(finished)? else { return Ok(()) };
    let (mut file, _) = JournalFile::<Record>::reopen(&path)?;
    let now = SystemClock.now();
    file.append(now, &Record::Disarmed { proven, what })?;
    if proven {
        let end = Ended {
            outcome: "stood-down".to_owned(),
            exit: 0,
            message: "the backup stood down".to_owned(),
            refusal: None,
            resumed: None,
            next: "run `failover run` to start over, or `failover return`".to_owned(),
        };
        file.append(now, &Record::End(end))?;
    }
    Ok(())
}
