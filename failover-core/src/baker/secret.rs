//! TezSign's auto-unlock secret: with it a service unlocks the keys by itself, at every start (SAFETY.md, "disarmed").
//!
//! TezBake keeps the passphrase in a file, and once more in the start script that it makes of it (xtz.signer 25.1,
//! 2026). Both are taken out of the way by renaming them: nothing is read, nothing is deleted (S9).

use std::time::Duration;

use super::BakerError;
use super::elevation::{self, Elevation};
use super::files::{as_needed, is_absent};
use crate::host::Host;

const SHORT: Duration = Duration::from_secs(10);

/// What is put behind the name of a file that was taken out of the way.
const KEPT: &str = ".kept-by-failover";

/// Can a service of this machine unlock the keys by itself?
///
/// # The commands that are run
/// As they are, and again by `sudo -n` where "Permission denied" was said; those marked `*` as root:
///
/// | argv | what is read from it |
/// |---|---|
/// | `find FILES -maxdepth 0 -printf %p\0` | which of the files are there; one that is not is no error (GNU findutils 4.9) |
/// | `mv --backup=numbered -- FROM TO` * | exit 0; what has the name already is kept under another (coreutils 9.1) |
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "secret")]
pub enum UnlockSecret {
    /// There is no such file, nor a place for one.
    None,
    /// It can.
    InPlace {
        /// The files.
        files: Vec<String>,
    },
    /// It cannot: the files were taken out of the way, and are kept.
    Aside {
        /// Where they are now.
        files: Vec<String>,
    },
}

/// What is asked to see where the files are.
pub(super) fn question(places: &[String]) -> Vec<String> {
    let kept = places.iter().map(|place| format!("{place}{KEPT}"));
    let files = places.iter().cloned().chain(kept);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    words(&["find"]).into_iter().chain(files).chain(words(&["-maxdepth", "0", "-printf", "%p\\0"])).collect()
}

/// Looks where the files are.
pub(super) fn look<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    places: &[String],
) -> Result<UnlockSecret, BakerError> {
    let kept: Vec<String> = places.iter().map(|place| format!("{place}{KEPT}")).collect();
    if places.is_empty() {
        return Ok(UnlockSecret::None);
    }
    let argv = question(places);
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let out = as_needed(host, elevation, &argv, SHORT)?;
    let unclear = |why: String| BakerError::Unclear { host: host.name().to_owned(), why };
    let named = |line: &str| places.iter().chain(&kept).any(|place| is_absent(line, place));
    if let Some(odd) = out.stderr.lines().find(|line| !line.trim().is_empty() && !named(line)) {
        return Err(unclear(format!("where its unlock secret is cannot be seen: {odd}")));
    }
    if out.code != 0 && out.stderr.trim().is_empty() {
        return Err(unclear(format!("where its unlock secret is cannot be seen: find exits {}", out.code)));
    }
    let found: Vec<&str> = out.stdout.split_terminator('\0').collect();
    let there = |wanted: &[String]| -> Vec<String> {
        wanted.iter().filter(|place| found.contains(&place.as_str())).cloned().collect()
    };
    Ok(match (there(places), there(&kept)) {
        (files, _) if !files.is_empty() => UnlockSecret::InPlace { files },
        (_, files) if !files.is_empty() => UnlockSecret::Aside { files },
        _ => UnlockSecret::None,
    })
}

/// Takes the files out of the way.
pub(super) fn stash<H: Host>(host: &mut H, elevation: &mut Elevation, places: &[String]) -> Result<(), BakerError> {
    let UnlockSecret::InPlace { files } = look(host, elevation, places)? else { return Ok(()) };
    files.iter().try_for_each(|file| rename(host, elevation, file, &format!("{file}{KEPT}")))
}

/// Puts them back, where they were taken out of the way.
pub(super) fn restore<H: Host>(host: &mut H, elevation: &mut Elevation, places: &[String]) -> Result<(), BakerError> {
    kept(host, elevation, places)?.iter().try_for_each(|(file, place)| rename(host, elevation, file, place))
}

/// The files that are kept, and where each belongs.
pub(super) fn kept<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    places: &[String],
) -> Result<Vec<(String, String)>, BakerError> {
    // One may have been made anew by an upgrade while the other is kept.
    let kept: Vec<String> = places.iter().map(|place| format!("{place}{KEPT}")).collect();
    let UnlockSecret::InPlace { files } = look(host, elevation, &kept)? else { return Ok(Vec::new()) };
    let back = |file: String| Some((file.clone(), file.strip_suffix(KEPT)?.to_owned()));
    Ok(files.into_iter().filter_map(back).collect())
}

fn rename<H: Host>(host: &mut H, elevation: &mut Elevation, from: &str, to: &str) -> Result<(), BakerError> {
    let out = elevation.run(host, &["mv", "--backup=numbered", "--", from, to], SHORT)?;
    elevation::succeeded(host, &format!("mv {from}"), &out)
}
