//! Who else has a device node open. On Linux a hidraw node is not exclusive: another process' APDUs interleave with
//! ours and nothing reports busy, so this is the only way to know (Linux, `proc_pid_fd(5)`).

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A process that has the node open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHolder {
    /// Its id.
    pub pid: u32,
    /// Its name, as the kernel keeps it (`/proc/PID/comm`, 15 characters); empty where it could not be read.
    pub name: String,
}

impl fmt::Display for NodeHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", if self.name.is_empty() { "a process" } else { &self.name }, self.pid)
    }
}

/// What a look at every process found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holders {
    /// Those that have the node open, `except` left out.
    pub seen: Vec<NodeHolder>,
    /// How many processes could not be looked into: they are another user's, and any of them may hold it too.
    pub unseen: usize,
}

/// Looks for processes that have `node` open, but for those in `except`.
///
/// # Errors
/// The node cannot be resolved, or `/proc` cannot be listed.
pub fn holders(node: &Path, except: &[u32]) -> io::Result<Holders> {
    let node = fs::canonicalize(node)?;
    let mut found = Holders::default();
    for entry in fs::read_dir("/proc")? {
        let Ok(entry) = entry else { continue };
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if except.contains(&pid) {
            continue;
        }
        match has_open(&entry.path().join("fd"), &node) {
            Ok(true) => {
                let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
                found.seen.push(NodeHolder { pid, name: name.trim().to_owned() });
            }
            Ok(false) => {}
            // A process that ended meanwhile holds nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => found.unseen += 1,
        }
    }
    found.seen.sort_by_key(|holder| holder.pid);
    Ok(found)
}

fn has_open(fds: &Path, node: &PathBuf) -> io::Result<bool> {
    Ok(fs::read_dir(fds)?.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == *node)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_process_that_has_a_file_open_and_leaves_out_what_it_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let me = std::process::id();
        let found = holders(file.path(), &[]).unwrap();
        assert!(found.seen.iter().any(|h| h.pid == me && !h.name.is_empty()), "{found:?}");
        assert!(holders(file.path(), &[me]).unwrap().seen.is_empty());
        let (_open, path) = file.into_parts();
        std::fs::remove_file(&path).unwrap();
        assert!(holders(&path, &[]).is_err());
    }
}
