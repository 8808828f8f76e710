//! The nonce files of one machine: read, and merged into another's (H16).

use std::time::Duration;

use super::elevation::{self, Elevation};
use super::files::{Entry, Reader, Spoiled};
use super::{BakerError, MarkFolder};
use crate::clock::Timestamp;
use crate::host::Host;
use crate::nonces::{Merged, NonceConflict, NonceFileError, NonceFileName, Nonces, Of, PATTERN, SIZE_LIMIT};
use crate::tezos::ChainId;

/// For what waits for a disk.
const WRITING: Duration = Duration::from_secs(20);

/// What tells octez-baker's folder from octez-signer's where it has no nonces yet.
const MARKS: &str = "*_highwatermarks";

/// What the script is called, for who looks at the processes.
pub const SCRIPT: &str = "failover-nonces";

/// Writes a file of `$4` bytes from standard input, whole or not at all: folder `$1`, name `$2`. What was there is kept as
/// `$3`, which is never written over. The new file has the owner and mode of the old one, or of the folder.
pub const MERGE: &str = r#"set -eu
umask 077
cd -- "$1"
if [ -h "$2" ]; then echo "$2 is a link" >&2; exit 1; fi
rm -f -- ".$2.new"
cat >".$2.new"
if [ "$(wc -c <".$2.new")" -ne "$4" ]; then rm -f -- ".$2.new"; echo "the text was cut off" >&2; exit 1; fi
if [ -e "$2" ]; then
    if [ -e "$3" ]; then cmp -s -- "$2" "$3"; else ln -- "$2" "$3"; fi
    chown --reference="$2" -- ".$2.new"
    chmod --reference="$2" -- ".$2.new"
else
    chown --reference=. -- ".$2.new"
    chmod --reference=. -- ".$2.new"
    chmod a-x,ug-s,o-t -- ".$2.new"
fi
sync -- ".$2.new"
mv -f -- ".$2.new" "$2"
sync -- ."#;

/// Why a machine's nonces could not be read or merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoncesError {
    /// Which folder is octez-baker's is not known.
    #[error("which folder on {host} is octez-baker's is not known: {why}")]
    Folder {
        /// Which machine.
        host: String,
        /// What is there instead of one.
        why: String,
    },
    /// A file does not say which nonces there are: unknown, not none (S3).
    #[error("{path} on {host} does not say which seed nonces there are: {error}")]
    File {
        /// Which machine.
        host: String,
        /// Which file.
        path: String,
        /// What is wrong with it.
        error: NonceFileError,
    },
    /// Both cannot be right: nothing was written.
    #[error("the seed nonces are not merged on {host}: {conflict}")]
    Conflict {
        /// Which machine.
        host: String,
        /// What does not fit.
        conflict: NonceConflict,
    },
    /// What was written is not what is read (S5).
    #[error("the seed nonces that were written to {folder} on {host} do not read back")]
    NotBack {
        /// Which machine.
        host: String,
        /// Where.
        folder: String,
    },
}

impl NoncesError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "name octez-baker's base folder as `marks` in the configuration",
            Self::File { error, .. } => error.next(),
            Self::Conflict { .. } => {
                "keep both machines' files: with the baker stopped, a person has to see which nonce its block commits to"
            }
            Self::NotBack { .. } => {
                "look at that disk before the baker is started; a copy of the old file is beside it"
            }
        }
    }
}

/// Reads every nonce file of a chain in these folders.
///
/// # The commands that are run
/// As they are, and again by `sudo -n` where "Permission denied" was said: those of [`MarkFolder`], with [`PATTERN`].
pub(super) fn read<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    folders: &[MarkFolder],
    chain: ChainId,
) -> Result<Nonces, BakerError> {
    if folders.is_empty() {
        return Err(BakerError::NoMarkFolder { host: host.name().to_owned() });
    }
    let paths: Vec<String> = folders.iter().map(ToString::to_string).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    Ok(found(&mut Reader::new(host, elevation), &paths, chain)?.0)
}

/// Merges another machine's nonces into the files of the one folder that is octez-baker's, and reads back (S5). Both bakers
/// must have been read back as stopped.
///
/// # The commands that are run
/// Those of [`read`], and for each file that changes, as root: `sh -c MERGE failover-nonces FOLDER NAME COPY BYTES` with the
/// text on its standard input, exit 0 ([`MERGE`]; GNU coreutils 9.1, diffutils 3.8).
pub(super) fn merge<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    folders: &[MarkFolder],
    (chain, at): (ChainId, Timestamp),
    theirs: &Nonces,
) -> Result<Merged, BakerError> {
    if theirs.is_absent() {
        let here = read(host, elevation, folders, chain).ok().and_then(|nonces| nonces.count());
        return Ok(Merged { here, ..Merged::default() });
    }
    let folder = home(&mut Reader::new(host, elevation), folders, chain)?;
    let (before, files) = found(&mut Reader::new(host, elevation), &[&folder], chain)?;
    let wanted =
        before.union(theirs).map_err(|conflict| NoncesError::Conflict { host: host.name().to_owned(), conflict })?;
    let mut kept = Vec::new();
    for name in NonceFileName::ALL {
        let Some(text) = wanted.text(name).filter(|_| !wanted.same(&before, name)) else { continue };
        let known = files.iter().find(|(of, _)| *of == name).map(|(_, entry)| entry.name().to_owned());
        let file = known.clone().unwrap_or_else(|| name.of_chain(chain));
        let copy = format!("{file}.{}.before-failover", at.to_string().replace([':', '-'], ""));
        let bytes = text.len().to_string();
        let argv = ["sh", "-c", MERGE, SCRIPT, &folder, &file, &copy, &bytes];
        let what = format!("sh, to write {folder}/{file}");
        let out = elevation.feed(host, &argv, &text, WRITING).map_err(|error| match error {
            // Without the script, which no sudoers file names.
            BakerError::Elevation { host, .. } => BakerError::Elevation { host, what: what.clone() },
            other => other,
        })?;
        elevation::succeeded(host, &what, &out)?;
        kept.extend(known.map(|_| format!("{folder}/{copy}")));
    }
    let (after, _) = found(&mut Reader::new(host, elevation), &[&folder], chain)?;
    if !after.has_all_of(&wanted) {
        return Err(NoncesError::NotBack { host: host.name().to_owned(), folder }.into());
    }
    Ok(Merged { added: wanted.beyond(&before), theirs: theirs.count(), here: after.count(), kept })
}

/// All nonces in these folders, each file whole and unchanged while it was read.
fn found<H: Host>(
    machine: &mut Reader<'_, H>,
    folders: &[&str],
    chain: ChainId,
) -> Result<(Nonces, Vec<(NonceFileName, Entry)>), BakerError> {
    let files = list(machine, folders, chain)?;
    machine.read_ahead(files.iter().map(|(_, entry)| entry), folders, &[PATTERN])?;
    let mut all = Nonces::default();
    for (name, entry) in &files {
        let wrong = |host: &str, error| NoncesError::File { host: host.to_owned(), path: entry.path.clone(), error };
        let text = machine.text(entry, SIZE_LIMIT)?.map_err(|spoiled| match spoiled {
            Spoiled::NotAFile => NonceFileError::NotAFile,
            Spoiled::TooLarge => NonceFileError::TooLarge { bytes: entry.bytes },
            Spoiled::Changed => NonceFileError::Changed,
        });
        let nonces = text.and_then(|text| Nonces::parse(*name, &text)).map_err(|error| wrong(machine.name(), error))?;
        let conflict = |conflict| NoncesError::Conflict { host: machine.name().to_owned(), conflict };
        all = all.union(&nonces).map_err(conflict)?;
    }
    let after = list(machine, folders, chain)?;
    if files != after {
        let changed = files.iter().find(|file| !after.contains(file)).or(after.last());
        let path = changed.map(|(_, entry)| entry.path.clone()).unwrap_or_default();
        let (host, error) = (machine.name().to_owned(), NonceFileError::Changed);
        return Err(NoncesError::File { host, path, error }.into());
    }
    Ok((all, files))
}

fn list<H: Host>(
    machine: &mut Reader<'_, H>,
    folders: &[&str],
    chain: ChainId,
) -> Result<Vec<(NonceFileName, Entry)>, BakerError> {
    let (entries, _) = machine.list(folders, &[PATTERN])?;
    let ours = entries.into_iter().filter_map(|entry| match NonceFileName::of(entry.name(), chain)? {
        Of::Chain(name) => Some((name, entry)),
        Of::Orphaned | Of::Other => None,
    });
    Ok(ours.collect())
}

/// The one folder that octez-baker writes to: the one with nonces of this chain, or else with files of a baker, or else the
/// only one that is there, or is named like a client's. Two that fit are none.
fn home<H: Host>(machine: &mut Reader<'_, H>, folders: &[MarkFolder], chain: ChainId) -> Result<String, BakerError> {
    if folders.is_empty() {
        return Err(BakerError::NoMarkFolder { host: machine.name().to_owned() });
    }
    let paths: Vec<String> = folders.iter().map(ToString::to_string).collect();
    let named: Vec<&str> = paths.iter().map(String::as_str).collect();
    let (entries, absent) = machine.list(&named, &[PATTERN, MARKS])?;
    let there: Vec<&str> = named.iter().copied().filter(|folder| !absent.iter().any(|a| a == folder)).collect();
    let with = |wanted: &dyn Fn(&Entry) -> bool| -> Vec<&str> {
        there.iter().copied().filter(|folder| entries.iter().any(|e| e.folder() == *folder && wanted(e))).collect()
    };
    let client = || there.iter().copied().filter(|folder| folder.ends_with("-client")).collect();
    let kinds: [Vec<&str>; 4] = [
        with(&|entry| matches!(NonceFileName::of(entry.name(), chain), Some(Of::Chain(_)))),
        with(&|_| true),
        if there.len() == 1 { there.clone() } else { Vec::new() },
        client(),
    ];
    match kinds.iter().find(|fit| !fit.is_empty()).map(Vec::as_slice) {
        Some([folder]) => Ok((*folder).to_owned()),
        Some(several) => {
            let why = format!("{} fit", several.join(" and "));
            Err(NoncesError::Folder { host: machine.name().to_owned(), why }.into())
        }
        None => {
            let why = format!("none of {} is there", paths.join(", "));
            Err(NoncesError::Folder { host: machine.name().to_owned(), why }.into())
        }
    }
}
