//! TezSign's auto-unlock secret: with it a service unlocks the keys by itself, at every start: `disarmed` in
//! `docs/fence.md`.
//!
//! TezBake keeps the passphrase in a file, and once more in a line of the start script that it makes of it (xtz.signer 25.1,
//! 2026). Both are taken into a folder of failover's own, which only root looks into: what lies beside them, or has another
//! name than TezBake's, is given to the app's user by the next upgrade. Nothing is read here, nothing is deleted (S9).

use std::time::Duration;

use super::BakerError;
use super::elevation::{self, Elevation};
use crate::host::Host;
use crate::permit::Root;

mod script;

pub use script::{LOOK, NAME, RESTORE, STASH};

const SHORT: Duration = Duration::from_secs(10);

/// Can a service of this machine unlock the keys by itself?
///
/// # The commands that are run
/// As root:
///
/// | argv | what is read from it |
/// |---|---|
/// | `sh -c LOOK failover-secret KEPT SECRET SCRIPT...` | exit 0 and the lines of [`LOOK`] |
/// | `sh -c STASH failover-secret KEPT SECRET SCRIPT...`, `RESTORE` likewise | exit 0 |
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
    /// It cannot: the secret was put away, and is kept.
    Aside {
        /// Where it is now.
        files: Vec<String>,
    },
}

/// What unlocks a TezSign's keys on a machine by itself: while it is there, keys that were locked do not stay so (H3, H14).
pub trait UnlockSecrets {
    /// Can a service there unlock the keys by itself?
    ///
    /// # Errors
    /// It is not known, or not known where such a secret would be.
    fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError>;

    /// Puts that secret away. It is kept, and never read. The proof is a later [`UnlockSecrets::unlock_secret`].
    ///
    /// # Errors
    /// See [`BakerError`].
    fn stash_unlock_secret(&mut self) -> Result<(), BakerError>;

    /// Puts back the secret that was put away; where none was, nothing is done. For a machine that may bake.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn restore_unlock_secret(&mut self) -> Result<(), BakerError>;
}

/// The words of one of the scripts; `places` are each service's secret and start script.
pub(super) fn words(script: &str, root: &Root, places: &[String]) -> Vec<String> {
    let kept = root.path().join("secrets").to_string_lossy().into_owned();
    let front = ["sh", "-c", script, NAME].into_iter().map(str::to_owned);
    front.chain([kept]).chain(places.iter().cloned()).collect()
}

/// Looks where the files are.
pub(super) fn look<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    root: &Root,
    places: &[String],
) -> Result<UnlockSecret, BakerError> {
    if places.is_empty() {
        return Ok(UnlockSecret::None);
    }
    let argv = words(LOOK, root, places);
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let out = elevation.ask(host, &argv, SHORT).map_err(unnamed)?;
    let unclear = |why: String| BakerError::Unclear { host: host.name().to_owned(), why };
    if out.code != 0 || out.may_be_cut() {
        let said = elevation::last_words(&out);
        return Err(unclear(format!("where its unlock secret is cannot be seen: sh exits {}: {said}", out.code)));
    }
    let (mut here, mut aside) = (Vec::new(), Vec::new());
    for line in out.stdout.lines() {
        match line.split_once(' ') {
            Some(("in-place", file)) => here.push(file.to_owned()),
            Some(("aside", file)) => aside.push(file.to_owned()),
            _ => return Err(unclear(format!("where its unlock secret is cannot be seen: {line:?}"))),
        }
    }
    Ok(match (here.is_empty(), aside.is_empty()) {
        (false, _) => UnlockSecret::InPlace { files: here },
        (true, false) => UnlockSecret::Aside { files: aside },
        (true, true) => UnlockSecret::None,
    })
}

/// Puts the files away, or back: what [`STASH`] and [`RESTORE`] do.
pub(super) fn act<H: Host>(
    script: &str,
    host: &mut H,
    elevation: &mut Elevation,
    root: &Root,
    places: &[String],
) -> Result<(), BakerError> {
    if places.is_empty() {
        return Ok(());
    }
    let argv = words(script, root, places);
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let what = if script == STASH { "put its unlock secret away" } else { "put its unlock secret back" };
    let out = elevation.run(host, &argv, SHORT).map_err(unnamed)?;
    elevation::succeeded(host, what, &out)
}

/// An error without the script, which no sudoers file names.
fn unnamed(error: BakerError) -> BakerError {
    match error {
        BakerError::Elevation { host, .. } => {
            BakerError::Elevation { host, what: "sh, for its unlock secret".to_owned() }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
