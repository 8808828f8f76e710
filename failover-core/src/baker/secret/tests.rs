use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

const PASS: &str = "correct horse 'battery' $taple";

/// An app's folder, and failover's.
struct There {
    folder: tempfile::TempDir,
}

impl There {
    fn new() -> Self {
        let there = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(there.script().parent().unwrap()).unwrap();
        there.render(Some(PASS), "unlock");
        fs::write(there.secret(), PASS).unwrap();
        fs::set_permissions(there.secret(), fs::Permissions::from_mode(0o400)).unwrap();
        there
    }

    fn secret(&self) -> PathBuf {
        self.folder.path().join("app/signer/tezsign.secret")
    }

    fn script(&self) -> PathBuf {
        self.folder.path().join("app/signer/__bin_generated/tezsign.service.sh")
    }

    /// The start script, as TezBake makes it anew at each upgrade.
    fn render(&self, pass: Option<&str>, what: &str) {
        let pass = pass.map_or_else(String::new, |pass| pass.replace('\'', "'\\''"));
        let text = format!(
            "#!/bin/sh\n\nset -e\n\nexport TEZSIGN_UNLOCK_KEYS='a b'\nexport TEZSIGN_UNLOCK_PASS='{pass}'\n\n{what}\n"
        );
        let _old = fs::remove_file(self.script());
        fs::write(self.script(), text).unwrap();
        fs::set_permissions(self.script(), fs::Permissions::from_mode(0o500)).unwrap();
    }

    fn run(&self, script: &str) -> String {
        let out = self.output(script);
        let said = String::from_utf8(out.stdout).unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(!said.contains("horse") && !String::from_utf8_lossy(&out.stderr).contains("horse"), "S9: {said}");
        said
    }

    /// What it says where it fails.
    fn fails(&self, script: &str) -> String {
        let out = self.output(script);
        assert!(!out.status.success());
        String::from_utf8(out.stderr).unwrap()
    }

    fn output(&self, script: &str) -> std::process::Output {
        let root = Root::at(self.folder.path().join("failover"));
        let places = [self.secret(), self.script()].map(|path| path.to_string_lossy().into_owned());
        let words = words(script, &root, &places);
        Command::new(&words[0]).args(&words[1..]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap()
    }

    /// What LOOK says, by the last word of each file's name.
    fn look(&self) -> Vec<String> {
        let said = self.run(LOOK);
        let last = |line: &str| {
            let (state, file) = line.split_once(' ').unwrap();
            format!("{state} {}", file.rsplit(['/', '%']).next().unwrap())
        };
        said.lines().map(last).collect()
    }

    /// What sh makes of the script's line.
    fn pass(&self) -> String {
        let line = fs::read_to_string(self.script()).unwrap();
        let line = line.lines().find(|line| line.contains("UNLOCK_PASS")).unwrap().to_owned();
        let out =
            Command::new("sh").args(["-c", &format!("{line}; printf %s \"$TEZSIGN_UNLOCK_PASS\"")]).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

const BOTH: [&str; 2] = ["in-place tezsign.secret", "in-place tezsign.service.sh"];
const KEPT: [&str; 2] = ["aside tezsign.secret", "aside tezsign.secret.line"];

#[test]
fn both_go_and_come_back_as_they_were() {
    let there = There::new();
    let before = fs::read(there.script()).unwrap();
    assert_eq!(there.look(), BOTH);
    there.run(STASH);
    assert_eq!(there.look(), KEPT);
    assert_eq!(
        (there.pass().as_str(), mode(&there.script())),
        ("", 0o500),
        "the script stays, without the line's value"
    );
    assert!(!fs::read_to_string(there.script()).unwrap().contains("horse"));
    assert_eq!(mode(&there.folder.path().join("failover/secrets")), 0o700);
    there.run(STASH);
    assert_eq!(there.look(), KEPT, "twice is once");
    there.run(RESTORE);
    assert_eq!(there.look(), BOTH);
    assert_eq!((fs::read(there.script()).unwrap(), there.pass().as_str()), (before, PASS));
    assert_eq!((mode(&there.secret()), mode(&there.script())), (0o400, 0o500));
    there.run(RESTORE);
    assert_eq!(there.look(), BOTH, "twice is once");
}

/// `tezbake upgrade` of a machine that stands by makes the script anew, without a passphrase, and gives everything but the
/// two exact names to the app's user.
#[test]
fn an_upgrade_meanwhile_reads_nothing_and_its_script_stands() {
    let there = There::new();
    there.run(STASH);
    there.render(None, "unlock as the newer release does");
    let root = rustix::process::geteuid().is_root();
    if root {
        for folder in ["app", "app/signer", "app/signer/__bin_generated"] {
            for entry in fs::read_dir(there.folder.path().join(folder)).unwrap() {
                chown(entry.unwrap().path(), Some(12345), Some(12345)).unwrap();
            }
        }
    }
    assert_eq!(there.look(), KEPT);
    there.run(RESTORE);
    assert_eq!(there.look(), BOTH);
    let script = fs::read_to_string(there.script()).unwrap();
    assert!(script.contains("as the newer release does"), "the newest script stands: {script}");
    assert_eq!(there.pass(), PASS);
    if root {
        let owner = |path: PathBuf| fs::metadata(path).unwrap().uid();
        assert_eq!((owner(there.script()), owner(there.secret())), (12345, 0), "each has the owner that it had");
    }
}

#[test]
fn a_script_without_a_passphrase_is_no_secret() {
    let there = There::new();
    fs::remove_file(there.secret()).unwrap();
    for empty in ["", "''", "\"\"", "  "] {
        let _old = fs::remove_file(there.script());
        fs::write(there.script(), format!("#!/bin/sh\nexport TEZSIGN_UNLOCK_PASS={empty}\nrun 'x'\n")).unwrap();
        assert!(there.look().is_empty(), "{empty:?}");
        there.run(STASH);
        assert!(there.look().is_empty() && there.script().exists(), "{empty:?}");
    }
    for held in ["=x", "='x'", "=\"x y\"", "=$'x'", "=' x'", "; TEZSIGN_UNLOCK_PASS=x", "=x /bin/tezsign unlock"] {
        fs::write(there.script(), format!("export TEZSIGN_UNLOCK_PASS{held}\n")).unwrap();
        assert_eq!(there.look(), ["in-place tezsign.service.sh"], "{held:?}");
    }
    // Bytes that are no text hide nothing.
    for bytes in [&b"export TEZSIGN_UNLOCK_PASS='p\xff'\n"[..], b"\0\nexport TEZSIGN_UNLOCK_PASS='p'\n"] {
        let _old = fs::remove_file(there.script());
        fs::write(there.script(), bytes).unwrap();
        assert_eq!(there.look(), ["in-place tezsign.service.sh"], "{bytes:?}");
        there.run(STASH);
        assert_eq!(there.look(), ["aside tezsign.secret.line"], "{bytes:?}");
        there.run(RESTORE);
        assert_eq!(there.look(), ["in-place tezsign.service.sh"], "{bytes:?}");
    }
    // Not as TezBake writes it: nothing is taken apart, and the rung stays open.
    for odd in [
        "env TEZSIGN_UNLOCK_PASS=p /bin/tezsign unlock",
        "TEZSIGN_UNLOCK_PASS=p /x unlock",
        "declare -x TEZSIGN_UNLOCK_PASS=p",
    ] {
        let _old = fs::remove_file(there.script());
        fs::write(there.script(), odd).unwrap();
        assert!(there.fails(STASH).contains("not TezBake's"), "{odd}");
        assert_eq!(
            (there.look(), fs::read_to_string(there.script()).unwrap().as_str()),
            (vec![BOTH[1].to_owned()], odd)
        );
    }
}

#[test]
fn what_was_made_since_is_not_replaced() {
    let there = There::new();
    there.run(STASH);
    fs::write(there.secret(), "newer").unwrap();
    there.run(RESTORE);
    assert_eq!(
        (fs::read_to_string(there.secret()).unwrap().as_str(), there.pass().as_str()),
        ("newer", ""),
        "no old one"
    );

    let there = There::new();
    there.run(STASH);
    fs::write(there.secret(), "newer").unwrap();
    there.render(Some("newer"), "unlock");
    assert_eq!(there.look()[..2], BOTH, "it unlocks by itself again");
    there.run(RESTORE);
    assert_eq!((fs::read_to_string(there.secret()).unwrap().as_str(), there.pass().as_str()), ("newer", "newer"));
    assert_eq!(there.look(), BOTH);
}

/// What failover 0.1 and the versions before this one put aside: beside itself, the script as a whole.
#[test]
fn what_an_earlier_version_put_aside_is_found_and_moved() {
    for upgraded in [false, true] {
        let there = There::new();
        for file in [there.secret(), there.script()] {
            fs::rename(&file, format!("{}.kept-by-failover", file.display())).unwrap();
        }
        if upgraded {
            there.render(None, "newer");
        }
        let beside = ["in-place tezsign.secret.kept-by-failover", "in-place tezsign.service.sh.kept-by-failover"];
        assert_eq!(there.look(), beside, "the app's user may read them there");
        there.run(STASH);
        assert_eq!(
            (there.look(), there.pass().as_str()),
            (KEPT.map(str::to_owned).to_vec(), ""),
            "upgraded {upgraded}"
        );
        there.run(RESTORE);
        assert_eq!(
            (there.look(), there.pass().as_str()),
            (BOTH.map(str::to_owned).to_vec(), PASS),
            "upgraded {upgraded}"
        );
        assert_eq!(fs::read_to_string(there.script()).unwrap().contains("newer"), upgraded);
        let left = fs::read_dir(there.script().parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "nothing of it is left where the app's user may read");
    }
}
