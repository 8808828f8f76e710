//! What a machine's signing device is like from now on.

use failover_core::tezos::ChainId;

/// A device in another state than a new one. What the other kind of device does not have does nothing to it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceCondition {
    /// It was used until this level, and laid away locked or not authorized.
    Marks(u64),
    /// TezSign: one slot of this key's state file is damaged, which shows only while it is unlocked.
    OneSlot(String),
    /// TezSign: both slots are, so that the key cannot be unlocked.
    BothSlots(String),
    /// TezSign: the state file of this key is unlinked: what is set is gone after the next lock.
    Unlinked(String),
    /// TezSign: its software is of before 2026-01-06.
    Old,
    /// TezSign: its software is of before 2025-12-02, and sends no accept.
    Oldest,
    /// TezSign: an unlock ends so many seconds after it was asked for, and is not answered; 0 ends that.
    LateUnlock(u64),
    /// TezSign: a file of this key is cut off on the card, so that no passphrase opens it.
    CutOff(String),
    /// Somebody let it sign, and died: unlocked, or authorized.
    LeftArmed,
    /// Ledger: it was set up for another chain, and used there until this level.
    MainChain {
        /// Which chain.
        chain: ChainId,
        /// The main mark, which guards that chain alone.
        level: u64,
    },
    /// Ledger: somebody rejects the prompt that is on its screen.
    Rejects,
    /// Ledger: nobody presses the buttons of a prompt; `false`: somebody does again.
    NobodyPresses(bool),
}
