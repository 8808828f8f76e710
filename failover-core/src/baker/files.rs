//! Files on a machine: reading them as the user that may, and what find says of those that are missing.

use std::time::Duration;

use super::BakerError;
use super::elevation::Elevation;
use crate::host::{Host, Output};

/// Runs a command as this user, and as root only where that user may not.
pub(super) fn as_needed<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    argv: &[&str],
    deadline: Duration,
) -> Result<Output, BakerError> {
    let out = host.run(argv, deadline)?;
    if out.code != 0 && out.stderr.contains("Permission denied") {
        return elevation.run(host, argv, deadline);
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
