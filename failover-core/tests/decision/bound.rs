//! B and the floor from what the primary wrote down: exact only where nothing speaks against it (S2, S3, S4).

use failover_core::clock::Timestamp;
use failover_core::decision::{Basis, Noted, Policy, Progress, Refusal, Step, Verdict, bound, decide, fence, floor};
use failover_core::facts::{
    Compared, Facts, LastSigned, Observed, OtherSource, PrimaryMarks, ReadMarks, Standing, Writer, WrittenMark,
};
use failover_core::mark_files::MarkFile;
use failover_core::tezos::{KeyHash, Kind, Round};

use crate::world::*;

const PATH: &str = "/base/NetXdQprcVkpa_highwatermarks";

fn mark(key: KeyHash, kind: Kind, at: u64) -> WrittenMark {
    WrittenMark { key, kind, level: level(at), round: Some(Round(0)) }
}

fn file(writer: Writer, marks: Vec<WrittenMark>) -> MarkFile {
    MarkFile { path: PATH.to_owned(), writer, marks }
}

fn ago(millis: i64) -> Timestamp {
    Timestamp::from_millis(now().millis() - millis)
}

/// Read `millis` ago; the stop was read back a second ago.
fn read(facts: &mut Facts, millis: i64, files: Vec<MarkFile>) {
    let found = PrimaryMarks { files, ..PrimaryMarks::default() };
    let value = ReadMarks { began: ago(millis), found };
    facts.primary.marks = Ok(Observed { value, source: "tezbake on primary".to_owned(), at: now() });
}

/// octez-baker's file up to `at`; the chain has an attestation at HEAD - 3.
fn exact(at: u64) -> Facts {
    let mut facts = facts();
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 3, 0));
    read(&mut facts, 900, vec![file(Writer::OctezBaker, vec![mark(consensus(), Kind::Attestation, at)])]);
    facts
}

fn stopped_now() -> Progress {
    but(prepared(), |p| (p.kept.noted, p.session.stopped_since) = (None, Some(ago(1000))))
}

fn noted(facts: &Facts) -> (u64, Basis) {
    let Verdict::Do(step) = decide(facts, &policy(), &stopped_now()) else { panic!("nothing is noted") };
    let Step::NoteLevel { head, bound, basis: Some(basis) } = step.get().clone() else { panic!("{step:?}") };
    assert_eq!(head, level(HEAD));
    (bound.get(), basis)
}

fn why(facts: &Facts) -> String {
    match noted(facts) {
        (bound, Basis::Unseen { why }) if bound == HEAD + 2 => why,
        other => panic!("not head + 2: {other:?}"),
    }
}

#[test]
fn s2_octez_bakers_file_read_after_the_stop_is_exact_below_and_above_the_head() {
    for at in [HEAD - 3, HEAD, HEAD + 1, HEAD + 5] {
        let (bound, basis) = noted(&exact(at));
        assert_eq!(bound, at);
        assert!(matches!(&basis, Basis::Marks { mark, path } if mark.level == level(at) && path == PATH), "{basis}");
    }
}

#[test]
fn s2_marks_read_before_the_stop_do_not_count() {
    let mut facts = exact(HEAD);
    facts.primary.marks.as_mut().unwrap().value.began = ago(1001);
    assert!(why(&facts).contains("before it was read back as stopped"));
    let running = but(stopped_now(), |p| p.session.stopped_since = None);
    let (bound, basis) = bound(&exact(HEAD), &policy(), &running).unwrap();
    assert_eq!(bound, level(HEAD + 2));
    assert!(basis.to_string().contains("only once it is read back as stopped"), "{basis}");
}

#[test]
fn s3_what_proves_nothing_is_head_plus_two_and_says_why() {
    // Nothing could be read: cut in half, no folder, left out.
    let mut facts = exact(HEAD);
    facts.primary.marks = unknown();
    assert_eq!(why(&facts), "not seen");

    // Below what was seen of its kind: on chain, by an indexer, by octez-signer with either key.
    let mut facts = exact(HEAD);
    activity(&mut facts).recent.push(signed(Kind::Block, HEAD - 20, 0));
    assert!(why(&facts).contains("has no block"));
    let mut facts = exact(HEAD - 3);
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 3, 1));
    assert!(why(&facts).contains("not the baker's"));
    let mut facts = exact(HEAD - 3);
    let last_signed = vec![LastSigned { kind: Kind::Attestation, level: level(HEAD - 2) }];
    let said = Compared { level: level(HEAD), standing: Standing::Agrees, last_signed };
    facts.chain.others.push(OtherSource { name: "tzkt".to_owned(), said: known(said) });
    assert!(why(&facts).contains("not the baker's"));
    for key in [consensus(), companion()] {
        let mut facts = exact(HEAD);
        let signer = file(Writer::OctezSigner, vec![mark(key, Kind::Attestation, HEAD + 1)]);
        facts.primary.marks.as_mut().unwrap().value.found.files.push(signer);
        assert!(why(&facts).contains("not the baker's"), "{key}");
    }

    // Nothing of this baker was seen lately, whatever octez-signer has from long ago.
    let mut facts = exact(HEAD - 900);
    activity(&mut facts).recent.clear();
    let signer = file(Writer::OctezSigner, vec![mark(consensus(), Kind::Attestation, HEAD - 900)]);
    facts.primary.marks.as_mut().unwrap().value.found.files.push(signer);
    assert!(why(&facts).contains("nothing that this baker signed was seen"));

    // octez-signer's file alone, another baker's, another chain's, none.
    let mut facts = exact(HEAD);
    read(&mut facts, 900, vec![file(Writer::OctezSigner, vec![mark(consensus(), Kind::Attestation, HEAD)])]);
    assert!(why(&facts).contains("no octez-baker's mark file has this key"));
    read(&mut facts, 900, vec![file(Writer::OctezBaker, vec![mark(companion(), Kind::Attestation, HEAD)])]);
    assert!(why(&facts).contains("no octez-baker's mark file has this key"));
    read(&mut facts, 900, Vec::new());
    assert!(why(&facts).contains("no mark file"));
    facts.primary.marks.as_mut().unwrap().value.found.other_chains.push("/base/NetXsqzbfFenS_highwatermarks".into());
    assert!(why(&facts).contains("another chain's: /base/NetXsqzbfFenS"));
}

#[test]
fn a_mark_above_head_plus_two_is_b_even_where_it_is_not_exact() {
    let mut facts = exact(HEAD);
    let signer = file(Writer::OctezSigner, vec![mark(companion(), Kind::Attestation, HEAD + 4)]);
    facts.primary.marks.as_mut().unwrap().value.found.files.push(signer);
    let (bound, basis) = noted(&facts);
    assert_eq!(bound, HEAD + 4);
    assert!(matches!(&basis, Basis::Beyond { why, .. } if why.contains("not the baker's")), "{basis}");
}

#[test]
fn s4_a_mark_past_the_cap_is_named_and_refused_before_and_after_the_stop() {
    assert_eq!(noted(&exact(HEAD + 100)).0, HEAD + 100);
    for progress in [Progress::default(), stopped_now()] {
        let verdict = decide(&exact(HEAD + 101), &policy(), &progress);
        let Verdict::Refuse(refusal) = verdict else { panic!("{verdict:?}") };
        assert!(matches!(&refusal, Refusal::AbsurdMark { mark, .. } if mark.level == level(HEAD + 101)), "{refusal}");
        assert_eq!(refusal.exit(), 3);
        assert!(refusal.to_string().contains(PATH) && refusal.next().ends_with("--without marks"), "{refusal}");
    }
    // Another baker's mark on the same machine is nobody's business.
    let mut facts = exact(HEAD);
    let stranger = "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E".parse().unwrap();
    let theirs = file(Writer::OctezBaker, vec![mark(stranger, Kind::Block, HEAD + 5000)]);
    facts.primary.marks.as_mut().unwrap().value.found.files.push(theirs);
    assert_eq!(noted(&facts).0, HEAD);
}

#[test]
fn s2_every_mark_lifts_the_floor_whatever_it_proves() {
    let lifted = |facts: &Facts| floor(facts, &policy(), &Progress::default(), level(HEAD), None).unwrap().get();
    assert_eq!(lifted(&facts()), HEAD + 10);
    assert_eq!(lifted(&exact(HEAD + 3)), HEAD + 13);
    let mut facts = facts();
    read(&mut facts, 900_000, vec![file(Writer::OctezSigner, vec![mark(companion(), Kind::Block, HEAD + 4)])]);
    assert_eq!(lifted(&facts), HEAD + 14, "read long before the stop, by octez-signer, the companion's");
}

#[test]
fn b_keeps_its_first_value() {
    // The same files, read again, say more than what was noted: B stays, the floor does not.
    let progress = but(prepared(), |p| {
        (p.kept.noted, p.session.armed) = (Some(Noted { head: level(HEAD - 7), bound: level(HEAD - 7) }), true)
    });
    let mut facts = exact(HEAD + 2);
    activity(&mut facts).recent.clear();
    activity(&mut facts).settled = quiet(HEAD - 6, HEAD - 3);
    facts.backup.device = known(device(failover_core::facts::Arming::Armed, Some(marks(5))));
    let Verdict::Do(step) = decide(&facts, &policy(), &progress) else { panic!("no step") };
    assert!(matches!(step.get(), Step::Raise { floor, .. } if *floor == level(HEAD + 12)), "{step:?}");
}

#[test]
fn s8_the_quarantine_begins_right_above_an_exact_b() {
    let (mut facts, mut progress) = started(HEAD - 2, HEAD);
    progress.kept.noted = Some(Noted { head: level(HEAD - 12), bound: level(HEAD - 12) });
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 11, 0));
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Duplicate(_)), "as h + 2 it would be the past");
    progress.kept.noted = Some(Noted { head: level(HEAD - 12), bound: level(HEAD - 10) });
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Wait(_)));
}

#[test]
fn silence_is_counted_above_the_head_where_an_exact_b_lies_below_it() {
    let mut progress = prepared();
    progress.kept.noted = Some(Noted { head: level(HEAD - 4), bound: level(HEAD - 9) });
    let mut facts = facts();
    let silent = |facts: &Facts| fence(facts, &policy(), &progress).silence.silent;
    assert_eq!(silent(&facts), 1, "levels before the stop prove nothing");
    activity(&mut facts).settled = quiet(HEAD - 10, HEAD - 2);
    assert_eq!(silent(&facts), 2);
}

#[test]
fn the_marks_can_be_left_out_by_name() {
    let policy = Policy { without: vec!["marks".to_owned()], ..policy() };
    assert!(policy.leaves_out_marks() && !crate::world::policy().leaves_out_marks());
}

/// Found by random worlds: B was the consensus key's mark, below what the companion had signed.
#[test]
fn a_companions_mark_above_the_consensus_keys_is_not_below_b() {
    for writer in [Writer::OctezBaker, Writer::Device] {
        for (companions, expected) in [(HEAD, HEAD), (HEAD + 1, HEAD + 2), (HEAD + 9, HEAD + 9)] {
            let mut facts = exact(HEAD);
            let marks =
                vec![mark(consensus(), Kind::Attestation, HEAD), mark(companion(), Kind::Attestation, companions)];
            read(&mut facts, 900, vec![file(writer, marks)]);
            let (bound, basis) = noted(&facts);
            assert_eq!(bound, expected, "{writer:?}: {basis}");
            assert_eq!(matches!(basis, Basis::Marks { .. }), companions == HEAD, "{basis}");
        }
    }
}
