//! What people and files write in a word: addresses, hashes, selectors, paths, times. Read, written, read: the same.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use failover_core::baker::{MarkFolder, UnitName};
use failover_core::clock::Timestamp;
use failover_core::signer::Selector;
use failover_core::signer::ledger::KeyPath;
use failover_core::state::PlanId;
use failover_core::tezos::{BlockHash, ChainId, KeyHash, NonceHash};
use failover_fuzz::{WORLD, seeds};
use libfuzzer_sys::fuzz_target;

fn there_and_back<T: FromStr + Display + Debug + PartialEq>(text: &str) {
    let Ok(value) = text.parse::<T>() else { return };
    let again = value.to_string().parse::<T>();
    assert!(again.is_ok_and(|again| again == value), "{value:?}, written as {value}, reads otherwise");
}

fn known() -> Vec<Vec<u8>> {
    let words = [
        "tz1NNT9EERmcKekRq2vdv6e8TL3WQpY8AXSF",
        "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh",
        "NetXdQprcVkpaWU",
        "mainnet",
        "tezsign",
        "tezsign:SIM0001",
        "tezsign+unix:/run/t.sock",
        "ledger",
        "ledger:0001",
        "ledger+tcp:127.0.0.1:9999",
        "ledger+tcp:[::1]:9999",
        "44'/1729'/0'/0'",
        "44h/1729h/0h",
        "2026-11-22T03:00:00Z",
        "2026-11-22T03:00:00.123456789+02:00",
        "1969-12-31T23:59:59.999Z",
        "bb-default-node-xtz-baker.service",
        "/bake-buddy/node/data/.tezos-client",
        "K7MPQ2",
    ];
    words.into_iter().map(|word| word.as_bytes().to_vec()).chain([WORLD.head_hash().to_string().into_bytes()]).collect()
}

fuzz_target!(init: seeds(known()), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    there_and_back::<KeyHash>(text);
    there_and_back::<BlockHash>(text);
    there_and_back::<NonceHash>(text);
    there_and_back::<ChainId>(text);
    there_and_back::<Selector>(text);
    there_and_back::<KeyPath>(text);
    there_and_back::<Timestamp>(text);
    there_and_back::<UnitName>(text);
    there_and_back::<MarkFolder>(text);
    there_and_back::<PlanId>(text);
    let _network = ChainId::of_network(text);
});
