//! Rehearsals, many at a time.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_sim::drill::{DrillOptions, Drilled, Rehearsal, Watcher, drill};
use failover_sim::scenario::{Scenario, named};
use failover_sim::{Pace, World, WorldOptions, judge};

pub(crate) const BOTH: [Model; 2] = [Model::TezSign, Model::Ledger];

/// One world.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) scenario: Scenario,
    pub(crate) model: Model,
    pub(crate) seed: u64,
}

impl Case {
    pub(crate) fn new(scenario: &str, model: Model, seed: u64) -> Self {
        Self { scenario: named(scenario).expect("a scenario").clone(), model, seed }
    }

    pub(crate) fn rehearsal(&self) -> (tempfile::TempDir, Rehearsal) {
        let scratch = scratch();
        let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
        let options = DrillOptions { model: self.model, seed: self.seed, pace: Pace::Fast };
        let rehearsal = Rehearsal::new(&self.scenario, &options, scratch.path(), &watcher).unwrap();
        (scratch, rehearsal)
    }

    /// The level from which another consensus key is active.
    pub(crate) fn key_change(&self) -> u64 {
        let mut options = WorldOptions::new(self.model, self.seed);
        (self.scenario.world)(&mut options);
        options.key_change.expect("a key change")
    }

    /// All sessions, cut as the scenario says.
    pub(crate) fn drill(&self) -> (tempfile::TempDir, Drilled) {
        let scratch = scratch();
        let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
        let options = DrillOptions { model: self.model, seed: self.seed, pace: Pace::Fast };
        let drilled = drill(&self.scenario, &options, scratch.path(), &watcher).unwrap();
        (scratch, drilled)
    }
}

/// The command that replays it.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signer = if self.model == Model::Ledger { "ledger" } else { "tezsign" };
        write!(f, "failover drill --scenario {} --signer {signer} --seed {}", self.scenario.name, self.seed)
    }
}

/// In memory where the system has such a folder: these tests are about the order of records, not about disks.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

/// How much is to be proved, where more than the sample.
pub(crate) fn wanted() -> Option<u64> {
    std::env::var("FAILOVER_PROOF").ok().map(|n| n.parse().expect("FAILOVER_PROOF is a number"))
}

/// Judges every item, on as many threads as there are cores; what is wrong with any of them, in order.
pub(crate) fn judge<T: Sync>(items: &[T], judge: impl Fn(&T) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(item) = items.get(index) else { break };
                    if let Err(why) = judge(item) {
                        wrong.lock().unwrap().push((index, why));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    let all: Vec<String> = wrong.into_iter().map(|(_, why)| why).collect();
    assert!(all.is_empty(), "{} of {} went wrong:\n{}", all.len(), items.len(), all.join("\n"));
}

/// A record, in a few words.
pub(crate) fn name(record: &Record) -> String {
    match record {
        Record::Begin { .. } => "begin".to_owned(),
        Record::Resume { .. } => "resume".to_owned(),
        Record::Plan(_) => "plan".to_owned(),
        Record::Asked { asked, .. } => {
            let text = format!("{asked:?}");
            format!("asked {}", text.split([' ', '{']).next().unwrap_or_default())
        }
        Record::Before { step, .. } => format!("before {}", step.name()),
        Record::After { step, .. } => format!("after {}", step.name()),
        Record::Fence { rungs, .. } => {
            let proven: Vec<String> = rungs.iter().filter(|r| r.proven).map(|r| r.kind.to_string()).collect();
            format!("fence [{}]", proven.join(" "))
        }
        Record::Wait { waiting, .. } => {
            let text = format!("{:?}", waiting.why);
            format!("wait {}", text.split([' ', '{']).next().unwrap_or_default())
        }
        Record::Duplicate { .. } => "duplicate".to_owned(),
        Record::Disarmed { proven, .. } => format!("disarmed {proven}"),
        Record::End(end) => format!("end {}", end.exit),
        Record::Complaints { .. } => "complaints".to_owned(),
        _ => "another".to_owned(),
    }
}

/// Is the backup unable to sign: guarded, its services stopped, its keys locked or deauthorized?
pub(crate) fn harmless(world: &World, scratch: &Path) -> Result<(), String> {
    judge::harmless(world, &scratch.join("ACTIVE"))
}
