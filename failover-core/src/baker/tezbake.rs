//! A baker installed by TezBake: its units are found on the machine, its node is left running.
//!
//! # The commands that are run
//! Those of [`systemd`](super::systemd), those of [`boot_guard`](super::boot_guard), [`MarkFolder`],
//! [`nonces`](super::nonces), [`UnlockSecret`](super::UnlockSecret) and [`Startable`](super::Startable), and these:
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl list-unit-files --no-legend --no-pager PATTERNS` | the first word of each line; exit 1 with no text at all is an empty list |
//! | `systemctl list-units --all --plain --no-legend --no-pager PATTERNS` | likewise, exit 0 |
//! | `systemctl show -p Id,ExecStart,Environment -- PATTERNS`, or UNITS | what each unit runs, and its `HOME` |
//!
//! `*-xtz-baker.service` is one argument and reaches systemctl as it is: no shell expands it.

use std::path::PathBuf;
use std::time::Duration;

use super::instance::{self, Instance};
use super::layout::Layout;
use super::systemctl::Systemctl;
use super::{
    BakerControl, BakerError, BakerMachine, BakerState, BootGuards, Claims, Depth, Looks, MachineIdentity, MarkFiles,
    MarkFolder, Payouts, Readiness, SeedNonces, ServiceLog, UnitName, UnlockSecrets, elevation,
};
use crate::host::{self, Host, HostIdentity};
use crate::permit::Root;

mod claims;
mod files;
mod found;
mod guards;
mod look;
mod payouts;
mod readiness;

pub use found::beside;
pub(super) use found::is_signing;

/// For a start command of the user's own: `tezbake start` starts four apps, one after the other.
const START: Duration = Duration::from_secs(180);

/// A TezBake instance, all its units.
///
/// Stopped through systemctl and never by `tezbake stop`, which waits up to 300 s for the node first and leaves the
/// signer running where that fails (H11). Started through systemctl too: `tezbake start` asks web servers before it starts
/// anything and starts nothing where they do not answer (exit 82), and starts what pays as well. That a start exits 0 proves
/// nothing: a service may die a second later.
///
/// ```no_run
/// use failover_core::baker::{BakerControl, TezbakeControl};
/// use failover_core::host::{SshHost, SshOptions};
/// let host = SshHost::new("baker@primary", SshOptions::default())?;
/// println!("{:?}", TezbakeControl::new(host).state()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TezbakeControl<H> {
    systemctl: Systemctl<H>,
    /// Which one, where there are several.
    instance: Option<Instance>,
    /// What starts it, where it is not systemctl.
    start: Option<Vec<String>>,
    /// Every unit of TezBake's there, found last, of whatever instance.
    all: Vec<UnitName>,
    /// The signing units of this instance, found last.
    known: Vec<UnitName>,
    /// What they run.
    layout: Layout,
    /// Where the mark files lie; empty: where TezBake puts them.
    mark_folders: Vec<MarkFolder>,
    token: PathBuf,
    root: Root,
    /// The look that is under way.
    depth: Option<Depth>,
}

impl<H: Host> TezbakeControl<H> {
    /// Controls TezBake's services on a machine. Nothing is asked yet.
    #[must_use]
    pub fn new(host: H) -> Self {
        let token = super::default_token();
        Self {
            systemctl: Systemctl::new(host),
            instance: None,
            start: None,
            all: Vec::new(),
            known: Vec::new(),
            layout: Layout::default(),
            mark_folders: Vec::new(),
            token,
            root: Root::usual(),
            depth: None,
        }
    }

    /// Reads mark files in these folders, and not where TezBake puts them: for an instance in a folder of its own, or a
    /// baker that was started with `--base-dir`.
    #[must_use]
    pub fn with_mark_folders(mut self, folders: Vec<MarkFolder>) -> Self {
        self.mark_folders = folders;
        self
    }

    /// Controls this one of several instances there, and leaves the others alone.
    #[must_use]
    pub fn with_instance(mut self, instance: Option<Instance>) -> Self {
        self.instance = instance;
        self
    }

    /// Starts by this command, as root, and not by systemctl: `tezbake start`, for one.
    #[must_use]
    pub fn with_start(mut self, start: Option<Vec<String>>) -> Self {
        self.start = start;
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

impl<H: Host> BakerControl for TezbakeControl<H> {
    fn describe(&self) -> String {
        format!("tezbake on {}", self.systemctl.host.name())
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        let units = self.units()?;
        self.systemctl.state(&units)
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        // A stop never waits for a list that does not come: it then stops the units found last.
        let units = match self.units() {
            Err(_) if !self.known.is_empty() => self.known.clone(),
            units => units?,
        };
        self.systemctl.stop(&units)
    }

    fn start(&mut self) -> Result<(), BakerError> {
        if let Some(start) = self.start.clone() {
            let words: Vec<&str> = start.iter().map(String::as_str).collect();
            let (what, out) = (words.join(" "), self.systemctl.as_root(&words, START)?);
            if out.code == 151 {
                return Err(BakerError::Elevation { host: self.systemctl.host.name().to_owned(), what });
            }
            return elevation::succeeded(&self.systemctl.host, &what, &out);
        }
        let (beside, signing) = self.started()?;
        // They run already, most of the time, and only the node is needed: it says so itself, where it does not start.
        let node = match beside.is_empty() {
            true => Ok(()),
            false => self.systemctl.start(&beside),
        };
        // A signer runs before the baker that asks it.
        let (bakers, signers): (Vec<_>, Vec<_>) = signing.into_iter().partition(instance::bakes);
        let mut started = Ok(());
        for units in [signers, bakers].iter().filter(|units| !units.is_empty()) {
            let one = self.systemctl.start(units);
            started = started.and(one);
        }
        started?;
        match node {
            Err(error) if error.to_string().contains("-xtz-node.service") => Err(error),
            _ => Ok(()),
        }
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        let units = self.units()?;
        self.systemctl.restart_delay(&units)
    }
}

impl<H: Host> BakerMachine for TezbakeControl<H> {
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
        Some(self)
    }
    fn claims(&mut self) -> Option<&mut dyn Claims> {
        Some(self)
    }
    fn readiness(&mut self) -> Option<&mut dyn Readiness> {
        Some(self)
    }
    fn payouts(&mut self) -> Option<&mut dyn Payouts> {
        Some(self)
    }
    fn service_log(&mut self) -> Option<&mut dyn ServiceLog> {
        Some(self)
    }
}

impl<H: Host> MachineIdentity for TezbakeControl<H> {
    fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        Ok(host::identity(&mut self.systemctl.host)?)
    }
}

impl<H: Host> ServiceLog for TezbakeControl<H> {
    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError> {
        self.systemctl.complaints(&self.known, within)
    }
}
