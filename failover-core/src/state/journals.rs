//! The journals of this machine: one file a run.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PlanId, StateDir, StateError};
use crate::clock::Timestamp;
use crate::journal::{self, Entry, Journal, JournalFile};

impl StateDir {
    /// Begins the journal of a run, `journals/20261122T030000Z-K7MPQ2.jsonl`.
    ///
    /// # Errors
    /// The file cannot be created, or there is one of that name.
    pub fn create_journal<R: Serialize>(&self, now: Timestamp, plan: PlanId) -> Result<JournalFile<R>, StateError> {
        let name = format!("{}-{plan}.jsonl", compact(now));
        Ok(JournalFile::create(&self.journal_folder().join(name))?)
    }

    /// All journals, the newest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn journals(&self) -> Result<Vec<PathBuf>, StateError> {
        let folder = self.journal_folder();
        let read = |e: std::io::Error| StateError::read(&folder, &e);
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            if path.extension() == Some(OsStr::new("jsonl")) {
                found.push(path);
            }
        }
        // The names begin with the time, in a form whose order is the time's.
        found.sort_unstable_by(|a, b| b.file_name().cmp(&a.file_name()));
        Ok(found)
    }

    /// The plans of this machine's runs, by their journals' names.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn plans(&self) -> Result<Vec<PlanId>, StateError> {
        let plan = |path: &PathBuf| path.file_stem()?.to_str()?.rsplit('-').next()?.parse().ok();
        Ok(self.journals()?.iter().filter_map(plan).collect())
    }

    /// The newest journal that `finished` does not call finished, with what stands in it; `None` where all are.
    ///
    /// A journal without a record is passed over: nothing was done, as every effect has its record first. One
    /// that cannot be read is an error, as it may be the one.
    ///
    /// # Errors
    /// The folder or a journal cannot be read.
    pub fn unfinished<R: DeserializeOwned>(
        &self,
        finished: impl Fn(&[Entry<R>]) -> bool,
    ) -> Result<Option<(PathBuf, Journal<R>)>, StateError> {
        for path in self.journals()? {
            let journal: Journal<R> = journal::read(&path)?;
            if !journal.entries.is_empty() && !finished(&journal.entries) {
                return Ok(Some((path, journal)));
            }
        }
        Ok(None)
    }

    fn journal_folder(&self) -> PathBuf {
        self.path().join("journals")
    }
}

/// A time that stands in a file's name so; `None`: it does not.
pub(super) fn expanded(text: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| text.get(from..to);
    let (date, time) = (part(0, 8)?, text.get(8..)?);
    let (hour, rest) = (time.strip_prefix('T')?.get(..2)?, time.get(3..)?);
    let (minute, second) = (rest.get(..2)?, rest.get(2..)?);
    let whole = format!("{}-{}-{}T{hour}:{minute}:{second}", date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    whole.parse().ok()
}

/// A time as it stands in a file's name: `20261122T030000Z`.
pub(super) fn compact(time: Timestamp) -> String {
    let seconds = Timestamp::from_millis(time.millis() - time.millis().rem_euclid(1000));
    seconds.to_string().replace(['-', ':'], "")
}
