//! A drill's journal: shown as it is written, and broken off where the session is to be killed.

use std::sync::{Arc, Mutex, PoisonError};

use super::others::Others;
use crate::act::Cut;
use crate::wire::{Ended, Wire};
use failover_core::clock::Timestamp;
use failover_core::failover::Recorder;
use failover_core::journal::record::Record;
use failover_core::journal::{JournalError, JournalFile};

/// Who watches a drill: gets every record as it is written.
pub type Watcher = Arc<Mutex<dyn FnMut(Timestamp, &Record) + Send>>;

/// The journal, then the watcher; breaks off where the session is cut.
pub(super) struct Watched {
    pub(super) file: JournalFile<Record>,
    pub(super) watcher: Watcher,
    pub(super) cut: Option<Cut>,
    pub(super) written: usize,
    pub(super) broken: bool,
    pub(super) wire: Wire,
    pub(super) others: Option<Others>,
}

impl Recorder for Watched {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.broken |= matches!(self.cut, Some(Cut::Before(index)) if index == self.written);
        if self.broken {
            self.wire.die(Ended::Killed);
        }
        let Self { file, wire, .. } = self;
        wire.exchange(|mishap| match mishap {
            None => file.append(at, record).map(drop),
            Some(_) => {
                let why = "No space left on device (os error 28)".to_owned();
                Err(JournalError::Full { path: file.path().to_owned(), why })
            }
        })?;
        (self.watcher.lock().unwrap_or_else(PoisonError::into_inner))(at, record);
        if let Some(others) = &mut self.others {
            others.after(self.written, record);
        }
        self.broken = match self.cut {
            Some(Cut::When(holds)) => holds(record),
            Some(Cut::After(index)) => index == self.written,
            Some(Cut::Before(_)) | None => false,
        };
        self.written += 1;
        if self.broken {
            self.wire.die(Ended::Killed);
        }
        Ok(())
    }
}
