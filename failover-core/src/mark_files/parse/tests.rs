use super::*;
use crate::tezos::{KeyHash, Level, Round};

const KEY: &str = "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh";
const CHAIN: ChainId = ChainId::MAINNET;
const LIMIT: usize = SIZE_LIMIT as usize;
const BLOCKS: MarkFileName = MarkFileName::Signer(Kind::Block);

/// As octez-baker writes it: indented, with a newline at the end.
fn baker() -> String {
    let entry = |level: u64, round: u32| {
        format!(
            "[\n    {{ \"delegate\": \"{KEY}\",\n      \"highwatermark\": {{ \"round\": {round}, \"level\": {level} }} }}\n  ]"
        )
    };
    format!(
        "{{ \"blocks\": {},\n  \"preattestations\": {},\n  \"attestations\": {} }}\n",
        entry(15_181_002, 1),
        entry(15_181_989, 0),
        entry(15_181_988, 2)
    )
}

fn signer(body: &str) -> String {
    format!("{{\"{CHAIN}\":{{\"{KEY}\":{{{body}}}}}}}\n")
}

/// As Signatory writes it: four spaces, no newline at the end.
fn signatory() -> String {
    let kind = |name: &str, level: u64, round: u32| {
        format!(
            "        \"{name}\": {{\n            \"level\": {level},\n            \"round\": {round},\n            \
             \"hash\": \"vh2gyhYdDXkAZcPiGLs4DWXxLzBeZ8ZbVTsQBrWQWcZUbZVVgHrE\"\n        }}"
        )
    };
    let kinds =
        [kind("attestation", 15_181_988, 2), kind("block", 15_181_002, 0), kind("preattestation", 15_181_989, 1)];
    format!("{{\n    \"{KEY}\": {{\n{}\n    }}\n}}", kinds.join(",\n"))
}

fn mark(kind: Kind, level: u64, round: Option<u32>) -> WrittenMark {
    let level = Level::new(level).unwrap();
    WrittenMark { key: KEY.parse().unwrap(), kind, level, round: round.map(Round) }
}

#[test]
fn what_octez_baker_writes() {
    assert_eq!(
        parse(MarkFileName::Baker, &baker(), CHAIN).unwrap(),
        [
            mark(Kind::Block, 15_181_002, Some(1)),
            mark(Kind::Preattestation, 15_181_989, Some(0)),
            mark(Kind::Attestation, 15_181_988, Some(2)),
        ]
    );
    let none = r#"{"blocks":[],"preattestations":[],"attestations":[],"later":{"a":[1]}}"#;
    assert_eq!(parse(MarkFileName::Baker, none, CHAIN), Ok(Vec::new()));
}

#[test]
fn what_octez_signer_writes() {
    let whole = signer(r#""level":15181989,"round":3,"hash":"00","signature":"sig"#);
    assert!(parse(BLOCKS, &whole, CHAIN).is_err(), "a text that does not end");
    let whole = signer(r#""level":15181989,"round":3,"hash":"00","signature":"sig""#);
    assert_eq!(parse(BLOCKS, &whole, CHAIN).unwrap(), [mark(Kind::Block, 15_181_989, Some(3))]);
    let bare = signer(r#""level":15181989,"hash":"00""#);
    assert_eq!(parse(BLOCKS, &bare, CHAIN).unwrap(), [mark(Kind::Block, 15_181_989, None)]);
    // Another chain's marks are none of ours, and an empty file of JSON has none.
    let other = ChainId::of_network("shadownet").unwrap();
    assert_eq!(parse(BLOCKS, &whole, other), Ok(Vec::new()));
    assert_eq!(parse(BLOCKS, "{}", CHAIN), Ok(Vec::new()));
}

#[test]
fn what_signatory_writes() {
    let read = |text: &str| parse(MarkFileName::Signatory, text, CHAIN);
    assert_eq!(
        read(&signatory()).unwrap(),
        [
            mark(Kind::Attestation, 15_181_988, Some(2)),
            // The payload's round, and not the block's.
            mark(Kind::Block, 15_181_002, None),
            mark(Kind::Preattestation, 15_181_989, Some(1)),
        ]
    );
    let of = |kind: &str, mark: &str| format!(r#"{{"{KEY}":{{"{kind}":{{{mark}}}}}}}"#);
    // As a file was carried over from a version of before 2024.
    let old = of("endorsement", r#""level":9,"round":0,"hash":null"#);
    assert_eq!(read(&old).unwrap(), [mark(Kind::Attestation, 9, Some(0))]);
    let with_dal = of("attestation_with_dal", r#""level":9,"round":1,"hash":null"#);
    assert_eq!(read(&with_dal).unwrap(), [mark(Kind::Attestation, 9, Some(1))]);
    assert_eq!(read("{}"), Ok(Vec::new()));
    for odd in [
        of("attestation", r#""level":0,"round":0"#),
        of("attestation", r#""level":9"#),
        of("attestation", r#""level":9,"round":-1"#),
        of("attestation", r#""level":-9,"round":1"#),
        of("attestation", r#""level":"9","round":1"#),
        of("sequencer_block", r#""level":9,"round":0"#),
        signatory().replace(KEY, "tz4nobody"),
        // Of before 2023, in the folder `watermark`: kinds, in each the keys.
        format!(r#"{{"endorsement":{{"{KEY}":{{"level":9,"round":0}}}}}}"#),
        "null".to_owned(),
        "[]".to_owned(),
    ] {
        assert!(matches!(read(&odd), Err(MarkFileError::Malformed { .. })), "{odd}");
    }
}

#[test]
fn a_key_that_is_there_twice_is_not_lost() {
    let twice = format!(
        "{{\"{CHAIN}\":{{\"{KEY}\":{{\"level\":9}},\"{KEY}\":{{\"level\":7}}}},\"{CHAIN}\":{{\"{KEY}\":{{\"level\":8}}}}}}"
    );
    let levels: Vec<u64> = parse(BLOCKS, &twice, CHAIN).unwrap().iter().map(|mark| mark.level.get()).collect();
    assert_eq!(levels, [9, 7, 8]);
    let entry = |level: u64| format!(r#"[{{"delegate":"{KEY}","highwatermark":{{"round":0,"level":{level}}}}}]"#);
    let (high, low) = (entry(9), entry(7));
    let kinds = format!(
        r#"{{"{KEY}":{{"attestation":{{"level":9,"round":0}},"attestation":{{"level":7,"round":0}}}},"{KEY}":{{"block":{{"level":8,"round":0}}}}}}"#
    );
    let levels: Vec<u64> =
        parse(MarkFileName::Signatory, &kinds, CHAIN).unwrap().iter().map(|mark| mark.level.get()).collect();
    assert_eq!(levels, [9, 7, 8]);
    let lists = format!(r#"{{"blocks":{high},"preattestations":[],"blocks":{low},"attestations":[]}}"#);
    let levels: Vec<u64> =
        parse(MarkFileName::Baker, &lists, CHAIN).unwrap().iter().map(|mark| mark.level.get()).collect();
    assert_eq!(levels, [9, 7]);
}

#[test]
fn a_file_cut_at_any_byte_says_nothing() {
    let files = [
        (MarkFileName::Signatory, format!("{}\n", signatory())),
        (MarkFileName::Baker, baker()),
        (BLOCKS, signer(r#""level":15181989,"round":3,"hash":"00","signature":"sig""#)),
    ];
    for (name, text) in files {
        let whole = parse(name, &text, CHAIN).unwrap();
        // The last byte is the newline.
        assert_eq!(parse(name, text.trim_end(), CHAIN).unwrap(), whole);
        for length in 0..text.trim_end().len() {
            let expected = if length == 0 { MarkFileError::Empty } else { MarkFileError::Cut { bytes: length as u64 } };
            assert_eq!(parse(name, &text[..length], CHAIN), Err(expected), "after {length} bytes of {name:?}");
            // What was not written yet may also be zeros, or the end of a longer file from before.
            let zeros = format!("{}{}", &text[..length], "\0".repeat(text.len() - length));
            assert!(parse(name, &zeros, CHAIN).is_err(), "zeros after {length} bytes of {name:?}");
        }
        let over = format!("{}{}", text.trim_end(), "} ]");
        assert!(matches!(parse(name, &over, CHAIN), Err(MarkFileError::Malformed { .. })));
    }
}

#[test]
fn what_is_odd_is_no_mark() {
    for text in [
        signer(r#""level":0"#),
        signer(r#""level":-5"#),
        signer(r#""level":1.5"#),
        signer(r#""level":"15181989""#),
        signer(r#""level":99999999999999999999999"#),
        signer(r#""round":1"#),
        signer(r#""level":5,"round":-1"#),
        format!("{{\"{CHAIN}\":{{\"tz4nobody\":{{\"level\":5}}}}}}"),
        "[]".to_owned(),
        "null".to_owned(),
        "<html>".to_owned(),
    ] {
        let parsed = parse(BLOCKS, &text, CHAIN);
        assert!(matches!(parsed, Err(MarkFileError::Malformed { .. })), "{text}: {parsed:?}");
    }
    for text in ["{}", r#"{"blocks":[],"attestations":[]}"#] {
        assert!(matches!(parse(MarkFileName::Baker, text, CHAIN), Err(MarkFileError::Malformed { .. })), "{text}");
    }
    assert_eq!(parse(BLOCKS, " \n\0\0", CHAIN), Err(MarkFileError::Empty));
    assert_eq!(parse(BLOCKS, &"[".repeat(LIMIT + 1), CHAIN), Err(MarkFileError::TooLarge { bytes: SIZE_LIMIT + 1 }));
    // Deeper than the parser goes: an error, no overflow.
    assert!(parse(BLOCKS, &"[".repeat(LIMIT), CHAIN).is_err());
    assert!(parse(BLOCKS, &format!("{{\"{CHAIN}\":{}", "{\"a\":".repeat(20_000)), CHAIN).is_err());
}

#[test]
fn a_level_far_ahead_is_only_a_level() {
    let level = u64::MAX;
    let text = signer(&format!("\"level\":{level}"));
    assert_eq!(parse(BLOCKS, &text, CHAIN).unwrap(), [mark(Kind::Block, level, None)]);
}

/// Bytes changed, taken out and put in, by a generator with a known start: never a panic, and no mark of a key
/// that was not there.
#[test]
fn a_file_with_wrong_bytes_never_panics() {
    let key: KeyHash = KEY.parse().unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for (name, text) in [(MarkFileName::Baker, baker()), (BLOCKS, signer(r#""level":15181989,"round":3"#))] {
        for _ in 0..20_000 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                let byte = b"{}[]\",:0159eE-+.\\u \n\0\xffNtz"[next(25)];
                match next(3) {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => drop(bytes.remove(at)),
                }
            }
            if let Ok(marks) = parse(name, &String::from_utf8_lossy(&bytes), CHAIN) {
                assert!(marks.iter().all(|mark| mark.key == key));
            }
        }
    }
}
