//! Files that can be written: drop-ins, and the guard's token.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Machine;
use super::command::{Command, Ran, Runs};
use super::conf::Conf;
use crate::event::HostFault;
use failover_core::baker::boot_guard::{REMOVE, WRITE};
use failover_core::baker::nonces::MERGE;
use failover_core::clock::Timestamp;
use failover_core::guard::Guard;
use failover_core::permit::script::{CLAIM, GIVE_BACK, PERMIT};

/// The folder in which anything may be written.
const ETC: &str = "/etc/systemd/system/";

/// The files of a machine.
#[derive(Debug, Default)]
pub(crate) struct Etc {
    /// By path.
    pub(crate) files: BTreeMap<String, String>,
    /// Where the guard's token really lies: a drill's guard is a real file. Seen here under that path, and under the usual
    /// one.
    pub(crate) token: Option<PathBuf>,
    /// /etc is mounted read-only.
    pub(crate) read_only: bool,
    /// The disk with the baker's folder cannot be read.
    pub(crate) bad_disk: bool,
    /// `sudo -n` wants a password.
    pub(crate) no_sudo: bool,
    /// Only the user's own processes are seen.
    pub(crate) hides_processes: bool,
    /// A program that cannot be executed.
    pub(crate) broken: Option<String>,
    /// No `systemctl`, no `busctl`.
    pub(crate) no_systemd: bool,
    /// The first line of `systemctl --version`, where it is not 252's.
    pub(crate) systemd: Option<String>,
    /// Its permits are taken away before the next start by a script.
    pub(crate) stood_down: bool,
}

impl Etc {
    fn real(&self, path: &str) -> Option<&PathBuf> {
        let usual = Guard::usual().token();
        self.token.as_ref().filter(|token| token.as_os_str() == path || usual.as_os_str() == path)
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.real(path).map_or_else(|| self.files.contains_key(path), |token| token.exists())
    }

    fn remove(&mut self, path: &str) -> bool {
        match self.real(path) {
            Some(token) => std::fs::remove_file(token).is_ok(),
            None => self.files.remove(path).is_some(),
        }
    }

    fn touch(&mut self, path: &str) -> Result<(), String> {
        match self.real(path) {
            Some(token) => std::fs::write(token, "").map_err(|e| e.to_string()),
            None => {
                self.files.insert(path.to_owned(), String::new());
                Ok(())
            }
        }
    }

    /// A file that systemd reads.
    pub(crate) fn write(&mut self, path: &str, text: &str) -> Result<(), &'static str> {
        match path.strip_prefix(ETC) {
            Some(_) if self.read_only => Err("Read-only file system"),
            Some(_) => {
                self.files.insert(path.to_owned(), text.to_owned());
                Ok(())
            }
            None if self.real(path).is_some() => {
                let token = self.real(path).ok_or("No such file or directory")?;
                let made = token.parent().map_or(Ok(()), std::fs::create_dir_all);
                made.and_then(|()| std::fs::write(token, text)).map_err(|_| "Permission denied")
            }
            None if path == Guard::usual().token().to_string_lossy() => {
                self.files.insert(path.to_owned(), text.to_owned());
                Ok(())
            }
            None => Err("Permission denied"),
        }
    }
}

impl Machine {
    /// Is this the program of a unit here, and can it be executed?
    fn executes(&self, path: &str) -> bool {
        let broken = self.etc.broken.as_deref() == Some(path);
        !broken && self.units.iter().any(|unit| unit.job.starts() == path)
    }

    /// Something about its service manager changes.
    pub(crate) fn suffer(&mut self, fault: HostFault) {
        match fault {
            HostFault::ReadOnlyEtc => self.etc.read_only = true,
            HostFault::BadDisk => self.etc.bad_disk = true,
            HostFault::NoSudo => self.etc.no_sudo = true,
            HostFault::NoSystemd => self.etc.no_systemd = true,
            HostFault::Systemd(line) => self.etc.systemd = Some(line),
            HostFault::StoodDownBefore => self.etc.stood_down = true,
            HostFault::NotExecutable(path) => self.etc.broken = Some(path),
            HostFault::NotImported => {
                self.wallet.clear();
            }
            HostFault::ProcessesHidden => self.etc.hides_processes = true,
            HostFault::NoPrograms => (self.failover, self.tezsign) = (false, false),
            HostFault::NothingMoves => {
                if let Some(files) = &mut self.secret {
                    files.stuck = true;
                }
            }
            HostFault::UnitRemoved(name) => {
                if let Some(unit) = self.unit_mut(&name) {
                    unit.removed = true;
                }
            }
            HostFault::File(path, text) => {
                match text {
                    Some(text) => self.etc.files.insert(path, text),
                    None => self.etc.files.remove(&path),
                };
                for unit in &mut self.units {
                    unit.need_reload |= unit.conf != Conf::of(&unit.name, &self.etc.files);
                }
            }
        }
    }
}

/// `test -e`, `rm [-f]`, `touch` of one file.
pub(super) fn file(machine: &mut Machine, command: Command<'_>) -> Option<Ran> {
    let path = command.args.iter().rev().find(|arg| !arg.starts_with('-'))?;
    let failed = |what: &str| Ran::new(1, "", format!("{}: {path}: {what}\n", command.name));
    Some(match command.name {
        "test" if command.args.contains(&"-x") => Ran::new(i32::from(!machine.executes(path)), "", ""),
        // A folder that only root may look into hides what is in it.
        "test" => Ran::new(i32::from(!(command.root && machine.etc.exists(path))), "", ""),
        _ if !command.root => failed("Permission denied"),
        "rm" if machine.etc.remove(path) || command.args.contains(&"-f") => Ran::ok(""),
        "rm" => failed("No such file or directory"),
        _ => machine.etc.touch(path).map_or_else(|e| failed(&e), |()| Ran::ok("")),
    })
}

/// `sh -c SCRIPT NAME ARGS...`: the scripts of the boot guard, the nonces, the permits and the secret, and no others.
pub(super) fn script(machine: &mut Machine, now: Timestamp, command: Command<'_>, run: Runs) -> Ran {
    let nothing = || Ran::new(127, "", "sh: a simulated machine runs no such script\n");
    if !command.root {
        return Ran::new(1, "", "sh: Permission denied\n");
    }
    match command.args {
        ["-c", script, _, path] if *script == REMOVE => {
            machine.etc.remove(path);
            Ran::ok("")
        }
        ["-c", script, _, folder, name, text] if *script == WRITE => {
            let path = format!("{folder}/{name}");
            match machine.etc.write(&path, text) {
                Ok(()) => Ran::ok(""),
                Err(what) => Ran::new(1, "", format!("mkdir: cannot create directory '{folder}': {what}\n")),
            }
        }
        ["-c", script, _, words @ ..] if *script == CLAIM => super::permits::claim(words),
        ["-c", script, _, words @ ..] if *script == PERMIT => super::permits::permit(words),
        ["-c", script, _, words @ ..] if *script == GIVE_BACK => super::give_back::run(machine, now, words, run),
        ["-c", script, _, folder, name, copy, bytes] if *script == MERGE => {
            super::nonces::write(machine, (folder, name), copy, (bytes, command.input))
        }
        ["-c", script, _, words @ ..] => super::secret::script(machine, script, words).unwrap_or_else(nothing),
        _ => nothing(),
    }
}
