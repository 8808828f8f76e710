//! When the primary's mark files are read: once while it works, again after each stop, and kept when it goes away.

use std::time::Duration;

use failover_core::baker::TezbakeControl;
use failover_core::chain::octez::OctezNode;
use failover_core::clock::Clock;
use failover_core::facts::{BakerState, Eyes, Facts, Gatherer, Manner, Scope};
use failover_core::guard::Guard;
use failover_core::signer::Model;
use failover_sim::{BAKER_UNIT, Event, MarkFileState, Side, TEZSIGN_UNIT, World, WorldOptions};

struct Look {
    world: World,
    gatherer: Gatherer,
    primary: TezbakeControl<failover_sim::SimHost>,
    state: tempfile::TempDir,
    marks: bool,
}

impl Look {
    fn new() -> Self {
        let world = World::new(WorldOptions::new(Model::TezSign, 21));
        let gatherer = Gatherer::new(Box::new(OctezNode::new(world.node())), Vec::new());
        let primary = TezbakeControl::new(world.host(Side::Primary));
        Self { world, gatherer, primary, state: tempfile::tempdir().unwrap(), marks: true }
    }

    /// Looks a second later.
    fn look(&mut self) -> Facts {
        self.world.clock().sleep(Duration::from_secs(1));
        let mut backup = TezbakeControl::new(self.world.host(Side::Backup));
        let mut device = self.world.signer(Side::Backup);
        let guard = Guard::new(self.state.path());
        let eyes = Eyes {
            primary: Some(&mut self.primary),
            signer: None,
            power: None,
            backup: &mut backup,
            guard: &guard,
            device: &mut *device,
            permit: None,
        };
        let chain = self.world.options().chain;
        let scope = Scope {
            baker: self.world.baker(),
            from: None,
            primary: true,
            marks: self.marks.then_some(chain),
            manner: Manner::Usual,
        };
        self.gatherer.gather(eyes, &scope, &self.world.clock())
    }

    fn systemctl(&self, verb: &str) {
        for unit in [BAKER_UNIT, TEZSIGN_UNIT] {
            self.world.exec(Side::Primary, &["sudo", "-n", "systemctl", verb, unit]).unwrap();
        }
    }
}

#[test]
fn marks_are_read_again_after_each_stop_and_not_at_every_look() {
    let mut look = Look::new();
    let first = look.look().primary.marks.unwrap();
    assert_eq!(first.value.found.files.len(), 1, "{first:?}");
    assert_eq!(look.look().primary.marks.unwrap(), first, "a baker that works is read once");
    let mut before = first;
    for _ in 0..2 {
        look.systemctl("stop");
        let facts = look.look();
        let services = facts.primary.services.unwrap();
        assert!(matches!(services.value, BakerState::Stopped { .. }), "{services:?}");
        let read = facts.primary.marks.unwrap();
        assert!(read.value.began > before.value.began && read.value.began >= services.at, "{read:?}");
        assert_eq!(look.look().primary.marks.unwrap(), read, "what is stopped writes nothing");
        // It was started by hand meanwhile: what was read is no bound any more, and still an observation.
        look.systemctl("start");
        assert_eq!(look.look().primary.marks.unwrap(), read);
        before = read;
    }
    look.world.apply(Event::PowerOff(Side::Primary));
    let facts = look.look();
    assert!(facts.primary.services.is_err());
    assert_eq!(facts.primary.marks.unwrap(), before, "what was signed was signed");
}

#[test]
fn files_that_could_not_be_read_are_read_again_after_a_while() {
    let mut look = Look::new();
    look.systemctl("stop");
    look.world.apply(Event::MarkFile(Side::Primary, MarkFileState::CutInHalf));
    let wrong = look.look().primary.marks.unwrap_err();
    assert!(wrong.why.contains("cut off"), "{wrong}");
    look.world.apply(Event::MarkFile(Side::Primary, MarkFileState::Whole));
    assert_eq!(look.look().primary.marks.unwrap_err(), wrong, "not at every look: it may take long");
    look.world.clock().sleep(Duration::from_secs(20));
    assert!(look.look().primary.marks.is_ok());
}

#[test]
fn marks_that_are_left_out_are_not_read() {
    let mut look = Look::new();
    look.marks = false;
    let why = look.look().primary.marks.unwrap_err().why;
    assert!(why.contains("left out"), "{why}");
}
