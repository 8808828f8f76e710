//! A program that embeds the library, on a simulated world: everything as it must be, for a test to change one part of it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use failover_core::baker::TezbakeControl;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::clock::Timestamp;
use failover_core::decision::{Policy, Step};
use failover_core::effect::Hands;
use failover_core::failover::{Parts, PreviousRun, Recorder};
use failover_core::guard::Guard;
use failover_core::host::HostIdentity;
use failover_core::journal::JournalError;
use failover_core::journal::record::{Record, StepResult};
use failover_core::lock::{FileLock, Holder};
use failover_core::permit::{Root, RunId, RunPermit};
use failover_core::remote_signer::RemoteSigner;
use failover_core::signer::{Model, Selector};
use failover_core::state::{PlanId, StateDir};
use failover_sim::operator::Person;
use failover_sim::{Side, SimHost, Source, World, WorldOptions};

/// A journal in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records(pub(crate) Arc<Mutex<Vec<(Timestamp, Record)>>>);

impl Recorder for Records {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.0.lock().unwrap().push((at, record.clone()));
        Ok(())
    }
}

impl Records {
    pub(crate) fn all(&self) -> Vec<Record> {
        self.0.lock().unwrap().iter().map(|(_, record)| record.clone()).collect()
    }

    /// The names of these steps.
    pub(crate) fn names(&self, wanted: impl Fn(&Record) -> Option<&Step>) -> Vec<&'static str> {
        self.all().iter().filter_map(|record| wanted(record).map(Step::name)).collect()
    }

    /// The steps that were done.
    pub(crate) fn done(&self) -> Vec<&'static str> {
        self.names(|record| match record {
            Record::After { step, result: StepResult::Done { .. }, .. } => Some(step),
            _ => None,
        })
    }
}

pub(crate) struct Embedder {
    pub(crate) world: World,
    pub(crate) state: StateDir,
    pub(crate) guard: Guard,
    pub(crate) records: Records,
    folder: tempfile::TempDir,
}

impl Embedder {
    pub(crate) fn new(model: Model, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        let world = World::new(WorldOptions::new(model, seed));
        let guard = Guard::new(state.path());
        world.set_guard(Side::Backup, guard.token());
        Self { world, state, guard, records: Records::default(), folder }
    }

    pub(crate) fn plan() -> PlanId {
        "K7MPQ2".parse().unwrap()
    }

    pub(crate) fn root(&self, side: Side) -> Root {
        Root::at(self.folder.path().join(format!("machine of the {side}")))
    }

    /// The services of a machine, as TezBake has them.
    pub(crate) fn control(&self, side: Side) -> TezbakeControl<SimHost> {
        let control = TezbakeControl::new(self.world.host(side)).with_root(self.root(side));
        if side == Side::Backup { control.with_guard_token(self.guard.token()) } else { control }
    }

    /// The run lock of the backup.
    pub(crate) fn lock(&self) -> FileLock {
        let (chain, baker) = (self.world.options().chain, self.world.baker());
        FileLock::acquire_under(&self.root(Side::Backup), chain, baker, &Holder::default()).unwrap()
    }

    /// The permit of a new run, or of the one that is taken up again.
    pub(crate) fn permit(&self, past: Option<&PreviousRun>) -> RunPermit {
        let permits = self.root(Side::Backup).of(self.world.options().chain, self.world.baker());
        let run = past.and_then(|past| past.run).unwrap_or_else(|| {
            let run = RunId::random().unwrap();
            permits.begin(&run).unwrap();
            run
        });
        RunPermit { permits, run, who: "a test".to_owned(), known: Vec::new() }
    }

    /// Everything as it must be for a new run.
    pub(crate) fn parts(&self) -> Parts {
        self.parts_of(None)
    }

    /// The same for a run that is taken up again.
    pub(crate) fn parts_of(&self, past: Option<&PreviousRun>) -> Parts {
        let world = &self.world;
        let mut policy = Policy::new("mybaker".to_owned(), world.baker(), world.options().chain);
        policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
        let signer = Selector::any(world.options().model);
        let hands = Hands {
            device: world.signer(Side::Backup),
            primary: Some(Box::new(self.control(Side::Primary))),
            backup: Box::new(self.control(Side::Backup)),
            guard: self.guard.clone(),
            operator: Box::new(Person::new(world.clone())),
            passphrase: None,
            primary_signer: Some(RemoteSigner::new(Box::new(world.host(Side::Primary)), signer)),
            power: None,
            locks: vec![Box::new(self.lock())],
            permit: Some(self.permit(past)),
        };
        Parts {
            source: Box::new(OctezNode::new(world.node())),
            others: vec![Box::new(Tzkt::new(world.source(Source::Tzkt)))],
            hands,
            policy,
            plan: Self::plan(),
            clock: Arc::new(world.clock()),
            recorder: Box::new(self.records.clone()),
            state: self.state.clone(),
            cancel: Arc::new(AtomicBool::new(false)),
        }
    }
}
