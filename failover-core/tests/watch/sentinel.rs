//! Missed votes and a dead baker are said; nothing is ever started.

use failover_core::signer::Model;
use failover_core::watch::{Finding, Trouble, WatchRole};
use failover_sim::{BAKER_UNIT, Event, RpcFault, Side, WorldOptions};

use crate::support::{BOTH, after_failover, from_scratch};

fn missed(notes: &[Finding]) -> Vec<(u64, WatchRole, Option<String>)> {
    let missed = |note: &Finding| match note {
        Finding::Missed { in_a_row, role, next, .. } => Some((*in_a_row, *role, next.clone())),
        _ => None,
    };
    notes.iter().filter_map(missed).collect()
}

#[test]
fn a_silent_primary_is_said_and_a_run_is_proposed_in_words() {
    for model in BOTH {
        let mut watched = from_scratch(WorldOptions::new(model, 41), Side::Backup);
        watched.goes_on(120);
        assert_eq!(watched.watch.role(), Some(WatchRole::Sentinel), "{model}");
        assert!(watched.watch.votes().levels > 10 && watched.watch.votes().missed == 0, "{model}");
        watched.world.apply(Event::PowerOff(Side::Primary));
        watched.goes_on(180);
        let missed = missed(&watched.notes());
        let counts: Vec<u64> = missed.iter().map(|(count, ..)| *count).collect();
        assert!(counts.starts_with(&[1, 2, 5, 10]), "{model}: {counts:?}");
        for (count, role, next) in missed {
            assert_eq!(role, WatchRole::Sentinel);
            assert_eq!(next.is_some_and(|next| next.contains("failover run")), count >= 10, "{model}: {count}");
        }
        assert_eq!((watched.signatures(), watched.world.bakes(Side::Backup)), (0, false), "nothing is started");
        watched.world.apply(Event::PowerOn(Side::Primary));
        if model == Model::TezSign {
            watched.goes_on(120);
            let signs =
                watched.notes().into_iter().any(|note| matches!(note, Finding::Signs { after, .. } if after > 20));
            assert!(signs, "{model}: {}", watched.told());
        }
        assert!(watched.troubles().is_empty(), "{model}: {}", watched.told());
    }
}

#[test]
fn a_level_without_rights_is_no_missed_vote() {
    let options = WorldOptions { rights_in_ten: 2, ..WorldOptions::new(Model::Ledger, 42) };
    let mut watched = from_scratch(options, Side::Backup);
    watched.world.apply(Event::PowerOff(Side::Primary));
    watched.goes_on(60);
    let before = watched.watch.votes();
    watched.goes_on(400);
    let votes = watched.watch.votes();
    let (levels, rights) = (votes.levels - before.levels, votes.with_rights - before.with_rights);
    assert!(levels > 40 && rights > 4 && rights * 3 < levels, "{before:?} {votes:?}");
    assert_eq!(votes.missed - before.missed, rights, "{before:?} {votes:?}");
    let told = missed(&watched.notes()).last().map(|(count, ..)| *count);
    assert!(told.is_some_and(|told| told <= votes.missed), "{votes:?} {told:?}");
}

#[test]
fn a_dead_baker_on_the_machine_that_bakes_is_said() {
    for model in BOTH {
        let mut watched = after_failover(model, 43);
        watched.goes_on(30);
        watched.world.exec(Side::Backup, &["systemctl", "stop", BAKER_UNIT]).unwrap();
        watched.goes_on(120);
        let why = watched.notes().into_iter().find_map(|note| match note {
            Finding::Trouble { what: Trouble::Services, why, .. } => Some(why),
            _ => None,
        });
        assert!(why.unwrap().contains(BAKER_UNIT), "{model}");
        let missed = missed(&watched.notes());
        assert!(missed.iter().any(|(count, role, _)| *count == 10 && *role == WatchRole::Baker), "{model}: {missed:?}");
        watched.world.exec(Side::Backup, &["tezbake", "start"]).unwrap();
        watched.goes_on(60);
        let over = |note: &Finding| matches!(note, Finding::Over { what: Trouble::Services, .. });
        assert!(watched.notes().iter().any(over), "{model}: {}", watched.told());
        assert!(watched.notes().iter().any(|note| matches!(note, Finding::Signs { .. })), "{model}");
        // All of it, not only the baker.
        watched.world.exec(Side::Backup, &["tezbake", "stop"]).unwrap();
        watched.world.exec(Side::Backup, &["systemctl", "start", failover_sim::NODE_UNIT]).unwrap();
        watched.goes_on(30);
        let dead = watched.notes().into_iter().any(
            |note| matches!(note, Finding::Trouble { what: Trouble::Services, why, .. } if why.contains("does not bake")),
        );
        assert!(dead, "{model}: {}", watched.told());
    }
}

#[test]
fn a_node_that_is_gone_or_stands_still_is_said_and_so_is_its_return() {
    let mut watched = from_scratch(WorldOptions::new(Model::TezSign, 44), Side::Backup);
    watched.goes_on(30);
    watched.world.apply(Event::Rpc(Some(RpcFault::Html)));
    watched.goes_on(60);
    watched.world.apply(Event::Rpc(None));
    watched.goes_on(30);
    watched.world.apply(Event::HaltChain);
    watched.goes_on(120);
    watched.world.apply(Event::ResumeChain);
    watched.goes_on(60);
    let chain: Vec<&str> = []
        .into_iter()
        .chain(watched.notes().iter().filter_map(|note| match note {
            Finding::Trouble { what: Trouble::Chain, .. } => Some("trouble"),
            Finding::Over { what: Trouble::Chain, .. } => Some("over"),
            _ => None,
        }))
        .collect();
    let mut each = chain.clone();
    each.dedup();
    assert_eq!(each, ["trouble", "over", "trouble", "over"], "{}", watched.told());
    // While nothing is seen, nothing is missed.
    assert_eq!(watched.watch.votes().missed, 0, "{}", watched.told());
}

/// H15: blocks that nobody can read completely are passed over, and named; what is seen in them is judged.
#[test]
fn blocks_that_cannot_be_read_are_named() {
    let mut watched = after_failover(Model::TezSign, 45);
    watched.goes_on(30);
    watched.world.apply(Event::UnknownOperation(true));
    watched.goes_on(300);
    let kept = watched.watch.remembered();
    assert!(watched.troubles().contains(&Trouble::Blocks), "{}", watched.told());
    watched.world.apply(Event::UnknownOperation(false));
    watched.goes_on(120);
    let unjudged = watched.notes().iter().filter(|note| matches!(note, Finding::Unjudged { .. })).count();
    assert_eq!(unjudged, 1, "{}", watched.told());
    assert!(watched.watch.remembered() <= kept + 100, "{kept} {}", watched.watch.remembered());
}
