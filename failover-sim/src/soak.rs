//! Many random worlds, on as many threads as there are cores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::drill::{DrillError, Watcher};
use super::plan::Plan;
use super::trial::{Trial, trial};
use failover_core::journal::record::Record;

/// What became of many worlds.
#[derive(Debug, Default)]
pub struct Summary {
    /// Worlds.
    pub worlds: u64,
    /// How often each exit code ended one.
    pub exits: BTreeMap<u8, u64>,
    /// Sessions: a run that was interrupted and taken up again has more than one.
    pub sessions: u64,
    /// What went wrong on the wires, kills too, by its kind.
    pub injected: BTreeMap<&'static str, u64>,
    /// Signatures by both machines of each world.
    pub signatures: u64,
    /// Double signatures.
    pub signed_twice: u64,
    /// Each world that was not as it must be, by its number, and what is wrong with it.
    pub failed: BTreeMap<u64, Vec<String>>,
}

impl Summary {
    /// All faults, of whatever kind.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.injected.values().sum()
    }

    /// Worlds in which the failover was finished: the backup bakes.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.exits.get(&0).copied().unwrap_or(0)
    }

    fn add(&mut self, seed: u64, trial: Trial) {
        self.worlds += 1;
        *self.exits.entry(trial.exit()).or_default() += 1;
        self.sessions += trial.ends.len() as u64;
        self.signatures += trial.signatures as u64;
        self.signed_twice += trial.signed_twice as u64;
        for (kind, count) in trial.injected {
            *self.injected.entry(kind).or_default() += count;
        }
        if !trial.wrong.is_empty() {
            self.failed.insert(seed, trial.wrong);
        }
    }
}

/// A folder in memory where the system has one: this is about runs, not about disks.
#[must_use]
pub fn scratch_root() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

/// Runs the plan of one number in a folder that goes away.
///
/// # Errors
/// The folder cannot be made or used.
pub fn one(plan: &Plan, watcher: &Watcher) -> Result<Trial, DrillError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = Folder(scratch_root().join(format!("failover-soak-{}-{number}", std::process::id())));
    trial(plan, &folder.0, watcher)
}

/// Runs the worlds of `count` numbers from `from` on; `plan` makes each, and `told` hears of it when it is over.
///
/// # Errors
/// A scratch folder cannot be used.
pub fn soak(
    from: u64,
    count: u64,
    plan: impl Fn(u64) -> Plan + Sync,
    told: impl Fn(&Summary) + Sync,
) -> Result<Summary, DrillError> {
    let next = AtomicU64::new(0);
    let summary = Mutex::new(Ok(Summary::default()));
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    if index >= count {
                        break;
                    }
                    let seed = from.saturating_add(index);
                    let tried = one(&plan(seed), &watcher);
                    let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
                    match (&mut *summary, tried) {
                        (Ok(sum), Ok(trial)) => {
                            sum.add(seed, trial);
                            told(sum);
                        }
                        (whole, Err(error)) => {
                            *whole = Err(error);
                            break;
                        }
                        (Err(_), _) => break,
                    }
                }
            });
        }
    });
    summary.into_inner().unwrap_or_else(PoisonError::into_inner)
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be taken away is in a folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
