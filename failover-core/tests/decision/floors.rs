//! S2, S3: B and the floor above every observation, over many random worlds, whatever in them is unknown.

use failover_core::clock::Timestamp;
use failover_core::decision::{Noted, Policy, Progress, Refusal, Statement, bound, cap, floor};
use failover_core::facts::{
    ArmedBy, Compared, Fact, Facts, LastSigned, Observed, OtherSource, PrimaryMarks, ReadMarks, SecondOpinion,
    Standing, Writer, WrittenMark,
};
use failover_core::mark_files::MarkFile;
use failover_core::tezos::{Kind, Level, Round};

use crate::dice::Dice;
use crate::world::*;

/// A level around the head, and now and then past every cap.
fn somewhere(dice: &mut Dice) -> u64 {
    match dice.roll(60) {
        0 => HEAD + 90 + dice.roll(60),
        1 => HEAD + dice.roll(5_000_000),
        2 => 1 + dice.roll(HEAD),
        _ => HEAD - 20 + dice.roll(40),
    }
}

fn maybe<T>(dice: &mut Dice, fact: T) -> Fact<T> {
    if dice.one_in(4) { unknown() } else { known(fact) }
}

fn kind(dice: &mut Dice) -> Kind {
    Kind::ALL[dice.roll(3) as usize]
}

fn marks_read(dice: &mut Dice) -> ReadMarks {
    let writers = [Writer::OctezBaker, Writer::OctezSigner];
    let files = (0..dice.roll(4)).map(|n| MarkFile {
        path: format!("/base/{n}"),
        writer: writers[dice.roll(2) as usize],
        marks: (0..dice.roll(4))
            .map(|_| WrittenMark {
                key: if dice.one_in(2) { consensus() } else { companion() },
                kind: kind(dice),
                level: level(somewhere(dice)),
                round: Some(Round(dice.roll(3) as u32)),
            })
            .collect(),
    });
    let found = PrimaryMarks { files: files.collect(), ..PrimaryMarks::default() };
    let began = Timestamp::from_millis(now().millis() - i64::try_from(dice.roll(3000)).unwrap());
    ReadMarks { began, found }
}

fn world(dice: &mut Dice) -> Facts {
    let mut facts = facts();
    if dice.one_in(20) {
        facts.chain.head = unknown();
    } else {
        let age = i64::try_from(dice.roll(90_000)).unwrap();
        facts.chain.head.as_mut().unwrap().value.timestamp = Timestamp::from_millis(now().millis() - age);
    }
    let highest = level(HEAD - 3 + dice.roll(5));
    facts.chain.second = maybe(dice, SecondOpinion { asked: 5, agreeing: 5, highest });
    if dice.one_in(20) {
        facts.chain.constants = unknown();
    }
    if dice.one_in(4) {
        facts.chain.activity = unknown();
    } else {
        for _ in 0..dice.roll(5) {
            let one = signed(kind(dice), somewhere(dice), dice.roll(3) as u32);
            activity(&mut facts).recent.push(one);
        }
        for settled in &mut activity(&mut facts).settled {
            if dice.one_in(3) {
                settled.signed.push(signed(Kind::Attestation, settled.level.get(), 0));
            }
        }
    }
    for _ in 0..dice.roll(3) {
        let accusation = signed(kind(dice), somewhere(dice), 0);
        facts.chain.accusations.push(accusation);
    }
    for n in 0..dice.roll(3) {
        let last_signed = (0..dice.roll(3)).map(|_| LastSigned { kind: kind(dice), level: level(somewhere(dice)) });
        let last_signed = last_signed.collect();
        let said = Compared { level: level(HEAD), standing: Standing::Agrees, last_signed };
        facts.chain.others.push(OtherSource { name: format!("source {n}"), said: maybe(dice, said) });
    }
    if dice.one_in(6) {
        facts.chain.delegate = unknown();
    }
    let read = marks_read(dice);
    facts.primary.marks = maybe(dice, read);
    facts
}

fn past(dice: &mut Dice) -> Progress {
    let mut progress = prepared();
    progress.kept.noted =
        (!dice.one_in(3)).then(|| Noted { head: level(HEAD - 8), bound: level(HEAD - 7 + dice.roll(10)) });
    progress.session.floor = (!dice.one_in(2)).then(|| level(HEAD + dice.roll(60)));
    progress.session.stopped_since = (!dice.one_in(3)).then(|| Timestamp::from_millis(now().millis() - 1500));
    if dice.one_in(2) {
        progress.kept.statements.clear();
    }
    if dice.one_in(3) {
        progress.kept.statements.insert(Statement::Unproven, now());
    }
    progress
}

/// Every level that anybody observed, and who says so.
fn observed(facts: &Facts) -> Vec<(Level, String)> {
    let mut all = Vec::new();
    all.extend(facts.chain.head.iter().map(|head| (head.value.level, "the head".to_owned())));
    all.extend(facts.chain.second.iter().map(|second| (second.value.highest, "the peers".to_owned())));
    let signed = facts.chain.activity.iter().flat_map(|activity| activity.value.all()).chain(&facts.chain.accusations);
    all.extend(signed.map(|signed| (signed.at.level, format!("{signed:?}"))));
    for other in &facts.chain.others {
        let last = other.said.iter().flat_map(|said| &said.value.last_signed);
        all.extend(last.map(|last| (last.level, format!("{last:?} at {}", other.name))));
    }
    // Whose a mark is can be told only where the baker's keys are known; else nothing is armed at all.
    if let (Ok(read), Ok(_)) = (&facts.primary.marks, &facts.chain.delegate) {
        let marks = read.value.found.files.iter().flat_map(|file| &file.marks);
        all.extend(marks.map(|mark| (mark.level, format!("{mark:?}"))));
    }
    all
}

#[test]
fn the_floor_is_above_every_observation_whatever_is_unknown() {
    let mut dice = Dice(0xf1004);
    let (mut floors, mut refused) = (0, 0);
    for _ in 0..100_000 {
        let (facts, progress) = (world(&mut dice), past(&mut dice));
        let policy = Policy { margin: 2 + dice.roll(20), ..policy() };
        let again = [None, Some(ArmedBy::Passphrase), Some(ArmedBy::Press)][dice.roll(3) as usize];
        let from = level(HEAD - 5 + dice.roll(10));
        let highest = cap(&policy, level(HEAD + 10)).level();
        match floor(&facts, &policy, &progress, from, again) {
            Ok(floor) => {
                floors += 1;
                assert!(facts.chain.head.is_ok() && facts.chain.constants.is_ok(), "S3: a floor above nothing");
                for (level, who) in observed(&facts) {
                    assert!(floor >= level.above(policy.margin), "S2: {floor} is not above {who} at {level}");
                }
                assert!(floor >= from.above(policy.margin), "S2: {floor} is not above B = {from}");
                assert!(
                    progress.session.floor.is_none_or(|before| floor >= before),
                    "S4: {floor} after {:?}",
                    progress.session.floor
                );
                let Observed { value: head, .. } = facts.chain.head.as_ref().unwrap();
                let missed = now().since(head.timestamp).as_secs() / 6;
                assert!(floor >= head.level.above(missed + 4), "S2: {floor} with a head {missed} blocks old");
                assert!(floor <= highest, "S4: {floor} is past every cap");
            }
            Err(Refusal::NotSynced) => {
                assert!(facts.chain.head.is_err() || facts.chain.constants.is_err());
            }
            Err(Refusal::PastCap { floor, cap }) => assert!(floor > cap),
            Err(Refusal::Absurd { signed, cap }) => assert!(signed.at.level > cap),
            Err(Refusal::AbsurdMark { mark, cap, .. }) => {
                refused += 1;
                assert!(mark.level > cap);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(floors > 10_000 && refused > 1000, "the worlds are too wild to say anything: {floors}, {refused}");
}

#[test]
fn b_is_never_below_what_is_known_to_be_signed() {
    let mut dice = Dice(0xb0b);
    let (mut exact, mut unsure) = (0, 0);
    for _ in 0..100_000 {
        let (facts, progress) = (world(&mut dice), past(&mut dice));
        let Ok((bound, basis)) = bound(&facts, &policy(), &progress) else { continue };
        let delegate_known = facts.chain.delegate.is_ok();
        for mark in facts.primary.marks.iter().flat_map(|read| &read.value.found.files).flat_map(|file| &file.marks) {
            assert!(!delegate_known || bound >= mark.level, "S2: B = {bound} by {basis:?}, and there is {mark:?}");
        }
        if let failover_core::decision::Basis::Marks { .. } = basis {
            exact += 1;
            let seen = facts.chain.seen().map(|signed| signed.at.level).max();
            assert!(seen.is_none_or(|seen| bound >= seen), "S2: exact {bound}, and {seen:?} was seen");
            assert!(progress.session.stopped_since.is_some(), "S2: exact, and nothing was stopped");
        } else {
            unsure += 1;
            assert!(bound >= level(HEAD + 2), "S2: B = {bound} by {basis:?} is below head + 2");
        }
    }
    assert!(exact > 100 && unsure > 10_000, "the worlds are too wild to say anything: {exact}, {unsure}");
}
