//! Requests and answers of a TezSign: what was decoded is the same after another round.
#![no_main]

use failover_core::signer::tezsign::message::{Request, Response};
use failover_fuzz::{seeds, vectors};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use std::fmt::Debug;

fn recorded() -> Vec<Vec<u8>> {
    let vectors = vectors(include_str!("../../failover-core/tests/data/tezsign.json"));
    let answers = vectors.iter().flat_map(|exchange| exchange["response_frames"].as_array().into_iter().flatten());
    let frames = answers.chain(vectors.iter().map(|exchange| &exchange["request_frame"]));
    let payload = |hex: &serde_json::Value| hex::decode(hex.as_str().expect("hex")).expect("hex").split_off(23);
    frames.filter(|frame| frame.is_string()).map(payload).collect()
}

fn there_and_back<M: Message + Default + PartialEq + Debug>(data: &[u8]) {
    let Ok(message) = M::decode(data) else { return };
    let bytes = message.encode_to_vec();
    assert_eq!(bytes.len(), message.encoded_len());
    assert!(M::decode(bytes.as_slice()).is_ok_and(|again| again == message), "decode after encode");
    // Never more than came: a length in it makes nobody allocate.
    assert!(bytes.len() <= data.len().saturating_mul(4).saturating_add(16), "{} of {}", bytes.len(), data.len());
    let _shown = format!("{message:?}");
}

fuzz_target!(init: seeds(recorded()), |data: &[u8]| {
    there_and_back::<Request>(data);
    there_and_back::<Response>(data);
});
