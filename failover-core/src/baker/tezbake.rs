//! A baker installed by TezBake: its units are found on the machine, its node is left running.
//!
//! # The commands that are run
//! Those of [`systemd`](super::systemd), those of [`boot_guard`](super::boot_guard), [`MarkFolder`], [`nonces`],
//! [`UnlockSecret`] and [`Startable`], and these:
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl list-unit-files --no-legend --no-pager PATTERNS` | the first word of each line; exit 1 with no text at all is an empty list |
//! | `systemctl list-units --all --plain --no-legend --no-pager PATTERNS` | likewise, exit 0 |
//! | `systemctl show -p Id,ExecStart,Environment -- PATTERNS`, or UNITS | what each unit runs, and its `HOME` |
//!
//! `*-xtz-baker.service` is one argument and reaches systemctl as it is: no shell expands it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::give_back::{self, Job, Secrets};
use super::instance::{self, Instance, PATTERNS, signs};
use super::layout::{self, Layout};
use super::systemctl::Systemctl;
use super::{
    BakerControl, BakerError, BakerState, Depth, GiveBackOrder, GivenBack, MarkFolder, Startable, UnitName,
    UnlockSecret, claim, elevation, nonces, secret, startable,
};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};
use crate::host::{self, Host, HostIdentity};
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::permit::{ClaimAnswer, ClaimOrder, Root};
use crate::tezos::ChainId;

mod found;
mod pays;

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

/// What may run on a guarded machine beside these units of TezBake's, by its instance: node and DAL node, as far as they are
/// installed. Changes nothing.
///
/// # Errors
/// systemctl does not say: unknown, not none (S3).
pub fn beside<H: Host>(host: H, units: &[UnitName]) -> Result<Vec<(Instance, Vec<UnitName>)>, BakerError> {
    let all = Systemctl::new(host).list(&PATTERNS)?;
    let mut ids: Vec<&str> = units.iter().filter(|unit| instance::bakes(unit)).filter_map(instance::id).collect();
    ids.sort_unstable();
    ids.dedup();
    let of = |id: &str| instance::nodes(&all, id);
    Ok(ids.into_iter().filter_map(|id| Some((id.parse().ok()?, of(id)))).collect())
}

/// Is it the name of a service of TezBake's that signs?
pub(super) fn is_signing(name: &str) -> bool {
    name.parse().is_ok_and(|unit| signs(&unit))
}

impl<H: Host> BakerControl for TezbakeControl<H> {
    fn describe(&self) -> String {
        format!("tezbake on {}", self.systemctl.host.name())
    }

    fn begin_look(&mut self, depth: Depth) {
        self.systemctl.begin_look();
        self.systemctl.expect_list(&PATTERNS);
        if self.layout == Layout::default() {
            self.systemctl.expect(&[&[&layout::SHOW[..], &PATTERNS].concat()], &[]);
        }
        self.depth = Some(depth);
        // They are listed again; where they are the same, one round trip is enough.
        self.expect_known();
    }

    fn end_look(&mut self) {
        self.systemctl.end_look();
        self.depth = None;
    }

    fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        Ok(host::identity(&mut self.systemctl.host)?)
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        let units = self.units()?;
        self.systemctl.state(&units)
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        let units = self.units()?;
        self.systemctl.restart_delay(&units)
    }

    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        let folders = self.folders(|_| true)?;
        self.systemctl.marks(&folders, chain)
    }

    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        let folders = self.folders(instance::bakes)?;
        self.systemctl.files(|host, elevation| nonces::read(host, elevation, &folders, chain))
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        let folders = self.folders(instance::bakes)?;
        self.systemctl.files(|host, elevation| nonces::merge(host, elevation, &folders, (chain, at), theirs))
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        // A stop is never put off by a list that does not come: then it is for the units found last.
        let units = match self.units() {
            Err(_) if !self.known.is_empty() => self.known.clone(),
            units => units?,
        };
        self.systemctl.stop(&units)
    }

    fn pays(&self) -> Vec<UnitName> {
        self.known_pays()
    }

    fn stop_pays(&mut self) -> Result<(), BakerError> {
        self.ask_pays_to_stop()
    }

    fn paying(&mut self) -> Result<Vec<UnitName>, BakerError> {
        self.running_pays()
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
        // What signs runs before whoever asks it.
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

    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError> {
        self.systemctl.complaints(&self.known, within)
    }

    fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError> {
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        let root = &self.root;
        self.systemctl.files(|host, elevation| secret::look(host, elevation, root, &places))
    }

    fn stash_unlock_secret(&mut self) -> Result<(), BakerError> {
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        let root = &self.root;
        self.systemctl.files(|host, elevation| secret::act(secret::STASH, host, elevation, root, &places))
    }

    fn restore_unlock_secret(&mut self) -> Result<(), BakerError> {
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        let root = &self.root;
        self.systemctl.files(|host, elevation| secret::act(secret::RESTORE, host, elevation, root, &places))
    }

    fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        let units = self.units()?;
        self.systemctl.boot_guard(&units, &self.token)
    }

    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError> {
        let units = self.units()?;
        self.systemctl.install_boot_guard(&units, &self.token, note)
    }

    fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError> {
        let root = &self.root;
        self.systemctl.files(|host, elevation| claim::claim(host, elevation, root, order))
    }

    fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError> {
        let (mut beside, signing) = self.started()?;
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        // One command, in which each has to start: what is not needed is left as it is.
        beside.retain(|unit| unit.as_str().ends_with("-xtz-node.service"));
        let words = ["systemctl", "start", "--"].into_iter().map(str::to_owned);
        let names = beside.iter().chain(&signing).map(ToString::to_string);
        let start = self.start.clone().unwrap_or_else(|| words.chain(names).collect());
        let (root, token) = (&self.root, Some(self.token.as_path()));
        self.systemctl.files(|host, elevation| {
            let secrets = match places.is_empty() {
                true => Secrets::default(),
                false => Secrets {
                    back: secret::words(secret::RESTORE, root, &places),
                    aside: secret::words(secret::STASH, root, &places),
                },
            };
            let stop = give_back::stop(&units);
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
        let units = self.units()?;
        self.systemctl.reads_back(&units)
    }

    fn may_change(&mut self) -> Result<bool, BakerError> {
        self.systemctl.may_change()
    }

    fn startable(&mut self) -> Result<Startable, BakerError> {
        let units = self.units()?;
        let (folders, certain) = (self.folders(instance::bakes)?, self.mark_folders.is_empty());
        // The start would look for it, with the guard lifted already.
        let unclear = self.secret_places(&units).err().map(|error| error.to_string());
        self.systemctl.files(|host, elevation| {
            let mut missing = startable::missing(host, elevation, &units)?;
            missing.extend(unclear);
            Ok(Startable { missing, wallet: startable::wallet(host, elevation, &folders, certain)? })
        })
    }
}
