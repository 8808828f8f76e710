//! What was armed on this machine since it last became the backup, as its journals and its token's history say (S16).

use super::{DeviceState, Fact, HostIdentity, KeyName, Marks, Unknown};
use crate::tezos::Level;

/// One thing that an account has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deed {
    /// The highest level that the primary may have signed (B), or the lower one of the plan that was shown before.
    Bound {
        /// The level.
        level: Level,
    },
    /// An unlock or an authorization was tried.
    Armed {
        /// Which keys.
        keys: Vec<KeyName>,
    },
    /// Marks were read, or raised and read back. Where they were only read, both are the same.
    Marks {
        /// Which key.
        key: KeyName,
        /// Before.
        before: Marks,
        /// After.
        after: Marks,
    },
    /// Marks were going to be raised, and what came of it is not known.
    Tried {
        /// Which keys.
        keys: Vec<KeyName>,
        /// To this level.
        level: Level,
    },
    /// A start was tried. Tried is enough: it may have signed.
    Started {
        /// When and in which run, in words.
        what: String,
    },
    /// The token was there: services could be started, by anybody.
    Lifted {
        /// When and on whose word, in words.
        what: String,
    },
}

/// Everything since the last completed standby, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// What was done.
    pub deeds: Vec<Deed>,
    /// The marks that the last completed standby left; empty: there was none.
    pub left: Vec<(KeyName, Marks)>,
}

impl Account {
    /// Every key that was armed or raised, each once.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyName> {
        let named = self.deeds.iter().flat_map(|deed| match deed {
            Deed::Armed { keys } | Deed::Tried { keys, .. } => keys.clone(),
            Deed::Marks { key, .. } => vec![key.clone()],
            Deed::Bound { .. } | Deed::Started { .. } | Deed::Lifted { .. } => Vec::new(),
        });
        let mut keys: Vec<KeyName> = self.left.iter().map(|(key, _)| key.clone()).chain(named).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// All that a verdict on giving the job back may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giving {
    /// What was armed here; unknown is "may have signed" (S3).
    pub account: Result<Account, Unknown>,
    /// This machine's name, as a person types it.
    pub host: String,
    /// Which machine answers as the primary.
    pub primary: Fact<HostIdentity>,
    /// Which machine this is.
    pub identity: Fact<HostIdentity>,
    /// What keeps this machine from being guarded and stopped, its device left out; empty: it is both, read now.
    pub awake: Vec<String>,
    /// This machine's device.
    pub device: Fact<DeviceState>,
    /// Where it is not known: is there no such device at all? One that is there and does not answer is not unplugged.
    pub gone: bool,
    /// A TezSign's keys, as they read while they were unlocked and the sign interface was held, a moment ago.
    pub unlocked: Option<DeviceState>,
}
