//! Hooks: programs of the user's own that are told what a watch found. They decide nothing, and keep nothing waiting.
//!
//! A hook is an argv, run without a shell. Its standard input is one line of JSON: the record as the watch says it, with
//! `hook` (which one this is) and `name` (the baker's). A program has [`DEADLINE`]; then it is killed with all that it
//! started in its process group. One that fails, hangs or cannot be run is said as a [`Finding::Hook`], and nothing else.
//! They run one after the other on a thread of their own, and a few may wait; each is called once in [`AGAIN`] at most.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::Duration;

use super::hook::Hook;
use super::record::{Finding, Listener, Trouble, WatchRecord, WatchRole};
use crate::clock::{Clock, Timestamp};
use crate::host::{Host as _, HostError, LocalHost, Output};
use crate::journal::record::{Outcome, Record};

/// How long one may take.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// A hook is not called again before this. What lasts is said again and again, and so comes through later.
pub const AGAIN: Duration = Duration::from_secs(600);
/// This many may wait for their turn: one of each.
const WAITING: usize = 4;
/// How long the last ones are waited for at the end: those that wait, and the one that runs.
const LAST: Duration = Duration::from_secs(55);

/// Which one this is for, if any.
fn hook_of(said: &WatchRecord) -> Option<Hook> {
    match said {
        WatchRecord::Finding(Finding::Missed { role: WatchRole::Sentinel, next: Some(_), .. }) => Some(Hook::Silent),
        WatchRecord::Finding(Finding::Trouble { what: Trouble::Guard, .. }) => Some(Hook::Guard),
        WatchRecord::Finding(Finding::Trouble { what: Trouble::Ready, .. }) => Some(Hook::NotReady),
        // The end says what was seen, whether the stop is proven, and what to do: it comes after the stop (S12).
        WatchRecord::Run(record) => match &**record {
            Record::End(end) if end.outcome == Outcome::Duplicate => Some(Hook::Duplicate),
            _ => None,
        },
        WatchRecord::Finding(_) => None,
    }
}

/// Where a hook that failed is said.
type Report = Arc<dyn Fn(Timestamp, Finding) + Send + Sync>;

/// What waits for its turn.
struct Job {
    hook: Hook,
    argv: Vec<String>,
    input: String,
}

/// What a hook reads.
#[derive(serde::Serialize)]
struct Line<'a> {
    v: u32,
    at: Timestamp,
    hook: Hook,
    name: &'a str,
    #[serde(flatten)]
    said: &'a WatchRecord,
}

/// A listener that calls hooks.
pub struct Hooks {
    argv: BTreeMap<Hook, Vec<String>>,
    name: String,
    called: BTreeMap<Hook, Timestamp>,
    queue: Option<SyncSender<Job>>,
    ended: Receiver<()>,
    report: Report,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("argv", &self.argv).finish_non_exhaustive()
    }
}

impl Hooks {
    /// Hooks of the baker with this name; a failure of one is given to `report`, from another thread.
    #[must_use]
    pub fn new(argv: BTreeMap<Hook, Vec<String>>, name: String, clock: Arc<dyn Clock>, report: Report) -> Self {
        let (queue, jobs) = mpsc::sync_channel::<Job>(WAITING);
        let (end, ended) = mpsc::sync_channel(1);
        let say = Arc::clone(&report);
        let run = move || {
            for job in jobs {
                if let Some(note) = call(job) {
                    say(clock.now(), note);
                }
            }
            end.send(())
        };
        // Where no thread can be made, each call is told as left out.
        let _thread = std::thread::Builder::new().name("hooks".to_owned()).spawn(run);
        Self { argv, name, called: BTreeMap::new(), queue: Some(queue), ended, report }
    }

    /// Lets those that were called come to their end: each has its deadline, and all together less than a minute.
    pub fn finish(mut self) {
        self.queue = None;
        let _long_enough = self.ended.recv_timeout(LAST);
    }

    /// May it be called now? A clock that went back is no reason not to.
    fn due(&self, hook: Hook, at: Timestamp) -> bool {
        self.called.get(&hook).is_none_or(|last| at < *last || at.since(*last) >= AGAIN)
    }
}

impl Listener for Hooks {
    fn hear(&mut self, at: Timestamp, said: &WatchRecord) {
        let Some(hook) = hook_of(said).filter(|hook| self.due(*hook, at)) else { return };
        let (Some(argv), Some(queue)) = (self.argv.get(&hook), &self.queue) else { return };
        let line = Line { v: crate::journal::VERSION, at, hook, name: &self.name, said };
        let mut input = match serde_json::to_string(&line) {
            Ok(input) => input,
            Err(error) => return (self.report)(at, failed(hook, format!("its record cannot be written: {error}"))),
        };
        input.push('\n');
        match queue.try_send(Job { hook, argv: argv.clone(), input }) {
            Ok(()) => {
                self.called.insert(hook, at);
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                (self.report)(at, failed(hook, "left out: too many wait for their turn".to_owned()));
            }
        }
    }
}

fn failed(hook: Hook, why: String) -> Finding {
    Finding::Hook { hook, why, next: format!("try the program of `{hook}` in [watch] by hand: it was told nothing") }
}

/// Runs one to its end; what is to be said of it.
fn call(job: Job) -> Option<Finding> {
    let Job { hook, argv, input } = job;
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let why = match LocalHost::new().feed(&argv, &input, DEADLINE) {
        Ok(Output { code: 0, .. }) => return None,
        Ok(Output { code, stderr, .. }) => match stderr.lines().rev().find(|line| !line.trim().is_empty()) {
            Some(last) => format!("exit {code}: {}", last.trim()),
            None => format!("exit {code}"),
        },
        Err(HostError::Lost { what, after, .. }) => {
            format!("{what} was killed after {} s", after.as_secs())
        }
        Err(error) => error.to_string(),
    };
    Some(failed(hook, why))
}
