//! What the TezSign tests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use failover_core::clock::{Clock, Timestamp};
use failover_core::signer::tezsign::TezSign;
use failover_core::signer::{Arm, KeyName, Passphrase, SignerDevice as _, SignerError};
use failover_sim::tezsign::{PASSPHRASE, SimGadget, TezSignOptions, TezSignSim};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A clock that jumps instead of waiting.
#[derive(Default)]
pub(crate) struct Jumping(AtomicI64);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst).unsigned_abs())
    }

    fn sleep(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

/// The recorded gadget, just booted, and a driver on it.
pub(crate) fn gadget() -> (SimGadget, TezSign<SimGadget>) {
    let gadget = SimGadget::new(TezSignSim::new(TezSignOptions::default()), Arc::new(Jumping::default()));
    (gadget.clone(), TezSign::new(gadget))
}

pub(crate) fn names() -> [KeyName; 2] {
    [KeyName::new("consensus"), KeyName::new("companion")]
}

pub(crate) fn unlock<C: failover_core::signer::tezsign::Connect>(driver: &mut TezSign<C>) -> Result<(), SignerError> {
    driver.arm(Arm::Unlock { keys: &names(), passphrase: &Passphrase::new(PASSPHRASE.to_vec()) })
}
