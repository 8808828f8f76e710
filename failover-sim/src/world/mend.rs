//! A person mends what they can without touching a baker or its signer.

use super::World;
use crate::event::Event;
use crate::machine::NODE_UNIT;
use crate::options::Side;
use crate::source::Source;
use failover_core::chain::SyncState;

impl World {
    /// The backup's node, its connections, every source and the chain itself are as they must be again, and nobody else
    /// holds the backup's device.
    pub fn mend(&self) {
        for event in [
            Event::ResumeChain,
            Event::NodeBehind(0),
            Event::NodeAhead(0),
            Event::HeadFromFuture(0),
            Event::PeersAhead(0),
            Event::NoPeers(false),
            Event::Deny(Vec::new()),
            Event::UnknownOperation(false),
            Event::PrunedMetadata(false),
            Event::Rpc(None),
            Event::BackOnChain(Side::Backup),
            Event::NodeSync(SyncState::Synced),
            Event::Source(Source::Tzkt, None),
            Event::Source(Source::Node, None),
        ] {
            self.apply(event);
        }
        self.with(|state| {
            (state.faults.wrong_chain, state.faults.peers_disagree) = (false, false);
            state.held.clear();
        });
        // One that runs is told to start, and goes on.
        let _started = self.exec(Side::Backup, &["sudo", "-n", "systemctl", "start", NODE_UNIT]);
    }

    /// Both machines were made from one image: the primary has the backup's machine-id (H33).
    pub fn made_from_one_image(&self) {
        self.with(|state| state.machines.primary.machine_id.clone_from(&state.machines.backup.machine_id));
    }
}
