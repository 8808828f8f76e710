//! The price in a plan: asked while planning only, and nothing depends on it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::baker::TezbakeControl;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, Rpc};
use failover_core::clock::Timestamp;
use failover_core::decision::{Policy, Verdict};
use failover_core::effect::Hands;
use failover_core::failover::{Parts, Recorder};
use failover_core::guard::Guard;
use failover_core::host::HostIdentity;
use failover_core::journal::record::{Plan, Record};
use failover_core::journal::{self, JournalError, JournalFile};
use failover_core::operator::Nobody;
use failover_core::price::{Known, Price};
use failover_core::session::Look;
use failover_core::signer::Model;
use failover_core::state::{PlanId, StateDir};
use failover_core::tezos::Mutez;
use failover_sim::{Side, SimNode, Source, World, WorldOptions};
use serde_json::json;

use crate::support::{known, tez};

struct Unwritten;

impl Recorder for Unwritten {
    fn record(&mut self, _: Timestamp, _: &Record) -> Result<(), JournalError> {
        Ok(())
    }
}

/// The simulated node, whose access list denies every path with one of these words; it notes what it is asked.
struct Denies {
    node: SimNode,
    words: &'static [&'static str],
    asked: Arc<Mutex<Vec<String>>>,
}

impl Rpc for Denies {
    fn name(&self) -> &'static str {
        "the node"
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        self.asked.lock().unwrap().push(path.to_owned());
        if self.words.iter().any(|word| path.contains(word)) {
            return Err(ChainError::Denied { source_name: "the node".into(), path: path.into(), status: 403 });
        }
        self.node.get(path, deadline, limit)
    }
}

/// A run that could begin now, and what its node is asked.
fn failover(words: &'static [&'static str], folder: &tempfile::TempDir) -> (Look, Arc<Mutex<Vec<String>>>) {
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let node = Denies { node: world.node(), words, asked: Arc::clone(&asked) };
    let control = |side| TezbakeControl::new(world.host(side));
    let guard = Guard::new(folder.path());
    let mut policy = Policy::new("mybaker".to_owned(), world.baker(), world.options().chain);
    policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
    let parts = Parts {
        source: Box::new(OctezNode::new(node)),
        others: vec![Box::new(OctezNode::new(world.source(Source::Node)))],
        hands: Hands {
            device: world.signer(Side::Backup),
            primary: Some(Box::new(control(Side::Primary))),
            backup: Box::new(control(Side::Backup).with_guard_token(guard.token())),
            guard,
            operator: Box::new(Nobody),
            passphrase: None,
            primary_signer: None,
            locks: Vec::new(),
            permit: None,
            power: None,
        },
        policy,
        plan: "K7MPQ2".parse::<PlanId>().unwrap(),
        clock: Arc::new(world.clock()),
        recorder: Box::new(Unwritten),
        state: StateDir::open(folder.path()).unwrap(),
        cancel: Arc::new(AtomicBool::new(false)),
    };
    (Look::from_parts(parts, None), asked)
}

fn planned(words: &'static [&'static str]) -> (Plan, Price) {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = failover(words, &folder).0.plan().unwrap();
    let price = plan.price.take().unwrap();
    (plan, *price)
}

#[test]
fn a_plan_shows_what_waiting_and_what_signing_twice_cost() {
    let (plan, price) = planned(&[]);
    // 350 of 7000 slots, 350,000 tez; a block pays 3.60012 tez and its votes as much; 720 blocks a day are its share.
    let twice = known(price.twice);
    // 5 %; (5 % x 3)^2 = 2.25 %; two cycles of 2 x 720 x 3.60012.
    assert_eq!((twice.block, twice.votes, twice.forbidden), (tez(17_500), tez(7_875), Mutez::new(10_368_345_600)));
    let waiting = known(price.waiting);
    // 720 x 3.60012 in 1,440 minutes; 514 mutez a slot.
    assert_eq!(waiting.blocks_a_minute, Mutez::new(1_800_060));
    assert_eq!(waiting.votes.unwrap().a_cycle, Mutez::new(514 * 350 * 14_400));
    let coming = known(price.coming);
    assert_eq!((coming.head, coming.floor), (plan.head, plan.floor));
    // Every third block is its own, and every vote.
    assert_eq!((coming.skipped_blocks, coming.skipped_votes, coming.blocks[0]), (4, 12, 100));
    assert!(coming.next.unwrap().position.level.since(coming.head) <= 3);
}

#[test]
fn s3_what_is_not_known_is_said_and_nothing_is_refused_for_it() {
    let (whole, _) = planned(&[]);
    let (plan, price) = planned(&["baking_rights"]);
    assert_eq!(plan, whole);
    let Known::Unknown(why) = &price.coming else { panic!("{price:?}") };
    assert!(why.why.contains("denies") && why.why.contains("baking_rights") && !why.next.is_empty(), "{why:?}");
    assert!(matches!((&price.waiting, &price.twice), (Known::Known(_), Known::Known(_))));
    assert_eq!(price.lines().len(), 3);

    let (plan, price) = planned(&["baking_rights", "issuance"]);
    assert_eq!(plan, whole);
    assert!(matches!((&price.waiting, &price.twice), (Known::Unknown(_), Known::Unknown(_))));
    assert!(price.lines().iter().all(|line| line.contains("is not known: the node denies")), "{:?}", price.lines());
}

#[test]
fn only_planning_asks_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut look, asked) = failover(&[], &folder);
    let of_price = |asked: &Mutex<Vec<String>>| {
        let words = ["baking_rights", "issuance", "participation", "_staked"];
        asked.lock().unwrap().iter().filter(|path| words.iter().any(|word| path.contains(word))).count()
    };
    for _ in 0..3 {
        assert!(!matches!(look.once().1, Verdict::Refuse(_)));
    }
    assert_eq!(of_price(&asked), 0);
    look.plan().unwrap();
    // Rights, issuance, participation, and both stakes.
    assert_eq!(of_price(&asked), 5);
}

#[test]
fn a_plan_of_an_older_version_is_still_read() {
    let old = json!({"name": "mybaker", "plan": "K7MPQ2", "path": "controlled", "why": "it answers", "head": 100,
        "last_signed": null, "floor": 112, "keys": ["consensus"], "silent": 2});
    let old: Plan = serde_json::from_value(old).unwrap();
    assert_eq!(old.price, None);
    assert!(serde_json::to_value(&old).unwrap().get("price").is_none());
    // And a new one comes back out of a journal's line as it was, known or not: an interrupted run is taken up from it.
    let folder = tempfile::tempdir().unwrap();
    for words in [&[] as &[&str], &["baking_rights"]] {
        let (plan, price) = planned(words);
        let record = Record::Plan(Plan { price: Some(Box::new(price)), ..plan });
        let path = folder.path().join(format!("{}.jsonl", words.len()));
        JournalFile::create(&path).unwrap().append(Timestamp::from_millis(0), &record).unwrap();
        assert_eq!(journal::read::<Record>(&path).unwrap().entries[0].record, record);
    }
}
