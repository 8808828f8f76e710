//! Signing services that systemd runs, by unit name.
//!
//! # The commands that are run
//! [`SystemdControl`] asks its [`Host`] for these argv lists and no others, `UNITS` being one
//! argument a unit. Any of those marked `*` may have `sudo -n` in front, where `id -u` did not print 0.
//!
//! | argv | what is read from it |
//! |---|---|
//! | `cat /etc/machine-id` | 32 hexadecimal digits |
//! | `id -u` | `0`: no sudo needed |
//! | `systemctl show -p Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,RestartUSec,Result -- UNITS` | one block of `Key=Value` lines a unit, blocks apart by an empty line, exit 0 |
//! | `ps -eo pid=,comm=,args=` | one line a process, pid 1 among them (where it is missing, processes are hidden), exit 0 |
//! | `systemctl --no-block stop -- UNITS` * | exit 0; 4 or "Access denied": root is needed |
//! | `systemctl kill -s SIGKILL -- UNITS` * | only where a unit still runs a second after the stop |
//! | `systemctl start -- UNITS` * | exit 0 |
//!
//! [`installed`] asks for `systemctl list-unit-files` and `list-units`, as [`tezbake`](super::tezbake) does.
//!
//! And those of [`boot_guard`](super::boot_guard), of [`Startable`], and of [`MarkFolder`] and [`nonces`], where such folders are named.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::give_back::{self, Job, Secrets};
use super::systemctl::{START, Systemctl};
use super::{
    BakerControl, BakerError, BakerState, Depth, GiveBackOrder, GivenBack, MarkFolder, Startable, UnitName, claim,
    nonces, startable,
};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};
use crate::host::{self, Host, HostIdentity};
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::permit::{ClaimAnswer, ClaimOrder, Root};
use crate::tezos::ChainId;

/// Services by name, under systemd (247 and later).
///
/// Only the named units are stopped and started. The state is read from them and from the whole process table, so a
/// signer that something else started counts as running. Unit names are the units' own, not aliases. Processes in
/// another PID namespace than the host's own are not seen: run it on the host, not in a container.
///
/// ```no_run
/// use failover_core::baker::{BakerControl, SystemdControl};
/// use failover_core::host::LocalHost;
/// let units = vec!["octez-baker".parse()?, "octez-signer".parse()?];
/// let mut baker = SystemdControl::new(LocalHost::new(), units);
/// baker.stop()?;
/// println!("{:?}", baker.state()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SystemdControl<H> {
    systemctl: Systemctl<H>,
    units: Vec<UnitName>,
    mark_folders: Vec<MarkFolder>,
    token: PathBuf,
    root: Root,
}

impl<H: Host> SystemdControl<H> {
    /// Controls these units: every one that signs or asks for signatures, and no node. With an empty list nothing is
    /// ever clear.
    #[must_use]
    pub fn new(host: H, units: Vec<UnitName>) -> Self {
        let token = super::default_token();
        Self { systemctl: Systemctl::new(host), units, mark_folders: Vec::new(), token, root: Root::usual() }
    }

    /// Reads mark files in these folders: the base folders of octez-baker and octez-signer.
    #[must_use]
    pub fn with_mark_folders(mut self, folders: Vec<MarkFolder>) -> Self {
        self.mark_folders = folders;
        self
    }

    /// Where permits, claims and locks of that machine lie, where it is not [`Root::USUAL`].
    #[must_use]
    pub fn with_root(mut self, root: Root) -> Self {
        self.root = root;
        self
    }

    /// The guard's token there, where it is not `/var/lib/failover/ACTIVE`.
    #[must_use]
    pub fn with_guard_token(mut self, token: PathBuf) -> Self {
        self.token = token;
        self
    }
}

/// For what names every unit of a machine.
const LIST: Duration = Duration::from_secs(20);

/// The services on a machine whose names fit one of these patterns (`octez-baker*`), loaded or only installed. Changes
/// nothing: it is for a suggestion to a person, who knows what else signs there.
///
/// # Errors
/// systemctl does not say: unknown, not none (S3).
pub fn installed<H: Host>(host: H, patterns: &[&str]) -> Result<Vec<UnitName>, BakerError> {
    let mut systemctl = Systemctl::new(host);
    systemctl.list(patterns)
}

/// Every service of a machine that signs, loaded or only installed, by what it runs and by TezBake's names. Changes nothing.
///
/// | argv | what is read from it |
/// |---|---|
/// | `systemctl list-unit-files`, `list-units`, as for one pattern, here `*.service` | the names |
/// | `systemctl show -p Id,ExecStart -- UNITS` | `Id=`, and `path=` and `argv[]=` of each `ExecStart=`; units are parted by an empty line |
///
/// # Errors
/// systemctl does not say: unknown, not none (S3).
pub fn signing<H: Host>(host: H) -> Result<Vec<UnitName>, BakerError> {
    let mut systemctl = Systemctl::new(host);
    let all = systemctl.list(&["*.service"])?;
    // A template runs nothing by itself, and cannot be shown.
    let all: Vec<UnitName> = all.into_iter().filter(|unit| !unit.as_str().contains("@.")).collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let mut argv = vec!["systemctl", "show", "-p", "Id,ExecStart", "--"];
    argv.extend(all.iter().map(UnitName::as_str));
    let shown = systemctl.ask(&argv, LIST)?;
    let signs = |block: &&str| {
        let named = block.lines().filter_map(|line| line.strip_prefix("Id=")).any(super::tezbake::is_signing);
        named || block.lines().filter_map(|line| line.strip_prefix("ExecStart=")).any(runs_a_signer)
    };
    let names = shown.split("\n\n").filter(signs).filter_map(|block| {
        let id = block.lines().find_map(|line| line.strip_prefix("Id="))?;
        all.iter().find(|unit| unit.as_str() == id).cloned()
    });
    Ok(names.collect())
}

/// `{ path=/usr/bin/octez-baker ; argv[]=/usr/bin/octez-baker run ... ; ignore_errors=no ; ... }`: a program that signs, or
/// one behind a shell or `env`.
pub(super) fn runs_a_signer(exec: &str) -> bool {
    let argv = exec.split_once("argv[]=").map_or(exec, |(_, rest)| rest);
    let argv = argv.split(" ; ").next().unwrap_or_default();
    let words: Vec<&str> = argv.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let words = behind_a_shell(&words);
    // Only where the program itself is told so, and no script that does more.
    let other = words.first().is_some_and(|program| super::process::is_signer(program));
    !(other && super::process::runs_no_baker(words)) && words.iter().any(|word| super::process::is_signer(word))
}

/// `sh -lc 'exec PROGRAM ...'` and nothing else is PROGRAM (octez-manager, 2026-01).
fn behind_a_shell<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    match words {
        [shell, flags, "exec", program @ ..]
            if ["/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash"].contains(shell)
                && flags.starts_with('-')
                && flags.ends_with('c')
                && !program.iter().any(|word| word.contains([';', '&', '|', '`', '('])) =>
        {
            program
        }
        words => words,
    }
}

impl<H: Host> BakerControl for SystemdControl<H> {
    fn describe(&self) -> String {
        let units: Vec<&str> = self.units.iter().map(UnitName::as_str).collect();
        format!("{} on {}", units.join(", "), self.systemctl.host.name())
    }

    fn begin_look(&mut self, depth: Depth) {
        self.systemctl.begin_look();
        self.systemctl.expect_units(&self.units);
        if depth == Depth::Guards {
            self.systemctl.expect_guard(&self.units, &self.token);
        }
    }

    fn end_look(&mut self) {
        self.systemctl.end_look();
    }

    fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        Ok(host::identity(&mut self.systemctl.host)?)
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        self.systemctl.state(&self.units)
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        self.systemctl.restart_delay(&self.units)
    }

    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        self.systemctl.marks(&self.mark_folders, chain)
    }

    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        let folders = &self.mark_folders;
        self.systemctl.files(|host, elevation| nonces::read(host, elevation, folders, chain))
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        let folders = &self.mark_folders;
        self.systemctl.files(|host, elevation| nonces::merge(host, elevation, folders, (chain, at), theirs))
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        self.systemctl.stop(&self.units)
    }

    fn start(&mut self) -> Result<(), BakerError> {
        self.systemctl.start(&self.units)
    }

    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError> {
        self.systemctl.complaints(&self.units, within)
    }

    fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        self.systemctl.boot_guard(&self.units, &self.token)
    }

    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError> {
        self.systemctl.install_boot_guard(&self.units, &self.token, note)
    }

    fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError> {
        let root = &self.root;
        self.systemctl.files(|host, elevation| claim::claim(host, elevation, root, order))
    }

    fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError> {
        let (root, token, units) = (&self.root, Some(self.token.as_path()), &self.units);
        if units.is_empty() {
            return Err(self.systemctl.unclear("no signing service is known there"));
        }
        self.systemctl.files(|host, elevation| {
            let start = ["systemctl", "start", "--"].into_iter().map(str::to_owned);
            let start = start.chain(units.iter().map(ToString::to_string)).collect();
            let (secrets, stop) = (Secrets::default(), give_back::stop(units));
            let job = Job { root, token, secrets, start, stop, limit: START, as_user: false };
            give_back::give_back(host, elevation, &job, order)
        })
    }

    fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError> {
        self.systemctl.lift_boot_guard(&self.token, lift, now)
    }

    fn guard_token(&self) -> Option<&Path> {
        Some(&self.token)
    }

    fn reads_back(&mut self) -> Result<(), BakerError> {
        self.systemctl.reads_back(&self.units)
    }

    fn may_change(&mut self) -> Result<bool, BakerError> {
        self.systemctl.may_change()
    }

    fn startable(&mut self) -> Result<Startable, BakerError> {
        let (units, folders) = (&self.units, &self.mark_folders);
        self.systemctl.files(|host, elevation| {
            let missing = startable::missing(host, elevation, units)?;
            Ok(Startable { missing, wallet: startable::wallet(host, elevation, folders, false)? })
        })
    }
}
