//! A baker whose signer runs on a machine of its own: both are stopped and read back, or nothing is.
//!
//! Anybody who reaches that signer can make it sign, so a stopped baker alone fences nothing.

use std::time::Duration;

use super::{
    BakerControl, BakerError, BakerMachine, BakerState, BootGuards, Claims, Depth, Looks, MachineIdentity, MarkFiles,
    Payouts, Readiness, SeedNonces, ServiceLog, UnitName, UnlockSecrets,
};
use crate::host::HostIdentity;
use crate::permit::RunId;

mod claims;
mod files;
mod guards;
mod readiness;

/// Two machines that are controlled as one: the baker's, which is the one that is pinned and claimed, and its signer's.
///
/// ```no_run
/// use failover_core::baker::{BakerControl, SystemdControl, TezbakeControl, WithSigner};
/// use failover_core::host::{SshHost, SshOptions};
/// let host = |name| SshHost::new(name, SshOptions::default());
/// let signer = SystemdControl::new(host("root@signer")?, vec!["octez-signer".parse()?]);
/// let mut primary = WithSigner::new(Box::new(TezbakeControl::new(host("baker@primary")?)), Box::new(signer));
/// println!("{:?}", primary.state()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WithSigner {
    baker: Box<dyn BakerMachine>,
    signer: Box<dyn BakerMachine>,
    /// Runs of which this machine's orders said that they are its own and over: their claims on either machine are replaced.
    own: Vec<RunId>,
}

impl std::fmt::Debug for WithSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("WithSigner").field(&self.describe()).finish()
    }
}

impl WithSigner {
    /// A baker, and the signer that it asks.
    #[must_use]
    pub const fn new(baker: Box<dyn BakerMachine>, signer: Box<dyn BakerMachine>) -> Self {
        Self { baker, signer, own: Vec::new() }
    }

    /// Does this on both, the signer first, whatever came of that. The first error is the answer, except that one
    /// without services of systemd says nothing about the other.
    fn both(&mut self, each: impl Fn(&mut dyn BakerMachine) -> Result<(), BakerError>) -> Result<(), BakerError> {
        let signer = each(&mut *self.signer);
        let baker = each(&mut *self.baker);
        match (signer, baker) {
            (Err(BakerError::NoUnits { .. }), Err(error)) => Err(error),
            (signer, baker) => signer.and(baker),
        }
    }

    fn all_looks(&mut self) -> impl Iterator<Item = &mut dyn Looks> {
        [self.baker.looks(), self.signer.looks()].into_iter().flatten()
    }

    fn all_payouts(&mut self) -> impl Iterator<Item = &mut dyn Payouts> {
        [self.baker.payouts(), self.signer.payouts()].into_iter().flatten()
    }

    fn all_logs(&mut self) -> impl Iterator<Item = &mut dyn ServiceLog> {
        [self.baker.service_log(), self.signer.service_log()].into_iter().flatten()
    }
}

impl BakerControl for WithSigner {
    fn describe(&self) -> String {
        format!("{} with its signer, {}", self.baker.describe(), self.signer.describe())
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        match (self.baker.state(), self.signer.state()) {
            (Ok(BakerState::Stopped { mut checked }), Ok(BakerState::Stopped { checked: signer })) => {
                checked.extend(signer);
                Ok(BakerState::Stopped { checked })
            }
            (Ok(BakerState::Running { mut what }), Ok(BakerState::Running { what: signer })) => {
                what.extend(signer);
                Ok(BakerState::Running { what })
            }
            // One of them answers no more: neither running nor stopped, and nothing that can be stopped from here.
            (Err(error), _) | (_, Err(error)) => Err(error),
            (running @ Ok(BakerState::Running { .. }), _) | (_, running) => running,
        }
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.stop())
    }

    fn start(&mut self) -> Result<(), BakerError> {
        self.signer.start()?;
        self.baker.start()
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        Ok(self.baker.restart_delay()?.max(self.signer.restart_delay()?))
    }
}

/// What guards something is asked of both, and unknown where one of them lacks it. What is only told is told of the one that
/// can.
impl BakerMachine for WithSigner {
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
        if self.all_payouts().next().is_some() { Some(self) } else { None }
    }
    fn service_log(&mut self) -> Option<&mut dyn ServiceLog> {
        if self.all_logs().next().is_some() { Some(self) } else { None }
    }
}

impl MachineIdentity for WithSigner {
    /// The baker's machine. Which one the signer's is, ssh says by its host key, and a claim where it is this one (H19).
    fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        self.baker.identity()
    }
}

impl Looks for WithSigner {
    fn begin_look(&mut self, depth: Depth) {
        for looks in self.all_looks() {
            looks.begin_look(depth);
        }
    }

    fn end_look(&mut self) {
        for looks in self.all_looks() {
            looks.end_look();
        }
    }
}

impl Payouts for WithSigner {
    fn pays(&mut self) -> Vec<UnitName> {
        self.all_payouts().flat_map(|payouts| payouts.pays()).collect()
    }

    fn stop_pays(&mut self) -> Result<(), BakerError> {
        self.both(|machine| machine.payouts().map_or(Ok(()), |payouts| payouts.stop_pays()))
    }

    fn paying(&mut self) -> Result<Vec<UnitName>, BakerError> {
        let mut all = Vec::new();
        for payouts in self.all_payouts() {
            all.extend(payouts.paying()?);
        }
        Ok(all)
    }
}

impl ServiceLog for WithSigner {
    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError> {
        let mut all = Vec::new();
        for log in self.all_logs() {
            all.extend(log.complaints(within)?);
        }
        Ok(all)
    }
}
