//! The two shapes, whole and spoiled, and what comes of merging them.

use super::*;

/// As octez-baker prints it (`Json.to_string ~minify:false`), with its fields in its order.
const STATE: &str = r#""committed""#;

fn hex_of(nonce: u8) -> String {
    format!("{nonce:02x}").repeat(32)
}

fn entry(nonce: u8, level: u64, round: u32, block: u8, state: &str) -> String {
    let (hash, block) = (NonceHash::of(&[nonce; 32]), BlockHash::new([block; 32]));
    format!(
        "{{\n    \"nonce\": \"{}\",\n    \"hash\": \"{hash}\",\n    \"block\": \"{block}\",\n    \"cycle\": 1042,\n    \
         \"level\": {level},\n    \"round\": {round},\n    \"state\": {state}\n  }}",
        hex_of(nonce)
    )
}

fn list(entries: &[String]) -> String {
    format!("[\n  {}\n]", entries.join(",\n  "))
}

fn stateful(entries: &[String]) -> Nonces {
    Nonces::parse(NonceFileName::Stateful, &list(entries)).unwrap()
}

fn legacy(pairs: &[(u8, u8)]) -> Nonces {
    let entry = |(block, nonce): &(u8, u8)| {
        format!(r#"{{"block":"{}","nonce":"{}"}}"#, BlockHash::new([*block; 32]), hex_of(*nonce))
    };
    let entries: Vec<String> = pairs.iter().map(entry).collect();
    Nonces::parse(NonceFileName::Legacy, &list(&entries)).unwrap()
}

fn levels(nonces: &Nonces) -> Vec<u64> {
    let mut levels: Vec<u64> = nonces.stateful.iter().flatten().map(|(_, nonce)| nonce.level.get()).collect();
    levels.sort_unstable();
    levels
}

#[test]
fn what_is_read_is_written_the_same_byte_for_byte() {
    let revealed = "{\n      \"injection_level\": 15008000\n    }";
    let mut entries = [entry(1, 15_007_887, 0, 7, STATE), entry(2, 15_007_999, 3, 8, revealed)];
    entries.sort_by_key(|entry| entry.split("\"hash\"").nth(1).map(str::to_owned));
    let nonces = stateful(&entries);
    let mut sorted: Vec<String> = entries.to_vec();
    sorted
        .sort_by_key(|entry| nonces.stateful.iter().flatten().position(|(hash, _)| entry.contains(&hash.to_string())));
    assert_eq!(nonces.text(NonceFileName::Stateful).unwrap().as_str(), list(&sorted));
    assert_eq!(nonces.text(NonceFileName::Legacy), None, "a file that is not there is not made");
    let old = legacy(&[(1, 2), (3, 4)]);
    let text = old.text(NonceFileName::Legacy).unwrap();
    assert_eq!(Nonces::parse(NonceFileName::Legacy, &text).unwrap(), old);
    let empty = Nonces::parse(NonceFileName::Stateful, "[]\n").unwrap();
    assert_eq!((empty.text(NonceFileName::Stateful).unwrap().as_str(), empty.is_absent()), ("[]", false));
    assert_eq!(empty.count().unwrap().unrevealed, 0);
}

/// A migrated nonce has no round.
#[test]
fn a_nonce_without_a_round_is_read_and_stays_so() {
    let text = list(&[entry(1, 9, 0, 7, STATE).replace("    \"round\": 0,\n", "")]);
    let nonces = Nonces::parse(NonceFileName::Stateful, &text).unwrap();
    assert_eq!(nonces.text(NonceFileName::Stateful).unwrap().as_str(), text);
}

#[test]
fn s3_whatever_is_not_whole_is_unknown_and_never_empty() {
    let whole = list(&[entry(1, 9, 0, 7, STATE)]);
    let parse = |text: &str| Nonces::parse(NonceFileName::Stateful, text);
    for end in 1..whole.len() {
        assert!(matches!(parse(&whole[..end]), Err(NonceFileError::Cut { .. })), "{end}");
    }
    for empty in ["", "\n", "\0\0\0\0"] {
        assert_eq!(parse(empty), Err(NonceFileError::Empty));
    }
    let spoil = |from: &str, to: &str| {
        let spoiled = whole.replace(from, to);
        assert_ne!(spoiled, whole, "{from}");
        parse(&spoiled).unwrap_err()
    };
    for (from, to) in [
        ("[\n", "{\"nonces\": [\n"),
        ("\"cycle\": 1042", "\"cycle\": -1"),
        ("\"level\": 9", "\"level\": 0"),
        ("\"level\": 9", "\"level\": null"),
        ("\"committed\"", "\"revealed\""),
        ("\"committed\"", "{\"injection_level\": 5, \"more\": 1}"),
        ("\"round\": 0", "\"rounds\": 0"),
        ("\"0101", "\"01"),
        ("\"0101", "\"zz01"),
        ("\"hash\": \"nce", "\"hash\": \"ncf"),
        ("\n]", "\n] []"),
    ] {
        let error = spoil(from, to);
        assert!(matches!(error, NonceFileError::Malformed { .. } | NonceFileError::Cut { .. }), "{from}: {error}");
        assert!(!error.to_string().contains("0101"), "{error}");
    }
    assert!(matches!(spoil("\"0101", "\"0201"), NonceFileError::OtherHash { .. }));
    let huge = " ".repeat(usize::try_from(SIZE_LIMIT).unwrap() + 1);
    assert!(matches!(parse(&huge), Err(NonceFileError::TooLarge { .. })));
    let twice = list(&[entry(1, 9, 0, 7, STATE), entry(1, 9, 1, 8, STATE)]);
    assert!(matches!(parse(&twice), Err(NonceFileError::Twice { .. })));
    assert!(Nonces::parse(NonceFileName::Legacy, &whole).is_err(), "the one shape is not the other");
}

#[test]
fn a_merge_has_all_of_both_whatever_the_order_and_however_often() {
    let here =
        stateful(&[entry(1, 100, 0, 7, STATE), entry(2, 212, 0, 8, STATE)]).union(&legacy(&[(7, 1), (8, 2)])).unwrap();
    let there = stateful(&[entry(2, 212, 0, 8, STATE), entry(3, 324, 0, 9, STATE)]).union(&legacy(&[(9, 3)])).unwrap();
    let all = here.union(&there).unwrap();
    assert_eq!(all, there.union(&here).unwrap());
    assert_eq!(all, all.union(&there).unwrap());
    assert_eq!(levels(&all), [100, 212, 324]);
    assert!(all.has_all_of(&here) && all.has_all_of(&there) && !here.has_all_of(&all));
    assert_eq!((all.beyond(&here), all.beyond(&there), all.beyond(&all)), (1, 2, 0));
    // The other shape is not made up.
    let only_old = legacy(&[(1, 1)]).union(&legacy(&[(2, 2)])).unwrap();
    assert!(only_old.stateful.is_none() && only_old.legacy.unwrap().len() == 2);
}

#[test]
fn what_has_gone_further_stays_so() {
    let revealed = r#"{"injection_level": 300}"#;
    let (first, later) = (entry(1, 100, 0, 7, revealed), entry(1, 100, 2, 8, STATE));
    let (first, later) = (stateful(&[first]), stateful(&[later]));
    for (a, b) in [(&first, &later), (&later, &first)] {
        let all = a.union(b).unwrap();
        let nonce = all.stateful.as_ref().unwrap().values().next().unwrap();
        // Nonces that are derived from the level are the same in each of its rounds.
        assert_eq!((nonce.block, nonce.state.is_committed()), (BlockHash::new([8; 32]), false));
        assert_eq!(all.count().unwrap().unrevealed, 0);
    }
}

#[test]
fn two_nonces_for_one_block_stay_apart_or_nothing_is_merged() {
    let apart = stateful(&[entry(1, 100, 0, 7, STATE)]).union(&stateful(&[entry(2, 100, 0, 7, STATE)])).unwrap();
    assert_eq!(levels(&apart), [100, 100]);
    let conflict = legacy(&[(7, 1)]).union(&legacy(&[(7, 2)])).unwrap_err();
    assert_eq!(conflict, NonceConflict::Block { block: BlockHash::new([7; 32]) });
    let moved = stateful(&[entry(1, 100, 0, 7, STATE)]).union(&stateful(&[entry(1, 101, 0, 7, STATE)]));
    assert!(matches!(moved, Err(NonceConflict::Level { .. })));
}

#[test]
fn unrevealed_nonces_are_counted_and_no_file_is_not_none() {
    let revealed = r#"{"injection_level": 300}"#;
    let some = stateful(&[entry(1, 100, 0, 7, STATE), entry(2, 212, 0, 8, revealed), entry(3, 324, 0, 9, STATE)]);
    assert_eq!(some.count().unwrap().to_string(), "2 unrevealed seed nonces (levels 100 to 324)");
    assert_eq!(stateful(&[entry(1, 5, 0, 7, STATE)]).count().unwrap().to_string(), "1 unrevealed seed nonce (level 5)");
    assert_eq!(legacy(&[(1, 1), (2, 2)]).count().unwrap().to_string(), "at most 2 unrevealed seed nonces");
    assert_eq!(Nonces::default().count(), None);
}

#[test]
fn no_nonce_is_in_a_debug() {
    let nonces = stateful(&[entry(1, 100, 0, 7, STATE)]).union(&legacy(&[(7, 1)])).unwrap();
    let inner = format!("{nonces:?} {:?}", nonces.stateful);
    assert!(!inner.contains("0101") && !inner.contains("[1, 1"), "{inner}");
    assert!(inner.contains("SeedNonce(..)"));
}

#[test]
fn a_files_name_says_whose_it_is() {
    let of = |name| NonceFileName::of(name, crate::tezos::ChainId::MAINNET);
    assert_eq!(of("NetXdQprcVkpa_nonces"), Some(Of::Chain(NonceFileName::Legacy)));
    assert_eq!(of("NetXdQprcVkpa_stateful_nonces"), Some(Of::Chain(NonceFileName::Stateful)));
    assert_eq!(of("NetXdQprcVkpa_orphaned_nonces"), Some(Of::Orphaned));
    for other in ["NetXsqzbfFenS_nonces", "NetXsqzbfFenS_stateful_nonces", "detailed_NetXdQprcVkpa_nonces", "_nonces"] {
        assert_eq!(of(other), Some(Of::Other), "{other}");
    }
    for none in ["nonces", "NetXdQprcVkpa_nonces.20261122T030000Z.before-failover", "NetXdQprcVkpa_highwatermarks"] {
        assert_eq!(of(none), None, "{none}");
    }
    let name = |name: NonceFileName| name.of_chain(crate::tezos::ChainId::MAINNET);
    assert_eq!(NonceFileName::ALL.map(name), ["NetXdQprcVkpa_stateful_nonces", "NetXdQprcVkpa_nonces"]);
}
