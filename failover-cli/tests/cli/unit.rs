//! The systemd unit of `watch`: installed by its script, enabled by nobody, and one that systemd understands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn install(destdir: &Path, prefix: &str) -> Output {
    Command::new(root().join("scripts/install-watch.sh"))
        .args([destdir.to_str().unwrap(), prefix])
        .current_dir(root())
        .output()
        .unwrap()
}

/// Installs it for this build's program; the unit's file.
fn installed(destdir: &Path) -> PathBuf {
    // Where a prefix ends in /bin/failover, a link to the program that was built.
    let prefix = destdir.join("prefix");
    std::fs::create_dir_all(prefix.join("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_failover"), prefix.join("bin/failover")).unwrap();
    let done = install(destdir, prefix.to_str().unwrap());
    assert!(done.status.success(), "{done:?}");
    destdir.join("etc/systemd/system/failover-watch.service")
}

/// The values of a key, in order.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn it_is_installed_and_nothing_is_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path());
    let unit = std::fs::read_to_string(&file).unwrap();
    let program = folder.path().join("prefix/bin/failover");
    assert_eq!(values(&unit, "ExecStart"), [format!("{} watch", program.display())]);
    let etc: Vec<_> = std::fs::read_dir(folder.path().join("etc/systemd/system")).unwrap().collect();
    assert_eq!(etc.len(), 1, "no link that enables it: {etc:?}");
    assert_eq!(install(folder.path(), "usr").status.code(), Some(2), "a unit needs an absolute path");
    // Over an older one, too.
    assert!(install(folder.path(), "/opt/failover").status.success());
    let again = std::fs::read_to_string(&file).unwrap();
    assert_eq!(values(&again, "ExecStart"), ["/opt/failover/bin/failover watch"]);
}

/// What must be so: told when it is ready, killed when it hangs, and not started again after a duplicate.
#[test]
fn it_is_not_started_again_after_a_duplicate_and_reaches_the_devices() {
    let unit = std::fs::read_to_string(root().join("systemd/failover-watch.service")).unwrap();
    assert_eq!(values(&unit, "Type"), ["notify"]);
    assert_eq!(values(&unit, "Restart"), ["on-failure"]);
    let never: Vec<&str> = values(&unit, "RestartPreventExitStatus").concat().leak().split_whitespace().collect();
    assert!(never.contains(&"5") && !never.contains(&"3") && !never.contains(&"4"), "{never:?}");
    assert_eq!(values(&unit, "WatchdogSec").len(), 1);
    assert_eq!(values(&unit, "KillMode"), ["mixed"], "a stop that is under way is not killed with the watch");
    // Each of these would keep it from a device, from the processes that sign, or from stopping them.
    for key in [
        "PrivateDevices",
        "DevicePolicy",
        "DeviceAllow",
        "ProtectClock",
        "ProtectProc",
        "PrivateNetwork",
        "CapabilityBoundingSet",
        "DynamicUser",
    ] {
        assert_eq!(values(&unit, key), [""; 0], "{key}");
    }
    assert!(!values(&unit, "ProtectSystem").contains(&"strict"), "the state and the hooks are written");
}

#[test]
fn systemd_understands_it() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("no systemd-analyze here: not verified");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path());
    let verify = |file: &Path| {
        let output = Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(file)
            .env("SYSTEMD_LOG_LEVEL", "warning")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        // Other units of the machine that it depends on may have their own troubles.
        let ours: Vec<String> =
            text.lines().filter(|line| line.contains("failover-watch")).map(str::to_owned).collect();
        (output.status.success(), ours)
    };
    let (fine, said) = verify(&file);
    assert!(fine && said.is_empty(), "{said:?}");
    // It would say so.
    let text = std::fs::read_to_string(&file).unwrap().replace("KillMode=mixed", "KillModus=mixed");
    std::fs::write(&file, text).unwrap();
    let (_, said) = verify(&file);
    assert!(said.iter().any(|line| line.contains("KillModus")), "{said:?}");
}
