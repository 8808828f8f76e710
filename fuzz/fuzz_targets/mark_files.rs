//! What octez-baker, octez-signer and Signatory wrote down of what they signed, and how their folders are listed.
#![no_main]

use failover_core::baker::{MarkFiles, SystemdControl};
use failover_core::mark_files::{MarkFileName, parse};
use failover_sim::BAKER_UNIT;
use failover_core::tezos::{ChainId, Kind};
use failover_fuzz::{Machine, joined, seeds, texts};
use libfuzzer_sys::fuzz_target;

const LIES: [&str; 4] = ["find", "cat", "cat", "find"];
const BAKER: &str = r#"{"blocks":[{"delegate":"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh","highwatermark":{"round":0,"level":15267098}}],"preattestations":[],"attestations":[{"delegate":"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh","highwatermark":{"round":0,"level":15267099}}]}"#;
const SIGNER: &str = r#"{"NetXdQprcVkpaWU":{"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh":{"level":15267099,"round":1}}}"#;
const SIGNATORY: &str = r#"{"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh":{"block":{"level":15267098,"round":0,"hash":null},"attestation":{"level":15267099,"round":1,"hash":null}}}"#;
const OLD: &str = r#"{"NetXdQprcVkpaWU":{"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh":15267099}}"#;

fn ask(machine: Machine) {
    let units = vec![BAKER_UNIT.parse().expect("a unit")];
    let folders = vec!["/bake-buddy/node/data/.tezos-client".parse().expect("a folder")];
    let mut baker = SystemdControl::new(machine, units).with_mark_folders(folders);
    let Ok(marks) = baker.marks(ChainId::MAINNET) else { return };
    assert!(marks.files.iter().flat_map(|file| &file.marks).all(|mark| mark.level.get() > 0), "S3");
}

fn listed(name: &str, text: &str) -> Vec<u8> {
    let entry = format!("f {} 77 1795316400.5 /bake-buddy/node/data/.tezos-client/{name}\0", text.len());
    joined([entry.as_bytes(), text.as_bytes(), b"", entry.as_bytes()])
}

fn known() -> Vec<Vec<u8>> {
    let names = [
        ("NetXdQprcVkpa_highwatermarks", BAKER),
        ("block_high_watermarks", SIGNER),
        ("attestation_high_watermarks", OLD),
        ("NetXdQprcVkpaWU.json", SIGNATORY),
    ];
    let files = names.into_iter().map(|(name, text)| listed(name, text));
    let absent = "\x1ffind: '/bake-buddy/node/data/.tezos-client': No such file or directory\x1f1";
    let texts = [BAKER, SIGNER, SIGNATORY, OLD, absent].map(|text| text.as_bytes().to_vec());
    files.chain(texts).chain([Machine::new(&LIES, &[]).honest(ask)]).collect()
}

fuzz_target!(init: seeds(known()), |data: &[u8]| {
    ask(Machine::new(&LIES, data));
    for text in texts(data) {
        let _name = MarkFileName::of(&text, ChainId::MAINNET);
        for name in [MarkFileName::Baker, MarkFileName::OtherChain, MarkFileName::Signatory].into_iter().chain(Kind::ALL.map(MarkFileName::Signer)) {
            let Ok(marks) = parse(name, &text, ChainId::MAINNET) else { continue };
            assert!(marks.iter().all(|mark| mark.level.get() > 0), "S3: {marks:?}");
            // A cut file is never taken for a whole one.
            let whole = text.trim_end();
            let mut end = whole.len() / 2;
            while !whole.is_char_boundary(end) {
                end -= 1;
            }
            assert!(name == MarkFileName::OtherChain || parse(name, &whole[..end], ChainId::MAINNET).is_err(), "cut");
        }
    }
});
