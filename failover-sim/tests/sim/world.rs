//! The simulated world lives: blocks, votes, reboots, guards; and it is the same twice.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may stop it like the test itself"
)]

use std::time::Duration;

use failover_core::clock::Clock;
use failover_core::signer::Model;
use failover_sim::{Answer, BAKER_UNIT, Event, HostFault, Side, TEZSIGN_UNIT, World, WorldOptions};
use serde_json::Value;

fn world(model: Model) -> World {
    World::new(WorldOptions::new(model, 11))
}

fn get(world: &World, path: &str) -> Value {
    match world.rpc(path) {
        Answer::Http { status: 200, body } => serde_json::from_slice(&body).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

fn wait(world: &World, seconds: u64) {
    world.clock().sleep(Duration::from_secs(seconds));
}

/// Levels of the last `levels` blocks that our baker attested or baked.
fn ours(world: &World, levels: u64) -> (Vec<u64>, Vec<u64>) {
    let (baker, head) = (world.baker().to_string(), world.head_level().get());
    let (mut attested, mut baked) = (Vec::new(), Vec::new());
    for level in head - levels + 1..=head {
        let operations = get(world, &format!("/chains/main/blocks/{level}/operations/0?metadata=always"));
        if operations.to_string().contains(&baker) {
            attested.push(level - 1);
        }
        if get(world, &format!("/chains/main/blocks/{level}/metadata"))["baker"] == baker.as_str() {
            baked.push(level);
        }
    }
    (attested, baked)
}

#[test]
fn the_primary_bakes_and_votes() {
    for model in [Model::TezSign, Model::Ledger] {
        let world = world(model);
        wait(&world, 60);
        let (attested, baked) = ours(&world, 30);
        assert_eq!(attested.len(), 30, "{model}");
        assert!(baked.len() >= 8, "{model}: {baked:?}");
        assert!(world.alarms().is_empty());
        assert!(world.bakes(Side::Primary) && !world.bakes(Side::Backup));
    }
}

#[test]
fn the_chain_goes_on_without_us() {
    let world = world(Model::TezSign);
    world.apply(Event::PowerOff(Side::Primary));
    wait(&world, 300);
    let (attested, baked) = ours(&world, 30);
    assert!(attested.is_empty() && baked.is_empty(), "{attested:?} {baked:?}");
    let rounds: Vec<Value> =
        (0..30).map(|n| get(&world, &format!("/chains/main/blocks/head~{n}/helpers/round"))).collect();
    assert!(rounds.iter().any(|round| *round != 0), "somebody bakes our blocks in round 1");
}

#[test]
fn recorded_power_is_what_the_votes_add_up_to() {
    let world = world(Model::TezSign);
    wait(&world, 600);
    let mut again = 0;
    for back in 0..90 {
        let block = format!("/chains/main/blocks/head~{back}");
        let operations = get(&world, &format!("{block}/operations/0?metadata=always"));
        let (mut attested, mut preattested) = (0, 0);
        for content in operations.as_array().unwrap().iter().map(|op| &op["contents"][0]) {
            let metadata = &content["metadata"];
            let power = metadata.get("total_consensus_power").or(metadata.get("consensus_power")).unwrap();
            let early = content["kind"].as_str().unwrap().starts_with("pre");
            *(if early { &mut preattested } else { &mut attested }) += power["slots"].as_u64().unwrap();
        }
        let metadata = get(&world, &format!("{block}/metadata"));
        assert_eq!(metadata["attestations"]["recorded_power"], attested.to_string().as_str());
        match &metadata["preattestations"] {
            Value::Null => assert_eq!(preattested, 0),
            power => {
                assert_eq!(power["recorded_power"], preattested.to_string().as_str());
                again += 1;
            }
        }
    }
    assert!(again > 0, "no block was proposed again");
}

#[test]
fn two_live_machines_with_the_same_keys_are_caught() {
    let world = world(Model::TezSign);
    let pass = world.passphrase();
    assert_eq!(world.exec(Side::Backup, &["tezbake", "start"]).unwrap().code, 0);
    wait(&world, 30);
    assert!(world.alarms().is_empty(), "a locked device signs nothing");
    assert!(world.unlock(Side::Backup, &pass));
    wait(&world, 60);
    let alarms = world.alarms();
    assert!(!alarms.is_empty());
    assert!(alarms.iter().all(|alarm| !alarm.kind.is_vote()), "identical votes are no alarm: {alarms:?}");
}

#[test]
fn a_machine_that_boots_signs_again_by_itself() {
    let world = world(Model::TezSign);
    world.apply(Event::PowerOff(Side::Primary));
    wait(&world, 120);
    world.apply(Event::PowerOn(Side::Primary));
    wait(&world, 60);
    assert!(world.bakes(Side::Primary));
    let (attested, _) = ours(&world, 3);
    assert!(!attested.is_empty());
}

#[test]
fn a_drop_in_keeps_a_service_from_starting_and_lets_a_running_one_be() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("ACTIVE");
    let world = world(Model::TezSign);
    world.set_guard(Side::Primary, token.clone());
    // A token alone keeps nothing from starting.
    world.apply(Event::KillService(Side::Primary, BAKER_UNIT.to_owned()));
    wait(&world, 60);
    assert!(world.bakes(Side::Primary));

    let path = format!("/etc/systemd/system/{BAKER_UNIT}.service.d/guard.conf");
    let text =
        format!("[Unit]\nAssertPathExists={0}\n[Service]\nExecCondition=+/usr/bin/test -e {0}\n", token.display());
    world.apply(Event::Host(Side::Primary, HostFault::File(path, Some(text))));
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "systemctl", "daemon-reload"]).unwrap().code, 0);
    assert!(world.bakes(Side::Primary));
    world.apply(Event::KillService(Side::Primary, BAKER_UNIT.to_owned()));
    wait(&world, 60);
    assert!(!world.bakes(Side::Primary));
    let start = ["sudo", "-n", "systemctl", "start", "--", BAKER_UNIT];
    let out = world.exec(Side::Primary, &start).unwrap();
    assert_eq!(out.code, 1, "{out:?}");
    std::fs::write(&token, "").unwrap();
    let out = world.exec(Side::Primary, &start).unwrap();
    assert_eq!(out.code, 0, "{out:?}");
    assert!(world.bakes(Side::Primary));
    std::fs::remove_file(&token).unwrap();
    world.apply(Event::PowerOff(Side::Primary));
    world.apply(Event::PowerOn(Side::Primary));
    wait(&world, 60);
    let state = |unit| world.exec(Side::Primary, &["systemctl", "show", "-p", "ActiveState", unit]).unwrap().stdout;
    assert_eq!(
        (state(BAKER_UNIT).as_str(), state(TEZSIGN_UNIT).as_str()),
        ("ActiveState=inactive\n", "ActiveState=active\n")
    );
}

#[test]
fn a_killed_service_restarts_and_a_stopped_one_does_not() {
    let world = world(Model::TezSign);
    let state = || {
        let argv = ["systemctl", "show", "-p", "Id,ActiveState,SubState,MainPID,RestartUSec", "--", BAKER_UNIT];
        world.exec(Side::Primary, &argv).unwrap().stdout
    };
    world.apply(Event::KillService(Side::Primary, BAKER_UNIT.to_owned()));
    assert!(state().contains("SubState=auto-restart") && state().contains("RestartUSec=20s"), "{}", state());
    wait(&world, 21);
    assert!(state().contains("SubState=running"));
    assert_eq!(world.exec(Side::Primary, &["systemctl", "stop", BAKER_UNIT]).unwrap().code, 4);
    assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "systemctl", "stop", BAKER_UNIT]).unwrap().code, 0);
    wait(&world, 60);
    assert!(state().contains("ActiveState=inactive") && state().contains("MainPID=0"));
    let processes = world.exec(Side::Primary, &["ps", "-eo", "pid=,comm=,args="]).unwrap().stdout;
    assert!(!processes.contains("octez-baker") && processes.contains("tezsign run"), "{processes}");
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let run = |seed| {
        let world = World::new(WorldOptions::new(Model::Ledger, seed));
        world.at(world.now().after(Duration::from_secs(50)), Event::PowerOff(Side::Primary));
        wait(&world, 200);
        (world.head_hash(), world.head_level())
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}
