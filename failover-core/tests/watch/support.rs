//! A watch over a simulated world, and what it said.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::baker::{TezbakeControl, UnlockSecrets as _};
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::clock::Timestamp;
use failover_core::decision::Policy;
use failover_core::effect::Hands;
use failover_core::guard::Guard;
use failover_core::journal::record::{End, Record};
use failover_core::operator::Nobody;
use failover_core::signer::{Arming, Model, SignerDevice};
use failover_core::state::StateDir;
use failover_core::watch::{Finding, Trouble, Watch, WatchParts, WatchRecord};
use failover_sim::drill::{DrillOptions, Rehearsal, Watcher};
use failover_sim::scenario::{Scenario, named};
use failover_sim::{Event, Pace, Side, Source, World, WorldOptions};

pub(crate) const BOTH: [Model; 2] = [Model::TezSign, Model::Ledger];

/// A watch on one machine of a world.
pub(crate) struct Watched {
    pub(crate) world: World,
    pub(crate) side: Side,
    pub(crate) watch: Watch,
    pub(crate) cancel: Arc<AtomicBool>,
    busy: Arc<AtomicBool>,
    said: Arc<Mutex<Vec<(Timestamp, WatchRecord)>>>,
    pub(crate) folder: tempfile::TempDir,
}

fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let found = memory.is_dir().then(|| tempfile::tempdir_in(memory).ok()).flatten();
    found.unwrap_or_else(|| tempfile::tempdir().unwrap())
}

/// After a failover that went well: the backup bakes, the primary's signer is unplugged. Watched on the backup.
pub(crate) fn after_failover(model: Model, seed: u64) -> Watched {
    after(named("planned").unwrap(), model, seed)
}

/// The same after the run of another scenario that ends well.
pub(crate) fn after(scenario: &Scenario, model: Model, seed: u64) -> Watched {
    let folder = scratch();
    let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
    let options = DrillOptions { model, seed, pace: Pace::Fast };
    let mut rehearsal = Rehearsal::new(scenario, &options, folder.path(), &watcher).unwrap();
    let end = rehearsal.session(None).unwrap().clone();
    assert_eq!(end.exit, 0, "{model} seed {seed}: {}", end.message);
    on(rehearsal.world().clone(), Side::Backup, folder)
}

/// A world in which the primary bakes, watched on one of its machines, where nothing was ever run.
pub(crate) fn from_scratch(options: WorldOptions, side: Side) -> Watched {
    on(World::new(options), side, scratch())
}

pub(crate) fn on(world: World, side: Side, folder: tempfile::TempDir) -> Watched {
    let said: Arc<Mutex<Vec<(Timestamp, WatchRecord)>>> = Arc::default();
    let cancel = Arc::new(AtomicBool::new(false));
    let (heard, busy) = (Arc::clone(&said), Arc::new(AtomicBool::new(false)));
    let running = Arc::clone(&busy);
    let state = StateDir::open(folder.path()).unwrap();
    let parts = WatchParts {
        source: Box::new(OctezNode::new(world.node())),
        others: vec![Box::new(Tzkt::new(world.source(Source::Tzkt)))],
        busy: Box::new(move || running.load(Ordering::SeqCst)),
        hands: Hands {
            device: world.signer(side),
            primary: None,
            backup: Box::new(TezbakeControl::new(world.host(side))),
            guard: Guard::new(state.path()),
            operator: Box::new(Nobody),
            passphrase: None,
            primary_signer: None,
            locks: Vec::new(),
            permit: None,
            power: None,
        },
        policy: Policy::new("mybaker".to_owned(), world.baker(), world.options().chain),
        silent: failover_core::watch::SILENT,
        clock: Arc::new(world.clock()),
        state,
        cancel: Arc::clone(&cancel),
        listener: Box::new(move |at: Timestamp, record: &WatchRecord| heard.lock().unwrap().push((at, record.clone()))),
    };
    Watched { world, side, watch: Watch::new(parts), cancel, busy, said, folder }
}

impl Watched {
    /// A person undoes the fence of the primary: its signer is plugged in and unlocked, what unlocks it by itself is put
    /// back, its guard is lifted, and its services are started.
    pub(crate) fn primary_returns(&self) {
        let world = &self.world;
        world.apply(Event::Plug(Side::Primary));
        assert!(world.unlock(Side::Primary, &world.passphrase()));
        TezbakeControl::new(world.host(Side::Primary)).restore_unlock_secret().unwrap();
        let token = Guard::usual().token();
        let lifted = world.exec(Side::Primary, &["sudo", "-n", "touch", token.to_str().unwrap()]).unwrap();
        assert_eq!(lifted.code, 0, "{lifted:?}");
        assert_eq!(world.exec(Side::Primary, &["sudo", "-n", "tezbake", "start"]).unwrap().code, 0);
        assert!(world.bakes(Side::Primary));
    }

    /// Watches for so many seconds; the end, where it came.
    pub(crate) fn watch(&mut self, seconds: u64) -> Option<End> {
        let until = self.world.now().after(Duration::from_secs(seconds));
        while self.world.now() < until {
            if let Some(end) = self.watch.step() {
                return Some(end);
            }
        }
        None
    }

    /// The same, and it must not end.
    pub(crate) fn goes_on(&mut self, seconds: u64) {
        let end = self.watch(seconds);
        assert!(end.is_none(), "{end:?}\n{}", self.told());
    }

    pub(crate) fn stop(&self) {
        self.cancel.store(true, Ordering::SeqCst);
    }

    /// A run begins on the watched machine.
    pub(crate) fn is_busy(&self) {
        self.busy.store(true, Ordering::SeqCst);
    }

    /// Everything that was said, with its time.
    pub(crate) fn said(&self) -> Vec<(Timestamp, WatchRecord)> {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn notes(&self) -> Vec<Finding> {
        let note = |(_, said)| match said {
            WatchRecord::Finding(note) => Some(note),
            WatchRecord::Run(_) => None,
        };
        self.said().into_iter().filter_map(note).collect()
    }

    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        let trouble = |note| match note {
            Finding::Trouble { what, .. } => Some(what),
            _ => None,
        };
        self.notes().into_iter().filter_map(trouble).collect()
    }

    pub(crate) fn told(&self) -> String {
        self.said().iter().map(|(at, said)| format!("{at} {said:?}\n")).collect()
    }

    /// Is the watched machine unable to sign: services stopped, token gone, keys locked or deauthorized?
    pub(crate) fn is_harmless(&self) {
        assert!(!self.world.bakes(self.side), "it still bakes");
        assert!(!self.folder.path().join("ACTIVE").exists(), "the token is still there");
        let state = self.world.signer(self.side).state().unwrap();
        assert!(state.keys.iter().all(|key| key.arming == Arming::Disarmed), "{state:?}");
    }

    /// How many signatures the watched machine's device has made.
    pub(crate) fn signatures(&self) -> usize {
        let owner = format!("the {}'s ", self.side);
        self.world.book().by_device().iter().filter(|(name, _)| name.starts_with(&owner)).map(|(_, n)| n).sum()
    }
}
