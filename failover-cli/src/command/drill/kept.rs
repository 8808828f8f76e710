//! The journal of the last drill, kept when its scratch folder goes: in the state folder where that can be written, as
//! on a backup that is set up, else in the user's own.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use failover_core::clock::{Clock, SystemClock};
use failover_core::journal::JournalFile;
use failover_core::journal::record::Record;
use failover_core::state::{self, StateDir, StateError};
use serde::Serialize;

use crate::args::Global;
use crate::output::Output;
use crate::settings::Settings;

/// Its name in either folder.
const FILE: &str = "drill.jsonl";

/// Where it was kept.
#[derive(Serialize)]
#[serde(tag = "record", rename = "drill-journal")]
struct Kept {
    path: PathBuf,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Its report: failover report drill --html drill.html\n")
    }
}

/// Keeps a drill's journal, with what it was as its last record. A drill whose journal cannot be kept was still a drill.
pub(super) fn keep(global: &Global, journal: Option<&Path>, rehearsed: &Record, out: &mut Output) {
    let Some(journal) = journal else { return };
    let bytes = JournalFile::<Record>::reopen(journal).ok().and_then(|(mut file, _)| {
        file.append(SystemClock.now(), rehearsed).ok()?;
        fs::read(journal).ok()
    });
    let Some(bytes) = bytes else { return };
    let kept = folders(global).into_iter().find_map(|folder| {
        // As a state folder is made: for nobody else to write in.
        let path = StateDir::open(&folder).ok()?.path().join(FILE);
        state::replace(&path, &bytes, 0o600).ok().map(|()| path)
    });
    if let Some(path) = kept {
        out.show(&Kept { path });
    }
}

/// The last one that was kept.
pub(crate) fn last(global: &Global) -> Option<PathBuf> {
    let found = folders(global).into_iter().map(|folder| folder.join(FILE));
    found.filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path))).max().map(|(_, path)| path)
}

/// Remembers a drill for `check`, and says where that cannot be: `check` would go on asking for one. The folder of a
/// configuration is made where it is not there yet, as `check` itself makes it; without one it is this user's own, which counts until
/// there is a state folder with a newer one.
pub(super) fn remember(global: &Global, drill: &state::Drill, out: &mut Output) {
    let state = state_folder(global);
    let configured = Settings::load(global.clone()).is_ok_and(|settings| settings.known().is_some());
    let noted = match if configured { StateDir::open(&state) } else { StateDir::existing(&state) } {
        Ok(folder) => folder.set_drill(drill),
        Err(StateError::Missing { .. }) => {
            // A drill that cannot be remembered was still a drill, and nothing here asks for it yet.
            let _nowhere = own_of(global).map(|own| StateDir::open(own).and_then(|own| own.set_drill(drill)));
            return;
        }
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        out.warn(format!("`failover check` does not learn of this drill: {error}"));
    }
}

/// The newest drill that was remembered for this state folder, or by this user before there was one.
///
/// # Errors
/// What the state folder remembers cannot be read.
pub(crate) fn remembered(settings: &Settings) -> Result<Option<state::Drill>, StateError> {
    let here = match StateDir::existing(settings.state()) {
        Ok(state) => state.drill()?,
        Err(StateError::Missing { .. }) => None,
        Err(error) => return Err(error),
    };
    let own = own_of(settings.global()).and_then(|own| StateDir::existing(own).ok()?.drill().ok().flatten());
    Ok(here.into_iter().chain(own).max_by_key(|drill| drill.at))
}

/// The user's own folder; none beside a state folder that was named.
fn own_of(global: &Global) -> Option<PathBuf> {
    own().filter(|_| global.state.is_none())
}

/// The state folder of a real run here, whose `check` asks for the last drill. A drill needs no configuration, nor a right one.
pub(super) fn state_folder(global: &Global) -> PathBuf {
    let usual = || global.state.clone().unwrap_or_else(|| StateDir::DEFAULT.into());
    Settings::load(global.clone()).map_or_else(|_| usual(), |settings| settings.state())
}

/// Where it may be: a state folder that was named is the only place, and none is made for a drill.
fn folders(global: &Global) -> Vec<PathBuf> {
    let state = StateDir::existing(state_folder(global)).ok().map(|state| state.path().to_owned());
    state.into_iter().chain(own_of(global)).collect()
}

/// The XDG specification: a relative `XDG_STATE_HOME` is ignored, an unset one is `~/.local/state`.
fn own() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::home_dir().map(|home| home.join(".local/state"));
    set.or_else(home).map(|folder| folder.join("failover"))
}
