//! Work with unlocked keys: whatever becomes of it, they read back locked after it, and the sign interface is free.

use std::panic::{AssertUnwindSafe, catch_unwind};

use failover_core::signer::tezsign::{Connect as _, Interface, TezSign};
use failover_core::signer::{
    Arm, Cap, DeviceState, Model, Passphrase, RaiseError, SignerDevice, SignerError, UnlockedError, raise,
    with_unlocked,
};
use failover_core::tezos::Level;
use failover_sim::tezsign::{PASSPHRASE, SimGadget};

use crate::support::{SECOND, gadget, names};

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.to_vec())
}

fn is_locked_and_free(gadget: &SimGadget) -> bool {
    gadget.with(|sim| sim.keys().iter().all(|key| !key.2)) && gadget.holder(Interface::Sign).is_none()
}

/// Unlocked, and nobody else on this machine can ask for a signature.
fn is_held_and_open(gadget: &SimGadget) -> bool {
    gadget.with(|sim| sim.keys().iter().all(|key| key.2)) && gadget.seen_by("x").open(Interface::Sign, SECOND).is_err()
}

/// Before, each who wrote this by hand left the keys unlocked where the work failed or panicked.
#[test]
fn keys_are_locked_and_let_go_whatever_becomes_of_the_work() {
    let (gadget, mut device) = gadget();
    let (level, cap) = (Level::new(1000).unwrap(), Cap::new(Level::new(1100).unwrap()).unwrap());
    let raised = with_unlocked(&mut device, &names(), &passphrase(), |device| {
        assert!(is_held_and_open(&gadget));
        raise(device, &names(), level, cap)
    });
    assert_eq!(raised.unwrap().len(), 2);
    assert!(is_locked_and_free(&gadget));
    let failed = with_unlocked(&mut device, &names(), &passphrase(), |device| {
        let lower = raise(device, &names(), Level::FIRST, cap)?;
        Ok::<_, RaiseError>(lower)
    });
    assert!(matches!(failed, Err(UnlockedError::Work(RaiseError::Lower { .. }))), "{failed:?}");
    assert!(is_locked_and_free(&gadget));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        with_unlocked::<_, (), SignerError>(&mut device, &names(), &passphrase(), |_| {
            assert!(is_held_and_open(&gadget));
            panic!("the screen broke")
        })
    }));
    assert_eq!(*panicked.unwrap_err().downcast_ref::<&str>().unwrap(), "the screen broke");
    assert!(is_locked_and_free(&gadget));
}

#[test]
fn a_wrong_passphrase_begins_nothing_and_lets_go() {
    let (gadget, mut device) = gadget();
    let wrong = Passphrase::new(b"wrong".to_vec());
    let begun = with_unlocked::<_, (), SignerError>(&mut device, &names(), &wrong, |_| panic!("nothing is unlocked"));
    assert!(matches!(begun, Err(UnlockedError::Signer(SignerError::WrongPassphrase { .. }))), "{begun:?}");
    assert!(is_locked_and_free(&gadget));
    // Somebody else has the sign interface: nothing is unlocked beside him.
    let mut baker = gadget.seen_by("octez-baker");
    let held = baker.open(Interface::Sign, SECOND).unwrap();
    let begun = with_unlocked::<_, (), SignerError>(&mut device, &names(), &passphrase(), |_| panic!("he signs"));
    assert!(matches!(begun, Err(UnlockedError::Signer(SignerError::Busy { .. }))), "{begun:?}");
    drop(held);
    assert!(is_locked_and_free(&gadget));
}

#[test]
fn who_held_it_before_holds_it_after() {
    let (gadget, mut device) = gadget();
    device.hold().unwrap();
    with_unlocked(&mut device, &names(), &passphrase(), |device| device.state().map(drop)).unwrap();
    assert!(device.holds() && gadget.holder(Interface::Sign).is_some());
}

/// A device that says yes to every lock, and stays open.
struct Stuck(TezSign<SimGadget>);

impl SignerDevice for Stuck {
    fn model(&self) -> Model {
        self.0.model()
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        self.0.state()
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        Ok(())
    }
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        self.0.arm(arm)
    }
    fn hold(&mut self) -> Result<(), SignerError> {
        self.0.hold()
    }
    fn holds(&self) -> bool {
        self.0.holds()
    }
    fn release(&mut self) {
        self.0.release();
    }
}

/// That they may sign is said above all else: as the error, and in a panic's own words.
#[test]
fn keys_that_do_not_read_back_locked_are_said() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut device = Stuck(gadget().1);
            let failed = with_unlocked::<_, (), _>(&mut device, &names(), &passphrase(), |_| Err(SignerError::NoKeys));
            let error = failed.unwrap_err();
            let UnlockedError::NotLockedAgain { before, gone, .. } = &error else { panic!("{error}") };
            assert!(matches!(before.as_deref(), Some(UnlockedError::Work(SignerError::NoKeys))) && !gone);
            assert!(error.next().unwrap().starts_with("unplug the device now"), "{error}");
        });
        scope.spawn(|| {
            let mut device = Stuck(gadget().1);
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                with_unlocked::<_, (), SignerError>(&mut device, &names(), &passphrase(), |_| panic!("it broke"))
            }));
            let said = panicked.unwrap_err().downcast_ref::<String>().unwrap().clone();
            assert!(said.starts_with("it broke; and the keys were unlocked and do not read back as locked"), "{said}");
        });
    });
}
