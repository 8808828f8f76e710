//! The folder of the runs: one journal each, `journals/` in the state folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::guard::HistoryEvent;
use crate::jsonl::{self, Entry, Journal, JournalFile};
use crate::signer::Raised;
use crate::state::{PlanId, StateDir, StateError, compact};

/// So many runs of one plan may end within a second.
const MOST: u32 = 9;

impl StateDir {
    /// Begins the journal of a run, `journals/20261122T030000Z-K7MPQ2.jsonl`; where that is taken, by a run of the same plan that
    /// ended within the second, `20261122T030000Z.2-K7MPQ2.jsonl`.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create_journal<R: Serialize>(&self, now: Timestamp, plan: PlanId) -> Result<JournalFile<R>, StateError> {
        let path = |number| {
            let of_the_second = if number == 1 { String::new() } else { format!(".{number}") };
            self.journal_folder().join(format!("{}{of_the_second}-{plan}.jsonl", compact(now)))
        };
        let free = (1..MOST).map(path).find(|path| fs::symlink_metadata(path).is_err());
        Ok(JournalFile::create(&free.unwrap_or_else(|| path(MOST)))?)
    }

    /// All journals, the newest first. One without a byte is none: its run ended before its first record, and did nothing.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn journals(&self) -> Result<Vec<PathBuf>, StateError> {
        let folder = self.journal_folder();
        let read = |e: std::io::Error| StateError::read(&folder, &e);
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            let empty = || fs::metadata(&path).is_ok_and(|file| file.len() == 0);
            if path.extension() == Some(OsStr::new("jsonl")) && !empty() {
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
            let journal: Journal<R> = jsonl::read(&path)?;
            if !journal.entries.is_empty() && !finished(&journal.entries) {
                return Ok(Some((path, journal)));
            }
        }
        Ok(None)
    }

    /// The newest journal with a record, and what stands in it; `None`: no run wrote any.
    ///
    /// # Errors
    /// The folder, or a journal that may be it, cannot be read.
    pub fn newest<R: DeserializeOwned>(&self) -> Result<Option<(PathBuf, Journal<R>)>, StateError> {
        self.unfinished(|_| false)
    }

    /// A standby is completed, with these marks: what was armed here before it does not count any more.
    ///
    /// # Errors
    /// A journal cannot be read, or the history cannot be written.
    pub fn stood_by(&self, now: Timestamp, raised: Vec<Raised>) -> Result<(), StateError> {
        let mut journals = BTreeMap::new();
        for path in self.journals()? {
            let records = jsonl::read::<serde_json::Value>(&path)?.entries.len() as u64;
            journals.insert(name_of(&path), records);
        }
        self.remember(now, &HistoryEvent::StoodBy { raised, journals })
    }

    fn journal_folder(&self) -> PathBuf {
        self.path().join("journals")
    }
}

/// A journal's name in its folder.
pub(crate) fn name_of(path: &std::path::Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
