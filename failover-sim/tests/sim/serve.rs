//! The served world answers over real sockets.
#![expect(clippy::unwrap_used, reason = "a test's helpers may stop it like the test itself")]
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use failover_core::chain::http::Http;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Rpc};
use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_core::signer::ledger::{Derivation, KeyPath, Options};
use failover_core::signer::{Arm, Arming, Cap, DeviceReading, KeyName, Model, Passphrase, Selector};
use failover_core::tezos::Kind;
use failover_sim::serve::{Served, serve, stand_in};
use failover_sim::{BAKER_UNIT, Event, NODE_UNIT, RpcFault, Side, Source, SourceFault, World, WorldOptions};

fn served(model: Model, folder: &Path) -> (World, Served) {
    let options = WorldOptions { block_seconds: 1, begins: SystemClock.now(), ..WorldOptions::new(model, 9) };
    let world = World::new(options);
    let served = serve(&world, folder, Path::new("/bin/echo")).unwrap();
    (world, served)
}

/// Waits for something that must come; a minute without it is a failure, however slow the machine.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_node_answers_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let (world, served) = served(Model::TezSign, folder.path());
    let mut node = OctezNode::connect(&served.node_url).unwrap();
    let head = node.head().unwrap();
    until("blocks come with the system's time", || node.head().unwrap().level > head.level.above(1));
    let level = node.head().unwrap().level.below(3).unwrap();
    assert!(!node.activity(&world.baker(), level).unwrap().signed.is_empty());
    let text = std::fs::read_to_string(folder.path().join("world.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["node"], served.node_url.as_str());
    assert_eq!(json["baker"], world.baker().to_string().as_str());
    assert!(world.now() <= Timestamp::from_millis(SystemClock.now().millis() + 1000));
}

#[test]
fn the_mempool_can_be_listened_to_until_the_next_head() {
    let folder = tempfile::tempdir().unwrap();
    let (world, served) = served(Model::TezSign, folder.path());
    let path = "/chains/main/mempool/monitor_operations?validated=true&validation_pass=0";
    let mut lists = 0;
    // Votes come in the middle of a block's time: one answer in three heads at least has more than its first list.
    for _ in 0..3 {
        let mut body = Http::new(&served.node_url).unwrap().open(path, Duration::from_secs(60), 1 << 24).unwrap();
        let (mut whole, mut piece) = (Vec::new(), [0; 999]);
        while let count @ 1.. = body.read(&mut piece).unwrap() {
            whole.extend_from_slice(piece.get(..count).unwrap());
        }
        for list in serde_json::Deserializer::from_slice(&whole).into_iter::<Vec<serde_json::Value>>() {
            assert!(list.unwrap().iter().all(|one| one["contents"][0]["slot"].is_u64()));
            lists += 1;
        }
    }
    assert!(lists > 3, "{lists} lists in three answers");
    // What is heard is the baker's own.
    let mut node = OctezNode::connect(&served.node_url).unwrap();
    until("a vote is heard", || {
        let head = node.head().unwrap();
        node.mempool(&world.baker(), &head).is_ok_and(|votes| !votes.signed.is_empty())
    });
}

#[test]
fn the_node_answers_badly_over_http_too() {
    let folder = tempfile::tempdir().unwrap();
    let (world, served) = served(Model::TezSign, folder.path());
    let after = |fault| {
        world.apply(Event::Rpc(Some(fault)));
        let mut node = OctezNode::connect(&served.node_url).unwrap().with_deadline(Duration::from_secs(2));
        node.head().unwrap_err()
    };
    assert!(matches!(after(RpcFault::Huge), ChainError::TooLarge { .. }));
    assert!(matches!(after(RpcFault::Hangs), ChainError::Timeout { .. }));
    assert!(matches!(after(RpcFault::Denied), ChainError::Denied { status: 403, .. }));
    assert!(matches!(after(RpcFault::Html), ChainError::Malformed { .. }));
    world.apply(Event::Rpc(None));
    world.exec(Side::Backup, &["systemctl", "stop", NODE_UNIT]).unwrap();
    let error = OctezNode::connect(&served.node_url).unwrap().head().unwrap_err();
    assert!(matches!(error, ChainError::Unreachable { .. }), "{error:?}");
}

#[test]
fn a_tezsign_answers_on_its_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let (world, served) = served(Model::TezSign, folder.path());
    let selector: Selector = served.backup_device.parse().unwrap();
    let mut device = failover_core::signer::tezsign::open(&selector).unwrap();
    let state = device.state().unwrap();
    assert!(state.keys.iter().all(|key| key.arming == Arming::Disarmed && key.marks.is_none()));
    device.hold().unwrap();
    let keys: Vec<KeyName> = state.keys.iter().map(|key| key.name.clone()).collect();
    let passphrase = Passphrase::new(world.passphrase().into_bytes());
    device.arm(Arm::Unlock { keys: &keys, passphrase: &passphrase }).unwrap();
    assert!(device.state().unwrap().keys.iter().all(|key| key.arming == Arming::Armed));
    // The tool holds the sign interface: the service cannot serve.
    until("the claim arrives", || {
        use failover_core::signer::tezsign::Interface;
        world.gadget(Side::Backup).unwrap().holder(Interface::Sign).is_some()
    });
    world.exec(Side::Backup, &["tezbake", "start"]).unwrap();
    assert!(!world.bakes(Side::Backup));
    device.release();
    until("the service starts by itself", || world.bakes(Side::Backup));
}

#[test]
fn a_ledger_answers_over_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let (world, served) = served(Model::Ledger, folder.path());
    let (path, derivation): (KeyPath, Derivation) = world.ledger_key();
    let open = |selector: &str| {
        let selector: Selector = selector.parse().unwrap();
        let options = Options { path: path.clone(), derivation, ..Options::default() };
        failover_core::signer::ledger::open(&selector, &options).unwrap()
    };
    let primary = open(&served.primary_device).state().unwrap();
    let backup = open(&served.backup_device).state().unwrap();
    let (primary, backup) = (primary.keys.first().unwrap().clone(), backup.keys.first().unwrap().clone());
    assert_eq!((primary.arming, backup.arming), (Arming::Armed, Arming::Disarmed));
    assert_eq!(primary.key, backup.key, "the same seed on both");

    // The person presses a moment after the question is on the screen.
    let floor = world.head_level().above(10);
    let mut device = open(&served.backup_device);
    let reading = DeviceReading::of(&mut device).unwrap();
    let order = reading.order_to_authorize(&backup.name, floor, Cap::above(floor, 90)).unwrap();
    order.authorize(&mut device, world.options().chain).unwrap();
    let after = device.state().unwrap().keys.first().unwrap().clone();
    assert_eq!(after.arming, Arming::Armed);
    assert_eq!(after.marks.unwrap().lowest().0.unwrap().level, floor);
}

#[test]
fn commands_go_to_the_machines() {
    let folder = tempfile::tempdir().unwrap();
    let (world, served) = served(Model::TezSign, folder.path());
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    for side in Side::BOTH {
        let out = stand_in(&served.control, side.name(), &argv(&["cat", "/etc/machine-id"])).unwrap();
        assert_eq!(out.stdout.trim(), world.machine_id(side));
    }
    assert_ne!(world.machine_id(Side::Primary), world.machine_id(Side::Backup));
    stand_in(&served.control, "primary", &argv(&["sudo", "-n", "systemctl", "stop", "--", BAKER_UNIT])).unwrap();
    assert!(!world.bakes(Side::Primary));
    world.apply(Event::Unreachable(Side::Primary));
    assert_eq!(stand_in(&served.control, "primary", &argv(&["id", "-u"])).unwrap().code, 255);
}

#[test]
fn each_stand_in_passes_its_words_on() {
    let folder = tempfile::tempdir().unwrap();
    let (_world, served) = served(Model::TezSign, folder.path());
    let program: PathBuf = served.primary_bin.join("systemctl");
    let out = Command::new(program).args(["stop", "a b", "bb-*"]).output().unwrap();
    let control = served.control.display();
    assert_eq!(String::from_utf8(out.stdout).unwrap(), format!("stand-in {control} primary systemctl stop a b bb-*\n"));
}

#[test]
fn tzkt_answers_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let (world, served) = served(Model::TezSign, folder.path());
    let url = served.sources.iter().find(|(source, _)| *source == Source::Tzkt).map(|(_, url)| url).unwrap();
    let mut tzkt = Tzkt::connect(url).unwrap();
    let head = tzkt.head().unwrap();
    until("blocks come with the system's time", || tzkt.head().unwrap().level > head.level.above(1));
    let last = tzkt.last_signed(&world.baker()).unwrap().unwrap();
    assert!(last.iter().any(|last| last.kind == Kind::Attestation && last.level >= head.level.below(3).unwrap()));
    world.apply(Event::Source(Source::Tzkt, Some(SourceFault::Rpc(RpcFault::TooMany))));
    let limited = tzkt.head().unwrap_err();
    assert!(matches!(limited, ChainError::RateLimited { retry_after: Some(_), .. }), "{limited:?}");
    world.apply(Event::Source(Source::Tzkt, Some(SourceFault::Down)));
    assert!(matches!(tzkt.head().unwrap_err(), ChainError::Unreachable { .. }));
}
