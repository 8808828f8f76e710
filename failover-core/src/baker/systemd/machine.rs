//! What a machine with such services can be asked beside its state.

use std::path::Path;
use std::time::Duration;

use super::SystemdControl;
use crate::baker::give_back::{self, Job, Secrets};
use crate::baker::systemctl::START;
use crate::baker::{
    BakerError, BootGuards, Claims, GiveBackOrder, GivenBack, MarkFiles, Readiness, SeedNonces, ServiceLog, Startable,
    claim, nonces, startable,
};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};
use crate::host::Host;
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::permit::{ClaimAnswer, ClaimOrder};
use crate::tezos::ChainId;

impl<H: Host> MarkFiles for SystemdControl<H> {
    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        self.systemctl.marks(&self.mark_folders, chain)
    }
}

impl<H: Host> SeedNonces for SystemdControl<H> {
    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        let folders = &self.mark_folders;
        self.systemctl.files(|host, elevation| nonces::read(host, elevation, folders, chain))
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        let folders = &self.mark_folders;
        self.systemctl.files(|host, elevation| nonces::merge(host, elevation, folders, (chain, at), theirs))
    }
}

impl<H: Host> BootGuards for SystemdControl<H> {
    fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        self.systemctl.boot_guard(&self.units, &self.token)
    }

    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError> {
        self.systemctl.install_boot_guard(&self.units, &self.token, note)
    }

    fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError> {
        self.systemctl.lift_boot_guard(&self.token, lift, now)
    }

    fn guard_token(&mut self) -> Option<&Path> {
        Some(&self.token)
    }
}

impl<H: Host> Claims for SystemdControl<H> {
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
}

impl<H: Host> Readiness for SystemdControl<H> {
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

impl<H: Host> ServiceLog for SystemdControl<H> {
    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError> {
        self.systemctl.complaints(&self.units, within)
    }
}
