//! `level` and `activity` as processes, against a served node.

use failover_core::tezos::ChainId;

use crate::support::{call, node, stopped, world};

#[test]
fn a_fresh_head_exits_0() {
    let said = call(&["--json", "--node", &node(ChainId::MAINNET), "level"]);
    assert_eq!(said.code, 0, "{said:?}");
    said.end();
    assert_eq!(said.named("head")[0]["verdict"], "fresh");
    assert_eq!(said.named("level")[0]["level"], said.named("head")[0]["level"]);
    assert!(said.named("level")[0]["level"].as_u64().unwrap() > 14_999_990);
}

#[test]
fn a_stale_head_and_one_from_the_future_exit_3() {
    for (seconds, verdict, says) in [(-300, "stale", "s old"), (60, "future", "clock")] {
        let said = call(&["--json", "--node", &stopped(seconds), "level"]);
        assert_eq!(said.code, 3, "{said:?}");
        assert_eq!(said.named("head")[0]["verdict"], verdict);
        assert!(said.error().contains(says), "{said:?}");
        assert_eq!(said.end()["outcome"], "refused");
    }
}

#[test]
fn what_a_baker_signed_lately() {
    let baker = world(ChainId::MAINNET, 0).baker().to_string();
    let said = call(&["--json", "--node", &node(ChainId::MAINNET), "activity", &baker, "--levels", "5"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.named("activity").len(), 5, "{said:?}");
    let last = said.named("last");
    assert_eq!(last.len(), 3);
    let attested = last.iter().find(|l| l["kind"] == "attestation").unwrap();
    assert!(attested["at"]["level"].as_u64().unwrap() > 14_999_990, "{said:?}");
    said.end();
}
