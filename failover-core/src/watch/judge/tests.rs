//! The judge with facts made by hand: keys that change, marks that are not known for days.

use super::*;
use crate::decision::Path;
use crate::facts::{
    Arming, Constants, Delegate, ExpectedKey, Fact, Head, KeyName, KeyState, Mark, Model, Observed, SyncState,
};
use crate::signer::DeviceInfo;
use crate::tezos::{BlockHash, ChainId, Curve, Position, Round};

const OLD: KeyHash = KeyHash::new(Curve::Bls, [1; 20]);
const NEW: KeyHash = KeyHash::new(Curve::Bls, [2; 20]);

fn now() -> Timestamp {
    Timestamp::from_millis(0)
}

fn known<T>(value: T) -> Fact<T> {
    Ok(Observed { value, source: String::new(), at: now() })
}

fn unknown<T>() -> Fact<T> {
    Err(Unknown { why: "no answer".to_owned(), next: "look".to_owned() })
}

fn level(number: u64) -> Level {
    Level::new(number).unwrap()
}

fn vote(number: u64, round: u32) -> Signed {
    Signed { kind: Kind::Attestation, at: Position::new(level(number), Round(round)), seen_in: "mempool".to_owned() }
}

/// The chain, with this consensus key active and these votes seen.
fn chain(active: KeyHash, seen: Vec<Signed>) -> ChainFacts {
    let head = Head {
        level: level(1000),
        round: Round(0),
        hash: BlockHash::new([7; 32]),
        timestamp: now(),
        chain_id: ChainId::MAINNET,
        protocol: String::new(),
    };
    let delegate = Delegate {
        keys: vec![ExpectedKey { key: active, role: KeyRole::Consensus, from_cycle: None }],
        deactivated: false,
        forbidden: false,
        denunciations: Vec::new(),
        missed_levels: None,
        level: level(1000),
        cycle: 1,
        levels_to_next_cycle: 1000,
        next_protocol: String::new(),
        earlier_protocol: String::new(),
        levels_to_protocol: None,
    };
    ChainFacts {
        head: known(head),
        second: unknown(),
        others: Vec::new(),
        sync: known(SyncState::Synced),
        constants: known(Constants { block_seconds: 6, round_increment_seconds: 3, blocks_per_cycle: 14_400 }),
        delegate: known(delegate),
        activity: unknown(),
        accusations: seen,
    }
}

/// The device, with the marks of its two keys; `None`: nothing is shown.
fn device(old: Option<u64>, new: Option<u64>) -> Fact<DeviceState> {
    let key = |name: &str, key, mark: Option<u64>| KeyState {
        name: KeyName::new(name),
        key,
        arming: Arming::Armed,
        marks: mark.map(|mark| Marks::all(Mark(Level::new(mark).map(Position::start_of)))),
    };
    let info = DeviceInfo { model: Model::TezSign, selector: String::new(), serial: None, version: None };
    known(DeviceState { info, keys: vec![key("old", OLD, old), key("new", NEW, new)] })
}

#[test]
fn what_lies_above_the_mark_is_foreign_and_older_marks_only_ask_for_new_ones() {
    let mut judge = Judge::alone(level(1000));
    let seen = chain(OLD, vec![vote(999, 5), vote(1000, 0), vote(1001, 0)]);
    // Below the first level nothing is judged. (1001, 0) asks for a new reading, and is explained by it.
    assert!(judge.is_unexplained(now(), &seen, &device(Some(1000), None)));
    assert_eq!(judge.judge(now(), &seen, &device(Some(1001), None)), Judged::default());
    assert!(!judge.is_unexplained(now(), &seen, &device(Some(1000), None)), "it was judged before");
    // Another round of the level at the mark was not signed here.
    let again = chain(OLD, vec![vote(1001, 0), vote(1001, 1)]);
    assert_eq!(judge.judge(now(), &again, &device(Some(1001), None)).foreign, [vote(1001, 1)]);
}

#[test]
fn below_the_floor_everything_is_foreign() {
    let run = Progress {
        noted: Some(Noted { head: level(998), bound: level(1000) }),
        started: Some(Started {
            floor: level(1010),
            marks: Marks::all(Mark::at(Position::start_of(level(1010)))),
            path: Path::Controlled,
            complete: true,
        }),
        ..Progress::default()
    };
    let mut judge = Judge::after(&run);
    assert_eq!((judge.first(), judge.floor()), (level(1001), Some(level(1010))));
    let seen = chain(OLD, vec![vote(1000, 0), vote(1001, 0), vote(1010, 0), vote(1010, 1), vote(1020, 0)]);
    // (F, 0) is foreign on a TezSign; B and below are the primary's own past.
    assert_eq!(judge.judge(now(), &seen, &device(Some(1020), None)).foreign, [vote(1001, 0), vote(1010, 0)]);
}

/// A consensus key changes where a cycle begins: what the key before signed last stays this device's own.
#[test]
fn a_key_change_accuses_nobody() {
    let mut judge = Judge::alone(level(1000));
    let before = chain(OLD, vec![vote(1000, 0)]);
    assert_eq!(judge.judge(now(), &before, &device(Some(1000), Some(0))), Judged::default());
    // The next vote is the old key's; it is seen after the change, when the new key has signed nothing yet.
    let after = chain(NEW, vec![vote(1001, 0)]);
    assert_eq!(judge.judge(now(), &after, &device(Some(1001), Some(0))), Judged::default());
    let later = chain(NEW, vec![vote(1002, 0), vote(1003, 0)]);
    assert_eq!(judge.judge(now(), &later, &device(Some(1001), Some(1002))).foreign, [vote(1003, 0)]);
}

/// Marks that are not known for a week: what is kept stays small, and what is foreign in it is found.
#[test]
fn what_waits_does_not_grow_and_is_not_lost() {
    let waits = |marks| {
        let mut judge = Judge::alone(level(1000));
        let mut most = 0;
        for number in 1000..4000 {
            let judged = judge.judge(now(), &chain(OLD, vec![vote(number, 0)]), &unknown());
            assert!(judged.foreign.is_empty() && judged.undecided > 0);
            most = most.max(judge.remembered());
        }
        assert!(most <= PENDING_KEPT + 1, "{most}");
        judge.judge(now(), &chain(OLD, Vec::new()), &device(marks, None))
    };
    assert_eq!(waits(Some(3999)), Judged::default());
    assert_eq!(waits(Some(3998)).foreign, [vote(3999, 0)]);
}
