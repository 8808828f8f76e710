//! What the files of a permit say, in the order in which they are touched.

use super::{PermitError, PermitKind, PermitState, Root, RunId};
use crate::clock::Timestamp;
use crate::tezos::{ChainId, KeyHash};

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
