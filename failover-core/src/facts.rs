//! Facts: what was seen, with where and when, or why it is not known. No defaults (S3).
//!
//! [`Facts`] is all that a decision may look at. The types of the edges that it is made of are re-exported here, so
//! that the decision imports facts and the vocabulary only.

use std::time::Duration;

use crate::tezos::Level;

mod account;
mod asked;
mod gather;
mod observed;
mod sources;

pub use account::{Account, Deed, Giving};
pub use asked::Asked;
pub(crate) use gather::seen;
pub use gather::{Eyes, Gatherer, Manner, Scope};
pub use observed::{Fact, Observed, Unknown};
pub use sources::{Compared, OtherSource, SecondOpinion};

pub use crate::baker::{BakerState, Power, UnlockSecret};
pub use crate::chain::agreement::Standing;
pub use crate::chain::{
    Constants, Delegate, Denunciation, ExpectedKey, FINAL, Head, KeyRole, LastSigned, LevelActivity,
    PROTOCOL_LOOK_BACK, Pooled, Rumour, SETTLED, Signed, SyncState,
};
pub use crate::clock::Timestamp;
pub use crate::guard::{BootGuard, GuardNote};
pub use crate::host::{HostIdentity, LIMITED};
pub use crate::mark_files::{Bound, PrimaryMarks, Writer, WrittenMark};
pub use crate::nonces::{Merged, NonceCount};
pub use crate::operator::{Answer, Question};
pub use crate::permit::{Claim, ClaimAnswer, PermitState, RunId};
pub use crate::signer::traits::{ArmedBy, AtRest, Hold, Lowering, Reboot, Setting};
pub use crate::signer::{
    Arming, Cap, DeviceState, KeyName, KeyState, Mark, Marks, Model, RaiseError, plan_raise, reached, refuse_lower,
    watermark,
};
pub use crate::state::{HeadPin, PlanId};

/// Everything that is known at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// When the gathering began, on the steady clock where the gathering has one.
    pub now: Timestamp,
    /// When each part was asked.
    pub asked: Asked,
    /// The chain. Read before the devices: a position is the backup's own only if its mark, read later, says so (S8).
    pub chain: ChainFacts,
    /// The primary.
    pub primary: PrimaryFacts,
    /// The backup.
    pub backup: BackupFacts,
}

impl Facts {
    /// What the wall clock showed at a moment of the steady one: however long a look took, the time of a block is held
    /// against the moment at which its head was read.
    #[must_use]
    pub fn wall_at(&self, at: Timestamp) -> Timestamp {
        self.asked.wall.after(at.since(self.now))
    }

    /// The same for the head.
    #[must_use]
    pub fn wall_at_head(&self) -> Timestamp {
        self.chain.head.as_ref().map_or(self.asked.wall, |head| self.wall_at(head.at))
    }

    /// Is everything known that a run needs at every moment? The primary may be silent.
    #[must_use]
    pub fn all_known(&self) -> bool {
        let Self { chain, backup, .. } = self;
        chain.head.is_ok()
            && (chain.second.is_ok() || chain.others.iter().any(OtherSource::agrees))
            && chain.sync.is_ok()
            && chain.constants.is_ok()
            && chain.delegate.is_ok()
            && chain.activity.is_ok()
            && backup.services.is_ok()
            && backup.guard.is_ok()
            && (backup.boot_guard.is_ok() || !backup.is_at_rest())
            && backup.device.is_ok()
    }
}

/// What the chain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainFacts {
    /// The own node's head.
    pub head: Fact<Head>,
    /// What its peers say of that head.
    pub second: Fact<SecondOpinion>,
    /// What other sources say of it, as far as they were asked.
    pub others: Vec<OtherSource>,
    /// Is the node in step?
    pub sync: Fact<SyncState>,
    /// Block times.
    pub constants: Fact<Constants>,
    /// The baker's keys and standing.
    pub delegate: Fact<Delegate>,
    /// What the baker signed lately.
    pub activity: Fact<Activity>,
    /// What was seen of it where `activity` is not known: it proves no silence, and accuses all the same (S8).
    pub accusations: Vec<Signed>,
    /// What its votes in the mempool prove. Those that were signed for certain are in `activity` or `accusations` too.
    pub pool: Pooled,
}

/// Mainnet's minimal block time (Ushuaia 025).
const USUAL_BLOCK_SECONDS: u64 = 6;

impl ChainFacts {
    /// Nothing, for one reason.
    #[must_use]
    pub fn unknown(why: &Unknown) -> Self {
        Self {
            head: Err(why.clone()),
            second: Err(why.clone()),
            others: Vec::new(),
            sync: Err(why.clone()),
            constants: Err(why.clone()),
            delegate: Err(why.clone()),
            activity: Err(why.clone()),
            accusations: Vec::new(),
            pool: Pooled::default(),
        }
    }

    /// The highest agreed head: the own node's, or that of a peer or another source that agrees with it. `None` where
    /// the own head is not known.
    #[must_use]
    pub fn agreed(&self) -> Option<Level> {
        let own = self.head.as_ref().ok()?.value.level;
        let peers = self.second.iter().map(|second| second.value.highest);
        let others = self.others.iter().filter_map(OtherSource::agreed);
        Some(peers.chain(others).fold(own, Level::max))
    }

    /// Seconds from one block to the next, at least; the usual ones where the node has not said them, for what is only
    /// estimated by then.
    #[must_use]
    pub fn block_seconds(&self) -> u64 {
        self.constants.as_ref().map_or(USUAL_BLOCK_SECONDS, |constants| constants.value.block_seconds.max(1))
    }

    /// What the own node's peers and other sources say of its head, or why they say nothing: one sentence each.
    #[must_use]
    pub fn opinions(&self) -> Vec<String> {
        let peers = match &self.second {
            Ok(second) => format!("{} of {} peers of the node agree", second.value.agreeing, second.value.asked),
            Err(unknown) => format!("the heads of the node's peers are not known: {unknown}"),
        };
        std::iter::once(peers).chain(self.others.iter().map(ToString::to_string)).collect()
    }

    /// Every position of the baker that was seen, whether or not all was read.
    pub fn seen(&self) -> impl Iterator<Item = &Signed> {
        self.activity.iter().flat_map(|activity| activity.value.all()).chain(&self.accusations)
    }
}

/// What the baker signed, read level by level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity {
    /// Settled levels, in order and without a gap, each read completely.
    pub settled: Vec<LevelActivity>,
    /// What was seen above them: in blocks that are not settled, and in the mempool. Presence counts at once.
    pub recent: Vec<Signed>,
    /// Why the mempool could not be read, where it could not. It can only accuse, so nothing is refused for it.
    pub mempool_blind: Option<String>,
}

impl Activity {
    /// Everything seen, settled or not.
    pub fn all(&self) -> impl Iterator<Item = &Signed> {
        self.settled.iter().flat_map(|level| &level.signed).chain(&self.recent)
    }
}

/// The primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryFacts {
    /// Which machine answers there.
    pub identity: Fact<HostIdentity>,
    /// A machine answers there that is not the one ssh knows (H19): in its words.
    pub impostor: Option<String>,
    /// It answered a moment ago and takes no new connection now: a limit on connections, in ssh's words. It is waited for.
    pub limited: Option<String>,
    /// What signs there.
    pub services: Fact<BakerState>,
    /// How long its services wait before they restart.
    pub restart_delay: Fact<Duration>,
    /// What its bakers and signers wrote down of what they signed. What was read once stays known: it was signed.
    pub marks: Fact<ReadMarks>,
    /// Its signer, as a program there reads it once the services are stopped.
    pub signer: Fact<DeviceState>,
    /// Can its services start again by themselves?
    pub boot_guard: Fact<BootGuard>,
    /// Can a service there unlock the signer by itself?
    pub secret: Fact<UnlockSecret>,
    /// Does its machine have power?
    pub power: Fact<Power>,
    /// What speaks against a claim there; afterwards, whether this run's own still stands (S13).
    pub standing: Fact<ClaimAnswer>,
}

impl PrimaryFacts {
    /// Nothing, for one reason.
    #[must_use]
    pub fn unknown(why: &Unknown) -> Self {
        Self {
            identity: Err(why.clone()),
            impostor: None,
            limited: None,
            services: Err(why.clone()),
            restart_delay: Err(why.clone()),
            marks: Err(why.clone()),
            signer: Err(why.clone()),
            boot_guard: Err(why.clone()),
            secret: Err(why.clone()),
            power: Err(why.clone()),
            standing: Err(why.clone()),
        }
    }
}

/// The primary's mark files, and its signer's own marks, as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMarks {
    /// When the reading began: only what was read after the stop was read back bounds what was signed.
    pub began: Timestamp,
    /// What was found.
    pub found: PrimaryMarks,
}

/// The backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFacts {
    /// Which machine this is.
    pub identity: Fact<HostIdentity>,
    /// What signs here.
    pub services: Fact<BakerState>,
    /// May it bake?
    pub guard: Fact<GuardState>,
    /// Can its services start again by themselves? `None`: there are no units that could be guarded, and the token alone
    /// is the guard. Read only where it is guarded and nothing signs.
    pub boot_guard: Fact<Option<BootGuard>>,
    /// Its device.
    pub device: Fact<DeviceState>,
    /// This run's permit; not known to a look that belongs to no run (S13).
    pub permit: Fact<PermitState>,
    /// Claims that runs of other machines left here.
    pub claims: Fact<Vec<Claim>>,
}

impl BackupFacts {
    /// Is it guarded, with nothing that signs?
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let stopped = self.services.as_ref().is_ok_and(|s| matches!(s.value, BakerState::Stopped { .. }));
        stopped && self.guard.as_ref().is_ok_and(|g| g.value == GuardState::Guarded)
    }
}

/// May this machine bake?
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuardState {
    /// It may not: there is no token.
    Guarded,
    /// It may.
    Lifted,
}
