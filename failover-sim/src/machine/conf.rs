//! What drop-ins make of a unit, as systemd reads them (252 to 257), as far as the guard needs it.

use std::collections::BTreeMap;

/// The settings that can be in a drop-in here. Later files win; an empty value clears what came before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conf {
    /// The files, in the order in which they count.
    pub(crate) files: Vec<String>,
    /// `AssertPathExists=`: is it a negation, and the path.
    pub(crate) asserts: Vec<(bool, String)>,
    /// `ExecCondition=`: the characters before the program, and its words.
    pub(crate) conditions: Vec<(String, Vec<String>)>,
    /// `RequiresMountsFor=`.
    pub(crate) mounts: Vec<String>,
    /// `SuccessExitStatus=`.
    pub(crate) success: Vec<i32>,
}

impl Conf {
    /// The drop-ins of a unit among these files: those in its own folder below /etc that end in `.conf`, by their names.
    pub(crate) fn of(unit: &str, files: &BTreeMap<String, String>) -> Self {
        let folder = format!("/etc/systemd/system/{unit}.service.d/");
        let mut conf = Self::default();
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with(&folder) && path.ends_with(".conf")) {
            conf.files.push(path.clone());
            conf.read(text);
        }
        conf
    }

    fn read(&mut self, text: &str) {
        let mut section = "";
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
            if line.starts_with('[') {
                section = line;
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match (section, key.trim()) {
                ("[Unit]", "AssertPathExists") if value.is_empty() => self.asserts.clear(),
                ("[Unit]", "AssertPathExists") => {
                    let path = value.trim_start_matches('!');
                    // A relative path is left out, with a word in the log.
                    if path.starts_with('/') {
                        self.asserts.push((path != value, path.to_owned()));
                    }
                }
                ("[Unit]", "RequiresMountsFor") => self.mounts.extend(words(value)),
                ("[Service]", "ExecCondition") if value.is_empty() => self.conditions.clear(),
                ("[Service]", "ExecCondition") => {
                    let program = value.trim_start_matches(['-', '+', '@', ':', '!']);
                    let before = value.strip_suffix(program).unwrap_or_default();
                    self.conditions.push((before.to_owned(), words(program)));
                }
                ("[Service]", "SuccessExitStatus") if value.is_empty() => self.success.clear(),
                ("[Service]", "SuccessExitStatus") => {
                    self.success.extend(value.split_whitespace().filter_map(|code| code.parse::<i32>().ok()));
                }
                _ => {}
            }
        }
    }

    /// Do the asserts let a start through?
    pub(crate) fn asserted(&self, exists: impl Fn(&str) -> bool) -> bool {
        self.asserts.iter().all(|(not, path)| exists(path) != *not)
    }

    /// Do the conditions? They are `test -e PATH`, and anything else says no.
    pub(crate) fn conditioned(&self, exists: impl Fn(&str) -> bool) -> bool {
        self.conditions.iter().all(|(before, words)| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let holds = matches!(words.as_slice(), [_, "-e", path] if exists(path));
            holds || before.contains('-') || self.success.contains(&1)
        })
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
