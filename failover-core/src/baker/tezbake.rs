//! A baker installed by TezBake: its units are found on the machine, its node is left running.
//!
//! # The commands that are run
//! Those of [`systemd`](super::systemd) but `systemctl start`, those of [`boot_guard`](super::boot_guard),
//! [`MarkFolder`], [`nonces`], [`UnlockSecret`] and [`Startable`], and these; those marked `*` may
//! have `sudo -n` in front:
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl list-unit-files --no-legend --no-pager bb-*` | the first word of each line; exit 1 with no text at all is an empty list |
//! | `systemctl list-units --all --plain --no-legend --no-pager bb-*` | likewise, exit 0 |
//! | `tezbake start` * | exit 0 proves nothing; 151: root is needed |
//!
//! `bb-*` is one argument and reaches systemctl as it is: no shell expands it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::give_back::{self, Job};
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

/// `tezbake start` starts four apps, one after the other.
const START: Duration = Duration::from_secs(180);

/// What every unit of TezBake is named like.
const PATTERN: &str = "bb-*";

/// How the units that sign or ask for signatures end (Tezos Baking 2.5.1): never node, accuser or DAL.
const SIGNING: [&str; 6] = ["-xtz-baker", "-xtz-baker-next", "-xtz-signer", "-tezsign", "-xtz-prism", "-signer-tunnel"];

/// A TezBake installation, all its instances.
///
/// Stopped through systemctl and never by `tezbake stop`, which waits up to 300 s for the node first and leaves the
/// signer running where that fails (H11). Started by `tezbake start`, which also starts the node where it is stopped;
/// that it exits 0 proves nothing (a service may die a second later, a guard may have kept it from starting).
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
    /// The units found last.
    known: Vec<UnitName>,
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
            known: Vec::new(),
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

    /// The signing units there, as they are installed or loaded now. Looked for every time: an upgrade may change them.
    ///
    /// # Errors
    /// None is there, or systemctl does not say: unknown (S3).
    pub fn units(&mut self) -> Result<Vec<UnitName>, BakerError> {
        let mut units = self.systemctl.list(PATTERN)?;
        units.retain(signs);
        if units.is_empty() {
            return Err(self.systemctl.unclear("no signing service of TezBake is installed there"));
        }
        if self.known != units {
            self.known.clone_from(&units);
            self.expect_known();
        }
        Ok(units)
    }

    /// What this look will ask of the units that are known.
    fn expect_known(&mut self) {
        let Some(depth) = self.depth else { return };
        self.systemctl.expect_units(&self.known);
        if depth == Depth::Guards {
            self.systemctl.expect_guard(&self.known, &self.token);
            let places = secret::places(&self.known);
            if !places.is_empty() {
                let question = secret::question(&places);
                self.systemctl.expect(&[&question.iter().map(String::as_str).collect::<Vec<_>>()], &[]);
            }
        }
    }

    /// Where octez-baker keeps its files.
    fn baker_folders(&mut self) -> Result<Vec<MarkFolder>, BakerError> {
        if !self.mark_folders.is_empty() {
            return Ok(self.mark_folders.clone());
        }
        let mut folders: Vec<_> = self.units()?.iter().filter(|unit| bakes(unit)).filter_map(mark_folder).collect();
        folders.dedup();
        Ok(folders)
    }
}

/// Is it the name of a service of TezBake's that signs?
pub(super) fn is_signing(name: &str) -> bool {
    name.parse().is_ok_and(|unit| signs(&unit))
}

fn signs(unit: &UnitName) -> bool {
    let stem = unit.as_str().trim_end_matches(".service");
    stem.starts_with("bb-") && SIGNING.iter().any(|end| stem.ends_with(end))
}

/// Does octez-baker run in this unit?
fn bakes(unit: &UnitName) -> bool {
    unit.as_str().contains("-xtz-baker")
}

/// The base folder of the program that a unit runs, where it keeps marks (xtz.node and xtz.signer, 2026: their units
/// set `HOME` to the app's `data`). Instances but the default one are in a folder with their alias.
fn mark_folder(unit: &UnitName) -> Option<MarkFolder> {
    let stem = unit.as_str().strip_suffix(".service")?.strip_prefix("bb-")?;
    let of = |end: &str, folder: &'static str| Some((stem.strip_suffix(end)?, folder));
    let (alias, folder) = of("-node-xtz-baker", "node/data/.tezos-client")
        .or_else(|| of("-node-xtz-baker-next", "node/data/.tezos-client"))
        .or_else(|| of("-signer-xtz-signer", "signer/data/.tezos-signer"))?;
    match alias {
        "default" => format!("/bake-buddy/{folder}").parse().ok(),
        alias => format!("/bake-buddy/instances/{alias}/{folder}").parse().ok(),
    }
}

impl<H: Host> BakerControl for TezbakeControl<H> {
    fn describe(&self) -> String {
        format!("tezbake on {}", self.systemctl.host.name())
    }

    fn begin_look(&mut self, depth: Depth) {
        self.systemctl.begin_look();
        self.systemctl.expect_list(PATTERN);
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
        let mut folders = self.mark_folders.clone();
        if folders.is_empty() {
            folders = self.units()?.iter().filter_map(mark_folder).collect();
            folders.dedup();
        }
        self.systemctl.marks(&folders, chain)
    }

    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        let folders = self.baker_folders()?;
        self.systemctl.files(|host, elevation| nonces::read(host, elevation, &folders, chain))
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        let folders = self.baker_folders()?;
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

    fn start(&mut self) -> Result<(), BakerError> {
        let out = self.systemctl.as_root(&["tezbake", "start"], START)?;
        if out.code == 151 {
            let host = self.systemctl.host.name().to_owned();
            return Err(BakerError::Elevation { host, what: "tezbake start".to_owned() });
        }
        elevation::succeeded(&self.systemctl.host, "tezbake start", &out)
    }

    fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError> {
        let places = secret::places(&self.units()?);
        self.systemctl.files(|host, elevation| secret::look(host, elevation, &places))
    }

    fn stash_unlock_secret(&mut self) -> Result<(), BakerError> {
        let places = secret::places(&self.units()?);
        self.systemctl.files(|host, elevation| secret::stash(host, elevation, &places))
    }

    fn restore_unlock_secret(&mut self) -> Result<(), BakerError> {
        let places = secret::places(&self.units()?);
        self.systemctl.files(|host, elevation| secret::restore(host, elevation, &places))
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
        let units = self.units()?;
        let (root, token) = (&self.root, Some(self.token.as_path()));
        self.systemctl.files(|host, elevation| {
            let secrets = secret::kept(host, elevation, &secret::places(&units))?;
            let start = vec!["tezbake".to_owned(), "start".to_owned()];
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
        let (folders, certain) = (self.baker_folders()?, self.mark_folders.is_empty());
        let places = secret::places(&units);
        self.systemctl.files(|host, elevation| {
            // What was taken out of the way comes back with the start.
            let aside = match secret::look(host, elevation, &places)? {
                UnlockSecret::Aside { .. } => places,
                UnlockSecret::None | UnlockSecret::InPlace { .. } => Vec::new(),
            };
            let missing = startable::missing(host, elevation, &units, &aside)?;
            Ok(Startable { missing, wallet: startable::wallet(host, elevation, &folders, certain)? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_marks_lie() {
        let folder = |name: &str| mark_folder(&name.parse().unwrap()).map(|folder| folder.to_string());
        for (name, expected) in [
            ("bb-default-node-xtz-baker", Some("/bake-buddy/node/data/.tezos-client")),
            ("bb-default-node-xtz-baker-next", Some("/bake-buddy/node/data/.tezos-client")),
            ("bb-my-second-node-xtz-baker", Some("/bake-buddy/instances/my-second/node/data/.tezos-client")),
            ("bb-default-signer-xtz-signer", Some("/bake-buddy/signer/data/.tezos-signer")),
            ("bb-..-node-xtz-baker", None),
            ("bb-default-signer-tezsign", None),
            ("bb-default-node-xtz-node", None),
        ] {
            assert_eq!(folder(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn what_signs_is_told_by_its_name() {
        let signs = |name: &str| signs(&name.parse().unwrap());
        for name in [
            "bb-default-node-xtz-baker",
            "bb-default-node-xtz-baker-next",
            "bb-default-signer-xtz-signer",
            "bb-second-signer-tezsign",
            "bb-default-signer-xtz-prism",
            "bb-default-signer-tunnel",
        ] {
            assert!(signs(name), "{name}");
        }
        for name in [
            "bb-default-node-xtz-node",
            "bb-default-node-xtz-accuser",
            "bb-default-dal-xtz-dal",
            "bb-default-pay",
            "octez-xtz-baker",
        ] {
            assert!(!signs(name), "{name}");
        }
    }
}
