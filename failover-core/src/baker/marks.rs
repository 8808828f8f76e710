//! What a machine's bakers and signers wrote down of what they signed: found, read and held against a second look.

use std::fmt;
use std::str::FromStr;

use super::BakerError;
use super::elevation::Elevation;
use super::files::{Entry, Reader, Spoiled};
use crate::host::Host;
use crate::mark_files::{MarkFile, MarkFileError, MarkFileName, PATTERNS, PrimaryMarks, SIZE_LIMIT, parse};
use crate::tezos::ChainId;

/// What the bakers and signers of a machine wrote down of what they signed: the floor lies above it (S2).
pub trait MarkFiles {
    /// Reads it, for a chain. It bounds what was signed only where this machine was seen stopped before the reading.
    ///
    /// # Errors
    /// No folder is known, a folder cannot be read, or a file is cut, malformed or still written: unknown (S3). That
    /// there is no file is no error, and no bound: see [`PrimaryMarks::bound`].
    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError>;
}

/// No base folder has more files than this.
const MOST_FILES: usize = 64;

/// A folder with mark files on the primary: the base folder of octez-baker (usually `~/.tezos-client`) or of octez-signer
/// (`~/.tezos-signer`), or Signatory's `watermark_v2`. An absolute path, as that machine has it.
///
/// # The commands that are run
/// As they are, and again by `sudo -n` where "Permission denied" was said (GNU findutils 4.9, coreutils 9.1):
///
/// | argv | what is read from it |
/// |---|---|
/// | `find -L FOLDERS -maxdepth 1 ( -name PATTERN -o ... ) -printf ENTRY` | one entry a file, before and after reading them: the same both times, or something still writes; a folder that is not there is no error |
/// | `cat -- FILE` | exit 0, and as many bytes as find says |
///
/// ```
/// use failover_core::baker::MarkFolder;
/// let folder: MarkFolder = "/var/lib/tezos/.tezos-client".parse()?;
/// assert!("~/.tezos-client".parse::<MarkFolder>().is_err(), "no shell looks at it");
/// # Ok::<(), failover_core::baker::MarkFolderError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarkFolder(String);

/// A text that is not the absolute path of a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the absolute path of a folder, such as /var/lib/tezos/.tezos-client")]
pub struct MarkFolderError {
    text: String,
}

impl FromStr for MarkFolder {
    type Err = MarkFolderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text.trim_end_matches('/');
        let odd = path.chars().any(char::is_control) || path.split('/').any(|part| part == "..");
        if !path.starts_with('/') || odd || path.len() > 1024 {
            return Err(MarkFolderError { text: text.chars().take(80).collect() });
        }
        Ok(Self(path.to_owned()))
    }
}

impl fmt::Display for MarkFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::tezos::text_serde!(MarkFolder);

/// Reads every mark file in these folders.
pub(super) fn read<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    folders: &[MarkFolder],
    chain: ChainId,
) -> Result<PrimaryMarks, BakerError> {
    if folders.is_empty() {
        return Err(BakerError::NoMarkFolder { host: host.name().to_owned() });
    }
    let mut machine = Reader::new(host, elevation);
    let before = list(&mut machine, folders, chain)?;
    machine.read_ahead(before.files.iter().map(|(_, entry)| entry), &paths(folders), &PATTERNS)?;
    let mut files = Vec::new();
    for (name, entry) in &before.files {
        let text = text(&mut machine, entry)?;
        let marks = parse(*name, &text, chain).map_err(|error| wrong(&machine, &entry.path, error))?;
        files.push(MarkFile { path: entry.path.clone(), writer: name.writer(), marks });
    }
    let after = list(&mut machine, folders, chain)?;
    if before.files != after.files {
        let changed = before.files.iter().find(|file| !after.files.contains(file)).or(after.files.last());
        let path = changed.map(|(_, entry)| entry.path.clone()).unwrap_or_default();
        return Err(wrong(&machine, &path, MarkFileError::Changed));
    }
    Ok(PrimaryMarks { files, other_chains: before.other_chains, absent: before.absent, unread: None })
}

/// What lies in the folders.
#[derive(Debug, Default)]
struct Listing {
    /// By path.
    files: Vec<(MarkFileName, Entry)>,
    other_chains: Vec<String>,
    absent: Vec<String>,
}

fn wrong<H: Host>(machine: &Reader<'_, H>, path: &str, error: MarkFileError) -> BakerError {
    BakerError::MarkFile { host: machine.name().to_owned(), path: path.to_owned(), error }
}

fn paths(folders: &[MarkFolder]) -> Vec<&str> {
    folders.iter().map(|folder| folder.0.as_str()).collect()
}

fn list<H: Host>(machine: &mut Reader<'_, H>, folders: &[MarkFolder], chain: ChainId) -> Result<Listing, BakerError> {
    let (entries, absent) = machine.list(&paths(folders), &PATTERNS)?;
    let mut listing = Listing { absent, ..Listing::default() };
    for entry in entries {
        match MarkFileName::of(entry.name(), chain) {
            None => {}
            Some(MarkFileName::OtherChain) => listing.other_chains.push(entry.path),
            Some(name) => listing.files.push((name, entry)),
        }
    }
    if listing.files.len() > MOST_FILES {
        return Err(machine.unlisted(format!("{} files are too many", listing.files.len())));
    }
    Ok(listing)
}

fn text<H: Host>(machine: &mut Reader<'_, H>, entry: &Entry) -> Result<String, BakerError> {
    machine.text(entry, SIZE_LIMIT)?.map_err(|spoiled| {
        let error = match spoiled {
            Spoiled::NotAFile => MarkFileError::NotAFile,
            Spoiled::TooLarge => MarkFileError::TooLarge { bytes: entry.bytes },
            Spoiled::Changed => MarkFileError::Changed,
        };
        wrong(machine, &entry.path, error)
    })
}
