//! The mark files of one machine: found, read and held against a second look.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::BakerError;
use super::elevation::{Elevation, last_words};
use super::files::{as_needed, is_absent};
use crate::host::{Host, Output};
use crate::mark_files::{MarkFile, MarkFileError, MarkFileName, PATTERNS, PrimaryMarks, SIZE_LIMIT, parse};
use crate::tezos::ChainId;

const SHORT: Duration = Duration::from_secs(10);

/// What find prints of each file: type, length in bytes, inode, time of the last change, path; each ended by a NUL.
const ENTRY: &str = "%y %s %i %T@ %p\\0";

/// More files than this are no base folder's.
const MOST_FILES: usize = 64;

/// A folder with mark files on the primary: the base folder of octez-baker (usually `~/.tezos-client`) or of octez-signer
/// (`~/.tezos-signer`). An absolute path, as that machine has it.
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

/// A text that is no absolute path of a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no absolute path of a folder, as in /var/lib/tezos/.tezos-client")]
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
    let mut machine = Machine { host, elevation };
    let before = machine.list(folders, chain)?;
    let mut files = Vec::new();
    for (name, entry) in &before.files {
        let text = machine.text(entry)?;
        let marks = parse(*name, &text, chain).map_err(|error| machine.wrong(&entry.path, error))?;
        files.push(MarkFile { path: entry.path.clone(), writer: name.writer(), marks });
    }
    let after = machine.list(folders, chain)?;
    if before.files != after.files {
        let changed = before.files.iter().find(|file| !after.files.contains(file)).or(after.files.last());
        let path = changed.map(|(_, entry)| entry.path.clone()).unwrap_or_default();
        return Err(machine.wrong(&path, MarkFileError::Changed));
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

/// One file, as find describes it.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    path: String,
    regular: bool,
    bytes: u64,
    /// Inode and time of the last change.
    version: String,
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(5, ' ');
        let regular = words.next()? == "f";
        let bytes = words.next()?.parse().ok()?;
        let version = format!("{} {}", words.next()?, words.next()?);
        let path = words.next().filter(|path| path.starts_with('/'))?.to_owned();
        Some(Self { path, regular, bytes, version })
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

struct Machine<'a, H> {
    host: &'a mut H,
    elevation: &'a mut Elevation,
}

impl<H: Host> Machine<'_, H> {
    fn wrong(&self, path: &str, error: MarkFileError) -> BakerError {
        BakerError::MarkFile { host: self.host.name().to_owned(), path: path.to_owned(), error }
    }

    fn unlisted(&self, why: impl Into<String>) -> BakerError {
        BakerError::MarkFolder { host: self.host.name().to_owned(), why: why.into() }
    }

    fn run(&mut self, argv: &[&str]) -> Result<Output, BakerError> {
        as_needed(self.host, self.elevation, argv, SHORT)
    }

    fn list(&mut self, folders: &[MarkFolder], chain: ChainId) -> Result<Listing, BakerError> {
        let mut argv = vec!["find", "-L"];
        argv.extend(folders.iter().map(|folder| folder.0.as_str()));
        argv.extend(["-maxdepth", "1", "("]);
        for (n, pattern) in PATTERNS.iter().enumerate() {
            argv.extend((n > 0).then_some("-o").into_iter().chain(["-name", pattern]));
        }
        argv.extend([")", "-printf", ENTRY]);
        let out = self.run(&argv)?;
        if out.may_be_cut() {
            return Err(self.unlisted("find printed too much"));
        }
        let mut listing = Listing::default();
        for line in out.stderr.lines().filter(|line| !line.trim().is_empty()) {
            let Some(folder) = folders.iter().find(|folder| is_absent(line, &folder.0)) else {
                return Err(self.unlisted(last_words(&out)));
            };
            listing.absent.push(folder.to_string());
        }
        if out.code != 0 && listing.absent.is_empty() {
            return Err(self.unlisted(format!("find exits {}", out.code)));
        }
        for text in out.stdout.split_terminator('\0') {
            let Some(entry) = Entry::parse(text) else {
                return Err(self.unlisted(format!("find printed {:?}", text.chars().take(80).collect::<String>())));
            };
            match MarkFileName::of(entry.name(), chain) {
                None => {}
                Some(MarkFileName::OtherChain) => listing.other_chains.push(entry.path),
                Some(name) => listing.files.push((name, entry)),
            }
        }
        if listing.files.len() > MOST_FILES {
            return Err(self.unlisted(format!("{} files are too many", listing.files.len())));
        }
        listing.files.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
        Ok(listing)
    }

    /// A file's text, as long as it was listed.
    fn text(&mut self, entry: &Entry) -> Result<String, BakerError> {
        if !entry.regular {
            return Err(self.wrong(&entry.path, MarkFileError::NotAFile));
        }
        if entry.bytes > SIZE_LIMIT {
            return Err(self.wrong(&entry.path, MarkFileError::TooLarge { bytes: entry.bytes }));
        }
        let out = self.run(&["cat", "--", &entry.path])?;
        if out.code != 0 {
            return Err(self.unlisted(last_words(&out)));
        }
        // The output is decoded lossily: bytes that are no text make it longer, and it is malformed then anyway.
        let read = u64::try_from(out.stdout.len()).unwrap_or(u64::MAX);
        if read != entry.bytes && !out.stdout.contains(char::REPLACEMENT_CHARACTER) {
            return Err(self.wrong(&entry.path, MarkFileError::Changed));
        }
        Ok(out.stdout)
    }
}
