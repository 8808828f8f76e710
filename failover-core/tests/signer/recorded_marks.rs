//! What a mark lets through: every recorded signature and refusal of both devices.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop at the first thing that is not as it should be"
)]

use std::collections::BTreeMap;

use failover_core::signer::watermark::lets_through;
use failover_core::signer::{Mark, Model};
use failover_core::tezos::{ChainId, Curve, Kind, Level, Position, Round};
use failover_sim::message::Message;
use serde_json::Value;

fn mark(level: u64, round: u32) -> Mark {
    Level::new(level).map_or(Mark(None), |level| Mark::at(Position::new(level, Round(round))))
}

#[test]
fn every_recorded_signature_and_refusal_of_the_ledger() {
    let mut device = crate::recorded::device();
    let (mut signed, mut refused) = (0, 0);
    for exchange in crate::recorded::exchanges() {
        crate::recorded::left_out_before(&mut device, &exchange.name);
        let memory = device.memory().clone();
        if let Some(message) = exchange.message() {
            let message = Message::parse(Curve::Ed25519, message).unwrap();
            let main = message.chain == ChainId::new(memory.chain.to_be_bytes()) || memory.chain == 0;
            let hwm = if main { memory.main } else { memory.test };
            let (mark, position) = (mark(hwm.level.into(), hwm.round), message.position().unwrap());
            let let_through = lets_through(Model::Ledger, mark, message.kind, position);
            match exchange.answer[..] {
                // Refused for its position. A vote at the mark itself is the one case that cannot be known.
                [0x6a, 0x80] => {
                    let unknowable = message.kind.is_vote() && mark == Mark::at(position);
                    assert_eq!(let_through, unknowable, "{}", exchange.name);
                    refused += 1;
                }
                // Not authorized: nothing to do with the mark.
                [0x69, 0x82] => {}
                _ => {
                    assert!(let_through, "{}", exchange.name);
                    signed += 1;
                }
            }
        }
        crate::recorded::replay(&mut device, &exchange);
    }
    assert_eq!((signed, refused), (5, 3));
}

/// The fields of a protobuf message whose fields are all short, by number.
fn fields(mut bytes: &[u8]) -> BTreeMap<u8, (u64, &[u8])> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut found = BTreeMap::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let number = u8::try_from(tag >> 3).unwrap();
        let value = varint(&mut bytes);
        let len = if tag & 7 == 2 { usize::try_from(value).unwrap() } else { 0 };
        found.insert(number, (value, &bytes[..len]));
        bytes = &bytes[len..];
    }
    found
}

#[test]
fn every_recorded_signature_and_refusal_of_tezsign() {
    let file: Value = serde_json::from_str(include_str!("../data/tezsign.json")).unwrap();
    let (mut marks, mut signed, mut stale) = (BTreeMap::new(), 0, 0);
    for exchange in file["exchanges"].as_array().unwrap() {
        let name = exchange["name"].as_str().unwrap();
        let frame = hex::decode(exchange["request_frame"].as_str().unwrap()).unwrap();
        let decoded = &exchange["decoded"];
        match exchange["request"].as_str().unwrap() {
            "set_level" if decoded.get("ok").is_some() => {
                let order = fields(fields(&frame[23..])[&9].1);
                if order[&1].1 == b"consensus" {
                    for kind in Kind::ALL {
                        marks.insert(kind, mark(order[&3].0, 0));
                    }
                }
            }
            "sign" => {
                let request = fields(&frame[23..]);
                let message = Message::parse(Curve::Bls, fields(request[&4].1)[&2].1).unwrap();
                let position = message.position().unwrap();
                let mark = marks.get(&message.kind).copied().unwrap_or_default();
                let let_through = lets_through(Model::TezSign, mark, message.kind, position);
                if decoded.get("sign").is_some() {
                    assert!(let_through, "{name}");
                    marks.insert(message.kind, Mark::at(position));
                    signed += 1;
                } else if decoded["error"]["code"] == 33 {
                    assert!(!let_through, "{name}");
                    stale += 1;
                }
            }
            _ => {}
        }
    }
    assert_eq!((signed, stale), (4, 2));
}
