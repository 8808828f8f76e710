//! What a world is made from.

use std::fmt;

use crate::source::Source;
use failover_core::clock::Timestamp;
use failover_core::signer::Model;
use failover_core::tezos::ChainId;

/// The signers that are simulated byte for byte, the usual one first.
pub const SIMULATED: [Model; 2] = [Model::TezSign, Model::Ledger];

/// One of the two machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The machine that bakes until the failover.
    Primary,
    /// The machine that takes over; the tool runs on it, and its node is the own node.
    Backup,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Primary, Self::Backup];

    /// `primary` or `backup`, as in paths, machine names and the control socket.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Primary => Self::Backup,
            Self::Backup => Self::Primary,
        }
    }

    /// The side with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|side| side.name() == name)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One value for each machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pair<T> {
    pub(crate) primary: T,
    pub(crate) backup: T,
}

impl<T> Pair<T> {
    pub(crate) fn new(mut make: impl FnMut(Side) -> T) -> Self {
        Self { primary: make(Side::Primary), backup: make(Side::Backup) }
    }

    pub(crate) const fn of(&self, side: Side) -> &T {
        match side {
            Side::Primary => &self.primary,
            Side::Backup => &self.backup,
        }
    }

    pub(crate) const fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Primary => &mut self.primary,
            Side::Backup => &mut self.backup,
        }
    }
}

/// Does waiting take real time?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// No: the world jumps.
    #[default]
    Fast,
    /// Yes: a minute is a minute.
    Real,
}

/// What a world is made from; [`WorldOptions::new`] gives what a drill wants.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Everything that is drawn comes from it: the same seed, the same world.
    pub seed: u64,
    /// Which devices the two machines have: one of [`SIMULATED`], or what is armed as that is.
    pub model: Model,
    /// Seconds of a round-0 block: 6 as on mainnet (Ushuaia 025), 1 for served worlds that must be quick.
    pub block_seconds: u64,
    /// The level of the head when the world begins; `None`: near 15.3 million, from the seed.
    pub head: Option<u64>,
    /// The time when the world begins, rounded down to seconds.
    pub begins: Timestamp,
    /// Blocks that already exist then, baked with the primary. 3 at least.
    pub history: u64,
    /// Of every 10 levels, in how many our baker has the right to attest. 10 at most.
    pub rights_in_ten: u64,
    /// The chain.
    pub chain: ChainId,
    /// Sources that a run has beside the backup's node.
    pub sources: &'static [Source],
    /// A block of every so many levels commits to a seed nonce: 112 as on mainnet (Ushuaia 025).
    pub blocks_per_commitment: u64,
    /// TezSign: the primary keeps an auto-unlock secret, and so signs again by itself after a reboot.
    pub primary_unlocks_itself: bool,
    /// TezSign: the backup keeps one too (H14).
    pub backup_unlocks_itself: bool,
    /// TezSign's own program is on the primary, as TezBake installs it: its signer can be asked from the backup.
    pub primary_programs: bool,
    /// failover is installed on the primary.
    pub primary_failover: bool,
    /// TezSign: from this level on another consensus key is the baker's; both cards hold it. The first level of a cycle.
    pub key_change: Option<u64>,
    /// What the primary's power status says, whatever is true; `None`: there is none.
    pub power_status: Option<&'static str>,
    /// Does waiting take real time?
    pub pace: Pace,
    /// What the tool does at the same time happens one after the other, so that a replay is the same exchange by
    /// exchange.
    pub in_turn: bool,
}

impl WorldOptions {
    /// A world with these devices, from this seed: 6-second blocks on mainnet's chain id, the primary baking and
    /// unlocking itself, the backup's node running and nothing else there, TzKT beside it. It begins at a fixed time.
    #[must_use]
    pub const fn new(model: Model, seed: u64) -> Self {
        Self {
            seed,
            model,
            block_seconds: 6,
            head: None,
            // 2026-11-22T03:00:00Z, when such things happen.
            begins: Timestamp::from_millis(1_795_316_400_000),
            history: 64,
            rights_in_ten: 10,
            chain: ChainId::MAINNET,
            sources: &[Source::Tzkt],
            blocks_per_commitment: 112,
            primary_unlocks_itself: true,
            backup_unlocks_itself: false,
            primary_programs: true,
            primary_failover: false,
            key_change: None,
            power_status: None,
            pace: Pace::Fast,
            in_turn: false,
        }
    }
}
