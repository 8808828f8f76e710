//! Small files, whole or not at all: `{"v":1, ...}`, written atomically, read with their version.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::StateError;

/// The version of every file in the state folder.
const VERSION: u32 = 1;

/// None of these files is larger than a few hundred bytes.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Serialize)]
struct Versioned<'a, T> {
    v: u32,
    #[serde(flatten)]
    value: &'a T,
}

/// Reads a file; `None` where there is none.
///
/// # Errors
/// It cannot be read, is damaged, or is newer than this program.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    let file = match File::open(path) {
        Ok(file) => file,
        // A link that leads nowhere is not nothing.
        Err(e) if e.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => return Ok(None),
        Err(e) => return Err(StateError::read(path, &e)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| StateError::read(path, &e))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StateError::damaged(path, "it is too large"));
    }
    let mut map: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|e| StateError::damaged(path, e))?;
    let version = map.remove("v").and_then(|v| v.as_u64()).and_then(|v| u32::try_from(v).ok());
    match version {
        Some(VERSION) => {}
        Some(version) if version > VERSION => return Err(StateError::Newer { path: path.to_owned(), version }),
        _ => return Err(StateError::damaged(path, "it has no version")),
    }
    serde_json::from_value(Value::Object(map)).map(Some).map_err(|e| StateError::damaged(path, e))
}

/// A file's whole text, with its version.
///
/// # Errors
/// JSON cannot express the value.
pub(crate) fn text<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(&Versioned { v: VERSION, value })? + "\n")
}

/// Writes a file of the state folder, for its owner alone.
///
/// # Errors
/// The system refused; the old file is still there, unless only the last fsync failed.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), StateError> {
    let text = text(value).map_err(|e| StateError::damaged(path, e))?;
    replace(path, text.as_bytes(), 0o600).map_err(|e| StateError::write(path, &e))
}

/// Puts a file in place of the one that is there, if any, with this mode less the umask: a reader finds the old one or
/// the new one, also after a cut, and it is durable when this returns.
///
/// # Errors
/// The system refused; the old file is still there, unless only the last fsync failed.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let temporary = beside(path)?;
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, path));
    if let Err(e) = written {
        // What is left of it takes room and means nothing; the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return Err(e);
    }
    sync_folder(path)
}

/// Removes a file, durably; none there is success.
///
/// # Errors
/// The system refused, or the name is still there when it is looked for again.
pub(crate) fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(StateError::write(path, &e)),
    }
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(StateError::read(path, &e)),
        Ok(_) => Err(StateError::Write { path: path.to_owned(), why: "it is still there".to_owned() }),
    }
}

/// Makes the names in a file's folder durable.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), StateError> {
    sync_folder(path).map_err(|e| StateError::write(folder_of(path), &e))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // A crash of an earlier process with this id may have left one. `create_new` follows no link.
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name in the same folder that no other writer has.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Ok(path.with_file_name(format!(".{name}.{}-{count}.tmp", std::process::id())))
}
