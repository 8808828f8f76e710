//! Frames out of a stream: the same however it is cut, bounded, and encoding them again gives the same bytes.
#![no_main]

use failover_core::signer::tezsign::frame::{Decoder, Frame, FrameError, MAX_PAYLOAD, encode};
use failover_fuzz::{seeds, vectors};
use libfuzzer_sys::fuzz_target;

fn recorded() -> Vec<Vec<u8>> {
    let vectors = vectors(include_str!("../../failover-core/tests/data/tezsign.json"));
    let frames = vectors.iter().flat_map(|exchange| exchange["response_frames"].as_array().into_iter().flatten());
    let bytes = |hex: &serde_json::Value| hex::decode(hex.as_str().expect("hex")).expect("hex");
    let all: Vec<Vec<u8>> = frames.map(bytes).collect();
    all.iter().cloned().chain(all.windows(3).map(<[Vec<u8>]>::concat)).collect()
}

/// Whatever comes out of these bytes, pushed so many at a time.
fn frames(data: &[u8], at_a_time: usize) -> (Vec<Frame>, Result<(), FrameError>) {
    let (mut decoder, mut found) = (Decoder::new(), Vec::new());
    for piece in data.chunks(at_a_time) {
        decoder.push(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
    }
    (found, Ok(()))
}

fuzz_target!(
    init: seeds(recorded().into_iter().map(|seed| [vec![7], seed].concat())),
    |data: &[u8]| {
        let Some((at_a_time, data)) = data.split_first() else { return };
        let (whole, end) = frames(data, data.len().max(1));
        let (pieces, end_in_pieces) = frames(data, usize::from(*at_a_time).max(1));
        if end.is_ok() && end_in_pieces.is_ok() {
            assert_eq!(whole, pieces, "cut otherwise");
        }
        let mut again = Vec::new();
        for frame in &whole {
            assert!(frame.payload.len() <= MAX_PAYLOAD);
            let bytes = encode(frame.kind, frame.id, &frame.payload);
            assert!(data.windows(bytes.len()).any(|window| window == bytes.as_slice()), "{frame:?} was never sent");
            again.extend_from_slice(&bytes);
        }
        assert_eq!(frames(&again, again.len().max(1)), (whole, Ok(())), "decode after encode");
    }
);
