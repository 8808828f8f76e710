//! The drop-in that ties a unit to the guard's token.
//!
//! Two lines keep the unit from starting while the token is not there, and both are needed: `AssertPathExists=` makes a
//! start fail loudly, but from systemd 254 on it is not looked at when the unit restarts by itself (seen on 254 and
//! 257); `ExecCondition=` is looked at every time (247 to 257). Its `+` lets the check run as root: as the unit's user
//! it would not see a token in a folder of mode 0700.

use std::path::Path;

use super::GuardNote;

/// What the drop-in is called in each unit's folder. Sorted last, so that little comes after it and can take it back,
/// and used for nothing else: a file of the same name in the unit's folder replaces one for a prefix of its name.
pub(crate) const FILE: &str = "zz-failover-guard.conf";

/// The program that looks for the token.
pub(crate) const TEST: &str = "/usr/bin/test";

/// What stands before the note in the first line.
const MARK: &str = "# failover-guard ";

/// A path that systemd would take for another one, or for none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} cannot be named in a unit file as the guard's token: {why}")]
pub struct TokenPathError {
    path: String,
    why: &'static str,
}

impl TokenPathError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        "keep the state in an absolute folder of letters, digits and / . _ - +, as in /var/lib/failover"
    }
}

/// The drop-in for one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIn {
    token: String,
}

/// What a file under the drop-in's name is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// This program's, for the same token.
    Ours(GuardNote),
    /// Somebody else's, or for another token: why.
    Foreign(&'static str),
}

impl DropIn {
    /// The drop-in for this token, `ACTIVE` in the state folder.
    ///
    /// # Errors
    /// systemd would read the path otherwise than it is meant: it is relative, or has blanks, quotes, `%`, `$`, `\`,
    /// control characters or anything else than letters, digits and `/ . _ - + @ : = , ~`.
    pub fn new(token: &Path) -> Result<Self, TokenPathError> {
        let text = token.to_str();
        let no = |why| {
            let path = token.to_string_lossy().chars().take(120).collect();
            Err(TokenPathError { path, why })
        };
        let Some(text) = text else { return no("it is not text") };
        let Some(parts) = text.strip_prefix('/') else { return no("it is not absolute") };
        if text.len() > 1024 {
            return no("it is too long");
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+@:=,~".contains(&b)) {
            return no("it has a character with a special meaning to systemd");
        }
        // systemd takes these away, and reads back another path than the one that was written.
        if parts.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return no("it has an empty part, or a . or .. in it");
        }
        if !parts.contains('/') {
            return no("it is in no folder");
        }
        Ok(Self { token: text.to_owned() })
    }

    /// The token, as systemd has it.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The folder that the token lies in; its file system is mounted before the unit starts.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.token.rsplit_once('/').map_or("/", |(folder, _)| folder)
    }

    /// The whole text of the file.
    #[must_use]
    pub fn text(&self, note: &GuardNote) -> String {
        // A note is numbers and short texts: there is nothing in it that JSON cannot say.
        let note = serde_json::to_string(note).unwrap_or_default();
        let Self { token } = self;
        let folder = self.folder();
        format!(
            "{MARK}{note}\n\
             # This service may sign only while the token below is there: see `failover guard status`.\n\
             # Another machine may sign with the same keys. Never take this file away by hand.\n\
             [Unit]\n\
             AssertPathExists={token}\n\
             RequiresMountsFor={folder}\n\
             \n\
             [Service]\n\
             ExecCondition=+{TEST} -e {token}\n"
        )
    }

    /// Whose a file under this name is. Only `Written::Ours` may be replaced.
    #[must_use]
    pub fn read(&self, text: &str) -> Written {
        let note = text.lines().next().and_then(|line| line.strip_prefix(MARK));
        let Some(note) = note else { return Written::Foreign("it does not say that failover wrote it") };
        let note: GuardNote = match serde_json::from_str(note) {
            Ok(note) => note,
            Err(_) => return Written::Foreign("its first line says nothing that can be read"),
        };
        if note.v > GuardNote::VERSION {
            return Written::Foreign("a newer failover wrote it");
        }
        // All but the first line, which holds what changes.
        let rest = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
        if rest(text) == rest(&self.text(&note)) {
            return Written::Ours(note);
        }
        Written::Foreign("it says something else than the guard for this token does")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn drop_in() -> DropIn {
        DropIn::new(Path::new("/var/lib/failover/ACTIVE")).unwrap()
    }

    fn note() -> GuardNote {
        let plan = "K7MPQ2".parse().unwrap();
        GuardNote::new(Timestamp::from_millis(1_795_316_400_000), "root@backup", &"ab".repeat(16), Some(plan))
    }

    #[test]
    fn the_text_is_this() {
        assert_eq!(
            drop_in().text(&note()),
            r#"# failover-guard {"v":1,"at":"2026-11-22T03:00:00Z","by":"root@backup","machine":"abababababababababababababababab","plan":"K7MPQ2"}
# This service may sign only while the token below is there: see `failover guard status`.
# Another machine may sign with the same keys. Never take this file away by hand.
[Unit]
AssertPathExists=/var/lib/failover/ACTIVE
RequiresMountsFor=/var/lib/failover

[Service]
ExecCondition=+/usr/bin/test -e /var/lib/failover/ACTIVE
"#
        );
    }

    #[test]
    fn its_note_reads_back_and_nothing_in_it_leaves_its_line() {
        let drop_in = drop_in();
        assert_eq!(drop_in.read(&drop_in.text(&note())), Written::Ours(note()));
        let odd = GuardNote::new(note().at, "o'brien \"x\"@host\n[Service]\nExecCondition=\\", "", None);
        let text = drop_in.text(&odd);
        assert_eq!(text.lines().count(), 9, "{text}");
        assert!(!text.lines().next().unwrap().ends_with('\\'), "a comment that goes on in the next line");
        assert_eq!(drop_in.read(&text), Written::Ours(odd));
    }

    #[test]
    fn a_file_of_another_hand_is_told() {
        let drop_in = drop_in();
        let ours = drop_in.text(&note());
        let elsewhere = DropIn::new(Path::new("/srv/failover/ACTIVE")).unwrap().text(&note());
        for text in [
            String::new(),
            "[Unit]\nAssertPathExists=/var/lib/failover/ACTIVE\n".to_owned(),
            ours.replace("+/usr", "/usr"),
            ours.replace("[Service]\n", ""),
            format!("{ours}[Service]\nExecCondition=\n"),
            ours.replace("\"v\":1", "\"v\":2"),
            ours.replace("\"v\":1,", ""),
            ours.replace("\"by\"", "\"bye\""),
            elsewhere,
            ours.lines().next().unwrap().to_owned(),
        ] {
            assert!(matches!(drop_in.read(&text), Written::Foreign(_)), "{text}");
        }
    }

    #[test]
    fn paths_that_systemd_would_take_otherwise_are_refused() {
        for path in [
            "",
            "ACTIVE",
            "var/lib/failover/ACTIVE",
            "/ACTIVE",
            "/var/lib/fail over/ACTIVE",
            "/var/lib/\"failover\"/ACTIVE",
            "/var/lib/fail'over/ACTIVE",
            "/var/lib/%n/ACTIVE",
            "/var/lib/$HOME/ACTIVE",
            "/var/lib/fail\\over/ACTIVE",
            "/var/lib/fail\nover/ACTIVE",
            "/var/lib/fail\tover/ACTIVE",
            "/var/lib//failover/ACTIVE",
            "/var/lib/./failover/ACTIVE",
            "/var/lib/../failover/ACTIVE",
            "/var/lib/failover/ACTIVE/",
            "/var/lib/fail;over/ACTIVE",
            "/var/lib/fail*/ACTIVE",
            "/var/lib/é/ACTIVE",
        ] {
            assert!(DropIn::new(Path::new(path)).is_err(), "{path:?}");
        }
        assert!(DropIn::new(Path::new(&format!("/{}/ACTIVE", "x".repeat(1024)))).is_err());
        assert_eq!(DropIn::new(Path::new("/srv/failover-2/a_b.c/ACTIVE")).unwrap().folder(), "/srv/failover-2/a_b.c");
    }
}
