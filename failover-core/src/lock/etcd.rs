//! The lock in etcd: one failover a baker at a time across machines (S7).
//!
//! The key is `/failover/CHAIN/BAKER`; who holds it is its value, and it lives as long as its lease. It is written only
//! where it is not there yet, read back, and kept alive by a thread of its own. Its revision is the fencing token: a
//! later holder has a higher one. etcd's v3 JSON gateway is asked, of 3.4 and later; how it answers was seen on 3.4.23.
//!
//! Nothing fences the device itself: no signer knows the token. Between the last look at the lock and an effect there is
//! a moment in which a process can freeze, so a lease counts as over when four fifths of it have passed.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::tezos::{ChainId, KeyHash};

use super::{FailoverLock, FencingToken, Holder, LockError};

mod answer;
mod error;
mod gateway;
mod lease;
mod options;

use answer::{Created, Found};
pub use error::EtcdError;
use gateway::Gateway;
use lease::{Claim, Life, since_boot};
pub use options::EtcdOptions;

/// How long one order has, at all endpoints together.
pub const ORDER_DEADLINE: Duration = Duration::from_secs(8);
/// How long the question right before an effect has: a start must not come late.
pub const GATE_DEADLINE: Duration = Duration::from_secs(2);
/// How long each of the two orders that give the lock back has; where they are not heard, the lease runs out.
pub const RELEASE_DEADLINE: Duration = Duration::from_secs(1);

/// What was seen this long ago is not asked again.
const FRESH: Duration = Duration::from_secs(1);
/// How often a lock that was let go while it was read is tried again.
const ATTEMPTS: usize = 3;

/// The lock in etcd, held until this is dropped, its lease runs out, or somebody takes it away.
#[must_use = "the lock is given back when this is dropped"]
pub struct EtcdLock {
    gateway: Gateway,
    claim: Claim,
    life: Arc<Life>,
    /// Dropped, it ends the thread that keeps the lease alive.
    keeper: Option<Sender<()>>,
}

impl std::fmt::Debug for EtcdLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EtcdLock").field("claim", &self.claim).finish_non_exhaustive()
    }
}

/// Who holds a lock in etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldThere {
    /// By its own words.
    pub holder: Holder,
    /// Seconds that its lease still lasts if nobody keeps it alive.
    pub left: Option<u64>,
}

impl EtcdLock {
    /// Takes the lock for a baker of a chain.
    ///
    /// # Errors
    /// Another run holds it; or etcd did not answer, in which case the lock is not held and will not be later.
    pub fn acquire(options: &EtcdOptions, chain: ChainId, baker: KeyHash, who: &Holder) -> Result<Self, LockError> {
        let mut gateway = Gateway::open(options)?;
        let key = options.key(chain, baker);
        let value = who.here().to_line();
        let asked = since_boot();
        let lease = gateway.grant(options.ttl, ORDER_DEADLINE)?;
        match take(&mut gateway, &key, &value, lease) {
            Ok(token) => {
                let claim = Claim { key, lease, token, ttl: options.ttl };
                let life = Arc::new(Life::new(asked, options.ttl));
                let mut lock = Self { gateway, claim, life, keeper: None };
                lock.keeper = Some(lease::keep(lock.gateway.clone(), lock.claim.clone(), Arc::clone(&lock.life))?);
                Ok(lock)
            }
            Err(error) => {
                // With it goes the key, written late or not: without its lease a put is refused.
                let _ = gateway.revoke(lease, RELEASE_DEADLINE);
                Err(error)
            }
        }
    }

    /// Asks who holds the lock, and whether this user could take it, without taking it.
    ///
    /// # Errors
    /// etcd does not answer, or would not let this user write.
    pub fn look(options: &EtcdOptions, chain: ChainId, baker: KeyHash) -> Result<Option<HeldThere>, EtcdError> {
        let mut gateway = Gateway::open(options)?;
        let key = options.key(chain, baker);
        let found = gateway.try_write(&key, ORDER_DEADLINE)?;
        Ok(found.map(|found| held_there(&mut gateway, &found)))
    }

    fn gone(&self) -> Option<LockError> {
        self.life.gone().map(|gone| LockError::Lost { why: gone.why, holder: gone.holder })
    }
}

/// Writes the key where it is not there yet, and believes only what is read back.
fn take(gateway: &mut Gateway, key: &str, value: &[u8], lease: i64) -> Result<FencingToken, LockError> {
    for _ in 0..ATTEMPTS {
        let created = gateway.create(key, value, lease, ORDER_DEADLINE);
        let found = gateway.read(key, ORDER_DEADLINE)?;
        match (created, found) {
            (created, Some(found)) if found.lease == lease => {
                let told = created.ok().and_then(|created| match created {
                    Created::Written(token) => Some(token),
                    Created::There => None,
                });
                let other_revision = told.is_some_and(|told| told != found.token);
                if found.value != value || other_revision {
                    return Err(
                        EtcdError::malformed("kv/range", "it does not have what was written a moment ago").into()
                    );
                }
                return Ok(found.token);
            }
            (_, Some(found)) => {
                let HeldThere { holder, left } = held_there(gateway, &found);
                return Err(LockError::HeldElsewhere { holder, left });
            }
            (Err(unknown), None) => return Err(unknown.into()),
            (Ok(Created::Written(_)), None) => {
                return Err(EtcdError::malformed("kv/range", "what was written a moment ago is not there").into());
            }
            // Let go in between.
            (Ok(Created::There), None) => {}
        }
    }
    Err(EtcdError::malformed("kv/txn", "the key keeps coming and going").into())
}

fn held_there(gateway: &mut Gateway, found: &Found) -> HeldThere {
    HeldThere {
        holder: Holder::read(&found.value).unwrap_or_default(),
        left: gateway.time_to_live(found.lease, GATE_DEADLINE).ok().flatten(),
    }
}

impl FailoverLock for EtcdLock {
    fn describe(&self) -> String {
        format!("etcd {}", self.claim.key)
    }

    fn token(&self) -> Option<FencingToken> {
        Some(self.claim.token)
    }

    fn lost(&self) -> Option<LockError> {
        self.gone()
    }

    /// Asks etcd, where it was not asked a second ago. Where it does not answer, the lease counts as long as it lives by
    /// this machine's own clock.
    fn still_held(&mut self) -> Result<(), LockError> {
        let fresh = since_boot().saturating_sub(self.life.seen()) < FRESH;
        let answer = match fresh && self.life.lives() {
            true => Ok(()),
            false => lease::renew(&mut self.gateway, &self.claim, &self.life, GATE_DEADLINE),
        };
        match (self.gone(), answer) {
            (Some(gone), _) => Err(gone),
            (None, _) if self.life.lives() => Ok(()),
            (None, answer) => {
                let said = answer.err().map(|error| format!(" ({error})")).unwrap_or_default();
                let why = format!(
                    "etcd could not be asked{said}, and the lease of {} s is over by this machine's clock",
                    self.claim.ttl.as_secs()
                );
                Err(LockError::Lost { why, holder: None })
            }
        }
    }
}

impl Drop for EtcdLock {
    fn drop(&mut self) {
        self.keeper = None;
        if self.life.gone().is_none() {
            let _ = self.gateway.delete(&self.claim.key, self.claim.token, RELEASE_DEADLINE);
        }
        let _ = self.gateway.revoke(self.claim.lease, RELEASE_DEADLINE);
    }
}
