//! Nonce files are read: each whole, and unchanged while it was.

use super::NoncesError;
use crate::baker::elevation::Elevation;
use crate::baker::files::{Entry, Reader, Spoiled};
use crate::baker::{BakerError, MarkFolder};
use crate::host::Host;
use crate::nonces::{NonceFileError, NonceFileName, Nonces, Of, PATTERN, SIZE_LIMIT};
use crate::tezos::ChainId;

/// Reads every nonce file of a chain in these folders.
///
/// # The commands that are run
/// As they are, and again by `sudo -n` where "Permission denied" was said: those of [`MarkFolder`], with [`PATTERN`].
pub(in crate::baker) fn read<H: Host>(
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

/// All nonces in these folders, each file whole and unchanged while it was read.
pub(super) fn found<H: Host>(
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
