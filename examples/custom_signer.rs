//! How does a device of your own take part? Two traits: `SignerDevice` reads, arms and disarms it, `HwmSetter` raises its
//! marks. What it can do it says in its traits, so that everything in the library knows how to treat it. Here it is a file, as
//! a software signer might keep one; the rules of raising come with the library.
//!
//! `cargo run --example custom_signer -- FILE LEVEL HEAD` raises its mark. Without arguments, the file is a
//! new one, and the head a simulated chain's.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::path::{Path, PathBuf};

use failover_core::effect::disarm_keys;
use failover_core::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use failover_core::signer::{
    Arm, Arming, Cap, CheckedOrder, DeviceInfo, DeviceReading, DeviceState, HwmSetter, KeyName, KeyState, Mark, Marks,
    Model, SignerDevice, SignerError, raise,
};
use failover_core::state;
use failover_core::tezos::{ChainId, KeyHash, Level, Position, Round};
use failover_sim::{World, WorldOptions};

/// Neither a TezSign nor a Ledger, and it claims to be nothing else.
const FILE: Model = Model::new("file", "file", &TRAITS);

/// Each is a question that something in the library asks. In doubt, the answer is the one that promises less.
const TRAITS: Traits = Traits {
    keys: NamedBy::Alias,
    marks: MarkOf::Device,
    // One order lets it sign and sets its mark. Here nobody has to press for it.
    armed_by: ArmedBy::Press,
    // Any process may ask it: it is armed last of all, and never left so where something is waited for.
    hold: Hold::Impossible,
    // Whether it may sign is in this process' memory.
    reboot: Reboot::StaysDisarmed,
    highest_level: match Level::new(Level::PROTOCOL_MAX) {
        Some(highest) => highest,
        None => Level::FIRST,
    },
    vote_at_mark: AtMark::Refused,
    // Whoever may write the file may lower it.
    lowering: Lowering::Obeyed,
    marks_at_rest: AtRest::Shown,
    setting: Setting::None,
    raised_by: RaisedBy::Command,
    beside_service: Beside::Free,
    replugged: Replugged::FoundAgain,
    words: Words { armed: "armed", at_rest: "at rest", disarmed: "disarmed" },
};

/// A signer whose one mark is a level in a file. It signs with nothing: it is an example.
struct FileSigner {
    file: PathBuf,
    key: KeyHash,
    armed: bool,
}

impl FileSigner {
    fn at(file: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(Self { file: file.to_owned(), key: "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9".parse()?, armed: false })
    }

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
    fn model(&self) -> Model {
        FILE
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
                self.send_level(order)?;
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
    /// The library has compared the order with what it read here right before, and nothing else can make one: no mark is
    /// lowered by it (S4).
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
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
            arm_and_disarm(&mut FileSigner::at(&file)?)?;
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
    let mut device = FileSigner::at(file)?;
    for raised in raise(&mut device, &[KeyName::new("file")], level, Cap::above(head, 100))? {
        println!("{}: {} before, {} read back", raised.key, raised.before.lowest(), raised.after.lowest());
    }
    Ok(())
}

/// Alone, a device is armed like this; in a failover only an approved step does it, after the fence.
fn arm_and_disarm(device: &mut FileSigner) -> Result<(), Box<dyn Error>> {
    let reading = DeviceReading::of(device)?;
    let key = reading.state().keys.first().ok_or("no key")?;
    let mark = key.marks.and_then(|marks| marks.highest().0).ok_or("no mark")?;
    let order = reading.order_to_authorize(&key.name, mark.level, Cap::above(mark.level, 100))?;
    // No answer counts, only what is read afterwards (S5).
    let authorized = order.authorize(device, ChainId::MAINNET);
    // Also after an error: it may be armed all the same.
    let disarmed = disarm_keys(device);
    let authorized = authorized?;
    println!("{}: {}, at {}", authorized.key, device.model().traits().words.armed, authorized.after.lowest());
    Ok(disarmed?)
}
