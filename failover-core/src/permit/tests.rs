//! What the files of a permit say, in the order in which they are touched.

use super::{Claim, PermitError, PermitKind, PermitState, Root, RunId, RunPermit, hostname};
use crate::clock::Timestamp;
use crate::tezos::{ChainId, Curve, KeyHash};

#[test]
fn a_stop_before_the_permit_is_one_of_the_run_that_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let baker: KeyHash = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9".parse().unwrap();
    let permits = Root::at(folder.path().join("machine")).of(ChainId::MAINNET, baker);
    let run = RunId::from_bytes([1; 16]);
    let make = |run: &RunId| permits.make(run, PermitKind::Run, "somebody", Timestamp::from_millis(1));
    permits.begin(&run).unwrap();
    assert_eq!(permits.look(&run).unwrap(), PermitState::NotMade);
    permits.take_away("`failover stand-down`").unwrap();
    let gone = PermitState::Gone { by: Some("`failover stand-down`".to_owned()) };
    assert_eq!(permits.look(&run).unwrap(), gone);
    assert!(matches!(make(&run), Err(PermitError::Gone { .. })));
    assert_eq!(permits.look(&run).unwrap(), gone);
    // The next one is not stopped by it.
    let next = RunId::from_bytes([2; 16]);
    permits.begin(&next).unwrap();
    make(&next).unwrap();
    assert_eq!(permits.look(&next).unwrap(), PermitState::Valid);
    permits.end(&next).unwrap();
    assert!(matches!(permits.look(&next).unwrap(), PermitState::Gone { .. }));
}

/// On a full disk a stop may have room for nothing: it removes what it cannot move, and leaves no word.
#[test]
fn what_a_stop_only_could_remove_is_gone_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let permits = Root::at(folder.path().join("machine")).of(ChainId::MAINNET, KeyHash::new(Curve::Bls, [1; 20]));
    let run = RunId::from_bytes([1; 16]);
    let make = || permits.make(&run, PermitKind::Run, "somebody", Timestamp::from_millis(1));
    permits.begin(&run).unwrap();
    std::fs::remove_file(permits.part("begun").join(run.to_string())).unwrap();
    assert_eq!(make(), Err(PermitError::Gone { by: None }));
    assert_eq!(permits.look(&run).unwrap(), PermitState::NotMade);
}

/// Journals and permits that were copied from another machine name its runs; its claims name its host.
#[test]
fn a_claim_of_a_machine_with_another_name_is_never_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let permits = Root::at(folder.path().join("machine")).of(ChainId::MAINNET, KeyHash::new(Curve::Bls, [1; 20]));
    let run = RunId::from_bytes([1; 16]);
    permits.begin(&run).unwrap();
    permits.make(&run, PermitKind::Run, "somebody", Timestamp::from_millis(1)).unwrap();
    let of =
        |host: String| Claim { v: Claim::VERSION, run, host, who: "root".to_owned(), at: Timestamp::from_millis(1) };
    let next = RunId::from_bytes([2; 16]);
    let mut permit = RunPermit { permits, run: next, who: "root".to_owned(), known: Vec::new() };
    for known in [Vec::new(), vec![run]] {
        permit.known = known;
        assert!(permit.is_own(&of(hostname())).unwrap());
        assert!(!permit.is_own(&of("elsewhere".to_owned())).unwrap());
    }
    assert!(!permit.is_own(&Claim { run: next, ..of(hostname()) }).unwrap());
}
