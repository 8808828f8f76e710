//! A third signer: what a folder and a line in the registry are enough for.
#![cfg(feature = "soft")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::path::{Path, PathBuf};

use failover_core::HwmSetter;
use failover_core::signer::record::{read_records, records};
use failover_core::signer::registry::{self, Purpose};
use failover_core::signer::soft::Soft;
use failover_core::signer::{
    Arm, Arming, Cap, DeviceReading, KeyName, Model, Passphrase, Place, Selector, SignerDevice as _, SignerError, raise,
};
use failover_core::tezos::{Kind, Level, Position, Round};

use super::meanwhile::meanwhile;

fn consensus() -> KeyName {
    KeyName::new("consensus")
}

fn passphrase() -> Passphrase {
    Passphrase::new(b"for a test".to_vec())
}

fn at(level: u64, round: u32) -> Position {
    Position::new(Level::new(level).unwrap(), Round(round))
}

fn file(folder: &Path) -> PathBuf {
    let file = folder.join("keys.json");
    let key = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9".parse().unwrap();
    Soft::create(&file, &passphrase(), &[(consensus(), key)]).unwrap();
    file
}

fn open(file: &Path) -> Box<dyn HwmSetter> {
    let selector: Selector = format!("soft+file:{}", file.display()).parse().unwrap();
    registry::open(&selector, &registry::Options::default()).unwrap()
}

#[test]
fn it_is_named_opened_and_read_back_like_every_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let selector: Selector = format!("soft+file:{}", file.display()).parse().unwrap();
    assert_eq!((selector.model(), selector.place()), (Model::Soft, &Place::File(file.clone())));
    assert_eq!(selector.to_string(), format!("soft+file:{}", file.display()));
    // It is on no bus, and nothing names it without its file.
    for text in ["soft", "soft:", "soft:A1", "soft+file:", "soft+unix:/run/s.sock", "tezsign+file:/tmp/keys.json"] {
        let error = text.parse::<Selector>().unwrap_err().to_string();
        assert!(error.ends_with("ledger+tcp:HOST:PORT or soft+file:PATH"), "{text}: {error}");
    }
    let state = open(&file).state().unwrap();
    assert_eq!(state.info.model.to_string(), "soft signer");
    let lines: Vec<String> = records(&state).iter().map(|record| serde_json::to_string(record).unwrap()).collect();
    let text = format!("{}\n{{\"record\":\"end\"}}", lines.join("\n"));
    assert!(text.contains("\"model\":\"soft\""), "{text}");
    assert_eq!(read_records(&text), Ok(state));
}

#[test]
fn its_marks_go_up_and_never_down_and_survive_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let (high, higher) = (Level::new(1010).unwrap(), Level::new(1020).unwrap());
    raise(&mut *open(&file), &[consensus()], high, Cap::above(high, 100)).unwrap();
    let mut device = Soft::new(&file);
    device.arm(Arm::Unlock { keys: &[consensus()], passphrase: &passphrase() }).unwrap();
    for (position, goes) in [(at(1010, 0), false), (at(1009, 9), false), (at(1010, 1), true), (at(1010, 1), false)] {
        assert_eq!(device.sign(&consensus(), Kind::Block, position).is_ok(), goes, "{position}");
    }
    let marks = |device: &mut dyn HwmSetter| device.state().unwrap().keys[0].marks.unwrap();
    assert_eq!(marks(&mut device).block.0, Some(at(1010, 1)));
    assert_eq!(marks(&mut device).attestation.0, Some(at(1010, 0)), "a mark a kind");
    // What is signed between the library's last reading and the sending is above the order: the driver refuses by itself.
    let order = DeviceReading::of(&mut device).unwrap().orders(&[consensus()], higher, Cap::above(higher, 0)).unwrap();
    let signs = |device: &mut Soft| device.sign(&consensus(), Kind::Preattestation, at(1020, 1)).unwrap();
    assert!(order.into_iter().map(|order| order.send(&mut meanwhile(&mut device, signs))).all(|sent| sent.is_err()));
    assert_eq!(marks(&mut device).preattestation.0, Some(at(1020, 1)));
    assert_eq!(marks(&mut *open(&file)).block.0, Some(at(1010, 1)), "opened anew");
}

#[test]
fn it_is_armed_by_its_passphrase_and_forgets_that_with_the_power() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let mut device = Soft::new(&file);
    let wrong = Passphrase::new(b"another".to_vec());
    let unlocked = device.arm(Arm::Unlock { keys: &[consensus()], passphrase: &wrong });
    assert!(matches!(unlocked, Err(SignerError::WrongPassphrase { .. })), "{unlocked:?}");
    assert!(matches!(device.sign(&consensus(), Kind::Block, at(5, 0)), Err(SignerError::KeyLocked { .. })));
    let arming = |device: &mut dyn HwmSetter| device.state().unwrap().keys[0].arming;
    device.arm(Arm::Unlock { keys: &[consensus()], passphrase: &passphrase() }).unwrap();
    assert_eq!((arming(&mut device), arming(&mut *open(&file))), (Arming::Armed, Arming::Disarmed));
    device.disarm().unwrap();
    assert_eq!(arming(&mut device), Arming::Disarmed);
    let stranger = [KeyName::new("stranger")];
    let unknown = device.arm(Arm::Unlock { keys: &stranger, passphrase: &passphrase() });
    assert!(matches!(unknown, Err(SignerError::UnknownKey { .. })), "{unknown:?}");
}

#[test]
fn one_at_a_time_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let (mut one, mut other) = (open(&file), open(&file));
    one.hold().unwrap();
    assert!(matches!(other.hold(), Err(SignerError::Busy { .. })) && !other.holds());
    one.release();
    other.hold().unwrap();
}

#[test]
fn a_file_that_is_not_whole_is_unknown_and_never_nothing_signed() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    assert!(Soft::create(&file, &passphrase(), &[]).is_err(), "what is there is not overwritten");
    let whole: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let mut short = whole.clone();
    short["keys"][0]["marks"].as_array_mut().unwrap().pop();
    let mut without = whole.clone();
    without["keys"][0].as_object_mut().unwrap().remove("marks");
    let mut none = whole;
    none["keys"] = serde_json::json!([]);
    for text in [String::new(), "{}".to_owned(), short.to_string(), without.to_string(), none.to_string()] {
        fs::write(&file, &text).unwrap();
        assert!(open(&file).state().is_err(), "{text}");
    }
    fs::remove_file(&file).unwrap();
    assert!(open(&file).state().is_err());
}

#[test]
fn only_what_may_bake_is_for_baking() {
    let tests: Vec<&str> =
        registry::drivers().filter(|d| d.purpose == Purpose::Tests).map(|driver| driver.model.name()).collect();
    assert_eq!(tests, ["soft"]);
}
