//! How many TezSign frames and Ledger APDUs a second are encoded and decoded?
#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]

use std::error::Error;
use std::hint::black_box;

use failover_core::signer::ledger::apdu::{Command, GetPublicKey, LedgerKey, QueryAllHwm, Setup, split};
use failover_core::signer::ledger::{Derivation, KeyPath};
use failover_core::signer::tezsign::frame::{Decoder, FrameId, FrameKind, encode};
use failover_core::tezos::ChainId;

#[path = "measure.rs"]
mod measure;

/// As recorded from the Baking app 2.5.1: marks of both chains and the chain id, then 0x9000.
const ALL_HWM: [u8; 22] = [0, 0, 3, 0xe8, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0x7a, 0x06, 0xa7, 0x70, 0x90, 0x00];

fn main() -> Result<(), Box<dyn Error>> {
    let key = LedgerKey { path: KeyPath::default(), derivation: Derivation::Ed25519 };
    let (data, _) = split(&ALL_HWM).ok_or("no status word")?;
    QueryAllHwm.parse(data)?;

    measure::title("wire");
    let id = FrameId([7; 16]);
    let frame = |payload: &[u8]| {
        let mut decoder = Decoder::new();
        decoder.push(&encode(FrameKind::Response, id, black_box(payload)));
        assert!(matches!(black_box(decoder.next_frame()), Ok(Some(_))), "a frame that was encoded is decoded");
    };
    let status = measure::per_second(|| frame(&[0x1a; 256]));
    measure::row("TezSign frame of 256 bytes, there and back", status, 1.0);
    let longest = measure::per_second(|| frame(&[0x1a; 64 * 1024]));
    measure::row("TezSign frame of 64 KiB, the longest", longest, longest / status);
    let query = measure::per_second(|| {
        black_box(QueryAllHwm.to_bytes());
        black_box(split(black_box(&ALL_HWM)).map(|(data, _)| QueryAllHwm.parse(data).is_ok()));
    });
    measure::row("Ledger QUERY_ALL_HWM, there and back", query, query / status);
    let setup = Setup { key: key.clone(), chain: ChainId::MAINNET, main: 15_304_485, test: 0 };
    let written = measure::per_second(|| {
        black_box(black_box(&setup).to_bytes());
        black_box(GetPublicKey(key.clone()).to_bytes());
    });
    measure::row("Ledger SETUP and GET_PUBLIC_KEY, written", written, written / status);
    println!("ratios are to the first row");
    Ok(())
}
