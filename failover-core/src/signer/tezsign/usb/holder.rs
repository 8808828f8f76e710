//! Which process has a USB device open, as far as this user may see.

use std::fs;
use std::path::Path;

/// The first other process that has `node` (`/dev/bus/usb/BBB/DDD`) open, as `name (pid N)`.
pub(super) fn of(node: &Path) -> Option<String> {
    let own = std::process::id();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let Ok(files) = fs::read_dir(entry.path().join("fd")) else { continue };
        if pid != own && files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target == node)) {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (pid {pid})", name.trim_end()));
        }
    }
    None
}

/// The holder in words.
pub(super) fn say(holder: Option<String>) -> String {
    holder.unwrap_or_else(|| "a process that this user may not see".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let node = file.path().canonicalize().unwrap();
        assert_eq!(of(&node), None);
        let stdin = fs::File::open(&node).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").stdin(stdin).spawn().unwrap();
        let seen = of(&node);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(seen.unwrap().ends_with(&format!("(pid {})", child.id())));
    }
}
