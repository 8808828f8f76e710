//! Whole dialogues of the TezSign driver with a gadget that says anything: state, raise, disarm.
#![no_main]

use failover_core::signer::tezsign::TezSign;
use failover_core::signer::{Arm, Arming, Cap, KeyName, Passphrase, SignerDevice, raise_to_floor, reached};
use failover_core::tezos::Level;
use failover_fuzz::{Gadget, seeds, vectors};
use libfuzzer_sys::fuzz_target;

/// The recorded answers of these names, each accepted first.
fn said(names: &[&str]) -> Vec<u8> {
    let vectors = vectors(include_str!("../../failover-core/tests/data/tezsign.json"));
    let mut all = vec![0];
    for name in names {
        let exchange = vectors.iter().find(|exchange| exchange["name"] == *name).expect("a recorded exchange");
        let frames = exchange["response_frames"].as_array().expect("frames");
        let payload =
            hex::decode(frames.last().and_then(|frame| frame.as_str()).expect("hex")).expect("hex").split_off(23);
        let len = u16::try_from(payload.len()).expect("short").to_be_bytes();
        all.extend([&[4][..], &len, &payload].concat());
    }
    all
}

fn recorded() -> Vec<Vec<u8>> {
    let set = ["status_unlocked_zero", "version", "status_unlocked_zero", "set_level_1000_consensus"];
    let both = ["status_unlocked_zero", "set_level_1000_companion", "status_after_set_level", "version"];
    let seeds = [
        said(&["status_unlocked_zero", "version"]),
        said(&["status_all_locked", "version", "lock_companion", "status_all_locked"]),
        said(&[&set[..], &both].concat()),
        said(&["status_per_kind", "version", "status_per_kind", "set_level_1002_refused_by_preatt", "status_per_kind"]),
        said(&["status_all_locked", "unlock_both"]),
        said(&["status_all_locked", "unlock_wrong_pass", "unlock_throttled"]),
    ];
    let with = |what: u8| {
        move |mut seed: Vec<u8>| {
            seed[0] = what;
            seed
        }
    };
    (0..4).flat_map(|what| seeds.clone().into_iter().map(with(what))).collect()
}

fuzz_target!(init: seeds(recorded()), |data: &[u8]| {
    let Some((what, data)) = data.split_first() else { return };
    let keys = [KeyName::new("consensus"), KeyName::new("companion")];
    let level = |level| Level::new(level).expect("a level");
    let mut device = TezSign::new(Gadget::new(data));
    match what % 4 {
        0 => {
            let Ok(state) = device.state() else { return };
            assert!(!state.keys.is_empty(), "S3: no keys are no state");
            for key in state.keys {
                assert!(key.arming == Arming::Armed || key.marks.is_none(), "S3: marks of a locked key: {key:?}");
            }
        }
        1 => {
            let Ok(raised) = raise_to_floor(&mut device, &keys, level(1000), Cap::above(level(1000), 100)) else { return };
            assert!(raised.len() == 2 && raised.iter().all(|raised| reached(&raised.after, level(1000))), "S5");
        }
        2 => {
            let _told = device.disarm();
            let _state = device.state();
        }
        _ => {
            let passphrase = Passphrase::new(b"secret".to_vec());
            let _told = device.arm(Arm::Unlock { keys: &keys, passphrase: &passphrase });
            let _held = device.hold();
            let _info = device.init_info();
        }
    }
});
