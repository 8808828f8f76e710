//! S4, S15, H1, H20, H26: who confirms the own node's head, and what bounds it where nobody can be asked.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{
    HeadAge, Policy, Progress, Refusal, Step, Verdict, WaitFor, agreed_head, decide, is_alone, is_open, pin_allows,
    renewed, standby_marks,
};
use failover_core::facts::{Facts, HeadPin, OtherSource, SecondOpinion, Standing, SyncState};
use failover_core::tezos::ChainId;

use crate::world::*;

/// The head as it was pinned an hour ago: 600 levels of six seconds.
fn pin() -> HeadPin {
    HeadPin {
        chain: ChainId::MAINNET,
        level: level(HEAD - 600),
        at: seconds_ago(3_600),
        block_seconds: 6,
        protocol: "PsUshuai".to_owned(),
    }
}

/// No other source could be asked.
fn nobody(head: u64) -> Facts {
    let mut facts = facts();
    facts.chain.others.clear();
    facts.chain.head.as_mut().unwrap().value.level = level(head);
    facts.chain.second = known(SecondOpinion { asked: 3, agreeing: 2, highest: level(head) });
    facts
}

fn pinned(pin: HeadPin) -> Policy {
    Policy { head_pin: Some(pin), ..policy() }
}

fn refusal(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    match decide(facts, policy, &Progress::default()) {
        Verdict::Refuse(refusal) => Some(refusal),
        _ => None,
    }
}

#[test]
fn s15_one_configured_source_must_agree_and_those_that_lag_or_are_silent_are_ignored() {
    let lags = || other("lags", HEAD - 10, Standing::Behind { by: 10 });
    let silent = || OtherSource { name: "silent".to_owned(), said: unknown() };
    for (others, refused) in [
        (vec![lags()], true),
        (vec![silent()], true),
        (vec![lags(), silent()], true),
        (vec![lags(), silent(), other("agrees", HEAD, Standing::Agrees)], false),
    ] {
        let mut facts = facts();
        // Peers are no configured source, and neither is a pin.
        facts.chain.second = known(SecondOpinion { asked: 9, agreeing: 9, highest: level(HEAD) });
        let names: Vec<String> = others.iter().map(|other| other.name.clone()).collect();
        facts.chain.others = others;
        let found = refusal(&facts, &pinned(pin()));
        assert_eq!(found.is_some(), refused, "{names:?}: {found:?}");
        let Some(found) = found else { continue };
        assert!(matches!(&found, Refusal::Alone { without, .. } if *without == names), "{found:?}");
        assert_eq!(found.exit(), 3);
        for name in names {
            assert!(found.next().contains(&format!("--without '{name}'")), "{}", found.next());
        }
    }
}

#[test]
fn h20_what_contradicts_refuses_also_while_another_agrees() {
    let at = level(HEAD - 2);
    for standing in [Standing::Ahead { by: 3 }, Standing::Differs { at }] {
        let mut facts = facts();
        facts.chain.others.push(other("wrong", HEAD + 3, standing));
        let found = refusal(&facts, &pinned(pin()));
        assert!(matches!(&found, Some(Refusal::Contradicted { by, .. }) if by == "wrong"), "{found:?}");
    }
}

/// The commonest night: which one is behind, by how much, how old its newest block is, and no right source is left out first.
#[test]
fn h20_a_node_that_is_behind_is_named_and_not_the_source() {
    let mut facts = facts();
    facts.chain.others.push(other("tzkt", HEAD + 50, Standing::Ahead { by: 50 }));
    for (age, behind) in [(30, false), (31, true)] {
        facts.chain.head.as_mut().unwrap().value.timestamp = seconds_ago(age);
        let found = refusal(&facts, &pinned(pin())).unwrap();
        assert_eq!(matches!(found, Refusal::NodeBehind { .. }), behind, "{age} s: {found:?}");
        assert!(found.may_pass() && found.exit() == 3);
        if behind {
            assert!(found.to_string().starts_with("the node is 50 levels behind tzkt: its newest block "), "{found}");
            assert!(found.to_string().contains(" is 31s old"), "{found}");
            let next = found.next();
            assert!(next.starts_with("wait until the node has caught up") && next.contains("--node;"), "{next}");
            assert!(next.contains("only where an explorer shows the node's own level"), "{next}");
        }
    }
}

/// Newest blocks that are others are no opinion: it is looked again, for half a minute.
#[test]
fn h20_a_source_that_is_being_reorganised_is_looked_at_again() {
    let mut facts = facts();
    facts.chain.others = vec![other("moves", HEAD, Standing::Reorganising)];
    let since = |seconds| but(Progress::default(), |p| p.session.closed_since = Some(seconds_ago(seconds)));
    let verdict = decide(&facts, &policy(), &since(29));
    assert!(matches!(&verdict, Verdict::Wait(w) if w.left == Some(Duration::from_secs(1))), "{verdict:?}");
    let verdict = decide(&facts, &policy(), &since(30));
    assert!(matches!(verdict, Verdict::Refuse(Refusal::Alone { .. })), "{verdict:?}");
    facts.chain.others.push(other("agrees", HEAD, Standing::Agrees));
    assert!(is_open(&facts, &policy(), &Progress::default()));
}

#[test]
fn h26_where_no_source_is_asked_the_pin_bounds_the_head() {
    // 600 levels, two for the fifteen seconds that a head may be ahead of the clock, two that are not settled.
    for (head, allowed) in [(HEAD, true), (HEAD + 4, true), (HEAD + 5, false), (19_999_993, false)] {
        let found = refusal(&nobody(head), &pinned(pin()));
        assert_eq!(found.is_none(), allowed, "{head}: {found:?}");
        assert!(allowed || matches!(found, Some(Refusal::HeadUnbounded { left_out: false, .. })), "{found:?}");
    }
    assert_eq!(pin_allows(&pin(), now()), level(HEAD + 4));
    // Nor can the chain have gone back.
    for (below, allowed) in [(602, true), (603, false)] {
        let found = refusal(&nobody(HEAD - below), &pinned(pin()));
        assert_eq!(!matches!(found, Some(Refusal::HeadUnbounded { .. })), allowed, "{below}: {found:?}");
    }
    // A clock that went back allows no more.
    let later = HeadPin { at: Timestamp::from_millis(now().millis() + 3_600_000), ..pin() };
    assert_eq!(pin_allows(&later, now()), level(HEAD - 600 + 4));
}

#[test]
fn h26_without_a_valid_pin_or_two_peers_nothing_confirms_the_head() {
    let found = refusal(&nobody(HEAD), &policy());
    assert!(matches!(&found, Some(Refusal::HeadUnbounded { .. })), "{found:?}");
    let next = found.unwrap().next();
    assert!(next.contains("failover check") && next.contains("tzkt"), "{next}");
    for void in
        [HeadPin { protocol: "PtNext".to_owned(), ..pin() }, HeadPin { chain: ChainId::new([1, 2, 3, 4]), ..pin() }]
    {
        let found = refusal(&nobody(HEAD), &pinned(void));
        assert!(matches!(&found, Some(Refusal::HeadUnbounded { .. })), "{found:?}");
    }
    let mut one = nobody(HEAD);
    one.chain.second = known(SecondOpinion { asked: 1, agreeing: 1, highest: level(HEAD) });
    let found = refusal(&one, &pinned(pin()));
    assert!(matches!(&found, Some(Refusal::Alone { without, .. }) if without.is_empty()), "{found:?}");
    // A source that a person left out is not one that is missing from the configuration.
    let left_out = Policy { without: vec!["tzkt".to_owned()], ..policy() };
    assert!(matches!(refusal(&nobody(HEAD), &left_out), Some(Refusal::HeadUnbounded { left_out: true, .. })));
    let marks = Policy { without: vec!["marks".to_owned(), "power".to_owned()], ..policy() };
    assert!(matches!(refusal(&nobody(HEAD), &marks), Some(Refusal::HeadUnbounded { left_out: false, .. })));
    assert!(is_alone(&nobody(HEAD).chain, &marks.judging()) && !is_alone(&nobody(HEAD).chain, &left_out.judging()));
    assert!(!is_alone(&facts().chain, &policy().judging()));
}

/// Whatever raises asks the same gate.
#[test]
fn s4_what_raises_marks_goes_by_a_head_that_is_confirmed() {
    let far = nobody(19_999_993);
    for policy in [policy(), pinned(pin())] {
        assert!(matches!(standby_marks(&far, &policy), Err(Refusal::HeadUnbounded { .. })));
        assert!(matches!(agreed_head(&far.chain, now(), &policy.judging()), Err(Refusal::HeadUnbounded { .. })));
    }
    let step = standby_marks(&facts(), &policy()).unwrap();
    let Step::RaiseMarks { cap, .. } = *step.get() else { panic!("{step:?}") };
    assert_eq!(cap.level(), level(HEAD + 100));
    let mut ahead = facts();
    ahead.chain.others = vec![other("tzkt", HEAD + 2, Standing::Agrees)];
    assert_eq!(agreed_head(&ahead.chain, now(), &policy().judging()), Ok(level(HEAD + 2)));
    for (age, fresh) in [(30, true), (31, false)] {
        let mut old = facts();
        old.chain.head.as_mut().unwrap().value.timestamp = seconds_ago(age);
        assert_eq!(agreed_head(&old.chain, now(), &policy().judging()).is_ok(), fresh, "{age}");
    }
    let mut unsynced = facts();
    unsynced.chain.sync = known(SyncState::Unsynced);
    assert_eq!(agreed_head(&unsynced.chain, now(), &policy().judging()), Err(Refusal::NotSynced));
}

#[test]
fn s4_a_source_that_agrees_renews_the_pin_and_nothing_else_does() {
    let renew = |facts: &Facts, policy: &Policy| renewed(&facts.chain, now(), &policy.judging());
    let fresh = HeadPin { level: level(HEAD), at: now(), ..pin() };
    assert_eq!(renew(&facts(), &policy()), Some(fresh.clone()));
    assert_eq!(renew(&facts(), &pinned(pin())), Some(fresh.clone()));
    // A node that says that blocks come every second shrinks nothing; under another protocol its word is all there is.
    let mut liar = facts();
    liar.chain.constants.as_mut().unwrap().value.block_seconds = 1;
    assert_eq!(renew(&liar, &pinned(pin())), Some(fresh.clone()));
    let older = HeadPin { protocol: "PtOld".to_owned(), ..pin() };
    assert_eq!(renew(&liar, &pinned(older)), Some(HeadPin { block_seconds: 1, ..fresh }));
    // Peers and pin confirm a head; they do not carry the pin on.
    assert!(refusal(&nobody(HEAD), &pinned(pin())).is_none());
    assert_eq!(renew(&nobody(HEAD), &pinned(pin())), None);
    let mut contradicted = facts();
    contradicted.chain.others.push(other("wrong", HEAD + 9, Standing::Ahead { by: 9 }));
    assert_eq!(renew(&contradicted, &policy()), None);
    let mut old = facts();
    old.chain.head.as_mut().unwrap().value.timestamp = seconds_ago(31);
    assert_eq!(renew(&old, &policy()), None);
}

/// In the middle of a run a source that falls silent is waited for.
#[test]
fn s15_a_source_that_falls_silent_is_waited_for_two_minutes() {
    let mut facts = facts();
    facts.chain.others = vec![OtherSource { name: "tzkt".to_owned(), said: unknown() }];
    let since = |seconds| but(prepared(), |p| p.session.closed_since = Some(seconds_ago(seconds)));
    let verdict = decide(&facts, &policy(), &since(119));
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Known { .. })), "{verdict:?}");
    assert!(matches!(decide(&facts, &policy(), &since(120)), Verdict::Refuse(Refusal::Alone { .. })));
}

fn age(seconds: i64) -> HeadAge {
    let timestamp = Timestamp::from_millis(now().millis() - seconds * 1000);
    let head = failover_core::facts::Head { timestamp, ..head(HEAD) };
    HeadAge::of(&head, Some(SyncState::Synced), now(), Some(ChainId::MAINNET))
}

#[test]
fn h13_a_heads_age_at_its_limits() {
    assert_eq!(age(30), HeadAge::Fresh);
    assert_eq!(age(31), HeadAge::Stale { seconds: 31 });
    assert_eq!(age(-2), HeadAge::Fresh);
    assert_eq!(age(-3), HeadAge::Ahead { seconds: 3 });
    assert_eq!(age(-14), HeadAge::Ahead { seconds: 14 });
    assert_eq!(age(-15), HeadAge::Future { seconds: 15 });
}

#[test]
fn h2_the_wrong_chain_and_an_unsynced_node_are_never_fresh() {
    let of = |sync, chain| HeadAge::of(&head(HEAD), Some(sync), now(), Some(chain));
    assert!(!of(SyncState::Synced, ChainId::new([1, 2, 3, 4])).is_fresh());
    assert!(!of(SyncState::Unsynced, ChainId::MAINNET).is_fresh());
    assert!(of(SyncState::Synced, ChainId::MAINNET).is_fresh());
}
