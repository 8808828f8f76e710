//! Another machine's nonces are merged into the baker's own files.

use std::time::Duration;

use super::NoncesError;
use super::read::{found, read};
use crate::baker::elevation::{self, Elevation};
use crate::baker::files::{Entry, Reader};
use crate::baker::{BakerError, MarkFolder};
use crate::clock::Timestamp;
use crate::host::Host;
use crate::nonces::{Merged, NonceFileName, Nonces, Of, PATTERN};
use crate::tezos::ChainId;

/// For what waits for a disk.
const WRITING: Duration = Duration::from_secs(20);

/// What tells octez-baker's folder from octez-signer's where it has no nonces yet.
const MARKS: &str = "*_highwatermarks";

/// The script's name in the list of processes.
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

/// Merges another machine's nonces into the files of the one folder that is octez-baker's, and reads back (S5). Both bakers
/// must have been read back as stopped.
///
/// # The commands that are run
/// Those of [`read`], and for each file that changes, as root: `sh -c MERGE failover-nonces FOLDER NAME COPY BYTES` with the
/// text on its standard input, exit 0 ([`MERGE`]; GNU coreutils 9.1, diffutils 3.8).
pub(in crate::baker) fn merge<H: Host>(
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

/// The one folder that octez-baker writes to: the one with nonces of this chain, or else with files of a baker, or else
/// the only one that is there, or is named like a client's. Two that fit count as none.
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
