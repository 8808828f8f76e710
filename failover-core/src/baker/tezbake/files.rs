//! What TezBake's bakers and signers keep in files: their marks, and the seed nonces of the baker.

use super::TezbakeControl;
use crate::baker::{BakerError, MarkFiles, SeedNonces, instance, nonces};
use crate::clock::Timestamp;
use crate::host::Host;
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::tezos::ChainId;

impl<H: Host> MarkFiles for TezbakeControl<H> {
    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        let folders = self.folders(|_| true)?;
        self.systemctl.marks(&folders, chain)
    }
}

impl<H: Host> SeedNonces for TezbakeControl<H> {
    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        let folders = self.folders(instance::bakes)?;
        self.systemctl.files(|host, elevation| nonces::read(host, elevation, &folders, chain))
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        let folders = self.folders(instance::bakes)?;
        self.systemctl.files(|host, elevation| nonces::merge(host, elevation, &folders, (chain, at), theirs))
    }
}
