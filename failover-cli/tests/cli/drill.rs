//! Random worlds: one that is shown, and many that are judged.

use crate::support::call;

#[test]
fn a_random_world_is_replayed_by_its_seed() {
    let replay = || call(&["--json", "drill", "--scenario", "random", "--seed", "7"]);
    let (first, again) = (replay(), replay());
    assert_eq!(first.code, 0, "{first:?}");
    first.end();
    let world = &first.named("world")[0];
    assert!(world["seed"] == 7 && world["wrong"].as_array().unwrap().is_empty(), "{world}");
    assert_eq!(world, &again.named("world")[0]);
    let kinds = |said: &crate::support::Said| -> Vec<String> {
        said.records().iter().map(|record| format!("{} {}", record["record"], record["step"])).collect()
    };
    assert_eq!(kinds(&first), kinds(&again));
}

#[test]
fn many_random_worlds_are_summed_up() {
    let said = call(&["--json", "drill", "--worlds", "12", "--seed", "100"]);
    assert_eq!(said.code, 0, "{said:?}");
    said.end();
    let sum = &said.named("worlds")[0];
    assert!(sum["worlds"] == 12 && sum["failed"] == 0 && sum["signed_twice"] == 0, "{sum}");
    let count = |counts: &serde_json::Value| -> u64 {
        counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
    };
    assert_eq!(count(&sum["exits"]), 12, "{sum}");
    assert_eq!(sum["injected"], count(&sum["faults"]), "{sum}");
    assert!(sum["injected"] != 0 && sum["signatures"] != 0, "{sum}");
}

#[test]
fn a_random_world_draws_its_signer_and_many_draw_everything() {
    for args in [["--scenario", "random", "--signer", "ledger"], ["--worlds", "2", "--scenario", "h3"]] {
        let said = call(&[&["drill"], &args[..]].concat());
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
    }
    assert!(call(&["drill", "--list"]).out.contains("random"));
}
