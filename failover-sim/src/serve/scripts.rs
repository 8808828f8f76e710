//! Programs that stand in for those of a machine: each asks the served world.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::options::Side;

/// The programs that have a stand-in.
/// `sh`, `test`, `rm` and `mv` are among them: what is written or moved must reach the simulated machine, never the real one.
const NAMES: [&str; 13] =
    ["tezbake", "systemctl", "busctl", "ps", "cat", "find", "id", "sudo", "sh", "test", "rm", "mv", "failover"];

/// Writes `FOLDER/SIDE/bin/*`, and gives that folder.
pub(super) fn write(folder: &Path, side: Side, control: &Path, exe: &Path) -> io::Result<PathBuf> {
    let bin = folder.join(side.name()).join("bin");
    fs::create_dir_all(&bin)?;
    for name in NAMES {
        let path = bin.join(name);
        let text = format!("#!/bin/sh\nexec {} stand-in {} {side} {name} \"$@\"\n", quoted(exe), quoted(control));
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(bin)
}

/// A path in single quotes, for `sh`.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
