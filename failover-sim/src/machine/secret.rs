//! TezSign's auto-unlock secret on a machine: a file, and a line with a copy of it in the start script.

use super::Machine;
use super::command::{Command, Ran};
use failover_core::baker::secret::{LOOK, RESTORE, STASH};

/// Where TezBake keeps the first (xtz.signer 25.1).
const SECRET: &str = "/bake-buddy/signer/tezsign.secret";

/// What the unit of the tezsign service starts: it has the second.
pub(super) const SCRIPT: &str = "/bake-buddy/signer/__bin_generated/tezsign.service.sh";

/// The two, wherever they are.
#[derive(Debug, Clone)]
pub(crate) struct SecretFiles {
    passphrase: String,
    file: String,
    /// The file that has the line.
    line: String,
    /// Nothing can be moved.
    pub(crate) stuck: bool,
}

impl SecretFiles {
    pub(crate) fn new(passphrase: String) -> Self {
        Self { passphrase, file: SECRET.to_owned(), line: SCRIPT.to_owned(), stuck: false }
    }

    /// What the tezsign service unlocks with: the line has to be in the script.
    pub(crate) fn passphrase(&self) -> Option<&str> {
        (self.line == SCRIPT).then_some(self.passphrase.as_str())
    }
}

/// `find PATHS -maxdepth 0 -printf %p\0`.
pub(crate) fn find(machine: &Machine, command: Command<'_>) -> Ran {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    for path in command.args.iter().filter(|arg| arg.starts_with('/')) {
        if machine.secret.iter().any(|files| files.file == *path || files.line == *path) {
            stdout.push_str(&format!("{path}\0"));
        } else {
            stderr.push_str(&format!("find: '{path}': No such file or directory\n"));
        }
    }
    Ran::new(i32::from(!stderr.is_empty()), stdout, stderr)
}

/// `mv --backup=numbered -- FROM TO`.
pub(crate) fn rename(machine: &mut Machine, command: Command<'_>) -> Ran {
    let names: Vec<&str> = command.args.iter().copied().filter(|arg| !arg.starts_with('-')).collect();
    let [from, to] = names.as_slice() else { return Ran::new(1, "", "mv: missing operand\n") };
    if !command.root {
        return Ran::new(1, "", format!("mv: cannot move '{from}' to '{to}': Permission denied\n"));
    }
    match machine.secret.as_mut().filter(|files| !files.stuck && files.file == *from) {
        Some(files) => {
            (*to).clone_into(&mut files.file);
            Ran::ok("")
        }
        None => Ran::new(1, "", format!("mv: cannot move '{from}' to '{to}': Read-only file system\n")),
    }
}

/// `sh -c SCRIPT failover-secret KEPT SECRET START-SCRIPT`: the scripts that look, put away and put back.
pub(super) fn script(machine: &mut Machine, script: &str, words: &[&str]) -> Option<Ran> {
    let [kept, SECRET, SCRIPT] = words else { return None };
    let Some(files) = &mut machine.secret else { return Some(Ran::ok("")) };
    let own = format!("{kept}/{}", SECRET.replace('/', "%"));
    let aside = [(&mut files.file, SECRET, own.clone()), (&mut files.line, SCRIPT, format!("{own}.line"))];
    if script == LOOK {
        let said = aside.map(|(at, place, _)| format!("{} {at}\n", if at == place { "in-place" } else { "aside" }));
        return Some(Ran::ok(said.concat()));
    }
    if files.stuck {
        return Some(Ran::new(1, "", "mv: cannot move a file: Read-only file system\n"));
    }
    for (at, place, kept) in aside {
        *at = match script {
            STASH => kept,
            RESTORE => place.to_owned(),
            _ => return None,
        };
    }
    Some(Ran::ok(""))
}
