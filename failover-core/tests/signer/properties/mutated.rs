//! Samples and vectors with bytes changed, lost and doubled: whatever reads them says no, or something true, and never
//! panics. A small part of what `make fuzz` does, in every run of the tests.

use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Rpc};
use failover_core::clock::Clock;
use failover_core::mark_files::{MarkFileName, parse};
use failover_core::nonces::{NonceFileName, Nonces};
use failover_core::signer::Model;
use failover_core::signer::ledger::apdu::{
    self, Command, GetAppAndVersion, QueryAllHwm, QueryAuthKeyWithCurve, Version,
};
use failover_core::signer::ledger::{Derivation, public_key};
use failover_core::signer::tezsign::frame::Decoder;
use failover_core::signer::tezsign::message::{Request, Response};
use failover_core::tezos::{ChainId, Kind};
use failover_sim::{SimNode, World, WorldOptions};
use prost::Message as _;
use serde_json::Value;

use super::dice::Dice;

/// What makes parsers stumble.
const TOKENS: [&[u8]; 12] = [
    b"null",
    b"-1",
    b"0",
    b"4294967296",
    b"18446744073709551616",
    b"\"\"",
    b"[]",
    b"{}",
    b"1e999",
    b"\\ud800",
    b"\xff",
    b"\0",
];

/// A few things changed.
fn mutated(dice: &mut Dice, sample: &[u8]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..=dice.roll(3) {
        let len = bytes.len();
        let mut at = || usize::try_from(dice.roll(len as u64 + 1)).unwrap();
        let (from, to) = (at(), at());
        let (from, to) = (from.min(to), from.max(to));
        match dice.roll(6) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to.min(from + 40))),
            2 => {
                let piece = bytes[from..to.min(from + 400)].to_vec();
                bytes.splice(to..to, piece);
            }
            3 => drop(bytes.splice(from..to.min(from + 8), TOKENS[dice.roll(12) as usize].iter().copied())),
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << dice.roll(8);
                }
            }
        }
    }
    bytes
}

/// A simulated node that gives one answer of the test's.
struct Lying {
    honest: SimNode,
    part: &'static str,
    lie: Vec<u8>,
}

impl Rpc for Lying {
    fn name(&self) -> &str {
        "a lying node"
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        if path.contains(self.part) { Ok(self.lie.clone()) } else { self.honest.get(path, deadline, limit) }
    }
}

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../data/samples/", $name, ".json")).to_vec()
    };
}

#[test]
fn answers_of_a_node() {
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    world.clock().sleep(Duration::from_secs(120));
    let (baker, level) = (world.baker(), world.head_level().below(3).unwrap());
    let of = |path: &str| {
        world
            .node()
            .get(&format!("/chains/main/blocks/{}/{path}", level.get()), Duration::from_secs(1), 1 << 24)
            .unwrap()
    };
    let lies = [
        ("/head/header", sample!("tallinnnet-024-header-level340114")),
        ("/hash", of("hash")),
        ("/operations/0", sample!("tallinnnet-024-abaab-block1839179-operations0")),
        ("/operations/0", sample!("seoulnet-023-block109772-operations.attestations_aggregate")),
        ("/operations/0", of("operations/0?metadata=always")),
        ("/metadata", sample!("tallinnnet-024-abaab-block1839179-metadata.no-balance-updates")),
        ("/metadata", of("metadata")),
        ("/delegates/", sample!("ushuaia-025-delegate-pending-key")),
        ("/pending_operations", sample!("ushuaia-025-mempool-all-classes")),
        ("/constants", sample!("ushuaia-025-constants")),
    ];
    let mut dice = Dice(0xa9);
    for (part, sample) in lies {
        for _ in 0..60 {
            let lie = mutated(&mut dice, &sample);
            let mut node = OctezNode::new(Lying { honest: world.node(), part, lie });
            let _unknown = (node.sync(), node.peers_heads(), node.constants(), node.delegate(&baker));
            let head = node.head();
            if let Ok(head) = &head {
                let _votes = node.mempool(&baker, head);
            }
            if let Ok(activity) = node.activity(&baker, level) {
                assert!(activity.signed.iter().all(|signed| signed.at.level == level), "{part}: {activity:?}");
            }
        }
    }
}

#[test]
fn answers_of_a_tezsign() {
    let file: Value = serde_json::from_str(include_str!("../../data/tezsign.json")).unwrap();
    let frames = file["exchanges"].as_array().unwrap().iter().flat_map(|e| e["response_frames"].as_array().unwrap());
    let mut dice = Dice(0x56);
    for frame in frames {
        let frame = hex::decode(frame.as_str().unwrap()).unwrap();
        for _ in 0..100 {
            let bytes = mutated(&mut dice, &frame);
            let mut decoder = Decoder::new();
            decoder.push(&bytes);
            while let Ok(Some(frame)) = decoder.next_frame() {
                assert!(frame.payload.len() <= bytes.len());
            }
            let payload = mutated(&mut dice, &frame[23..]);
            let _read = (Response::decode(payload.as_slice()), Request::decode(payload.as_slice()));
        }
    }
}

#[test]
fn answers_of_a_ledger() {
    let file: Value = serde_json::from_str(include_str!("../../data/ledger.json")).unwrap();
    let mut dice = Dice(0x80);
    for exchange in file["exchanges"].as_array().unwrap() {
        let answer = hex::decode(exchange["resp"].as_str().unwrap()).unwrap();
        for _ in 0..100 {
            let bytes = mutated(&mut dice, &answer);
            let Some((data, status)) = apdu::split(&bytes) else { continue };
            let _shown = status.to_string();
            let _read = (GetAppAndVersion.parse(data), Version.parse(data), QueryAuthKeyWithCurve.parse(data));
            if let Ok(hwm) = QueryAllHwm.parse(data) {
                assert_eq!(hwm.main.position().is_none(), hwm.main.level == 0, "S3");
            }
            for derivation in (0..5).filter_map(Derivation::from_byte) {
                let _address = public_key::address(derivation, data);
            }
        }
    }
}

#[test]
fn files_of_a_baker() {
    let marks = r#"{"blocks":[{"delegate":"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh","highwatermark":{"round":0,"level":15267098}}],
        "preattestations":[],"attestations":[]}"#;
    let signer = r#"{"NetXdQprcVkpaWU":{"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh":{"level":15267099,"round":1}}}"#;
    let names = [MarkFileName::Baker, MarkFileName::Signer(Kind::Block), MarkFileName::OtherChain];
    let mut dice = Dice(0xf11e);
    for _ in 0..5000 {
        let sample = if dice.one_in(2) { marks } else { signer };
        let text = String::from_utf8_lossy(&mutated(&mut dice, sample.as_bytes())).into_owned();
        for name in names {
            if let Ok(read) = parse(name, &text, ChainId::MAINNET) {
                assert!(read.iter().all(|mark| mark.level.get() > 0), "S3: {text}");
            }
        }
        for name in NonceFileName::ALL {
            let _nonces = Nonces::parse(name, &text);
        }
    }
}
