//! Decode after encode is the identity, over random values of every format that has both.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use failover_core::clock::Timestamp;
use failover_core::signer::ledger::apdu::{AllHwm, Command, Hwm, LedgerKey, QueryAllHwm, QueryAuthKeyWithCurve};
use failover_core::signer::ledger::{Derivation, KeyPath, frame as apdu_frame};
use failover_core::signer::tezsign::frame::{Decoder, FrameId, FrameKind, MAGIC, encode};
use failover_core::signer::tezsign::message::{
    Ask, DeviceAnswer, Done, Empty, Failure, KeyResult, KeyStatus, LockKeys, Request, Response, Results, SetLevel,
    Sign, Signature, SoftwareVersion, Status, Unlock,
};
use failover_core::tezos::{BlockHash, ChainId, Curve, KeyHash, Level, Position, Round};
use prost::Message;

use super::dice::Dice;

fn bytes(dice: &mut Dice, most: u64) -> Vec<u8> {
    (0..dice.roll(most + 1)).map(|_| if dice.one_in(4) { MAGIC } else { dice.bits() as u8 }).collect()
}

fn array<const N: usize>(dice: &mut Dice) -> [u8; N] {
    std::array::from_fn(|_| (dice.bits() >> 40) as u8)
}

/// Small, or any.
fn number(dice: &mut Dice) -> u64 {
    let shift = dice.roll(64);
    dice.bits() >> shift
}

fn text(dice: &mut Dice) -> String {
    (0..dice.roll(12)).filter_map(|_| char::from_u32(u32::try_from(dice.roll(0x3000)).unwrap())).collect()
}

#[test]
fn frames_in_any_pieces_between_any_garbage() {
    let mut dice = Dice(0xf4a);
    let kinds = [FrameKind::Request, FrameKind::Response, FrameKind::Accept, FrameKind::Retry, FrameKind::KeepAlive];
    for _ in 0..3000 {
        let (mut sent, mut stream) = (Vec::new(), Vec::new());
        for _ in 0..=dice.roll(4) {
            let (kind, id, payload) = (kinds[dice.roll(5) as usize], FrameId(array(&mut dice)), bytes(&mut dice, 90));
            // Garbage that could begin a frame would swallow what comes after it.
            stream.extend((0..dice.roll(30)).map(|_| dice.bits() as u8).filter(|byte| *byte != MAGIC));
            stream.extend_from_slice(&encode(kind, id, &payload));
            sent.push((kind, id, payload));
        }
        let (mut decoder, mut came, mut rest) = (Decoder::new(), Vec::new(), stream.as_slice());
        while !rest.is_empty() {
            let (piece, later) = rest.split_at(rest.len().min(1 + dice.roll(40) as usize));
            rest = later;
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame().unwrap() {
                came.push((frame.kind, frame.id, frame.payload));
            }
        }
        assert_eq!(came, sent);
    }
}

fn ask(dice: &mut Dice) -> Ask {
    let keys: Vec<String> = (0..dice.roll(4)).map(|_| text(dice)).collect();
    match dice.roll(6) {
        0 => Ask::Unlock(Unlock { keys, passphrase: (!dice.one_in(3)).then(|| bytes(dice, 20)) }),
        1 => Ask::Lock(LockKeys { keys }),
        2 => Ask::Status(Empty {}),
        3 => Ask::Sign(Sign { tz4: text(dice), message: bytes(dice, 200) }),
        4 => Ask::SetLevel(SetLevel { key: text(dice), level: number(dice) }),
        _ => Ask::Version(Empty {}),
    }
}

fn status(dice: &mut Dice) -> KeyStatus {
    KeyStatus {
        key: text(dice),
        lock_state: dice.roll(5) as i32 - 1,
        tz4: text(dice),
        public_key: text(dice),
        proof: text(dice),
        block_level: number(dice),
        preattestation_level: number(dice),
        attestation_level: number(dice),
        block_round: number(dice) as u32,
        preattestation_round: number(dice) as u32,
        attestation_round: number(dice) as u32,
        state_corrupted: dice.one_in(2),
    }
}

fn answer(dice: &mut Dice) -> DeviceAnswer {
    let count = dice.roll(4);
    match dice.roll(6) {
        0 => {
            let result = |_| KeyResult { key: text(dice), ok: dice.one_in(2), error: text(dice) };
            DeviceAnswer::Lock(Results { results: (0..count).map(result).collect() })
        }
        1 => DeviceAnswer::Status(Status { keys: (0..count).map(|_| status(dice)).collect() }),
        2 => DeviceAnswer::Sign(Signature { signature: bytes(dice, 96) }),
        3 => DeviceAnswer::Version(SoftwareVersion { version: text(dice), build_date: text(dice) }),
        4 => DeviceAnswer::Ok(Done { ok: dice.one_in(2) }),
        _ => DeviceAnswer::Error(Failure { code: number(dice) as u32, message: text(dice) }),
    }
}

#[test]
fn messages_of_a_tezsign() {
    let mut dice = Dice(0x9b);
    for _ in 0..5000 {
        let request = Request::from(ask(&mut dice));
        assert_eq!(Request::decode(request.encode_to_vec().as_slice()), Ok(request));
        let response = Response::from(answer(&mut dice));
        assert_eq!(Response::decode(response.encode_to_vec().as_slice()), Ok(response));
    }
}

#[test]
fn answers_and_frames_of_a_ledger() {
    let mut dice = Dice(0x1ed);
    for _ in 0..5000 {
        let mut hwm = || Hwm { level: number(&mut dice) as u32, round: number(&mut dice) as u32 };
        let (main, test) = (hwm(), hwm());
        let all = AllHwm { main, test, chain: ChainId::new(array(&mut dice)) };
        let words = [main.level, main.round, test.level, test.round].map(u32::to_be_bytes).concat();
        assert_eq!(QueryAllHwm.parse(&[&words[..], &all.chain.bytes()].concat()), Ok(all));

        let derivation = Derivation::from_byte(dice.roll(5) as u8).unwrap();
        let components: Vec<u32> = (0..1 + dice.roll(10)).map(|_| dice.bits() as u32).collect();
        let key = LedgerKey { path: KeyPath::new(components).unwrap(), derivation };
        let bytes_of = [&[derivation.byte()][..], &key.path.to_bytes()].concat();
        assert_eq!(QueryAuthKeyWithCurve.parse(&bytes_of), Ok(Some(key.clone())));
        written(&key.path);

        let (mut wire, apdu) = (Vec::new(), bytes(&mut dice, 300));
        apdu_frame::write_request(&mut wire, &apdu).unwrap();
        assert_eq!(apdu_frame::read_request(&mut wire.as_slice()).unwrap(), apdu);
        let (mut wire, answer) = (Vec::new(), [&apdu[..], &[0x90, 0]].concat());
        apdu_frame::write_answer(&mut wire, &answer).unwrap();
        assert_eq!(apdu_frame::read_answer(&mut wire.as_slice()).unwrap(), answer);
    }
}

/// As text, and as the JSON of a journal.
fn written<T: Display + FromStr + Debug + PartialEq + serde::Serialize + serde::de::DeserializeOwned>(value: &T) {
    let text = value.to_string();
    assert!(text.parse::<T>().is_ok_and(|read| read == *value), "{value:?} is written {text}");
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value, "{json}");
}

#[test]
fn words_of_the_chain() {
    let mut dice = Dice(0x7e2);
    for _ in 0..3000 {
        let curves = [Curve::Ed25519, Curve::Secp256k1, Curve::P256, Curve::Bls];
        written(&KeyHash::new(curves[dice.roll(4) as usize], array(&mut dice)));
        written(&BlockHash::new(array(&mut dice)));
        written(&ChainId::new(array(&mut dice)));
        // From 1970 to 9999, which is what the form can say.
        written(&Timestamp::from_millis(i64::try_from(dice.bits() % 253_402_300_800_000).unwrap()));
        let level = Level::new(number(&mut dice).max(1)).unwrap();
        let at = Position::new(level, Round(number(&mut dice) as u32));
        let json = serde_json::to_string(&at).unwrap();
        assert_eq!(serde_json::from_str::<Position>(&json).unwrap(), at, "{json}");
    }
}
