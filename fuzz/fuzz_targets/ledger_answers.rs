//! A Ledger's answers, one by one, and the frames that carry them.
#![no_main]

use failover_core::signer::ledger::apdu::{
    self, Command, Deauthorize, GetAppAndVersion, GetPublicKey, LedgerKey, QueryAllHwm, QueryAuthKeyWithCurve, Reset,
    Version,
};
use failover_core::signer::ledger::{Derivation, KeyPath, StatusWord, frame, public_key};
use failover_fuzz::{seeds, vectors};
use libfuzzer_sys::fuzz_target;

fn recorded() -> Vec<Vec<u8>> {
    let vectors = vectors(include_str!("../../failover-core/tests/data/ledger.json"));
    vectors.iter().map(|exchange| hex::decode(exchange["resp"].as_str().expect("hex")).expect("hex")).collect()
}

fn key(derivation: u8) -> Option<LedgerKey> {
    let path = "44'/1729'/0'/0'".parse().expect("a path");
    Some(LedgerKey { path, derivation: Derivation::from_byte(derivation)? })
}

fuzz_target!(init: seeds(recorded()), |answer: &[u8]| {
    let mut framed = Vec::new();
    if frame::write_answer(&mut framed, answer).is_ok() {
        assert_eq!(frame::read_answer(&mut framed.as_slice()).ok().as_deref(), Some(answer), "decode after encode");
    }
    let _any = (frame::read_answer(&mut &answer[..]), frame::read_request(&mut &answer[..]), apdu::name(answer));
    let Some((data, status)) = apdu::split(answer) else { return };
    assert_eq!(StatusWord::from(status.code()), status);
    let _shown = status.to_string();
    if let Ok(app) = GetAppAndVersion.parse(data) {
        let (name, version) = (app.name.as_bytes(), app.version.as_bytes());
        let again = [&[1, name.len() as u8][..], name, &[version.len() as u8], version].concat();
        assert!(data.starts_with(&again), "decode after encode");
    }
    if let Ok(hwm) = QueryAllHwm.parse(data) {
        let words = [hwm.main.level, hwm.main.round, hwm.test.level, hwm.test.round];
        let again: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).chain(hwm.chain.bytes()).collect();
        assert_eq!(again, data, "decode after encode");
        assert_eq!(hwm.main.position().is_none(), hwm.main.level == 0, "S3");
    }
    if let Ok(Some(key)) = QueryAuthKeyWithCurve.parse(data) {
        assert_eq!([&[key.derivation.byte()][..], &key.path.to_bytes()].concat(), data, "decode after encode");
        assert_eq!(key.path.to_string().parse::<KeyPath>().ok(), Some(key.path));
    }
    let _answers = (Version.parse(data), Reset(1).parse(data), Deauthorize.parse(data));
    for derivation in 0..6 {
        let Some(key) = key(derivation) else { continue };
        let _address = public_key::address(key.derivation, data);
        let _key = GetPublicKey(key).parse(data);
    }
});
