//! A signer in a file, **for tests and examples only: never bake with it**.
//!
//! It keeps no secret: its keys are hashes, its passphrase is in the file, and what it "signs" is a mark that moves. So it
//! can stand for a device that keeps its marks as a signer has to, where a simulated one would be too much, and it shows
//! what a driver owes: a folder like this one, and a line in the [registry](super::registry).
//!
//! It is there with the feature `soft`, which is off unless asked for. The program `failover` does not ask for it, and opens
//! none where another crate of the same build did.
//!
//! ```
//! use failover_core::signer::soft::Soft;
//! use failover_core::signer::{Arm, Cap, KeyName, Passphrase, SignerDevice, raise, registry};
//! use failover_core::tezos::Level;
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("keys.json");
//! let passphrase = Passphrase::new(b"for a test".to_vec());
//! let consensus = KeyName::new("consensus");
//! Soft::create(&file, &passphrase, &[(consensus.clone(), "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9".parse()?)])?;
//!
//! let mut device = registry::open(&format!("soft+file:{}", file.display()).parse()?, &registry::OpenOptions::default())?;
//! let head = Level::new(12_345_678).ok_or("a level is never zero")?;
//! raise(&mut *device, &[consensus.clone()], head.above(10), Cap::above(head, 100))?;
//! device.hold()?;
//! device.arm(Arm::Unlock { keys: &[consensus], passphrase: &passphrase })?;
//! device.disarm()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use self::file::{Kept, Key};
use super::{
    Arm, Arming, CheckedOrder, DeviceInfo, DeviceState, HwmSetter, KeyName, KeyState, Mark, Marks, Model, Passphrase,
    Place, Selector, SignerDevice, SignerError, watermark,
};
use crate::tezos::{KeyHash, Kind, Position};

mod driver;
mod file;

pub(in crate::signer) use driver::DRIVER;

/// A signer in a file. What is unlocked is forgotten when it is dropped, as by a power cut.
#[derive(Debug)]
pub struct Soft {
    path: PathBuf,
    unlocked: BTreeSet<KeyName>,
    /// Locked while its keys are held for whoever has this.
    held: Option<File>,
}

impl Soft {
    /// The signer in this file. It is read by the first question.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), unlocked: BTreeSet::new(), held: None }
    }

    /// Writes a new file with these keys, none of which has signed anything.
    ///
    /// # Errors
    /// There is such a file already, or it cannot be written.
    pub fn create(path: &Path, passphrase: &Passphrase, keys: &[(KeyName, KeyHash)]) -> Result<(), SignerError> {
        let keys = keys.iter().map(|(name, key)| Key { name: name.clone(), key: *key, marks: Marks::default().into() });
        let passphrase = String::from_utf8_lossy(passphrase.expose()).into_owned();
        file::create(path, &Kept { passphrase, keys: keys.collect() })
    }

    /// What a signature does to the marks, without one: refused where the key is locked or the mark does not let it through.
    ///
    /// # Errors
    /// No such key, a locked one, or at or below its mark; the file cannot be read or written.
    pub fn sign(&mut self, name: &KeyName, kind: Kind, at: Position) -> Result<(), SignerError> {
        let mut kept = file::read(&self.path)?;
        let unlocked = self.unlocked.contains(name);
        let key = kept.key_mut(name)?;
        if !unlocked {
            return Err(SignerError::KeyLocked { key: name.clone() });
        }
        let mut marks: Marks = key.marks.into();
        let mark = marks.of(kind);
        if !watermark::lets_through(Model::Soft, mark, kind, at) {
            return Err(unsupported("signing", format!("{at:#} is not above its mark {mark:#}")));
        }
        *mark_mut(&mut marks, kind) = Mark::at(at);
        key.marks = marks.into();
        file::replace(&self.path, &kept)
    }

    fn selector(&self) -> String {
        Selector::new(Model::Soft, Place::File(self.path.clone())).to_string()
    }
}

const fn mark_mut(marks: &mut Marks, kind: Kind) -> &mut Mark {
    match kind {
        Kind::Block => &mut marks.block,
        Kind::Preattestation => &mut marks.preattestation,
        Kind::Attestation => &mut marks.attestation,
    }
}

const fn unsupported(what: &'static str, why: String) -> SignerError {
    SignerError::Unsupported { what, why }
}

impl SignerDevice for Soft {
    fn model(&self) -> Model {
        Model::Soft
    }

    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let info =
            DeviceInfo { model: Model::Soft, selector: self.selector(), serial: None, version: None, ledger: None };
        let state = |Key { name, key, marks }: Key| {
            let arming = if self.unlocked.contains(&name) { Arming::Armed } else { Arming::Disarmed };
            KeyState { name, key, arming, marks: Some(marks.into()) }
        };
        Ok(DeviceState { info, keys: file::read(&self.path)?.keys.into_iter().map(state).collect() })
    }

    fn disarm(&mut self) -> Result<(), SignerError> {
        self.unlocked.clear();
        Ok(())
    }

    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        let Arm::Unlock { keys, passphrase } = arm else {
            return Err(unsupported("authorize", "it is unlocked".to_owned()));
        };
        let mut kept = file::read(&self.path)?;
        for name in keys {
            kept.key_mut(name)?;
            if passphrase.expose() != kept.passphrase.as_bytes() {
                return Err(SignerError::WrongPassphrase { key: name.clone(), message: "it is another".to_owned() });
            }
        }
        self.unlocked.extend(keys.iter().cloned());
        Ok(())
    }

    fn hold(&mut self) -> Result<(), SignerError> {
        if self.held.is_none() {
            self.held = Some(file::hold(&self.path, &self.selector())?);
        }
        Ok(())
    }

    fn holds(&self) -> bool {
        self.held.is_some()
    }

    fn release(&mut self) {
        self.held = None;
    }
}

impl HwmSetter for Soft {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        let mut kept = file::read(&self.path)?;
        let key = kept.key_mut(order.key())?;
        let mark = Mark::at(Position::start_of(order.level()));
        let highest = Marks::from(key.marks).highest();
        if highest > mark {
            return Err(unsupported("set level", format!("{:#} is not above {highest:#}", order.level())));
        }
        key.marks = Marks::all(mark).into();
        file::replace(&self.path, &kept)
    }
}
