//! Files on a machine: reading them as the user that may, and what find says of those that are missing.

use std::time::Duration;

use super::BakerError;
use super::elevation::{Elevation, last_words};
use crate::host::{Ahead, Host, Output};

/// For what only asks.
const SHORT: Duration = Duration::from_secs(10);

/// What find prints of each file: type, length in bytes, inode, time of the last change, path; each ended by a NUL.
const ENTRY: &str = "%y %s %i %T@ %p\\0";

/// One file, as find describes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    regular: bool,
    pub(super) bytes: u64,
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

    /// The last part of its path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The folder that it is in.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// Why a file's text is not to be had.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spoiled {
    NotAFile,
    TooLarge,
    Changed,
}

/// Reads files on a machine, in the folders that were named, and as the user that may. Never answered from what a look
/// has asked already: a second reading must show a change.
pub(super) struct Reader<'a, H> {
    host: &'a mut H,
    elevation: &'a mut Elevation,
    /// This user may not.
    as_root: bool,
    ahead: Ahead,
}

impl<'a, H: Host> Reader<'a, H> {
    pub(super) const fn new(host: &'a mut H, elevation: &'a mut Elevation) -> Self {
        Self { host, elevation, as_root: false, ahead: Ahead::new() }
    }

    /// Asks for the text of these, and then for the list again, in one round trip: they are read next.
    pub(super) fn read_ahead<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e Entry>,
        folders: &[&str],
        patterns: &[&str],
    ) -> Result<(), BakerError> {
        let mut asked: Vec<Vec<String>> = Vec::new();
        for entry in entries {
            asked.push(self.words(&["cat", "--", &entry.path])?);
        }
        asked.push(self.words(&listing(folders, patterns))?);
        self.ahead = Ahead::of(self.host, asked, SHORT);
        Ok(())
    }

    fn words(&mut self, argv: &[&str]) -> Result<Vec<String>, BakerError> {
        let argv = if self.as_root { self.elevation.words(self.host, argv)? } else { argv.to_vec() };
        Ok(argv.iter().map(|word| (*word).to_owned()).collect())
    }

    /// As this user, and as root where that one may not.
    fn ask(&mut self, argv: &[&str]) -> Result<Output, BakerError> {
        let words = self.words(argv)?;
        let known = self.ahead.take(&words).or_else(|| Ahead::of(self.host, vec![words.clone()], SHORT).take(&words));
        let out = known.unwrap_or_else(|| self.host.run(argv, SHORT))?;
        if !self.as_root && is_denied(&out) {
            self.as_root = true;
            return self.ask(argv);
        }
        if self.as_root {
            return self.elevation.heard(self.host, argv, out);
        }
        Ok(out)
    }

    pub(super) fn name(&self) -> &str {
        self.host.name()
    }

    pub(super) fn unlisted(&self, why: impl Into<String>) -> BakerError {
        BakerError::MarkFolder { host: self.host.name().to_owned(), why: why.into() }
    }

    /// The files of these names, by path, and the folders that are not there.
    pub(super) fn list(
        &mut self,
        folders: &[&str],
        patterns: &[&str],
    ) -> Result<(Vec<Entry>, Vec<String>), BakerError> {
        let out = self.ask(&listing(folders, patterns))?;
        if out.may_be_cut() {
            return Err(self.unlisted("find printed too much"));
        }
        let mut absent = Vec::new();
        for line in out.stderr.lines().filter(|line| !line.trim().is_empty()) {
            let Some(folder) = folders.iter().find(|folder| is_absent(line, folder)) else {
                return Err(self.unlisted(last_words(&out)));
            };
            absent.push((*folder).to_owned());
        }
        if out.code != 0 && absent.is_empty() {
            return Err(self.unlisted(format!("find exits {}", out.code)));
        }
        let mut entries = Vec::new();
        for text in out.stdout.split_terminator('\0') {
            let Some(entry) = Entry::parse(text) else {
                return Err(self.unlisted(format!("find printed {:?}", text.chars().take(80).collect::<String>())));
            };
            entries.push(entry);
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((entries, absent))
    }

    /// A file's text, as long as it was listed.
    pub(super) fn text(&mut self, entry: &Entry, limit: u64) -> Result<Result<String, Spoiled>, BakerError> {
        if !entry.regular {
            return Ok(Err(Spoiled::NotAFile));
        }
        if entry.bytes > limit {
            return Ok(Err(Spoiled::TooLarge));
        }
        let mut out = self.ask(&["cat", "--", &entry.path])?;
        if out.code != 0 {
            // What it printed until then is the file's, and is told to nobody.
            out.stdout.clear();
            return Err(self.unlisted(format!("cat {} exits {}: {}", entry.path, out.code, last_words(&out))));
        }
        // The output is decoded lossily: bytes that are no text make it longer, and it is malformed then anyway.
        let read = u64::try_from(out.stdout.len()).unwrap_or(u64::MAX);
        if read != entry.bytes && !out.stdout.contains(char::REPLACEMENT_CHARACTER) {
            return Ok(Err(Spoiled::Changed));
        }
        Ok(Ok(out.stdout))
    }
}

/// What lists the files of these names in these folders.
fn listing<'a>(folders: &[&'a str], patterns: &[&'a str]) -> Vec<&'a str> {
    let mut argv = vec!["find", "-L"];
    argv.extend(folders);
    argv.extend(["-maxdepth", "1", "("]);
    for (n, pattern) in patterns.iter().enumerate() {
        argv.extend((n > 0).then_some("-o").into_iter().chain(["-name", *pattern]));
    }
    argv.extend([")", "-printf", ENTRY]);
    argv
}

fn is_denied(out: &Output) -> bool {
    out.code != 0 && out.stderr.contains("Permission denied")
}

/// Asks as this user, and as root only where that user may not.
pub(super) fn as_needed<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    argv: &[&str],
    deadline: Duration,
) -> Result<Output, BakerError> {
    let out = host.ask(argv, deadline)?;
    if is_denied(&out) {
        return elevation.ask(host, argv, deadline);
    }
    Ok(out)
}

/// Does find say that this path is not there? `find: '/x': No such file or directory`, in quotes of some language, and
/// with a quote of its own escaped.
pub(super) fn is_absent(line: &str, path: &str) -> bool {
    let plain = |text: &str| text.replace(['\'', '\u{2018}', '\u{2019}', '`', '\\'], "");
    let said = line.strip_suffix(": No such file or directory").and_then(|said| said.split_once(": "));
    said.is_some_and(|(program, named)| program.ends_with("find") && plain(named) == plain(path))
}
