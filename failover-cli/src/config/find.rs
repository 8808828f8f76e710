//! Where the configuration is.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// No configuration is in any of the usual places. Nothing was tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no configuration: looked for {}", list(looked))]
pub(crate) struct NoConfig {
    /// Where it was looked for.
    looked: Vec<PathBuf>,
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(" and ")
}

impl From<NoConfig> for Failure {
    fn from(none: NoConfig) -> Self {
        Self::usage(&none, "write one with `failover config new --output FILE`, or name it with --config")
    }
}

/// The file to read: the one that was named, else the first of the usual places that is there.
///
/// # Errors
/// None of the usual places has one.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, NoConfig> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let looked = usual();
    // A file that may not be looked at counts as there: it is named in the error that follows, never skipped.
    let there = looked.iter().find(|path| !matches!(path.try_exists(), Ok(false))).cloned();
    there.ok_or(NoConfig { looked })
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
