//! The judge with facts made by hand: keys that change, marks that are not known for days.

use super::*;
use crate::decision::Path;
use crate::facts::KeyRole;
use crate::facts::{
    Activity, Arming, Constants, Delegate, Denunciation, ExpectedKey, Fact, Head, KeyName, KeyState, Mark, Model,
    Observed, Pooled, SyncState,
};
use crate::signer::DeviceInfo;
use crate::tezos::{BlockHash, ChainId, Curve, KeyHash, Position, Round};

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
        pool: Pooled::default(),
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
    let info = DeviceInfo { model: Model::TezSign, selector: String::new(), serial: None, version: None, ledger: None };
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
    let run = Kept {
        noted: Some(Noted { head: level(998), bound: level(1000) }),
        started: Some(Started {
            floor: level(1010),
            marks: Marks::all(Mark::at(Position::start_of(level(1010)))),
            path: Path::Controlled,
            complete: true,
        }),
        ..Kept::default()
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
        assert_eq!(most, PENDING_KEPT, "what is kept is bounded, and not thinner than that");
        judge.judge(now(), &chain(OLD, Vec::new()), &device(marks, None))
    };
    assert_eq!(waits(Some(3999)), Judged::default());
    assert_eq!(waits(Some(3998)).foreign, [vote(3999, 0)]);
}

/// After a run whose floor was 1010 and whose B was 1000; the consensus key's marks at the start.
fn run(marks: u64) -> Kept {
    let marks = Marks::all(Mark::at(Position::start_of(level(marks))));
    Kept {
        noted: Some(Noted { head: level(998), bound: level(1000) }),
        started: Some(Started { floor: level(1010), marks, path: Path::Controlled, complete: true }),
        ..Kept::default()
    }
}

#[test]
fn what_an_earlier_start_signed_is_its_own() {
    let mark = |at| Marks::all(Mark::at(Position::start_of(level(at))));
    let mut judge = Judge::after(&Kept { earlier: vec![(mark(1003), mark(1006))], ..run(1010) });
    let seen = chain(OLD, vec![vote(1003, 0), vote(1005, 0), vote(1007, 0)]);
    assert_eq!(judge.judge(now(), &seen, &device(Some(1010), None)).foreign, [vote(1003, 0), vote(1007, 0)]);
    assert_eq!(Judge::alone(level(1000)).floor(), None, "there was no run");
}

/// Another key's marks begin where they were set, not where the first key's were at the start; and a companion key is not the
/// one that votes.
#[test]
fn a_key_that_follows_has_marks_of_its_own() {
    let beside = |active, seen| {
        let mut chain = chain(active, seen);
        let companion =
            ExpectedKey { key: KeyHash::new(Curve::Bls, [3; 20]), role: KeyRole::Companion, from_cycle: None };
        chain.delegate.as_mut().unwrap().value.keys.insert(0, companion);
        chain
    };
    let mut judge = Judge::after(&run(1040));
    assert_eq!(judge.judge(now(), &beside(OLD, vec![vote(1041, 0)]), &device(Some(1041), Some(0))), Judged::default());
    let after = beside(NEW, vec![vote(1030, 0), vote(1041, 1)]);
    assert_eq!(judge.judge(now(), &after, &device(Some(1042), Some(1031))), Judged::default());
}

#[test]
fn s8_a_denunciation_is_told_until_a_person_has_answered_for_it() {
    let what = (Kind::Block, Position::start_of(level(1005)));
    let told = |denunciations: Vec<Option<(Kind, Position)>>, past: u64| {
        let mut chain = chain(OLD, vec![vote(1020, 0)]);
        chain.delegate.as_mut().unwrap().value.denunciations =
            denunciations.into_iter().map(|what| Denunciation { operation: "op".to_owned(), what }).collect();
        let found = Judge::after(&run(1010)).denounced(now(), &chain, |level| level.get() <= past);
        found.map(|signed| signed.iter().map(|s| (s.kind, s.at)).collect::<Vec<_>>())
    };
    assert_eq!(told(vec![], 0), None);
    assert_eq!(told(vec![Some(what)], 1004), Some(vec![what]));
    assert_eq!(told(vec![Some(what)], 1005), None, "answered for");
    // What does not say what was signed twice is never answered for; it is told with the last that was signed.
    assert_eq!(told(vec![None], 9999), Some(vec![(Kind::Attestation, Position::start_of(level(1020)))]));
}

/// What was judged own stays so, though the chain shows it again while the marks are not known.
#[test]
fn each_position_is_judged_once() {
    let mut judge = Judge::alone(level(1000));
    let mut seen = chain(OLD, Vec::new());
    seen.activity = known(Activity { settled: Vec::new(), recent: vec![vote(1000, 0)], mempool_blind: None });
    assert_eq!(judge.judge(now(), &seen, &device(Some(1000), None)), Judged::default());
    seen.activity.as_mut().unwrap().value.recent.push(vote(1001, 0));
    assert_eq!(judge.judge(now(), &seen, &device(None, None)), Judged { foreign: Vec::new(), undecided: 1 });
}

/// Of too many of several kinds, the lowest and the highest of each are kept.
#[test]
fn what_is_thinned_out_keeps_the_ends_of_every_kind() {
    let mut judge = Judge::alone(level(1000));
    let of = |kind, from: u64| (from..from + 100).map(move |n| Signed { kind, ..vote(n, 0) });
    let [block, preattestation, attestation] = [Kind::Block, Kind::Preattestation, Kind::Attestation];
    let all = of(preattestation, 1000).chain(of(block, 1200)).chain(of(attestation, 1400)).collect();
    assert_eq!(judge.judge(now(), &chain(OLD, all), &unknown()).undecided, 300);
    let judged = judge.judge(now(), &chain(OLD, Vec::new()), &device(Some(1050), None));
    let mut found: Vec<_> = judged.foreign.iter().map(|s| (s.at.level.get(), s.kind)).collect();
    found.sort_unstable();
    let ends = [(1099, preattestation), (1200, block), (1299, block), (1400, attestation), (1499, attestation)];
    assert_eq!(found, ends);
}
