//! Reading a journal back, with what a cut left behind.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{JournalError, MAX_BYTES, MAX_LINE, VERSION};
use crate::clock::Timestamp;

#[cfg(test)]
mod tests;

/// One record, with its number and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<R> {
    /// The record's number: the line it stands on, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The record.
    pub record: R,
}

/// A journal as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal<R> {
    /// All complete records, in order, without a gap.
    pub entries: Vec<Entry<R>>,
    /// How many bytes of a last, incomplete record were dropped: the writer was cut off there.
    pub torn: Option<usize>,
    /// How many bytes the complete records take.
    pub(super) clean: u64,
}

/// Reads a journal. Needs no lock: what another process is writing at this moment looks like a torn end.
///
/// # Errors
/// The file cannot be read or is larger than [`MAX_BYTES`]; a line is damaged in a way that no cut explains; a record is
/// missing; a line has a newer version or a record that this program does not know.
pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Journal<R>, JournalError> {
    let mut file = File::open(path).map_err(|e| JournalError::open(path, &e))?;
    scan(&mut file, path)
}

pub(super) fn scan<R: DeserializeOwned>(file: &mut File, path: &Path) -> Result<Journal<R>, JournalError> {
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| JournalError::open(path, &e))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(JournalError::TooLarge { path: path.to_owned(), limit: MAX_BYTES });
    }
    let mut journal = Journal { entries: Vec::new(), torn: None, clean: 0 };
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        match parse(line) {
            Ok((envelope, record)) => {
                check(path, number, &envelope)?;
                let record = from_map(record).map_err(|why| bad(path, number, why))?;
                journal.entries.push(Entry { seq: envelope.seq, at: envelope.at, record });
                journal.clean += line.len() as u64;
            }
            // Whatever stands after the last complete record, its append never returned.
            Err(Damage::Cut(_)) if lines.peek().is_none() => journal.torn = Some(line.len()),
            Err(Damage::Newer(version)) => {
                return Err(JournalError::Newer { path: path.to_owned(), line: number, version });
            }
            Err(Damage::Cut(why) | Damage::Wrong(why)) => return Err(bad(path, number, why)),
        }
    }
    Ok(journal)
}

/// Why a line is no record.
enum Damage {
    /// Not a whole line of JSON: what a cut leaves.
    Cut(String),
    /// Not an envelope, in a way that no cut explains.
    Wrong(String),
    /// Whole, and from a newer program.
    Newer(u32),
}

#[derive(Deserialize)]
struct Envelope {
    v: u32,
    seq: u64,
    at: Timestamp,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

fn parse(line: &[u8]) -> Result<(Envelope, Map<String, Value>), Damage> {
    if line.len() > MAX_LINE {
        return Err(Damage::Wrong(format!("longer than {MAX_LINE} bytes")));
    }
    let Some(line) = line.strip_suffix(b"\n") else {
        return Err(Damage::Cut("it has no end".to_owned()));
    };
    // A byte that changed on the disk is no cut: two lines that lost the end between them are acknowledged records.
    let mut map: Map<String, Value> = serde_json::from_slice(line)
        .map_err(|e| if e.is_eof() { Damage::Cut(e.to_string()) } else { Damage::Wrong(e.to_string()) })?;
    // The version first: the rest of a newer line may look different.
    let wrong = |e: serde_json::Error| Damage::Wrong(e.to_string());
    let Version { v } = serde_json::from_slice(line).map_err(wrong)?;
    if v > VERSION {
        return Err(Damage::Newer(v));
    }
    let envelope = serde_json::from_slice(line).map_err(wrong)?;
    for field in ["v", "seq", "at"] {
        map.remove(field);
    }
    Ok((envelope, map))
}

fn check(path: &Path, line: usize, envelope: &Envelope) -> Result<(), JournalError> {
    if envelope.v != VERSION {
        return Err(bad(path, line, format!("version {} never existed", envelope.v)));
    }
    if envelope.seq != line as u64 {
        return Err(JournalError::Gap { path: path.to_owned(), line, found: envelope.seq });
    }
    Ok(())
}

fn bad(path: &Path, line: usize, why: String) -> JournalError {
    JournalError::Bad { path: path.to_owned(), line, why }
}

fn from_map<R: DeserializeOwned>(map: Map<String, Value>) -> Result<R, String> {
    serde_json::from_value(Value::Object(map)).map_err(|e| e.to_string())
}

/// Would this line be read back as record `seq`? Asked before it is written.
pub(super) fn readable(line: &[u8], seq: u64) -> Result<(), String> {
    match parse(line) {
        Ok((envelope, _)) if envelope.v == VERSION && envelope.seq == seq => Ok(()),
        Ok(_) => Err("its own fields hide the envelope's".to_owned()),
        Err(Damage::Cut(why) | Damage::Wrong(why)) => Err(why),
        Err(Damage::Newer(version)) => Err(format!("it carries a version of its own, {version}")),
    }
}
