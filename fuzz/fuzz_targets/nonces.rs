//! Seed nonces: read, merged, and never fewer after a merge (H16).
#![no_main]

use failover_core::baker::{SeedNonces, SystemdControl};
use failover_core::nonces::{NonceFileName, Nonces};
use failover_sim::BAKER_UNIT;
use failover_core::tezos::ChainId;
use failover_fuzz::{Machine, joined, seeds, texts};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 4] = ["find", "cat", "cat", "find"];

fn read(machine: Machine) {
    let units = vec![BAKER_UNIT.parse().expect("a unit")];
    let folders = vec!["/bake-buddy/node/data/.tezos-client".parse().expect("a folder")];
    let mut baker = SystemdControl::new(machine, units).with_mark_folders(folders);
    let Ok(nonces) = baker.nonces(ChainId::MAINNET) else { return };
    let _count = nonces.count();
}

fn known() -> Vec<Vec<u8>> {
    // The simulated primary's own nonces; its chain is mainnet.
    let honest = Machine::new(&LIES, &[]).honest(read);
    let texts: Vec<Vec<u8>> = honest.split(|byte| *byte == failover_fuzz::BETWEEN).map(<[u8]>::to_vec).collect();
    let twice = texts.get(1).map(|text| joined([text, text]));
    texts.into_iter().chain([honest]).chain(twice).collect()
}

fuzz_target!(init: seeds(known()), |data: &[u8]| {
    read(Machine::new(&LIES, data));
    let mut all = Nonces::default();
    for text in texts(data) {
        for name in NonceFileName::ALL {
            let Ok(nonces) = Nonces::parse(name, &text) else { continue };
            assert!(!nonces.is_absent(), "a file is there, whatever is in it");
            if let Some(count) = nonces.count() {
                assert!(count.levels.is_none_or(|(first, last)| first <= last), "{count}");
            }
            let Ok(both) = all.union(&nonces) else { continue };
            assert!(both.has_all_of(&all) && both.has_all_of(&nonces), "H16: a nonce was lost");
            assert_eq!(both.beyond(&both), 0);
            all = both;
        }
    }
});
