//! Where the configuration is.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::ConfigError;

/// No true configuration is larger.
const LIMIT: u64 = 1 << 20;

/// The file to read: the one that was named, else the first of the usual places that is there.
///
/// # Errors
/// None of the usual places has one.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let looked = usual();
    // A file that may not be looked at counts as there: it is named in the error that follows, never skipped.
    let there = looked.iter().find(|path| !matches!(path.try_exists(), Ok(false))).cloned();
    there.ok_or(ConfigError::NotFound { looked })
}

/// The usual places: the user's, then the system's.
pub(crate) fn usual() -> Vec<PathBuf> {
    places(std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from), std::env::home_dir())
}

fn places(xdg: Option<PathBuf>, home: Option<PathBuf>) -> Vec<PathBuf> {
    // The XDG specification: a relative XDG_CONFIG_HOME is ignored, an unset one is ~/.config.
    let user = xdg.filter(|p| p.is_absolute()).or_else(|| home.map(|home| home.join(".config")));
    let system = Some(PathBuf::from("/etc"));
    [user, system].into_iter().flatten().map(|folder| folder.join("failover/config.toml")).collect()
}

/// A file's text.
///
/// # Errors
/// It cannot be read, is no file, is too large, or is not UTF-8.
pub(crate) fn text_of(path: &Path) -> Result<String, ConfigError> {
    let wrong = |why: String| ConfigError::Read { path: path.to_owned(), why };
    let file = File::open(path).map_err(|e| wrong(e.to_string()))?;
    let mut text = String::new();
    match file.take(LIMIT + 1).read_to_string(&mut text) {
        Err(error) => Err(wrong(error.to_string())),
        Ok(_) if text.len() as u64 > LIMIT => Err(wrong(format!("it is larger than {LIMIT} bytes"))),
        Ok(_) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_places() {
        let system = PathBuf::from("/etc/failover/config.toml");
        let home = Some(PathBuf::from("/home/b"));
        assert_eq!(places(Some("/x".into()), home.clone()), [PathBuf::from("/x/failover/config.toml"), system.clone()]);
        let dot = PathBuf::from("/home/b/.config/failover/config.toml");
        assert_eq!(places(None, home.clone()), [dot.clone(), system.clone()]);
        assert_eq!(places(Some("relative".into()), home), [dot, system.clone()]);
        assert_eq!(places(None, None), [system]);
    }
}
