//! Whole dialogues of the Ledger driver with a device that says anything: whatever it says, no order lowers a mark.
#![no_main]

use failover_core::signer::ledger::{Derivation, Ledger};
use failover_core::signer::{Cap, DeviceReading, KeyName, SignerDevice, raise_to_floor, reached};
use failover_core::tezos::{ChainId, Level};
use failover_fuzz::{Answering, seeds, vectors};
use libfuzzer_sys::fuzz_target;

const PATH: &str = "44'/1729'/0'/0'";

/// The recorded answers to these questions, one after the other.
fn said(what: u8, names: &[&str]) -> Vec<u8> {
    let vectors = vectors(include_str!("../../failover-core/tests/data/ledger.json"));
    let mut all = vec![what];
    for name in names {
        let exchange = vectors.iter().find(|exchange| exchange["name"] == *name).expect("a recorded exchange");
        let answer = hex::decode(exchange["resp"].as_str().expect("hex")).expect("hex");
        let len = u16::try_from(answer.len()).expect("short").to_be_bytes();
        all.extend([&[0][..], &len, &answer].concat());
    }
    all
}

fn recorded() -> Vec<Vec<u8>> {
    let app = ["OS GET_APP_AND_VERSION", "VERSION (fresh)"];
    let fresh = ["QUERY_ALL_HWM (fresh)", "QUERY_AUTH_KEY_WITH_CURVE (fresh, never authorized)", "GET_PUBLIC_KEY"];
    let used = ["QUERY_ALL_HWM after setup", "QUERY_AUTH_KEY_WITH_CURVE authorized", "GET_PUBLIC_KEY"];
    let all = |state: &[&'static str]| [&app[..], state].concat();
    (0..4).flat_map(|what| [said(what, &all(&fresh)), said(what, &all(&used))]).collect()
}

fuzz_target!(init: seeds(recorded()), |data: &[u8]| {
    let Some((what, data)) = data.split_first() else { return };
    let key = KeyName::new(PATH);
    let level = |level| Level::new(level).expect("a level");
    let mut device = Ledger::new(Answering::new(data), PATH.parse().expect("a path"), Derivation::Ed25519);
    let state = device.state();
    if let Ok(state) = &state {
        assert!(!state.keys.is_empty(), "S3: no keys are no state");
    }
    match what % 4 {
        0 => drop(device.watermarks()),
        1 => {
            let Ok(raised) = raise_to_floor(&mut device, std::slice::from_ref(&key), level(2000), Cap::above(level(2000), 100)) else { return };
            assert!(raised.iter().all(|raised| reached(&raised.after, level(2000))), "S5");
        }
        2 => drop(device.disarm()),
        _ => {
            let Ok(reading) = DeviceReading::of(&mut device) else { return };
            let Ok(order) = reading.order_to_authorize(&key, level(2000), Cap::above(level(2000), u64::MAX)) else { return };
            let _told = order.authorize(&mut device, ChainId::MAINNET);
        }
    }
});
