//! A secret in a file that the configuration names.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::signer::Passphrase;

/// No passphrase is longer, in bytes.
const LIMIT: u64 = 4096;

/// What a file holds.
#[derive(Debug, Clone)]
pub struct Secret {
    /// The secret, without the line's end.
    pub passphrase: Passphrase,
    /// What a person should know about the file: others can read it.
    pub warning: Option<String>,
}

/// Why a file gives no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {} {why}", path.display())]
pub struct SecretError {
    key: &'static str,
    path: PathBuf,
    why: String,
}

impl SecretError {
    /// The next safe action.
    #[must_use]
    pub fn next(&self) -> String {
        format!("correct the file or `{}` in the configuration", self.key)
    }
}

/// The secret in the file that `key` in the configuration names: `passphrase_file` or `password_file`.
///
/// # Errors
/// It cannot be read, is empty, or longer than 4096 bytes.
pub fn secret(key: &'static str, path: &Path) -> Result<Secret, SecretError> {
    let wrong = |why: String| SecretError { key, path: path.to_owned(), why };
    let file = File::open(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let mode = file.metadata().map_err(|e| wrong(format!("cannot be read: {e}")))?.mode();
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT as usize + 1));
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    // An editor ends a file with a line end.
    let passphrase = Passphrase::from_line(std::mem::take(&mut *bytes));
    if passphrase.is_empty() {
        return Err(wrong("is empty".to_owned()));
    }
    if passphrase.expose().len() as u64 > LIMIT {
        return Err(wrong(format!("is longer than {LIMIT} bytes")));
    }
    let open = mode & 0o077 != 0;
    let warning = open.then(|| format!("{key} {} can be read by others: chmod 600 it", path.display()));
    Ok(Secret { passphrase, warning })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_read_without_its_line_end_and_one_that_others_can_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        std::fs::write(&path, "p4ss wörd \r\n").unwrap();
        for (mode, said) in [(0o600, false), (0o640, true), (0o604, true)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let read = secret("passphrase_file", &path).unwrap();
            assert_eq!(read.passphrase.expose(), "p4ss wörd ".as_bytes());
            assert_eq!(read.warning.is_some_and(|warning| warning.contains("chmod 600")), said, "{mode:o}");
        }
        assert!(!format!("{:?}", secret("passphrase_file", &path)).contains("p4ss"));
    }

    #[test]
    fn a_file_that_gives_none_is_named_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        let why = |path: &Path| secret("password_file", path).unwrap_err();
        assert!(why(&path).to_string().contains("cannot be read") && why(&path).next().contains("`password_file`"));
        std::fs::write(&path, "\n").unwrap();
        assert!(why(&path).to_string().ends_with("is empty"));
        std::fs::write(&path, "x".repeat(4097)).unwrap();
        assert!(why(&path).to_string().ends_with("is longer than 4096 bytes"));
    }
}
