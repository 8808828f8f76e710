//! TezSign's auto-unlock secret on a machine: a file, and a start script with a copy of it.

use super::Machine;
use super::command::{Command, Ran};

/// Where TezBake keeps the two (xtz.signer 25.1).
const PLACES: [&str; 2] = ["/bake-buddy/signer/tezsign.secret", SCRIPT];

/// What the unit of the tezsign service starts.
pub(super) const SCRIPT: &str = "/bake-buddy/signer/__bin_generated/tezsign.service.sh";

/// The two files, wherever they were moved to.
#[derive(Debug, Clone)]
pub(crate) struct SecretFiles {
    /// The passphrase that is in them.
    passphrase: String,
    at: [String; 2],
    /// Nothing can be moved.
    pub(crate) stuck: bool,
}

impl SecretFiles {
    pub(crate) fn new(passphrase: String) -> Self {
        Self { passphrase, at: PLACES.map(str::to_owned), stuck: false }
    }

    /// Is the start script where it was made?
    pub(super) fn has_script(&self) -> bool {
        self.at.iter().any(|at| at == SCRIPT)
    }

    /// What the tezsign service unlocks with: the script has to be where it was made.
    pub(crate) fn passphrase(&self) -> Option<&str> {
        let [_, script] = &self.at;
        (script == PLACES[1]).then_some(self.passphrase.as_str())
    }
}

/// `find PATHS -maxdepth 0 -printf %p\0`.
pub(crate) fn find(machine: &Machine, command: Command<'_>) -> Ran {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    for path in command.args.iter().filter(|arg| arg.starts_with('/')) {
        if machine.secret.iter().flat_map(|files| &files.at).any(|at| at == path) {
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
    let files = machine.secret.as_mut().filter(|files| !files.stuck);
    match files.and_then(|files| files.at.iter_mut().find(|at| at == from)) {
        Some(at) => {
            (*to).clone_into(at);
            Ran::ok("")
        }
        None => Ran::new(1, "", format!("mv: cannot move '{from}' to '{to}': Read-only file system\n")),
    }
}
