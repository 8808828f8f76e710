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
//! And those of [`boot_guard`](super::boot_guard), of [`Startable`](super::Startable), and of [`MarkFolder`] and [`nonces`](super::nonces), where such folders are named.

use std::path::PathBuf;
use std::time::Duration;

use super::systemctl::Systemctl;
use super::{
    BakerControl, BakerError, BakerMachine, BakerState, BootGuards, Claims, Depth, Looks, MachineIdentity, MarkFiles,
    MarkFolder, Payouts, Readiness, SeedNonces, ServiceLog, UnitName, UnlockSecrets,
};
use crate::host::{self, Host, HostIdentity};
use crate::permit::Root;

mod machine;
mod signing;

pub(super) use signing::runs_a_signer;
pub use signing::{installed, signing};

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
    /// Controls these units: every one that signs or asks for signatures, and no node. With an empty list every state
    /// is unclear.
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

impl<H: Host> BakerControl for SystemdControl<H> {
    fn describe(&self) -> String {
        let units: Vec<&str> = self.units.iter().map(UnitName::as_str).collect();
        format!("{} on {}", units.join(", "), self.systemctl.host.name())
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        self.systemctl.state(&self.units)
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        self.systemctl.stop(&self.units)
    }

    fn start(&mut self) -> Result<(), BakerError> {
        self.systemctl.start(&self.units)
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        self.systemctl.restart_delay(&self.units)
    }
}

/// Where the service of another program keeps an unlock secret is not known, nor what pays there.
impl<H: Host> BakerMachine for SystemdControl<H> {
    fn machine_identity(&mut self) -> Option<&mut dyn MachineIdentity> {
        Some(self)
    }
    fn looks(&mut self) -> Option<&mut dyn Looks> {
        Some(self)
    }
    fn mark_files(&mut self) -> Option<&mut dyn MarkFiles> {
        Some(self)
    }
    fn seed_nonces(&mut self) -> Option<&mut dyn SeedNonces> {
        Some(self)
    }
    fn boot_guards(&mut self) -> Option<&mut dyn BootGuards> {
        Some(self)
    }
    fn unlock_secrets(&mut self) -> Option<&mut dyn UnlockSecrets> {
        None
    }
    fn claims(&mut self) -> Option<&mut dyn Claims> {
        Some(self)
    }
    fn readiness(&mut self) -> Option<&mut dyn Readiness> {
        Some(self)
    }
    fn payouts(&mut self) -> Option<&mut dyn Payouts> {
        None
    }
    fn service_log(&mut self) -> Option<&mut dyn ServiceLog> {
        Some(self)
    }
}

impl<H: Host> MachineIdentity for SystemdControl<H> {
    fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        Ok(host::identity(&mut self.systemctl.host)?)
    }
}

impl<H: Host> Looks for SystemdControl<H> {
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
}
