//! Shapes, names and the passing on of exchanges, byte by byte, where no recording has the case.

use std::time::Duration;

use super::apdu::{Command, Hwm, QueryAllHwm, name};
use super::exchange::{Budget, query};
use super::fields::Fields;
use super::frame::{read_request, write_request};
use super::public_key::address;
use super::*;
use crate::signer::SignerError;
use crate::tezos::{Curve, KeyHash};

/// A device of the least kind: it counts what it is asked, and never answers.
#[derive(Debug, Default)]
struct Mute {
    asked: usize,
    resynced: usize,
}

impl ApduExchange for Mute {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        self.asked += 1;
        Err(SignerError::Timeout { device: self.device(), what: name(apdu), after: wait.deadline })
    }

    fn device(&self) -> String {
        "mute".to_owned()
    }

    fn resync(&mut self) {
        self.resynced += 1;
    }
}

/// One that knows its number, and answers with what it was asked.
struct Named;

impl ApduExchange for Named {
    fn exchange(&mut self, apdu: &[u8], _: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        Ok(apdu.to_vec())
    }

    fn device(&self) -> String {
        "named".to_owned()
    }

    fn serial(&self) -> Option<String> {
        Some("0001".to_owned())
    }

    fn undisturbed(&mut self) -> Result<(), SignerError> {
        Err(SignerError::Busy { device: self.device(), holder: String::new() })
    }
}

/// Gives what another process asked for.
struct Others;

impl ApduExchange for Others {
    fn exchange(&mut self, _: &[u8], _: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        Ok(vec![1, 2, 5, 1, 0x90, 0])
    }

    fn device(&self) -> String {
        "others".to_owned()
    }
}

#[test]
fn a_box_passes_everything_on() {
    let mut boxed: Box<dyn ApduExchange> = Box::new(Named);
    let deadline = Duration::from_secs(1);
    assert_eq!(ApduExchange::exchange(&mut boxed, &[1, 2, 3], deadline.into()).unwrap(), [1, 2, 3]);
    assert_eq!(ApduExchange::device(&boxed), "named");
    assert_eq!(ApduExchange::serial(&boxed).as_deref(), Some("0001"));
    assert!(matches!(ApduExchange::undisturbed(&mut boxed), Err(SignerError::Busy { .. })));
    let mut boxed = Box::new(Mute::default());
    ApduExchange::resync(&mut boxed);
    assert_eq!((boxed.resynced, boxed.serial()), (1, None), "one that knows no number");
}

#[test]
fn a_question_that_nobody_answered_is_asked_again_while_there_is_time() {
    let mut mute = Mute::default();
    let answer = query(&mut mute, &QueryAllHwm, Budget::new(Duration::from_secs(60)));
    assert!(matches!(answer, Err(SignerError::Timeout { what: QueryAllHwm::NAME, .. })), "{answer:?}");
    assert_eq!((mute.asked, mute.resynced), (4, 3));
}

/// Another process' questions come in between for a while: four tries in a tenth of a second are none.
#[test]
fn answers_to_somebody_else_are_waited_out_and_said() {
    let begun = Instant::now();
    let answer = query(&mut Others, &QueryAllHwm, Budget::new(Duration::from_secs(60)));
    let Err(SignerError::Malformed { why, .. }) = answer else { panic!("{answer:?}") };
    assert!(why.ends_with("; does another process use the device?"), "{why}");
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
}

#[test]
fn every_question_has_its_name() {
    let names: Vec<&str> = [
        [0xb0, 0x01],
        [0x80, 0x00],
        [0x80, 0x02],
        [0x80, 0x06],
        [0x80, 0x0a],
        [0x80, 0x0b],
        [0x80, 0x0c],
        [0x80, 0x0d],
        [0x80, 0x04],
    ]
    .iter()
    .map(|apdu| name(apdu))
    .collect();
    let mut each = names.clone();
    each.sort_unstable();
    each.dedup();
    assert_eq!(each.len(), names.len(), "{names:?}");
    assert_eq!(names[8], "an APDU");
    assert_eq!(names[5], QueryAllHwm::NAME);
}

#[test]
fn a_mark_is_used_by_a_level_or_a_round() {
    for (level, round, used) in [(0, 0, false), (1, 0, true), (0, 1, true), (7, 7, true)] {
        assert_eq!(Hwm { level, round }.is_used(), used, "{level} {round}");
    }
}

#[test]
fn the_longest_frame_is_read_and_a_longer_one_not() {
    let mut wire = Vec::new();
    write_request(&mut wire, &[7; 1024]).unwrap();
    assert_eq!(read_request(&mut wire.as_slice()).unwrap().len(), 1024);
    assert!(write_request(&mut Vec::new(), &[7; 1025]).is_err());
    wire[3] = 1;
    assert!(read_request(&mut wire.as_slice()).is_err());
}

#[test]
fn a_text_is_printable() {
    assert_eq!(Fields::new(b"\x06Baking").text().as_deref(), Ok("Baking"));
    for text in [&b"\x03a\x1fb"[..], b"\x02a\x7f", b"\x03\xc3\xa9x", b"\x02\xff\xff"] {
        assert!(Fields::new(text).text().is_err(), "{text:?}");
    }
}

#[test]
fn octez_clients_names_of_curves_are_known() {
    for (text, derivation) in [
        ("p256", Derivation::Secp256r1),
        ("P-256", Derivation::Secp256r1),
        ("bip25519", Derivation::Bip32Ed25519),
        ("bls12-381", Derivation::Bls),
    ] {
        assert_eq!(text.parse(), Ok(derivation));
    }
    let path: KeyPath = "44'/1".parse().unwrap();
    assert_eq!(path.components(), [0x8000_002c, 1]);
}

/// The flag of the greater y, by the last y that is not: (p - 1) / 2.
#[test]
fn a_bls_key_has_the_flag_of_its_y() {
    let half = "0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555";
    let mut y: Vec<u8> = hex::decode(half).unwrap();
    let hash = |first: u8| {
        let mut x = [0; 48];
        x[0] = first;
        KeyHash::of_public_key(Curve::Bls, &x).unwrap()
    };
    let of = |y: &[u8]| address(Derivation::Bls, &[&[0x04], &[0; 48][..], y].concat()).unwrap();
    assert_eq!(of(&y), hash(0x80), "the last that is not the greater one");
    y[47] += 1;
    assert_eq!(of(&y), hash(0xa0));
}
