//! The boot guard of systemd's units: installed, lifted, and read back from what systemd has loaded.

use std::path::Path;
use std::time::Duration;

use super::{REMOVE, SCRIPT, WRITE};
use crate::baker::files::as_needed;
use crate::baker::loaded::{self, Loaded};
use crate::baker::systemctl::Systemctl;
use crate::baker::unit_state::Activity;
use crate::baker::{BakerError, UnitName, elevation};
use crate::clock::Timestamp;
use crate::guard::drop_in::{FILE, Written};
use crate::guard::{BootGuard, DropIn, GuardNote, Lift};
use crate::host::Host;

/// For what only asks.
const SHORT: Duration = Duration::from_secs(10);
/// For what waits for a disk.
const WRITING: Duration = Duration::from_secs(20);
/// All units are read again: some seconds on a machine with many.
const RELOADING: Duration = Duration::from_secs(60);

/// Where a unit's drop-ins lie that a machine's owner writes.
pub(crate) fn folder(unit: &UnitName) -> String {
    format!("/etc/systemd/system/{unit}.d")
}

fn file(unit: &UnitName) -> String {
    format!("{}/{FILE}", folder(unit))
}

impl<H: Host> Systemctl<H> {
    /// Whether these units can start while the token is not there, and whether it is.
    pub(in crate::baker) fn boot_guard(&mut self, units: &[UnitName], token: &Path) -> Result<BootGuard, BakerError> {
        let drop_in = DropIn::new(token)?;
        if units.is_empty() {
            return Err(self.unclear("no signing service is known there"));
        }
        self.expect_guard(units, token);
        let mut why = Vec::new();
        if self.exists(drop_in.token())? {
            why.push(format!("the token {} is there", drop_in.token()));
        }
        let mut newest: Option<GuardNote> = None;
        for unit in units {
            let loaded = self.loaded(unit)?;
            why.extend(loaded.no_unit(unit).map(|words| format!("{unit}: {words}")));
            let Some(written) = self.written(unit, &drop_in)? else {
                // What an earlier file left in force would be gone with the next reload.
                why.push(format!("{unit}: {} is not there", file(unit)));
                continue;
            };
            let missing = loaded.missing(&drop_in, &file(unit));
            why.extend(missing.iter().map(|missing| format!("{unit}: {missing}")));
            match written {
                Written::Foreign(words) => why.push(format!("{unit}: {} is not this guard's: {words}", file(unit))),
                Written::Ours(note) => newest = newest.filter(|known| known.at >= note.at).or(Some(note)),
            }
        }
        match newest {
            Some(note) if why.is_empty() => {
                Ok(BootGuard::Holds { units: units.iter().map(ToString::to_string).collect(), note })
            }
            _ => Ok(BootGuard::Open { why }),
        }
    }

    /// All that a boot guard is read from, for one round trip.
    pub(in crate::baker) fn expect_guard(&mut self, units: &[UnitName], token: &Path) {
        let Ok(drop_in) = DropIn::new(token) else { return };
        for unit in units {
            let object = loaded::object(unit);
            let [of_unit, of_service] = properties(&object);
            self.expect(&[&of_unit, &of_service, &["cat", "--", &file(unit)]], &[]);
        }
        self.expect(&[], &[&["test", "-e", drop_in.token()]]);
    }

    /// Takes the token away, and ties every unit that is read back inactive to it. The others are named in the error.
    pub(in crate::baker) fn install_boot_guard(
        &mut self,
        units: &[UnitName],
        token: &Path,
        note: &GuardNote,
    ) -> Result<(), BakerError> {
        let drop_in = DropIn::new(token)?;
        self.script("remove the guard's token", &[REMOVE, SCRIPT, drop_in.token()])?;
        if self.exists(drop_in.token())? {
            return Err(self.not_installed(format!("{} is still there", drop_in.token())));
        }
        let mut problems = Vec::new();
        for (unit, state) in self.show(units, SHORT)? {
            match state.activity() {
                Activity::Stopped => {}
                Activity::Running(words) => {
                    problems.push(format!("{unit} is not stopped ({words})"));
                    continue;
                }
                Activity::Unclear(words) => {
                    problems.push(format!("{unit} is {words}: not a system service, so it cannot be guarded"));
                    continue;
                }
            }
            match self.written(&unit, &drop_in)? {
                Some(Written::Foreign(words)) => {
                    problems.push(format!("{} is not this guard's: {words}", file(&unit)));
                    continue;
                }
                Some(Written::Ours(known)) if known.says_the_same(note) => continue,
                Some(Written::Ours(_)) | None => {}
            }
            let path = file(&unit);
            let (folder, text) = (folder(&unit), drop_in.text(note));
            self.script(&format!("write {path}"), &[WRITE, SCRIPT, &folder, FILE, &text])?;
        }
        // Always: an earlier run may have ended between the two.
        let argv = ["systemctl", "daemon-reload"];
        let out = self.as_root(&argv, RELOADING)?;
        elevation::succeeded(&self.host, &argv.join(" "), &out)?;
        if problems.is_empty() { Ok(()) } else { Err(self.not_installed(problems.join("; "))) }
    }

    /// Puts the token there.
    pub(in crate::baker) fn lift_boot_guard(
        &mut self,
        token: &Path,
        lift: &Lift,
        now: Timestamp,
    ) -> Result<(), BakerError> {
        let drop_in = DropIn::new(token)?;
        let name = drop_in.token().rsplit('/').next().unwrap_or_default();
        self.script("write the guard's token", &[WRITE, SCRIPT, drop_in.folder(), name, &lift.token(now)])
    }

    fn not_installed(&self, why: String) -> BakerError {
        BakerError::BootGuard { host: self.host.name().to_owned(), why }
    }

    /// Runs a fixed script as root, with what changes as its arguments.
    fn script(&mut self, what: &str, words: &[&str]) -> Result<(), BakerError> {
        let argv: Vec<&str> = ["sh", "-c"].iter().chain(words).copied().collect();
        let out = self.as_root(&argv, WRITING).map_err(|error| match error {
            // Without the script, which no sudoers file names.
            BakerError::Elevation { host, .. } => BakerError::Elevation { host, what: format!("sh, to {what}") },
            other => other,
        })?;
        elevation::succeeded(&self.host, what, &out)
    }

    /// Whether a file is there, as root sees it: a folder of mode 0700 hides it from others.
    fn exists(&mut self, path: &str) -> Result<bool, BakerError> {
        let out = self.ask_as_root(&["test", "-e", path], SHORT)?;
        match out.code {
            0 => Ok(true),
            1 if out.stderr.trim().is_empty() => Ok(false),
            code => Err(self.unclear(format!("test -e {path} exits {code}: {}", elevation::last_words(&out)))),
        }
    }

    fn loaded(&mut self, unit: &UnitName) -> Result<Loaded, BakerError> {
        let object = loaded::object(unit);
        let [of_unit, of_service] = properties(&object);
        let (of_unit, of_service) = (self.ask(&of_unit, SHORT)?, self.ask(&of_service, SHORT)?);
        Loaded::parse(&of_unit, &of_service).map_err(|why| self.unclear(format!("{unit}: {why}")))
    }

    /// The file of this unit's drop-in; `None` where there is none.
    fn written(&mut self, unit: &UnitName, drop_in: &DropIn) -> Result<Option<Written>, BakerError> {
        let path = file(unit);
        let argv = ["cat", "--", path.as_str()];
        let out = self.files(|host, elevation| as_needed(host, elevation, &argv, SHORT))?;
        match out.code {
            0 => Ok(Some(drop_in.read(&out.stdout))),
            1 if out.stderr.trim_end().ends_with("No such file or directory") => Ok(None),
            code => Err(self.unclear(format!("cat {path} exits {code}: {}", elevation::last_words(&out)))),
        }
    }
}

/// The two questions to systemd about a unit, by its object's path.
fn properties(object: &str) -> [Vec<&str>; 2] {
    let of = |interface: &'static str, names: &[&'static str]| {
        let head = ["busctl", "--json=short", "get-property", "org.freedesktop.systemd1", object, interface];
        head.into_iter().chain(names.iter().copied()).collect()
    };
    [of("org.freedesktop.systemd1.Unit", &loaded::UNIT), of("org.freedesktop.systemd1.Service", &loaded::SERVICE)]
}
