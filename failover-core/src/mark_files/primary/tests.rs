use super::*;
use crate::tezos::{Level, Round};

const OURS: &str = "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh";
const THEIRS: &str = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9";

fn at(level: u64, round: u32) -> Position {
    Position::new(Level::new(level).unwrap(), Round(round))
}

fn mark(key: &str, kind: Kind, level: u64, round: Option<u32>) -> WrittenMark {
    let level = Level::new(level).unwrap();
    WrittenMark { key: key.parse().unwrap(), kind, level, round: round.map(Round) }
}

fn found(files: Vec<(Writer, Vec<WrittenMark>)>) -> PrimaryMarks {
    let file = |(n, (writer, marks))| MarkFile { path: format!("/{n}"), writer, marks };
    PrimaryMarks { files: files.into_iter().enumerate().map(file).collect(), ..PrimaryMarks::default() }
}

/// Attested up to (100, 1), and made a block long ago.
fn baker() -> (Writer, Vec<WrittenMark>) {
    let (block, vote) = (mark(OURS, Kind::Block, 40, Some(0)), mark(OURS, Kind::Attestation, 100, Some(1)));
    (Writer::OctezBaker, vec![block, vote, mark(THEIRS, Kind::Block, 900, Some(0))])
}

#[test]
fn what_bounds_a_key_and_what_does_not() {
    let ours: KeyHash = OURS.parse().unwrap();
    let voted = (Kind::Attestation, at(100, 1));
    let marks = found(vec![baker()]);
    let Bound::Exact { mark: highest, path } = marks.bound(&ours, [voted, (Kind::Block, at(40, 0))]) else { panic!() };
    assert_eq!((highest.level.get(), path), (100, "/0"), "not the other baker's 900");

    // Seen above the mark of its own kind: the file is not this baker's.
    for seen in [(Kind::Attestation, at(100, 2)), (Kind::Block, at(41, 0)), (Kind::Preattestation, at(1, 0))] {
        assert!(matches!(marks.bound(&ours, [voted, seen]), Bound::Stale { .. }), "{seen:?}");
    }
    assert!(matches!(marks.bound(&ours, []), Bound::Unconfirmed { .. }));
    assert_eq!(PrimaryMarks::default().bound(&ours, [voted]), Bound::NoFile);
    let theirs = found(vec![(Writer::OctezBaker, vec![mark(THEIRS, Kind::Block, 900, Some(0))])]);
    assert_eq!(theirs.bound(&ours, [voted]), Bound::OtherKeys);
}

#[test]
fn a_signers_marks_raise_and_never_bound() {
    for writer in [Writer::OctezSigner, Writer::Signatory] {
        raises_and_never_bounds(writer);
    }
}

fn raises_and_never_bounds(writer: Writer) {
    let ours: KeyHash = OURS.parse().unwrap();
    let signer = (writer, vec![mark(OURS, Kind::Attestation, 120, None)]);
    let voted = (Kind::Attestation, at(100, 0));
    let alone = found(vec![signer.clone()]);
    assert_eq!(alone.bound(&ours, [voted]), Bound::OtherKeys);
    assert_eq!(alone.highest(&[ours]).unwrap().level.get(), 120);

    // It signed for a baker that octez-baker's file does not know of.
    let both = found(vec![baker(), signer]);
    assert_eq!(both.highest(&[ours]).unwrap().level.get(), 120);
    let bound = both.bound(&ours, [voted]);
    assert!(matches!(bound, Bound::Stale { kind: Kind::Attestation, seen, .. } if seen.level.get() == 120), "{bound}");
}

#[test]
fn of_two_files_the_higher_counts() {
    let ours: KeyHash = OURS.parse().unwrap();
    let old = (Writer::OctezBaker, vec![mark(OURS, Kind::Attestation, 7, Some(0))]);
    let marks = found(vec![baker(), old]);
    let bound = marks.bound(&ours, [(Kind::Attestation, at(100, 1))]);
    assert!(matches!(bound, Bound::Exact { path: "/0", .. }), "{bound}");
    assert_eq!(marks.highest(&[]), None);
}
