use super::*;

fn frame(kind: FrameKind, payload: &[u8]) -> Vec<u8> {
    encode(kind, FrameId([7; 16]), payload).to_vec()
}

#[test]
fn a_recorded_accept_decodes_byte_by_byte() {
    let bytes = hex::decode("560323aeececfbd21c5ff27b6ef25051ce54000000003c").unwrap();
    let mut decoder = Decoder::new();
    for byte in &bytes[..22] {
        decoder.push(&[*byte]);
        assert_eq!(decoder.next_frame(), Ok(None));
    }
    decoder.push(&bytes[22..]);
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(frame.kind, FrameKind::Accept);
    assert_eq!(encode(frame.kind, frame.id, &frame.payload).to_vec(), bytes);
    assert_eq!(decoder.next_frame(), Ok(None));
}

#[test]
fn garbage_in_front_of_a_frame_is_skipped() {
    let mut bytes = vec![MAGIC; 40];
    bytes.extend_from_slice(b"the rest of an earlier answer");
    bytes.extend(frame(FrameKind::Response, b"hello"));
    bytes.extend(frame(FrameKind::KeepAlive, b""));
    let mut decoder = Decoder::new();
    decoder.push(&bytes);
    assert_eq!(decoder.next_frame().unwrap().unwrap().payload.as_slice(), b"hello");
    assert_eq!(decoder.next_frame().unwrap().unwrap().kind, FrameKind::KeepAlive);
    assert_eq!(decoder.next_frame(), Ok(None));
}

#[test]
fn a_wrong_parity_or_an_unknown_type_is_no_frame() {
    for (at, byte) in [(22, 0xff), (1, 9)] {
        let mut bytes = frame(FrameKind::Response, b"");
        bytes[22] ^= bytes[at] ^ byte;
        bytes[at] = byte;
        let mut decoder = Decoder::new();
        decoder.push(&bytes);
        assert_eq!(decoder.next_frame(), Ok(None), "byte {at}");
    }
}

#[test]
fn a_length_of_4_gib_is_an_error_at_once() {
    let mut bytes = header(FrameKind::Response, FrameId([7; 16]), u32::MAX).to_vec();
    let mut decoder = Decoder::new();
    decoder.push(&bytes);
    assert_eq!(decoder.next_frame(), Err(FrameError::TooLong { len: u32::MAX }));
    bytes = header(FrameKind::Response, FrameId([7; 16]), u32::try_from(MAX_PAYLOAD).unwrap()).to_vec();
    let mut decoder = Decoder::new();
    decoder.push(&bytes);
    assert_eq!(decoder.next_frame(), Ok(None));
}

#[test]
fn endless_garbage_is_an_error() {
    let mut decoder = Decoder::new();
    let pushed = (0..100).find(|_| {
        decoder.push(&[0; 4096]);
        decoder.next_frame().is_err()
    });
    assert_eq!(pushed, Some(16));
}

#[test]
fn an_id_holds_no_magic_byte() {
    for len in 0..2000 {
        let id = FrameId::random(len).unwrap();
        let frame = header(FrameKind::Request, id, u32::try_from(len).unwrap());
        assert!(!id.0.contains(&MAGIC) && frame[22] != MAGIC);
    }
}

#[test]
fn random_bytes_never_panic_the_decoder() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..2000 {
        let mut decoder = Decoder::new();
        for _ in 0..(next() % 8) {
            let mut bytes: Vec<u8> = (0..next() % 200).map(|_| next().to_le_bytes()[0] & 0x57).collect();
            if next() % 3 == 0 {
                bytes.extend(frame(FrameKind::Response, &next().to_le_bytes()));
                let at = usize::try_from(next()).unwrap_or(0) % bytes.len();
                bytes[at] ^= next().to_le_bytes()[0];
            }
            decoder.push(&bytes);
            while let Ok(Some(frame)) = decoder.next_frame() {
                assert!(frame.payload.len() <= MAX_PAYLOAD);
            }
        }
    }
}

#[test]
fn debug_shows_no_payload() {
    let frame = Frame { kind: FrameKind::Request, id: FrameId([1; 16]), payload: b"secret".to_vec() };
    assert_eq!(format!("{frame:?}"), "Frame(Request, 01010101010101010101010101010101, 6 bytes)");
}

#[test]
fn every_kind_is_read_as_what_was_written() {
    for kind in [FrameKind::Request, FrameKind::Response, FrameKind::Accept, FrameKind::Retry, FrameKind::KeepAlive] {
        let mut decoder = Decoder::new();
        decoder.push(&frame(kind, b""));
        assert_eq!(decoder.next_frame().unwrap().unwrap().kind, kind);
    }
}

#[test]
fn the_rest_of_the_longest_frame_is_skipped_and_a_byte_more_is_an_error() {
    let mut decoder = Decoder::new();
    decoder.push(&[0; MAX_GARBAGE]);
    assert_eq!(decoder.next_frame(), Ok(None));
    decoder.push(&[0]);
    assert_eq!(decoder.next_frame(), Err(FrameError::Garbage { len: MAX_GARBAGE + 1 }));
}
