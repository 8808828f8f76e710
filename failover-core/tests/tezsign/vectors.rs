//! Every recorded exchange with a real TezSign: decodes, encodes to the same bytes, and is obeyed by the simulated
//! gadget, byte for byte.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::signer::tezsign::Interface;
use failover_core::signer::tezsign::frame::{Decoder, Frame, FrameId, FrameKind, encode};
use failover_core::signer::tezsign::message::{Ask, DeviceAnswer, Request, Response, SetLevel, Sign, Unlock};
use failover_sim::tezsign::{PASSPHRASE, TezSignOptions, TezSignSim};
use prost::Message as _;
use serde_json::Value;

const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);

struct Exchange {
    name: String,
    interface: Interface,
    request: Vec<u8>,
    responses: Vec<Vec<u8>>,
    decoded: Value,
}

fn exchanges() -> Vec<Exchange> {
    let file: Value = serde_json::from_str(include_str!("../data/tezsign.json")).unwrap();
    let bytes = |v: &Value| hex::decode(v.as_str().unwrap()).unwrap();
    let exchange = |v: &Value| Exchange {
        name: v["name"].as_str().unwrap().to_owned(),
        interface: if v["iface"] == 0 { Interface::Sign } else { Interface::Management },
        request: bytes(&v["request_frame"]),
        responses: v["response_frames"].as_array().unwrap().iter().map(bytes).collect(),
        decoded: v["decoded"].clone(),
    };
    file["exchanges"].as_array().unwrap().iter().map(exchange).collect()
}

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    decoder.push(bytes);
    std::iter::from_fn(|| decoder.next_frame().unwrap()).collect()
}

fn frame(bytes: &[u8]) -> Frame {
    let mut frames = frames(bytes);
    assert_eq!(frames.len(), 1);
    frames.remove(0)
}

#[test]
fn every_frame_and_message_encodes_to_the_recorded_bytes() {
    let exchanges = exchanges();
    assert_eq!(exchanges.len(), 34);
    for Exchange { name, request, responses, .. } in exchanges {
        let sent = frame(&request);
        assert_eq!((sent.kind, encode(sent.kind, sent.id, &sent.payload).to_vec()), (FrameKind::Request, request));
        match Request::decode(sent.payload.as_slice()) {
            Ok(message) => assert_eq!(message.encode_to_vec(), sent.payload, "{name}"),
            Err(_) => assert_eq!(name, "bad_protobuf"),
        }
        let [accept, response] = responses.as_slice() else { panic!("{name}: {} frames", responses.len()) };
        assert_eq!(frame(accept), Frame { kind: FrameKind::Accept, id: sent.id, payload: Vec::new() });
        let answer = frame(response);
        assert_eq!((answer.kind, answer.id), (FrameKind::Response, sent.id), "{name}");
        assert_eq!(encode(answer.kind, answer.id, &answer.payload).to_vec(), *response, "{name}");
        let message = Response::decode(answer.payload.as_slice()).unwrap();
        assert!(message.answer.is_some(), "{name}");
        assert_eq!(message.encode_to_vec(), answer.payload, "{name}");
    }
}

/// The fields mean what the recording says that they mean.
#[test]
fn every_answer_decodes_to_the_recorded_fields() {
    for Exchange { name, responses, decoded, .. } in exchanges() {
        let answer = Response::decode(frame(&responses[1]).payload.as_slice()).unwrap().answer.unwrap();
        let number = |v: &Value| v.as_u64().unwrap_or(0);
        match answer {
            DeviceAnswer::Error(e) => {
                assert_eq!(decoded["error"]["code"], e.code, "{name}");
                assert_eq!(decoded["error"]["message"], e.message.as_str(), "{name}");
            }
            DeviceAnswer::Status(status) => {
                let keys = decoded["status"].as_array().unwrap();
                assert_eq!(keys.len(), status.keys.len(), "{name}");
                for (key, is) in status.keys.iter().zip(keys) {
                    assert_eq!((is["key_id"].as_str(), is["tz4"].as_str()), (Some(&*key.key), Some(&*key.tz4)));
                    assert_eq!(
                        (is["bl_pubkey"].as_str(), is["pop"].as_str()),
                        (Some(&*key.public_key), Some(&*key.proof))
                    );
                    assert_eq!(number(&is["lock_state"]), u64::try_from(key.lock_state).unwrap(), "{name}");
                    assert_eq!(number(&is["last_block_level"]), key.block_level, "{name}");
                    assert_eq!(number(&is["last_preattestation_level"]), key.preattestation_level, "{name}");
                    assert_eq!(number(&is["last_attestation_level"]), key.attestation_level, "{name}");
                    assert_eq!(number(&is["last_block_round"]), u64::from(key.block_round), "{name}");
                    assert_eq!(number(&is["last_attestation_round"]), u64::from(key.attestation_round), "{name}");
                }
            }
            DeviceAnswer::Unlock(results) | DeviceAnswer::Lock(results) => {
                let keys = decoded.as_object().unwrap().values().next().unwrap().as_array().unwrap();
                for (result, is) in results.results.iter().zip(keys) {
                    assert_eq!(is["key_id"], result.key.as_str(), "{name}");
                    assert_eq!(
                        (number(&is["ok"]) == 1, is["error"].as_str()),
                        (result.ok, (!result.ok).then_some(&*result.error))
                    );
                }
            }
            DeviceAnswer::Ok(done) => assert_eq!(decoded["ok"]["ok"], done.ok, "{name}"),
            DeviceAnswer::Sign(s) => {
                assert_eq!(decoded["sign"]["signature"], hex::encode(s.signature).as_str(), "{name}")
            }
            DeviceAnswer::Version(v) => assert_eq!(decoded["version"]["version"], v.version.as_str(), "{name}"),
            DeviceAnswer::NewKeys(new) => {
                for (key, is) in new.results.iter().zip(decoded["new_key"].as_array().unwrap()) {
                    assert_eq!((is["key_id"].as_str(), is["tz4"].as_str()), (Some(&*key.key), Some(&*key.tz4)));
                    assert_eq!(
                        (is["bl_pubkey"].as_str(), number(&is["ok"])),
                        (Some(&*key.public_key), u64::from(key.ok))
                    );
                }
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

struct Recording {
    sim: TezSignSim,
    now: Timestamp,
}

impl Recording {
    fn send(&mut self, interface: Interface, ask: Ask) -> DeviceAnswer {
        let request = encode(FrameKind::Request, FrameId([1; 16]), &Request::from(ask).encode_to_vec());
        let bytes = self.sim.receive(interface, &request, self.now);
        Response::decode(frames(&bytes)[1].payload.as_slice()).unwrap().answer.unwrap()
    }

    /// What happened before an exchange and is not in the file, as far as its answer shows.
    fn left_out_before(&mut self, name: &str, all: &[Exchange]) {
        match name {
            // The companion's attestation mark is at 1001, the consensus key's block mark at round 2.
            "status_per_kind" => {
                let recorded = |name: &str| {
                    let exchange = all.iter().find(|e| e.name == name).unwrap();
                    match Request::decode(frame(&exchange.request).payload.as_slice()).unwrap().ask {
                        Some(Ask::Sign(sign)) => sign,
                        other => panic!("{other:?}"),
                    }
                };
                let companion = Sign { tz4: self.tz4("companion"), ..recorded("sign_att_above_1001_r0") };
                assert!(matches!(self.send(Interface::Sign, Ask::Sign(companion)), DeviceAnswer::Sign(_)));
                let mut block = recorded("sign_block_1001_r0");
                block.message[119] = 2;
                assert!(matches!(self.send(Interface::Sign, Ask::Sign(block)), DeviceAnswer::Sign(_)));
            }
            // All marks of the consensus key are at 1003.
            "status_companion_locked" => {
                let set = SetLevel { key: "consensus".to_owned(), level: 1003 };
                assert!(matches!(self.send(Interface::Management, Ask::SetLevel(set)), DeviceAnswer::Ok(_)));
            }
            // Two of the five attempts are recorded; the others were made within a second of the sixth.
            "unlock_throttled" => {
                for _ in 0..3 {
                    let unlock = Unlock { keys: vec!["consensus".to_owned()], passphrase: Some(PASSPHRASE.to_vec()) };
                    assert!(matches!(self.send(Interface::Management, Ask::Unlock(unlock)), DeviceAnswer::Unlock(_)));
                }
                self.now = self.now.after(Duration::from_secs(1));
            }
            _ => {}
        }
    }

    fn tz4(&self, alias: &str) -> String {
        self.sim.keys().into_iter().find(|key| key.0 == alias).unwrap().1.to_string()
    }
}

#[test]
fn the_simulated_gadget_answers_every_exchange_as_recorded() {
    let empty = TezSignOptions { passphrase: None, keys: Vec::new(), ..TezSignOptions::default() };
    let book = empty.book.clone();
    let mut gadget = Recording { sim: TezSignSim::new(empty), now: START };
    let all = exchanges();
    let mut signed = 0;
    for Exchange { name, interface, request, responses, .. } in &all {
        gadget.left_out_before(name, &all);
        let answer = gadget.sim.receive(*interface, request, gadget.now);
        if name.starts_with("sign_") && responses[1].len() == 123 {
            signed += 1;
            // Which signature it is follows from the secret key, which the recording does not hold.
            let (is, was) = (frames(&answer), responses.concat());
            assert_eq!(is[0], frames(&was)[0], "{name}");
            let signature = |frame: &Frame| match Response::decode(frame.payload.as_slice()).unwrap().answer {
                Some(DeviceAnswer::Sign(s)) => s.signature.len(),
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!((signature(&is[1]), answer.len()), (96, was.len()), "{name}");
        } else {
            assert_eq!(hex::encode(&answer), hex::encode(responses.concat()), "{name}");
        }
    }
    assert_eq!((signed, book.count(), book.alarms()), (4, 6, Vec::new()));
}
