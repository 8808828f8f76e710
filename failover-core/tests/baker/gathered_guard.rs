//! When the backup's boot guard is read: only where it is guarded and nothing signs, and not in every look once it holds.

use std::time::Duration;

use failover_core::baker::command::Commands;
use failover_core::baker::{BakerMachine, CommandControl, TezbakeControl};
use failover_core::chain::octez::OctezNode;
use failover_core::clock::Clock;
use failover_core::facts::{BootGuard, Eyes, Fact, Gatherer, Manner, Scope};
use failover_core::guard::{Guard, GuardNote};
use failover_core::host::LocalHost;
use failover_core::signer::Model;
use failover_sim::{BAKER_UNIT, Event, HostFault, Side, World, WorldOptions};

struct Look {
    world: World,
    gatherer: Gatherer,
    backup: Box<dyn BakerMachine>,
    state: tempfile::TempDir,
}

impl Look {
    fn new() -> Self {
        let world = World::new(WorldOptions::new(Model::TezSign, 21));
        let gatherer = Gatherer::new(Box::new(OctezNode::new(world.node())), Vec::new());
        let state = tempfile::tempdir().unwrap();
        world.set_guard(Side::Backup, Guard::new(state.path()).token());
        let backup = Box::new(TezbakeControl::new(world.host(Side::Backup)));
        Self { world, gatherer, backup, state }
    }

    /// Looks so many seconds later.
    fn look(&mut self, seconds: u64) -> Fact<Option<BootGuard>> {
        self.world.clock().sleep(Duration::from_secs(seconds));
        let mut device = self.world.signer(Side::Backup);
        let guard = Guard::new(self.state.path());
        let eyes = Eyes {
            primary: None,
            signer: None,
            power: None,
            backup: &mut *self.backup,
            guard: &guard,
            device: &mut *device,
            permit: None,
        };
        let scope = Scope { baker: self.world.baker(), from: None, primary: false, marks: None, manner: Manner::Usual };
        self.gatherer.gather(eyes, &scope, &self.world.clock()).backup.boot_guard
    }

    fn holds(&mut self, seconds: u64) -> bool {
        matches!(self.look(seconds).unwrap().value, Some(BootGuard::Holds { .. }))
    }
}

#[test]
fn it_is_read_when_it_can_have_changed_and_not_in_every_look() {
    let mut look = Look::new();
    assert!(!look.holds(1));
    // What does not hold is read at every look.
    look.backup.install_boot_guard(&GuardNote::here(look.world.now(), None)).unwrap();
    assert!(look.holds(1));
    // What holds is believed for a minute.
    let path = format!("/etc/systemd/system/{BAKER_UNIT}.service.d/zz-failover-guard.conf");
    look.world.apply(Event::Host(Side::Backup, HostFault::File(path, None)));
    assert!(look.holds(30));
    assert!(!look.holds(40));
    // While something runs, or may, it is not known.
    look.world.exec(Side::Backup, &["systemctl", "daemon-reload"]).unwrap();
    look.world.exec(Side::Backup, &["systemctl", "start", BAKER_UNIT]).unwrap();
    assert!(look.look(1).is_err());
    look.backup.stop().unwrap();
    look.backup.install_boot_guard(&GuardNote::here(look.world.now(), None)).unwrap();
    assert!(look.holds(1));
    std::fs::write(Guard::new(look.state.path()).token(), "").unwrap();
    assert!(look.look(1).is_err());
    // What cannot be read is unknown, not open.
    std::fs::remove_file(Guard::new(look.state.path()).token()).unwrap();
    look.world.apply(Event::Host(Side::Backup, HostFault::NoSystemd));
    assert!(look.look(1).is_err());
}

#[test]
fn commands_have_none() {
    let mut look = Look::new();
    let argv = |words: &str| words.split(' ').map(str::to_owned).collect();
    let commands =
        Commands { start: argv("true"), stop: argv("true"), status: argv("echo stopped"), restart_delay: 30 };
    look.backup = Box::new(CommandControl::new(LocalHost::new(), commands));
    assert_eq!(look.look(1).unwrap().value, None);
}
