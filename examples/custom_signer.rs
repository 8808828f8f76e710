//! How does a device of your own take part? Two traits: `SignerDevice` reads, arms and disarms it, `HwmSetter` raises its
//! marks. Here it is a file, as a software signer might keep one; the rules of raising come with the library.
//!
//! `cargo run --example custom_signer -- FILE LEVEL HEAD` raises its mark. Without arguments, the file is a
//! new one, and the head a simulated chain's.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::path::{Path, PathBuf};

use failover_core::signer::{
    Arm, Arming, DeviceInfo, DeviceState, HwmSetter, KeyName, KeyState, Mark, Marks, Model, RaiseOrder, SignerDevice,
    SignerError, raise, refuse_lower,
};
use failover_core::state;
use failover_core::tezos::{KeyHash, Level, Position, Round};
use failover_sim::{World, WorldOptions};

/// A signer whose one mark is a level in a file. It signs with nothing: it is an example.
struct FileSigner {
    file: PathBuf,
    key: KeyHash,
    armed: bool,
}

impl FileSigner {
    fn wrong(&self, why: impl ToString) -> SignerError {
        SignerError::Disconnected { device: self.file.display().to_string(), why: why.to_string() }
    }

    /// A file that is missing, damaged or at 0 is unknown, and never "nothing signed yet" (S3).
    fn mark(&self) -> Result<Level, SignerError> {
        let text = std::fs::read_to_string(&self.file).map_err(|error| self.wrong(error))?;
        let level = text.trim().parse().map_err(|error| self.wrong(error))?;
        Level::new(level).ok_or_else(|| self.wrong("level 0 is no mark"))
    }
}

impl SignerDevice for FileSigner {
    /// The kind whose rules fit: a Ledger has one mark for all kinds of a key, a TezSign one for each.
    fn model(&self) -> Model {
        Model::Ledger
    }

    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let info = DeviceInfo {
            model: self.model(),
            selector: self.file.display().to_string(),
            serial: None,
            version: Some("example".to_owned()),
            ledger: None,
        };
        let arming = if self.armed { Arming::Armed } else { Arming::Disarmed };
        let marks = Some(Marks::all(Mark(Some(Position::new(self.mark()?, Round(0))))));
        Ok(DeviceState { info, keys: vec![KeyState { name: KeyName::new("file"), key: self.key, arming, marks }] })
    }

    fn disarm(&mut self) -> Result<(), SignerError> {
        self.armed = false;
        Ok(())
    }

    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        match arm {
            Arm::Authorize { order, .. } => {
                self.set(order)?;
                self.armed = true;
                Ok(())
            }
            Arm::Unlock { .. } => {
                Err(SignerError::Unsupported { what: "unlocking", why: "it has no passphrase".to_owned() })
            }
        }
    }
}

impl HwmSetter for FileSigner {
    /// The order was planned against the marks that were read: nothing else can make one, so it never lowers (S4).
    fn set(&mut self, order: &RaiseOrder) -> Result<(), SignerError> {
        let text = format!("{}\n", order.level().get());
        // Whole and durable: a mark that a crash takes back was never raised.
        state::replace(&self.file, text.as_bytes(), 0o600).map_err(|error| self.wrong(error))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [file, level, head] => raise_file(Path::new(file), parse(level)?, parse(head)?),
        [] => {
            let folder = tempfile::tempdir()?;
            let file = folder.path().join("mark");
            let head = World::new(WorldOptions::new(Model::Ledger, 7)).head_level();
            std::fs::write(&file, "15000000\n")?;
            raise_file(&file, head.above(10), head)?;
            // Lower than it is now: refused before anything is sent.
            let error = raise_file(&file, head, head).err().ok_or("a mark was lowered")?;
            println!("refused: {error}");
            Ok(())
        }
        _ => Err("usage: custom_signer [FILE LEVEL HEAD]".into()),
    }
}

fn parse(text: &str) -> Result<Level, Box<dyn Error>> {
    Ok(Level::new(text.parse()?).ok_or("level 0 is unknown, not a level")?)
}

fn raise_file(file: &Path, level: Level, head: Level) -> Result<(), Box<dyn Error>> {
    let key = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9".parse()?;
    let mut device = FileSigner { file: file.to_owned(), key, armed: false };
    let keys = [KeyName::new("file")];
    refuse_lower(&device.state()?, &keys, level)?;
    for raised in raise(&mut device, &keys, level, head.above(100))? {
        println!("{}: {} before, {} read back", raised.key, raised.before.lowest(), raised.after.lowest());
    }
    Ok(())
}
