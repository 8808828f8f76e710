//! Why a device may not be opened, on a system with udev: no rule, or a rule and a user outside its group.

use std::fs;
use std::path::Path;

/// Where udev 252 reads rules from.
const FOLDERS: [&str; 4] = ["/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"];

/// What to do so that this user may open a device of this USB vendor.
pub(super) fn hint(vendor: u16) -> String {
    hint_in(&FOLDERS.map(Path::new), vendor)
}

fn hint_in(folders: &[&Path], vendor: u16) -> String {
    let number = format!("{vendor:04x}");
    match folders.iter().find_map(|folder| rule_for(folder, &number)) {
        Some(rule) => format!(
            "{rule} has a udev rule for vendor {number}: add this user to the group that it names (plugdev), log in \
             again, and plug the device in again"
        ),
        None => format!(
            "no udev rule for vendor {number} is installed: run `make install-udev`, add this user to the group \
             plugdev, and log in again"
        ),
    }
}

/// The first rules file that names the vendor in a line that is no comment.
fn rule_for(folder: &Path, vendor: &str) -> Option<String> {
    let mut files: Vec<_> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rules"));
    files.sort();
    let names = |line: &str| !line.trim_start().starts_with('#') && line.to_lowercase().contains(vendor);
    let found = |path: &std::path::PathBuf| fs::read_to_string(path).is_ok_and(|text| text.lines().any(names));
    files.into_iter().find(found).map(|path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_rule_is_said_and_one_that_is_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let hint = || hint_in(&[Path::new("/nonexistent"), folder.path()], 0x2c97);
        assert!(hint().contains("make install-udev"), "{}", hint());
        // A comment is no rule, and only files called *.rules are read.
        fs::write(folder.path().join("20-other.rules"), "# ATTRS{idVendor}==\"2c97\"\n").unwrap();
        fs::write(folder.path().join("21-old.rules.bak"), "ATTRS{idVendor}==\"2c97\"\n").unwrap();
        assert!(hint().contains("make install-udev"), "{}", hint());
        fs::write(folder.path().join("22-hw.rules"), "KERNEL==\"hidraw*\", ATTRS{idVendor}==\"2C97\"\n").unwrap();
        assert!(hint().contains("22-hw.rules") && hint().contains("plugdev"), "{}", hint());
    }

    #[test]
    fn the_rules_of_this_project_name_both_vendors() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../udev");
        for vendor in [0x9997, 0x2c97] {
            assert!(hint_in(&[&folder], vendor).contains("70-failover.rules"));
        }
    }
}
