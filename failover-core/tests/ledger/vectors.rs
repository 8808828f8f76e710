//! The simulated Baking app and the driver's codec against exchanges recorded from the real app.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first thing that is not as it should be"
)]

use failover_core::signer::ledger::apdu::{self, Command, LedgerKey};
use failover_core::signer::ledger::{Derivation, KeyPath, StatusWord, public_key};
use failover_core::tezos::{ChainId, KeyHash};

const PATH: &str = "44'/1729'/0'/0'";

fn key(derivation: Derivation) -> LedgerKey {
    LedgerKey { path: PATH.parse().unwrap(), derivation }
}

fn named<'a>(list: &'a [crate::recorded::Recorded], name: &str) -> &'a crate::recorded::Recorded {
    list.iter().find(|e| e.name == name).unwrap_or_else(|| panic!("no exchange {name}"))
}

#[test]
fn the_simulated_app_answers_every_recorded_exchange_as_the_real_one() {
    let mut device = crate::recorded::device();
    for exchange in crate::recorded::exchanges() {
        crate::recorded::left_out_before(&mut device, &exchange.name);
        let answer = crate::recorded::replay(&mut device, &exchange);
        if exchange.message().is_some() && exchange.answer.len() > 2 {
            // Signatures are made up here: 64 bytes, and ok.
            assert_eq!(answer.len(), exchange.answer.len(), "{}", exchange.name);
            assert!(answer.ends_with(&[0x90, 0]), "{}", exchange.name);
        } else {
            assert_eq!(hex::encode(answer), hex::encode(&exchange.answer), "{}", exchange.name);
        }
    }
}

/// A command writes the recorded request and reads the recorded answer.
fn both_ways<C: Command>(exchange: &crate::recorded::Recorded, command: &C) -> C::Answer {
    assert_eq!(hex::encode(command.to_bytes()), hex::encode(&exchange.request), "{}", exchange.name);
    let (data, status) = apdu::split(&exchange.answer).unwrap();
    assert_eq!(status, StatusWord::Ok, "{}", exchange.name);
    for cut in 0..data.len() {
        // DEAUTHORIZE and RESET have no data; everything else is refused when it is cut anywhere.
        assert!(command.parse(&data[..cut]).is_err(), "{} cut to {cut} bytes", exchange.name);
    }
    assert!(command.parse(&[data, &[0]].concat()).is_err(), "{} and one byte", exchange.name);
    command.parse(data).unwrap()
}

#[test]
fn the_codec_writes_and_reads_what_was_recorded() {
    let list = crate::recorded::exchanges();
    let app = both_ways(named(&list, "OS GET_APP_AND_VERSION"), &apdu::GetAppAndVersion);
    assert_eq!((app.name.as_str(), app.version.as_str()), ("Tezos Baking", "2.5.1"));
    let version = both_ways(named(&list, "VERSION (fresh)"), &apdu::Version);
    assert_eq!((version.kind, version.number), (1, [2, 5, 1]));
    let hwm = both_ways(named(&list, "QUERY_ALL_HWM after test chain sign"), &apdu::QueryAllHwm);
    assert_eq!((hwm.main.level, hwm.test.level, hwm.chain), (0x3eb, 5, ChainId::MAINNET));
    let none =
        both_ways(named(&list, "QUERY_AUTH_KEY_WITH_CURVE (fresh, never authorized)"), &apdu::QueryAuthKeyWithCurve);
    assert_eq!(none, None);
    let bls = both_ways(named(&list, "QUERY_AUTH_KEY_WITH_CURVE bls"), &apdu::QueryAuthKeyWithCurve);
    assert_eq!(bls, Some(key(Derivation::Bls)));
    both_ways(named(&list, "DEAUTHORIZE"), &apdu::Deauthorize);
    both_ways(named(&list, "RESET up 2000 accepted"), &apdu::Reset(2000));
    let setup = apdu::Setup { key: key(Derivation::Ed25519), chain: ChainId::MAINNET, main: 1000, test: 0 };
    assert_eq!(
        both_ways(named(&list, "SETUP accepted 1000/0"), &setup).to_string(),
        "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E"
    );
    let public = both_ways(named(&list, "GET_PUBLIC_KEY"), &apdu::GetPublicKey(key(Derivation::Ed25519)));
    assert_eq!(public.to_string(), "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E");
}

/// The expected addresses were computed apart from this code, with Python's hashlib: blake2b of 20 bytes over the node's form of
/// the key, base58check by hand; each point was checked to lie on its curve. tz1dyX3B... is the recording's own.
#[test]
fn every_curve_has_its_address() {
    let list = crate::recorded::exchanges();
    for (name, derivation, address) in [
        ("GET_PUBLIC_KEY", Derivation::Ed25519, "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E"),
        ("SETUP other path+chain=0", Derivation::Ed25519, "tz1VTfGqp34NypRQJmjNiPrCTG5TRonevsmf"),
        ("SETUP curve 1 secp256k1", Derivation::Secp256k1, "tz2GB5YHqF4UzQ8GP5yUqdhY9oVWRXCY2hPU"),
        ("SETUP curve 2 secp256r1", Derivation::Secp256r1, "tz3UMNyvQeMj6mQSftW2aV2XaWd3afTAM1d5"),
        ("SETUP curve 3 bip32ed25519", Derivation::Bip32Ed25519, "tz1VKyZ3RFDwTkrz5LKcTc6fcYqZj6pvsyA7"),
        ("SETUP curve 4 bls12-381", Derivation::Bls, "tz4Gk6EphzZnu84iEGMV24qwU38vrXSxtw7L"),
    ] {
        let (data, _) = apdu::split(&named(&list, name).answer).unwrap();
        assert_eq!(public_key::address(derivation, &data[1..]), Ok(address.parse::<KeyHash>().unwrap()), "{name}");
        for other in Derivation::ALL.into_iter().filter(|d| d.curve() != derivation.curve()) {
            // The two secp256 curves have one shape; nothing else is taken for another.
            let same_shape = data.len() == 66 && matches!(other, Derivation::Secp256k1 | Derivation::Secp256r1);
            assert_eq!(public_key::address(other, &data[1..]).is_ok(), same_shape, "{name} as {other}");
        }
    }
}

#[test]
fn the_flags_of_a_bls_key_are_worked_out_where_missing_and_checked_where_given() {
    let list = crate::recorded::exchanges();
    let (data, _) = apdu::split(&named(&list, "SETUP curve 4 bls12-381").answer).unwrap();
    let recorded = public_key::address(Derivation::Bls, &data[1..]);
    let mut bare = data[1..].to_vec();
    bare[1] &= 0x1f;
    assert_eq!(public_key::address(Derivation::Bls, &bare), recorded);
    let mut wrong = data[1..].to_vec();
    wrong[1] |= 0x20;
    assert!(public_key::address(Derivation::Bls, &wrong).is_err());
    let mut greater = bare;
    greater[49] = 0x19;
    assert_ne!(public_key::address(Derivation::Bls, &greater), recorded);
}

#[test]
fn a_path_of_another_length_or_an_unknown_curve_is_no_answer() {
    for data in ["", "00", "0500", "0100", "0b00", "00018000002c80", "000b"] {
        assert!(apdu::QueryAuthKeyWithCurve.parse(&hex::decode(data).unwrap()).is_err(), "{data}");
    }
    let path: KeyPath = "44'".parse().unwrap();
    let answer = apdu::QueryAuthKeyWithCurve.parse(&hex::decode("02018000002c").unwrap());
    assert_eq!(answer, Ok(Some(LedgerKey { path, derivation: Derivation::Secp256r1 })));
}
