//! The lease: how long it lives by this machine's own clock, and the thread that keeps it alive.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::{FencingToken, Holder};
use super::error::EtcdError;
use super::gateway::Gateway;
use crate::clock::{Clock as _, SystemClock};

/// After a failure the lease is tried again this soon.
const AGAIN: Duration = Duration::from_secs(1);

/// What was written, and how it is known again.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) key: String,
    pub(super) lease: i64,
    pub(super) token: FencingToken,
    pub(super) ttl: Duration,
}

/// How the lock was lost.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    pub(super) why: String,
    pub(super) holder: Option<Holder>,
}

/// What is known of the lease; shared with the thread that keeps it alive.
#[derive(Debug)]
pub(super) struct Life(Mutex<State>);

#[derive(Debug)]
struct State {
    /// By this machine's clock it lives until then, whatever happens in etcd.
    until: Duration,
    /// When it was last asked for, and the lock was still this one's.
    seen: Duration,
    gone: Option<Gone>,
}

/// Time since this machine started, suspend included: `CLOCK_MONOTONIC` stops in it, and leases do not.
pub(super) fn since_boot() -> Duration {
    SystemClock.steady()
}

/// How much of a lease counts: its last fifth is for an effect that has just begun, and for clocks that differ.
pub(super) fn counted(ttl: Duration) -> Duration {
    ttl.saturating_sub(ttl / 5)
}

impl Life {
    /// Of a lease that was asked for then.
    pub(super) fn new(asked: Duration, ttl: Duration) -> Self {
        let until = asked.saturating_add(counted(ttl));
        Self(Mutex::new(State { until, seen: asked, gone: None }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lives(&self) -> bool {
        let state = self.state();
        state.gone.is_none() && since_boot() < state.until
    }

    pub(super) fn seen(&self) -> Duration {
        self.state().seen
    }

    pub(super) fn gone(&self) -> Option<Gone> {
        self.state().gone.clone()
    }

    /// etcd gave it so long; it was asked then. etcd counts from later on, so this never says longer than it does.
    fn renewed(&self, asked: Duration, ttl: Duration) {
        let mut state = self.state();
        state.until = state.until.max(asked.saturating_add(counted(ttl)));
    }

    fn saw(&self, asked: Duration) {
        let mut state = self.state();
        state.seen = state.seen.max(asked);
    }

    /// For good: what was lost once may have been another's in between.
    fn lose(&self, why: &str, holder: Option<Holder>) {
        self.state().gone.get_or_insert(Gone { why: why.to_owned(), holder });
    }
}

/// Keeps the lease alive and looks whether the key is still the one that was written. What comes of it is in `life`.
///
/// # Errors
/// etcd did not answer: nothing new is known.
pub(super) fn renew(gateway: &mut Gateway, claim: &Claim, life: &Life, deadline: Duration) -> Result<(), EtcdError> {
    let asked = since_boot();
    let left = gateway.keep_alive(claim.lease, deadline)?;
    let rest = deadline.saturating_sub(since_boot().saturating_sub(asked)).max(deadline / 4);
    match left {
        Some(seconds) => life.renewed(asked, Duration::from_secs(seconds).min(claim.ttl)),
        None => {
            let now = gateway.read(&claim.key, rest).ok().flatten();
            let holder = now.map(|found| Holder::read(&found.value).unwrap_or_default());
            life.lose("its lease has run out or was revoked", holder);
            return Ok(());
        }
    }
    match gateway.read(&claim.key, rest)? {
        Some(found) if found.token == claim.token && found.lease == claim.lease => life.saw(asked),
        Some(found) => life.lose("somebody took it away", Some(Holder::read(&found.value).unwrap_or_default())),
        None => life.lose("somebody deleted its key", None),
    }
    Ok(())
}

/// Keeps the lease alive until what this gives back is dropped.
///
/// # Errors
/// There is no thread to be had.
pub(super) fn keep(mut gateway: Gateway, claim: Claim, life: Arc<Life>) -> Result<Sender<()>, EtcdError> {
    let (stop, stopped) = channel();
    let third = claim.ttl / 3;
    let work = move || {
        let mut wait = third;
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
            let kept = renew(&mut gateway, &claim, &life, claim.ttl);
            wait = if kept.is_ok() { third } else { AGAIN.min(third) };
            if life.gone().is_some() {
                return;
            }
        }
    };
    match std::thread::Builder::new().name("lease".to_owned()).spawn(work) {
        Ok(_) => Ok(stop),
        Err(error) => Err(EtcdError::Setup { what: "the lease's thread".to_owned(), why: error.to_string() }),
    }
}
