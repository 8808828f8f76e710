//! `level` and `activity` as processes, against a served node.

use std::path::Path;

use failover_core::tezos::ChainId;

use crate::support::{call, node, nodes, stopped, world};

/// A configuration with these nodes, and a state folder beside it.
fn configured(folder: &Path, own: &str, further: &str) -> String {
    let (path, state) = (folder.join("config.toml"), folder.join("state"));
    let text = format!(
        "state = \"{}\"\n[baker]\nname = \"b\"\naddress = \"tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9\"\n\
         network = \"mainnet\"\n[chain]\nnode = \"{own}\"\nothers = [\"{further}\"]\n[signer]\ndevice = \"tezsign\"\n\
         [backup]\ncontrol = \"tezbake\"\n",
        state.display()
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// S15: a node by itself confirms nothing, however many peers it has; what it shows is shown.
#[test]
fn h26_a_node_that_nobody_confirms_exits_3() {
    let said = call(&["--json", "--state", "/nonexistent", "--node", &node(ChainId::MAINNET), "level"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(said.named("head")[0]["verdict"], "fresh");
    assert!(said.error().contains("no other source is configured"), "{said:?}");
    assert!(said.end()["next"].as_str().unwrap().contains("tzkt"), "{said:?}");
}

#[test]
fn a_fresh_head_that_another_node_confirms_exits_0() {
    let folder = tempfile::tempdir().unwrap();
    let (own, further) = nodes(ChainId::MAINNET);
    let said = call(&["--json", "--config", &configured(folder.path(), &own, &further), "level"]);
    assert_eq!(said.code, 0, "{said:?}");
    said.end();
    assert_eq!(said.named("head")[0]["verdict"], "fresh");
    assert_eq!(said.named("level")[0]["level"], said.named("head")[0]["level"]);
    assert!(said.named("level")[0]["level"].as_u64().unwrap() > 14_999_990);
    assert_eq!(said.named("level")[0]["sources"], 2);
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
