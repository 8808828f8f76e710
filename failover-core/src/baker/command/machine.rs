//! What a machine with such commands can be asked beside its state: its id, its files, and to run a script.

use std::path::Path;

use super::{CommandControl, START};
use crate::baker::elevation::Elevation;
use crate::baker::give_back::{self, Job, Secrets};
use crate::baker::{
    BakerError, BootGuards, Claims, GiveBackOrder, GivenBack, MachineIdentity, MarkFiles, SeedNonces, claim, marks,
    nonces,
};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};
use crate::host::{self, Host, HostIdentity};
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::permit::{ClaimAnswer, ClaimOrder};
use crate::tezos::ChainId;

impl<H: Host> MachineIdentity for CommandControl<H> {
    fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        Ok(host::identity(&mut self.host)?)
    }
}

impl<H: Host> MarkFiles for CommandControl<H> {
    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        marks::read(&mut self.host, &mut Elevation::default(), &self.mark_folders, chain)
    }
}

impl<H: Host> SeedNonces for CommandControl<H> {
    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        nonces::read(&mut self.host, &mut Elevation::default(), &self.mark_folders, chain)
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        nonces::merge(&mut self.host, &mut Elevation::default(), &self.mark_folders, (chain, at), theirs)
    }
}

/// There are no units: that is known, and so said. The start command asks `failover guard check`.
impl<H: Host> BootGuards for CommandControl<H> {
    fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        Err(BakerError::NoUnits { host: self.host.name().to_owned() })
    }

    fn install_boot_guard(&mut self, _: &GuardNote) -> Result<(), BakerError> {
        self.boot_guard().map(|_| ())
    }

    fn lift_boot_guard(&mut self, _: &Lift, _: Timestamp) -> Result<(), BakerError> {
        self.boot_guard().map(|_| ())
    }

    fn guard_token(&mut self) -> Option<&Path> {
        None
    }
}

impl<H: Host> Claims for CommandControl<H> {
    fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError> {
        claim::claim(&mut self.host, &mut Elevation::default(), &self.root, order)
    }

    fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError> {
        let (start, stop) = (self.commands.start.clone(), self.commands.stop.clone());
        let (root, secrets) = (&self.root, Secrets::default());
        let job = Job { root, token: None, secrets, start, stop, limit: START, as_user: true };
        give_back::give_back(&mut self.host, &mut Elevation::default(), &job, order)
    }
}
