//! The token's history, and what else of the device's marks no journal of a run has (S16): `token-history.jsonl`. It is only
//! ever added to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Token;
use crate::clock::Timestamp;
use crate::jsonl::{self, Entry, JournalFile};
use crate::signer::Raised;
use crate::state::{StateDir, StateError};

/// One event of the history.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum HistoryEvent {
    /// The token is about to be put there: from here on the machine may have signed.
    Lifted {
        /// On whose word.
        token: Token,
    },
    /// A token that was there was taken away.
    Guarded {
        /// The token; `None`: it could not be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<Token>,
    },
    /// Marks were raised outside of a run.
    Raised {
        /// Before and after, read back.
        raised: Vec<Raised>,
    },
    /// A standby was completed: every part of it was read back.
    StoodBy {
        /// The marks, before and after, read back.
        raised: Vec<Raised>,
        /// Every journal there was then, by its name, with how many records it had: those are of before.
        journals: BTreeMap<String, u64>,
    },
}

impl StateDir {
    /// Adds an event to the history, durably.
    ///
    /// # Errors
    /// The file cannot be written, or another process writes it at this moment.
    pub fn remember(&self, now: Timestamp, event: &HistoryEvent) -> Result<(), StateError> {
        let path = self.history_file();
        let there = std::fs::symlink_metadata(&path).is_ok();
        let mut file = match there {
            true => JournalFile::<HistoryEvent>::reopen(&path)?.0,
            false => JournalFile::create(&path)?,
        };
        file.append(now, event)?;
        Ok(())
    }

    /// The whole history, the oldest first; none is an empty one.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn history(&self) -> Result<Vec<Entry<HistoryEvent>>, StateError> {
        let path = self.history_file();
        match std::fs::symlink_metadata(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(StateError::read(&path, &e)),
            Ok(_) => Ok(jsonl::read(&path)?.entries),
        }
    }

    fn history_file(&self) -> PathBuf {
        self.path().join("token-history.jsonl")
    }
}
