//! Where TezSign's passphrase comes from: a file, the environment, the person (S9).

use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use failover_core::config::{Secret, SecretError, secret};
use failover_core::operator::OperatorError;
use failover_core::signer::Passphrase;
use zeroize::Zeroizing;

use super::terminal::{Echo, Terminal};

/// The variable that TezSign's own host software reads. No child process of this one inherits it.
const VARIABLE: &str = "TEZSIGN_UNLOCK_PASS";
/// What gives it without a terminal.
const GIVEN: &str = "passphrase_file in the configuration, or TEZSIGN_UNLOCK_PASS";
/// How long the question stands (S10).
const DEADLINE: Duration = Duration::from_secs(300);

/// Where the passphrase comes from. A given one is offered once: where it was wrong, only a person can know better.
#[derive(Debug, Default)]
pub(crate) struct Source {
    given: Option<Passphrase>,
    offered: bool,
    /// Where a given one is read once more.
    file: Option<PathBuf>,
}

impl Source {
    /// Only the person.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// The file, else the environment, else the person. The second value is what a person should know about the file.
    ///
    /// # Errors
    /// The file that the configuration names cannot be read or is empty.
    pub(crate) fn open(file: Option<&Path>) -> Result<(Self, Option<String>), SecretError> {
        let Some(path) = file else {
            let given = variable();
            return Ok((Self { given, offered: false, file: None }, None));
        };
        let Secret { passphrase, warning } = secret("passphrase_file", path)?;
        Ok((Self { given: Some(passphrase), offered: false, file: Some(path.to_owned()) }, warning))
    }

    /// Will the person be asked for the next one?
    pub(super) const fn asks(&self) -> bool {
        self.given.is_none()
    }

    /// Is there one, or somebody to ask?
    ///
    /// # Errors
    /// There is neither.
    pub(super) fn can_give(&self) -> Result<(), OperatorError> {
        if self.given.is_some() { Ok(()) } else { Terminal::open("for the passphrase", GIVEN).map(drop) }
    }

    /// The one that was right, where it was given and can be read again; else it is asked for.
    pub(super) fn once_more(&mut self) -> Result<Passphrase, OperatorError> {
        if self.offered && self.given.is_none() {
            self.given = match &self.file {
                Some(file) => secret("passphrase_file", file).ok().map(|read| read.passphrase),
                None => variable(),
            };
        }
        self.next()
    }

    /// The passphrase; asked from the second time on.
    pub(super) fn next(&mut self) -> Result<Passphrase, OperatorError> {
        // Not kept here: the caller wipes it after use.
        if let Some(given) = self.given.take() {
            self.offered = true;
            return Ok(given);
        }
        let what = if self.offered { "for the right passphrase" } else { "for the passphrase" };
        let mut terminal = Terminal::open(what, GIVEN)?;
        let mut question = "TezSign's master passphrase (not shown while you type):";
        let begun = Instant::now();
        loop {
            let line = terminal.line(question, what, Echo::Off, DEADLINE.saturating_sub(begun.elapsed()))?;
            if !line.is_empty() {
                return Ok(Passphrase::new(line.to_vec()));
            }
            question = "Nothing was typed; Ctrl-C stops. TezSign's master passphrase (not shown while you type):";
        }
    }
}

/// What the environment gives: the bytes in its own copy are the only ones left.
fn variable() -> Option<Passphrase> {
    let value = std::env::var_os(VARIABLE).map(|value| Zeroizing::new(value.into_vec()));
    value.filter(|bytes| !bytes.is_empty()).map(|bytes| Passphrase::new(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_read_without_its_line_end_and_offered_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        std::fs::write(&path, "p4ss wörd \r\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let (mut source, warning) = Source::open(Some(&path)).unwrap();
        assert_eq!(warning, None);
        assert_eq!(source.next().unwrap().expose(), "p4ss wörd ".as_bytes());
        assert!(!format!("{source:?}").contains("p4ss"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(Source::open(Some(&path)).unwrap().1.unwrap().contains("chmod 600"));
    }

    #[test]
    fn a_file_that_is_missing_or_empty_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        assert!(Source::open(Some(&path)).unwrap_err().to_string().contains("cannot be read"));
        std::fs::write(&path, "\n").unwrap();
        assert!(Source::open(Some(&path)).unwrap_err().to_string().ends_with("is empty"));
    }
}
