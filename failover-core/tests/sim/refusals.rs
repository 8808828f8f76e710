//! H27: which earlier refusal a run finds; S4: what it leaves pinned.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{Policy, Step};
use failover_core::failover::earlier_refusal;
use failover_core::journal::record::{End, Outcome, Record};
use failover_core::signer::Model;
use failover_core::state::{PlanId, StateDir};
use failover_core::tezos::ChainId;
use failover_sim::{Event, Side, Source, SourceFault};

use crate::support::Case;

fn ended(outcome: Outcome) -> Record {
    Record::End(End {
        outcome,
        exit: 0,
        message: "over".to_owned(),
        refusal: None,
        resumed: None,
        next: "nothing".to_owned(),
    })
}

#[test]
fn h27_a_refusal_counts_for_the_same_baker_and_chain_for_a_day() {
    let (scratch, mut rehearsal) = Case::new("h27", Model::TezSign, 1).rehearsal();
    assert_eq!(rehearsal.session(None).unwrap().exit, 3);
    let state = StateDir::existing(scratch.path()).unwrap();
    let (policy, now) = (rehearsal.policy_mut().clone(), rehearsal.world().now());
    let found = |policy: &Policy, now: Timestamp| earlier_refusal(&state, policy, now).unwrap();
    let refused = found(&policy, now).expect("it was refused");
    let day = refused.at.after(Duration::from_secs(24 * 3_600));
    assert_eq!(found(&policy, Timestamp::from_millis(day.millis() - 1)), Some(refused));
    assert_eq!(found(&policy, day), None);
    let baker = "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E".parse().unwrap();
    assert_eq!(found(&Policy { baker, ..policy.clone() }, now), None);
    assert_eq!(found(&Policy { chain: ChainId::new([1, 2, 3, 4]), ..policy.clone() }, now), None);

    // A journal without a record, and a run that ended before it armed anything, change nothing.
    let later = |seconds| now.after(Duration::from_secs(seconds));
    let begin =
        |plan| Record::Begin { version: "1".to_owned(), plan, policy: policy.clone(), locks: Vec::new(), run: None };
    state.create_journal::<Record>(later(60), PlanId::random().unwrap()).unwrap();
    let plan = PlanId::random().unwrap();
    let mut file = state.create_journal(later(120), plan).unwrap();
    for record in [begin(plan), ended(Outcome::Cancelled)] {
        file.append(later(120), &record).unwrap();
    }
    assert_eq!(found(&policy, later(180)), Some(refused));
    // One that armed the backup does.
    let plan = PlanId::random().unwrap();
    let mut file = state.create_journal(later(240), plan).unwrap();
    for record in [begin(plan), Record::before(&Step::Unlock { keys: Vec::new() }), ended(Outcome::StoodDown)] {
        file.append(later(240), &record).unwrap();
    }
    assert_eq!(found(&policy, later(300)), None);
}

/// A run pins the head where a source agrees, and nothing else does.
#[test]
fn s4_a_run_pins_the_head_where_a_source_agrees() {
    let (scratch, mut rehearsal) = Case::new("planned", Model::TezSign, 1).rehearsal();
    let before = rehearsal.world().head_level();
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    let pin = StateDir::existing(scratch.path()).unwrap().head_pin().unwrap().expect("a source agreed");
    assert!(pin.level >= before && pin.level <= rehearsal.world().head_level(), "{pin:?}");
    assert_eq!(pin.block_seconds, 6);

    // The sources are gone: the run that follows goes by the pin and the peers, where a person leaves them out.
    let down = Event::Source(Source::Tzkt, Some(SourceFault::Down));
    let (scratch, mut rehearsal) = Case::new("planned", Model::TezSign, 1).rehearsal();
    let _pinned = rehearsal.look().unwrap();
    assert!(StateDir::existing(scratch.path()).unwrap().head_pin().unwrap().is_some());
    rehearsal.world().apply(down.clone());
    rehearsal.policy_mut().without = vec!["the simulated TzKT".to_owned()];
    let end = rehearsal.session(None).unwrap().clone();
    assert_eq!(end.exit, 0, "{}", end.message);
    assert!(rehearsal.world().bakes(Side::Backup));

    let (scratch, mut rehearsal) = Case::new("planned", Model::TezSign, 1).rehearsal();
    rehearsal.world().apply(down);
    assert_eq!(rehearsal.session(None).unwrap().exit, 3);
    assert_eq!(StateDir::existing(scratch.path()).unwrap().head_pin().unwrap(), None);
}
