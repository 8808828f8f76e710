//! Writing a journal: append, fsync, then return.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::marker::PhantomData;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::scan::{readable, scan};
use super::{Journal, JournalError, MAX_BYTES, VERSION};
use crate::clock::Timestamp;

/// A journal open for writing, by this process alone: the file is locked until it is dropped.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use failover_core::clock::Timestamp;
/// use failover_core::journal::{self, JournalFile};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// #[serde(tag = "record", rename_all = "lowercase")]
/// enum Record { Began { baker: String } }
///
/// let path = dir.path().join("run.jsonl");
/// let mut journal = JournalFile::create(&path)?;
/// journal.append(Timestamp::from_millis(1_795_316_400_000), &Record::Began { baker: "mybaker".into() })?;
/// let line = std::fs::read_to_string(&path)?;
/// assert_eq!(line, "{\"v\":1,\"seq\":1,\"at\":\"2026-11-22T03:00:00Z\",\"record\":\"began\",\"baker\":\"mybaker\"}\n");
/// assert_eq!(journal::read::<Record>(&path)?.entries.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JournalFile<R> {
    file: File,
    path: PathBuf,
    /// The number of the last record on the disk.
    seq: u64,
    /// Where it ends, in bytes.
    clean: u64,
    /// A write or an fsync failed, and what it left could not be taken away yet.
    dirty: bool,
    records: PhantomData<fn(&R)>,
}

#[derive(Serialize)]
struct Line<'a, R> {
    v: u32,
    seq: u64,
    at: Timestamp,
    #[serde(flatten)]
    record: &'a R,
}

impl<R: Serialize> JournalFile<R> {
    /// Creates a journal, readable by its owner only, and makes its name durable.
    ///
    /// # Errors
    /// Something has that name already, the folder is missing or may not be written, or an fsync failed.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let open = |e: std::io::Error| JournalError::open(path, &e);
        let file = OpenOptions::new().append(true).read(true).create_new(true).mode(0o600).open(path).map_err(open)?;
        lock(&file, path)?;
        file.sync_all().map_err(|e| JournalError::write(path, &e))?;
        sync_folder(path).map_err(|e| JournalError::write(path, &e))?;
        Ok(Self { file, path: path.to_owned(), seq: 0, clean: 0, dirty: false, records: PhantomData })
    }

    /// Where the journal is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the last record on the disk; 0 where there is none.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Writes one record in one write, and returns its number once it is on the disk.
    ///
    /// After a failure the file is cut back to the record before, at once or at the next call; until that has
    /// worked, every further call fails, so that no record ever follows a torn one.
    ///
    /// # Errors
    /// The record is no map or hides the envelope's fields; there is no room; the system refused the write or the
    /// fsync; the file was changed by somebody else. The record then counts as not written.
    pub fn append(&mut self, at: Timestamp, record: &R) -> Result<u64, JournalError> {
        let seq = self.seq.saturating_add(1);
        let line = line(seq, at, record)?;
        if self.dirty {
            self.cut_back()?;
        }
        self.unchanged()?;
        let end = self.clean.saturating_add(line.len() as u64);
        if end > MAX_BYTES {
            let why = format!("it has reached its limit of {MAX_BYTES} bytes");
            return Err(JournalError::Full { path: self.path.clone(), why });
        }
        if let Err(e) = self.file.write_all(&line).and_then(|()| self.file.sync_data()) {
            self.dirty = true;
            let error = JournalError::write(&self.path, &e);
            // What went wrong first is what the caller needs to know; a failed cut is tried again at the next call.
            let _ = self.cut_back();
            return Err(error);
        }
        self.seq = seq;
        self.clean = end;
        Ok(seq)
    }

    /// Takes away what a failed append left after the last record.
    fn cut_back(&mut self) -> Result<(), JournalError> {
        let cut = self.file.set_len(self.clean).and_then(|()| self.file.sync_all());
        cut.map_err(|e| JournalError::write(&self.path, &e))?;
        self.dirty = false;
        Ok(())
    }

    /// Is the file still the one with this name, and still as long as it was left?
    fn unchanged(&self) -> Result<(), JournalError> {
        let changed = |why: String| JournalError::Changed { path: self.path.clone(), why };
        let ours = self.file.metadata().map_err(|e| changed(e.to_string()))?;
        let named = fs::symlink_metadata(&self.path).map_err(|e| changed(e.to_string()))?;
        if (ours.dev(), ours.ino()) != (named.dev(), named.ino()) {
            return Err(changed("another file has its name".to_owned()));
        }
        if ours.len() != self.clean {
            return Err(changed(format!("it has {} bytes, not {}", ours.len(), self.clean)));
        }
        Ok(())
    }
}

impl<R: Serialize + DeserializeOwned> JournalFile<R> {
    /// Opens a journal to go on with it: reads it, cuts off a torn end, and makes that durable.
    ///
    /// # Errors
    /// As [`read`](super::read); another process writes it; the torn end cannot be cut off.
    pub fn reopen(path: &Path) -> Result<(Self, Journal<R>), JournalError> {
        let open = |e: std::io::Error| JournalError::open(path, &e);
        let mut file = OpenOptions::new().append(true).read(true).open(path).map_err(open)?;
        lock(&file, path)?;
        let journal: Journal<R> = scan(&mut file, path)?;
        let (seq, clean) = (journal.entries.len() as u64, journal.clean);
        let mut this = Self { file, path: path.to_owned(), seq, clean, dirty: true, records: PhantomData };
        this.cut_back()?;
        sync_folder(path).map_err(|e| JournalError::write(path, &e))?;
        this.unchanged()?;
        Ok((this, journal))
    }
}

impl<R> Drop for JournalFile<R> {
    fn drop(&mut self) {
        // Not by closing alone: a child between its fork and its exec has the same open file, and with it the lock.
        let _ = self.file.unlock();
    }
}

fn line<R: Serialize>(seq: u64, at: Timestamp, record: &R) -> Result<Vec<u8>, JournalError> {
    let because = |why: String| JournalError::Record { why };
    let mut line = serde_json::to_vec(&Line { v: VERSION, seq, at, record }).map_err(|e| because(e.to_string()))?;
    line.push(b'\n');
    readable(&line, seq).map_err(because)?;
    Ok(line)
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    file.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => JournalError::InUse { path: path.to_owned() },
        TryLockError::Error(e) => JournalError::open(path, &e),
    })
}

/// A file's name is on the disk only once its folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
