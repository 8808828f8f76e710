//! What keeps a run from going on, by name.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{Progress, Refusal, Verdict, WaitFor, decide};
use failover_core::facts::{
    Arming, ClaimAnswer, ExpectedKey, Facts, HostIdentity, KeyName, KeyRole, LastSigned, OtherSource, SecondOpinion,
    Signed, Standing, SyncState,
};
use failover_core::tezos::{ChainId, Kind};

use crate::world::*;

fn refusal(facts: &Facts, progress: &Progress) -> Refusal {
    match decide(facts, &policy(), progress) {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

macro_rules! refuses {
    ($($name:ident: $spoil:expr => $pattern:pat, exit $exit:expr;)*) => {$(
        #[test]
        fn $name() {
            let mut facts = facts();
            let spoil: fn(&mut Facts) = $spoil;
            spoil(&mut facts);
            let refusal = refusal(&facts, &Progress::default());
            assert!(matches!(refusal, $pattern), "{refusal:?}");
            assert_eq!(refusal.exit(), $exit);
            assert!(!refusal.next().is_empty());
        }
    )*};
}

/// The one other source, as it is now.
fn others(facts: &mut Facts, head: u64, standing: Standing) {
    facts.chain.others = vec![other("tzkt", head, standing)];
}

fn old(seconds: i64) -> Timestamp {
    Timestamp::from_millis(now().millis() - seconds * 1000)
}

refuses! {
    h1_a_stale_head_that_nobody_shares: |f| {
        f.chain.head.as_mut().unwrap().value.timestamp = old(300);
        others(f, HEAD - 10, Standing::Behind { by: 10 });
    } => Refusal::Stale { .. }, exit 3;
    h1_a_fresh_head_that_only_one_peer_shares: |f| {
        f.chain.others.clear();
        f.chain.second = known(SecondOpinion { asked: 1, agreeing: 1, highest: level(HEAD) });
    } => Refusal::Alone { .. }, exit 3;
    h1_most_peers_are_elsewhere: |f| {
        f.chain.others.clear();
        f.chain.second = known(SecondOpinion { asked: 6, agreeing: 3, highest: level(HEAD) });
    } => Refusal::Alone { .. }, exit 3;
    h20_a_source_far_ahead_of_the_own_node: |f| others(f, HEAD + 3, Standing::Ahead { by: 3 })
        => Refusal::Contradicted { .. }, exit 3;
    h20_an_old_head_and_a_source_far_ahead: |f| {
        others(f, HEAD + 50, Standing::Ahead { by: 50 });
        f.chain.head.as_mut().unwrap().value.timestamp = seconds_ago(31);
    } => Refusal::NodeBehind { levels: 50, .. }, exit 3;
    h20_a_source_with_another_final_block: |f| {
        f.chain.others.push(other("a node", HEAD, Standing::Differs { at: level(HEAD - 2) }));
    } => Refusal::Contradicted { .. }, exit 3;
    h2_a_source_on_another_chain: |f| {
        others(f, HEAD, Standing::OtherChain { found: ChainId::new([1, 2, 3, 4]) });
    } => Refusal::Contradicted { .. }, exit 3;
    h1_no_peers_and_the_only_other_source_is_behind: |f| {
        f.chain.second = unknown();
        others(f, HEAD - 10, Standing::Behind { by: 10 });
    } => Refusal::Alone { .. }, exit 3;
    h1_no_peers_and_the_only_other_source_does_not_answer: |f| {
        f.chain.second = unknown();
        f.chain.others = vec![OtherSource { name: "tzkt".to_owned(), said: unknown() }];
    } => Refusal::Alone { .. }, exit 3;
    h5_an_indexer_with_a_signature_past_the_cap: |f| {
        let mut lying = other("an indexer", HEAD, Standing::Agrees);
        let last = LastSigned { kind: Kind::Attestation, level: level(HEAD + 1_000_000) };
        lying.said.as_mut().unwrap().value.last_signed.push(last);
        f.chain.others.push(lying);
    } => Refusal::Absurd { .. }, exit 3;
    h2_another_chain: |f| f.chain.head.as_mut().unwrap().value.chain_id = ChainId::new([1, 2, 3, 4])
        => Refusal::WrongChain { .. }, exit 3;
    h13_a_head_from_the_future: |f| f.chain.head.as_mut().unwrap().value.timestamp = old(-16)
        => Refusal::Future { .. }, exit 3;
    the_node_is_not_synced: |f| f.chain.sync = known(SyncState::Unsynced) => Refusal::NotSynced, exit 3;
    an_unknown_head: |f| f.chain.head = unknown() => Refusal::Unknown { .. }, exit 3;
    h15_activity_that_cannot_be_read: |f| f.chain.activity = unknown() => Refusal::Unknown { .. }, exit 3;
    a_protocol_change: |f| f.chain.delegate.as_mut().unwrap().value.next_protocol = "PtNext".to_owned()
        => Refusal::ProtocolChange { passed: false }, exit 3;
    a_protocol_that_comes_in_ten_levels: |f| f.chain.delegate.as_mut().unwrap().value.levels_to_protocol = Some(10)
        => Refusal::ProtocolChange { passed: false }, exit 3;
    a_protocol_that_came_within_ten_levels: |f| {
        f.chain.delegate.as_mut().unwrap().value.earlier_protocol = "PtOld".to_owned();
    } => Refusal::ProtocolChange { passed: true }, exit 3;
    h7_a_deactivated_baker: |f| f.chain.delegate.as_mut().unwrap().value.deactivated = true
        => Refusal::Standing { forbidden: false, .. }, exit 3;
    h7_a_forbidden_baker: |f| f.chain.delegate.as_mut().unwrap().value.forbidden = true
        => Refusal::Standing { forbidden: true, .. }, exit 3;
    h7_other_keys_than_the_chain_expects: |f| {
        f.chain.delegate.as_mut().unwrap().value.keys[1].key = policy_baker();
    } => Refusal::MissingKey { role: KeyRole::Consensus, .. }, exit 3;
    h8_the_companion_is_not_on_the_device: |f| {
        f.backup.device.as_mut().unwrap().value.keys.remove(0);
    } => Refusal::MissingKey { role: KeyRole::Companion, .. }, exit 3;
    h8_a_pending_key_that_is_not_on_the_device: |f| {
        let key = ExpectedKey { key: policy_baker(), role: KeyRole::Consensus, from_cycle: Some(1002) };
        f.chain.delegate.as_mut().unwrap().value.keys.push(key);
    } => Refusal::MissingKey { from_cycle: Some(1002), .. }, exit 3;
    h8_a_pending_key_about_to_activate: |f| {
        let delegate = &mut f.chain.delegate.as_mut().unwrap().value;
        delegate.levels_to_next_cycle = 50;
        delegate.keys.push(ExpectedKey { key: consensus(), role: KeyRole::Consensus, from_cycle: Some(1001) });
    } => Refusal::KeyChange { levels: 50 }, exit 3;
    h19_the_primary_is_this_machine: |f| f.primary.standing = known(ClaimAnswer::Itself) => Refusal::WrongHost { .. }, exit 3;
    h19_perhaps_this_machine: |f| {
        f.primary.identity = f.backup.identity.clone();
        f.primary.standing = unknown();
    } => Refusal::WrongHost { .. }, exit 3;
    h12_a_run_is_going_on_there: |f| {
        f.primary.standing = known(ClaimAnswer::RunThere { holder: "somebody".to_owned() });
    } => Refusal::RunThere { .. }, exit 7;
    s13_an_older_failover_there: |f| {
        f.primary.standing = known(ClaimAnswer::Older { version: "failover 0.1.0".to_owned() });
    } => Refusal::OlderThere { .. }, exit 3;
    s13_a_claim_there: |f| f.primary.standing = known(ClaimAnswer::Claimed { by: claim(7) }) => Refusal::Claimed { .. }, exit 7;
    s13_a_claim_here: |f| f.backup.claims = known(vec![claim(7)]) => Refusal::Claimed { .. }, exit 7;
    s13_a_claim_here_whose_machine_does_not_say_that_it_is_over: |f| {
        f.backup.claims = known(vec![claim(7)]);
        f.primary.standing = known(ClaimAnswer::Free { over: Some(false) });
    } => Refusal::Claimed { .. }, exit 7;
    h19_another_host_key: |f| f.primary.impostor = Some("changed".to_owned()) => Refusal::WrongHost { .. }, exit 3;
    h18_no_device: |f| f.backup.device = unknown() => Refusal::NotReady { .. }, exit 4;
}

#[test]
fn h7_the_name_on_the_device_and_its_key_stand_beside_the_key_that_the_chain_expects() {
    let mut facts = facts();
    facts.backup.device.as_mut().unwrap().value.keys[1].key = policy_baker();
    let said = refusal(&facts, &Progress::default()).to_string();
    for part in [consensus().to_string(), "where consensus is".to_owned(), policy_baker().to_string()] {
        assert!(said.contains(&part), "{part}: {said}");
    }
    // A name that somebody gave it, as it is configured.
    let mut policy = policy();
    policy.keys = vec![KeyName::new("old-one"), KeyName::new("companion")];
    facts.backup.device.as_mut().unwrap().value.keys[1].name = KeyName::new("old-one");
    let verdict = decide(&facts, &policy, &Progress::default());
    assert!(
        matches!(&verdict, Verdict::Refuse(refusal) if refusal.to_string().contains("where old-one is")),
        "{verdict:?}"
    );
}

#[test]
fn h7_a_configured_name_must_stand_for_a_key_that_the_chain_expects() {
    let mut facts = facts();
    let mut spare = facts.backup.device.as_ref().unwrap().value.keys[0].clone();
    (spare.name, spare.key) = (KeyName::new("spare"), policy_baker());
    facts.backup.device.as_mut().unwrap().value.keys.push(spare);
    let verdict = |names: &[&str]| {
        let policy =
            failover_core::decision::Policy { keys: names.iter().copied().map(KeyName::new).collect(), ..policy() };
        decide(&facts, &policy, &Progress::default())
    };
    assert!(matches!(verdict(&["consensus", "companion"]), Verdict::Ask(_)));
    let Verdict::Refuse(refusal) = verdict(&["spare", "companion"]) else { panic!("not refused") };
    let said = refusal.to_string();
    assert!(said.contains(&format!("spare is {}", policy_baker())), "{said}");
    assert!(said.contains(&consensus().to_string()) && refusal.exit() == 3, "{said}");
    let Verdict::Refuse(refusal) = verdict(&["consnesus"]) else { panic!("not refused") };
    assert!(refusal.to_string().contains("consnesus is not on the device"), "{refusal}");
}

#[test]
fn a_protocol_change_in_the_middle_of_a_run_is_waited_for() {
    let mut facts = facts();
    facts.chain.delegate.as_mut().unwrap().value.levels_to_protocol = Some(10);
    let mut progress = but(prepared(), |p| p.session.closed_since = Some(old(130)));
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Wait(_)), "twenty levels take two minutes");
    progress.session.closed_since = Some(old(600));
    assert!(matches!(refusal(&facts, &progress), Refusal::ProtocolChange { .. }));
    facts.chain.delegate.as_mut().unwrap().value.levels_to_protocol = Some(11);
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Do(_)));
}

fn policy_baker() -> failover_core::tezos::KeyHash {
    "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E".parse().expect("a key")
}

#[test]
fn h19_a_machine_that_is_not_the_pinned_one() {
    let mut policy = policy();
    policy.primary_pin = Some(HostIdentity { machine_id: "c".repeat(32) });
    let verdict = decide(&facts(), &policy, &Progress::default());
    assert!(matches!(verdict, Verdict::Refuse(Refusal::WrongHost { .. })), "{verdict:?}");
}

#[test]
fn h21_a_slow_chain_is_waited_for_half_an_hour_and_no_longer() {
    let mut facts = facts();
    facts.chain.head.as_mut().unwrap().value.timestamp = old(1700);
    let mut progress = but(prepared(), |p| p.session.head = Some((level(HEAD), old(1700))));
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Chain { .. })), "{verdict:?}");
    progress.session.head = Some((level(HEAD), old(1800)));
    assert!(matches!(refusal(&facts, &progress), Refusal::Halted { .. }));
}

#[test]
fn h13_a_head_that_is_old_when_it_comes_is_no_slow_chain() {
    let mut facts = facts();
    facts.chain.head.as_mut().unwrap().value.timestamp = old(40);
    // Seen since it was new: it grew old.
    let came = |seconds, first| {
        but(prepared(), |p| {
            p.session.head = Some((level(HEAD), old(seconds)));
            p.session.came = Some(old(seconds));
            p.session.first_head = Some(first);
        })
    };
    for waits in [came(39, level(HEAD - 1)), came(0, level(HEAD))] {
        let verdict = decide(&facts, &policy(), &waits);
        assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Chain { .. })), "{verdict:?}");
    }
    let late = but(came(0, level(HEAD - 1)), |p| p.session.closed_since = Some(old(120)));
    let refused = refusal(&facts, &late);
    assert!(matches!(refused, Refusal::Late { .. }) && refused.next().contains("clock"), "{refused}");
    // As a slow chain it is not waited for: it may be right again in a moment, within two minutes.
    let verdict = decide(&facts, &policy(), &came(0, level(HEAD - 1)));
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Known { .. })), "{verdict:?}");
}

#[test]
fn h4_a_primary_that_still_signs_is_not_fenced() {
    let mut facts = facts();
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 4, 0));
    assert!(matches!(refusal(&facts, &prepared()), Refusal::NotSilent { .. }));
}

#[test]
fn late_votes_at_or_below_b_are_no_alarm() {
    let (mut facts, progress) = raised(HEAD + 7);
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 5, 0));
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Do(_)));
}

#[test]
fn h5_a_margin_with_a_digit_too_many_is_past_the_cap() {
    let policy = failover_core::decision::Policy { margin: 101, ..policy() };
    let verdict = decide(&facts(), &policy, &prepared());
    let mut armed = facts();
    armed.backup.device = known(device(Arming::Armed, Some(marks(5))));
    assert!(matches!(verdict, Verdict::Refuse(Refusal::PastCap { .. })), "{verdict:?}");
}

#[test]
fn nobody_says_that_the_signer_is_unplugged() {
    let progress = but(prepared(), |p| {
        p.kept.statements = Default::default();
        p.session.denied =
            vec![failover_core::decision::Statement::Disconnected, failover_core::decision::Statement::PoweredOff];
    });
    assert!(matches!(refusal(&facts(), &progress), Refusal::NotFenced { .. }));
}

#[test]
fn what_is_unknown_in_the_middle_of_a_run_is_waited_for_two_minutes() {
    let mut facts = facts();
    facts.chain.activity = unknown();
    let mut progress = but(prepared(), |p| p.session.closed_since = Some(old(119)));
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if w.left == Some(Duration::from_secs(1))), "{verdict:?}");
    progress.session.closed_since = Some(old(120));
    assert!(matches!(refusal(&facts, &progress), Refusal::Unknown { .. }));
}

#[test]
fn s4_an_observation_past_the_cap_is_named_not_believed_and_not_left_out() {
    let mut facts = facts();
    let lie = Signed { seen_in: "tzkt".to_owned(), ..signed(Kind::Attestation, 20_000_000, 0) };
    activity(&mut facts).recent.push(lie.clone());
    let refusal = match decide(&facts, &policy(), &Progress::default()) {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal.exit(), 3);
    assert!(refusal.to_string().contains("tzkt"), "{refusal}");
    assert!(matches!(refusal, Refusal::Absurd { signed, .. } if signed == lie));
    // At the cap it is believed, and then the floor is past it.
    activity(&mut facts).recent = vec![signed(Kind::Attestation, HEAD + 100, 0)];
    let verdict = decide(&facts, &policy(), &Progress::default());
    assert!(matches!(verdict, Verdict::Refuse(Refusal::PastCap { .. })), "{verdict:?}");
}

#[test]
fn h1_one_other_source_that_agrees_is_a_second_opinion() {
    let mut facts = facts();
    facts.chain.second = unknown();
    others(&mut facts, HEAD - 10, Standing::Behind { by: 10 });
    assert!(matches!(refusal(&facts, &Progress::default()), Refusal::Alone { .. }));
    facts.chain.others.push(other("a node", HEAD, Standing::Agrees));
    let verdict = decide(&facts, &policy(), &Progress::default());
    assert!(!matches!(verdict, Verdict::Refuse(_)), "{verdict:?}");
}

#[test]
fn s2_what_other_sources_saw_lifts_the_floor() {
    let mut facts = facts();
    let floor = |facts: &Facts| {
        failover_core::decision::floor(facts, &policy(), &Progress::default(), level(HEAD), None)
            .expect("a floor")
            .get()
    };
    assert_eq!(floor(&facts), HEAD + 10);
    others(&mut facts, HEAD + 2, Standing::Agrees);
    assert_eq!(floor(&facts), HEAD + 12);
    let last = LastSigned { kind: Kind::Attestation, level: level(HEAD + 5) };
    facts.chain.others[0].said.as_mut().unwrap().value.last_signed.push(last);
    assert_eq!(floor(&facts), HEAD + 15);
}

#[test]
fn h13_a_head_may_be_some_seconds_in_the_future_and_not_fifteen() {
    let ahead = |millis| {
        let mut facts = facts();
        facts.chain.head.as_mut().unwrap().value.timestamp = Timestamp::from_millis(now().millis() + millis);
        decide(&facts, &policy(), &Progress::default())
    };
    assert!(matches!(ahead(14_999), Verdict::Ask(_)));
    assert!(matches!(ahead(15_000), Verdict::Refuse(Refusal::Future { .. })));
}
