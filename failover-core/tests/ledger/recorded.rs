//! The exchanges recorded from the Baking app, and a simulated device with the same keys to replay them on.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first thing that is not as it should be"
)]

use std::collections::BTreeMap;

use failover_sim::ledger::{LedgerOptions, LedgerSim, Person, Reply};
use serde_json::Value;

/// One exchange.
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Vec<u8>,
    pub(crate) user: Option<String>,
}

impl Recorded {
    /// The message that a SIGN carries in its last packet.
    pub(crate) fn message(&self) -> Option<&[u8]> {
        self.request.starts_with(&[0x80, 0x04, 0x81]).then(|| &self.request[5..])
    }
}

pub(crate) fn exchanges() -> Vec<Recorded> {
    let file: Value = serde_json::from_str(include_str!("../data/ledger.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = file["exchanges"].as_array().unwrap().iter().map(|e| Recorded {
        name: text(&e["name"]),
        request: hex::decode(text(&e["req"])).unwrap(),
        answer: hex::decode(text(&e["resp"])).unwrap(),
        user: e.get("user").map(text),
    });
    let list: Vec<_> = list.collect();
    assert!(list.len() > 60, "the file is not cut");
    list
}

/// A simulated device whose keys are the recorded ones.
pub(crate) fn device() -> LedgerSim {
    let mut keys = BTreeMap::new();
    for e in exchanges() {
        let path_at = match e.request[..2] {
            [0x80, 0x02] => 5,
            [0x80, 0x0a] => 17,
            _ => continue,
        };
        if e.answer.len() > 30 {
            let components = e.request[path_at + 1..].chunks(4).map(|c| u32::from_be_bytes(c.try_into().unwrap()));
            let path = failover_core::signer::ledger::KeyPath::new(components.collect()).unwrap();
            keys.insert((path, e.request[3]), e.answer[1..e.answer.len() - 2].to_vec());
        }
    }
    LedgerSim::new(LedgerOptions { name: "recorded".to_owned(), keys, ..LedgerOptions::default() })
}

fn send(device: &mut LedgerSim, hex: &str) {
    let reply = device.apdu(&hex::decode(hex).unwrap());
    assert!(matches!(&reply, Reply::Answer(a) if a.ends_with(&[0x90, 0])), "{hex}: {reply:?}");
}

const HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What was sent between two recorded exchanges and left out of the recording, as its names and answers show.
pub(crate) fn left_out_before(device: &mut LedgerSim, name: &str) {
    let select = |index: u8| format!("8004000011048000002c800006c180000000800000{index:02x}");
    let attestation = |level: u32| format!("8004810050137a06a770{HASH}150000{level:08x}00000000{HASH}");
    match name {
        "SIGN attestation again same level/round" => send(device, &attestation(0x3e9)),
        "QUERY_ALL_HWM after test chain sign" => send(device, &attestation(0x3eb)),
        "SIGN attestation with unauthorized path" => send(device, &select(1)),
        "SIGN att level==reset level" => send(device, &select(0)),
        "DEAUTHORIZE" => send(device, "800a00001d7a06a770000003e800000000048000002c800006c18000000080000000"),
        "VERSION [locked]" => device.lock(true),
        _ => {}
    }
}

/// Sends a recorded request to the device, with the person doing what was recorded.
pub(crate) fn replay(device: &mut LedgerSim, exchange: &Recorded) -> Vec<u8> {
    match exchange.user.as_deref() {
        Some("reject") => device.script([Person::Rejects]),
        Some(_) => device.script([Person::Accepts]),
        None => {}
    }
    match device.apdu(&exchange.request) {
        Reply::Answer(answer) => answer,
        Reply::Silent => panic!("{}: no answer", exchange.name),
    }
}
