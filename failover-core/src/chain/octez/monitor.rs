//! `/mempool/monitor_operations`: every vote that the node hears of, so that none is missed between two looks.
//!
//! The answer is a row of JSON lists: what is in the mempool now, then what comes. The node ends it with each new head,
//! and is asked again at once. It goes on while other questions are asked, so a thread of its own reads it and keeps the
//! votes until the next look, which never waits for it. Only the own node lets itself be listened to like this
//! (`RPC_server.ml`, Octez v25.1).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::mempool::{Operation, Proof, VALIDATED, Vote};
use crate::chain::scan::{Broken, Fault, Scanner};
use crate::chain::{ChainError, Rpc, answer};

/// Every class there is; votes are the first validation pass.
pub(super) const PATH: &str = "/chains/main/mempool/monitor_operations?validated=true&branch_delayed=true&branch_refused=true\
                    &refused=true&outdated=true&validation_pass=0";
/// How long one answer is listened to. A new head ends it within seconds; where none comes, or where the connection
/// died without a word, it is asked again.
const LISTEN: Duration = Duration::from_secs(30);
/// Most bytes of one answer: what some thousand bakers say until the next head is a few megabytes.
const MOST: usize = 64 << 20;
/// Most bytes of one operation.
const OPERATION: usize = 64 << 10;
/// Most votes that are kept until the next look: those of a quarter of an hour. The oldest levels go first.
const KEPT: usize = 1 << 16;
/// Most votes of which nobody knows who signed them; anybody can send more.
const RUMOURS: usize = 1 << 12;
/// Between two connections at least; twice as long after each that failed.
const PAUSE: Duration = Duration::from_millis(50);
/// At most.
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Monitor {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    /// How many answers have ended, whatever ended them: the node ends one with each new head.
    ended: AtomicU64,
    heard: Mutex<Heard>,
}

/// What was heard since the last look.
#[derive(Debug, Default)]
pub(super) struct Heard {
    votes: BTreeSet<Vote>,
    /// Those whose signature the node has not checked.
    rumours: BTreeSet<Vote>,
    /// Something that could not be understood, or kept.
    pub(super) unknown: Option<String>,
    /// Is everything heard that comes? Not before the first list on this connection: it is all that there was before.
    pub(super) whole: bool,
}

impl Monitor {
    /// Begins to listen; `None` where that cannot be.
    pub(super) fn start(rpc: Box<dyn Rpc>) -> Option<Self> {
        let shared = Arc::new(Shared::default());
        let listener = Arc::clone(&shared);
        thread::Builder::new().name("mempool".to_owned()).spawn(move || listener.listen(rpc)).ok()?;
        Some(Self { shared })
    }

    /// How many answers have ended until now.
    pub(super) fn ended(&self) -> u64 {
        self.shared.ended.load(Ordering::SeqCst)
    }

    /// Is it listened to, and was it without a gap since so many answers had ended?
    pub(super) fn goes_on_since(&self, ended: u64) -> bool {
        self.shared.heard().whole && self.ended() == ended
    }

    /// What was heard since the last look. Waits for nothing.
    pub(super) fn take(&self) -> Heard {
        let mut heard = self.shared.heard();
        let next = Heard { whole: heard.whole, ..Heard::default() };
        std::mem::replace(&mut *heard, next)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
    }
}

impl Heard {
    /// The votes, those that the node has checked last.
    pub(super) fn votes(self) -> impl Iterator<Item = Vote> {
        self.rumours.into_iter().chain(self.votes)
    }

    fn add(&mut self, vote: Vote) {
        if vote.proof == Proof::None {
            if self.rumours.len() < RUMOURS {
                self.rumours.insert(vote);
            }
            return;
        }
        self.votes.insert(vote);
        if self.votes.len() > KEPT {
            self.votes.pop_first();
            self.unknown = Some("more votes were heard than can be kept".to_owned());
        }
    }
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        // A thread that panicked with it has at most half counted a vote.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn listen(&self, mut rpc: Box<dyn Rpc>) {
        let mut pause = PAUSE;
        while !self.stopped() {
            let ended = self.once(&mut *rpc);
            self.ended.fetch_add(1, Ordering::SeqCst);
            // What comes until it is asked again is in the next answer's first list.
            self.heard().whole = false;
            pause = match ended {
                Ok(()) => PAUSE,
                // It never lets itself be listened to.
                Err(ChainError::Denied { .. } | ChainError::Missing { .. }) => return,
                Err(ChainError::Timeout { .. }) => PAUSE,
                Err(error) => {
                    if let ChainError::Malformed { why, .. } = &error {
                        self.heard().unknown = Some(why.clone());
                    }
                    pause.saturating_mul(2).min(LONG_PAUSE)
                }
            };
            thread::sleep(pause);
        }
    }

    /// Listens to one answer until it ends.
    fn once(&self, rpc: &mut dyn Rpc) -> Result<(), ChainError> {
        let mut body = rpc.open(PATH, LISTEN, MOST)?;
        let mut json = Scanner::new(&mut *body);
        self.lists(&mut json).map_err(|fault| match *fault {
            Broken::Source(error) => error,
            Broken::NotJson(why) => {
                ChainError::Malformed { source_name: rpc.name().to_owned(), path: PATH.to_owned(), why }
            }
        })
    }

    fn lists(&self, json: &mut Scanner<'_>) -> Result<(), Fault> {
        json.begins()?;
        while json.more()? && !self.stopped() {
            let Some(mut list) = json.array()? else {
                self.heard().unknown = Some("something in the mempool's stream that is not a list".to_owned());
                continue;
            };
            while json.next(&mut list)? {
                let operation = json.raw(OPERATION)?;
                let mut votes = Vec::new();
                let understood = match answer::parse::<Operation<'_>>(operation) {
                    Ok(read) => read.votes(if read.is_faulty() { "not validated" } else { VALIDATED }, &mut votes),
                    Err(why) => Err(why),
                };
                let mut heard = self.heard();
                votes.into_iter().for_each(|vote| heard.add(vote));
                if let Err(why) = understood {
                    heard.unknown = Some(why);
                }
            }
            self.heard().whole = true;
        }
        Ok(())
    }
}
