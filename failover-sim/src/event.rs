//! What can happen to a world, now, at a time or at a level.

use crate::options::Side;
use crate::source::{RpcFault, Source, SourceFault};
use failover_core::chain::SyncState;
use failover_core::clock::Timestamp;

mod device;

pub use device::DeviceCondition;

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At a time; at once where that has passed.
    Time(Timestamp),
    /// When the chain's head reaches a level; at once where it has.
    Level(u64),
    /// When this side's device signs the next time.
    Signs(Side),
}

impl From<Timestamp> for When {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

/// What happens. In JSON, as the control socket takes it: `"halt-chain"`, `{"power-off":"primary"}`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Something else, so many seconds later.
    After(u64, Box<Self>),
    /// The machine loses power, and its device with it: unlocked keys are gone.
    PowerOff(Side),
    /// The machine boots: its enabled services start, guarded ones do not.
    PowerOn(Side),
    /// Commands do not reach the machine; it goes on baking (H4).
    Unreachable(Side),
    /// Commands reach it again.
    Reachable(Side),
    /// The machine sees no blocks and is not seen by the chain.
    CutFromChain(Side),
    /// It is back on the chain.
    BackOnChain(Side),
    /// Its device is pulled out.
    Unplug(Side),
    /// Its device is plugged in: it boots locked.
    Plug(Side),
    /// A service is killed; it restarts by itself where it is told to.
    KillService(Side, String),
    /// From now on `tezbake stop` fails at the node, after which the signer was never stopped (H11).
    NodeStopFails(Side),
    /// No more blocks (H21).
    HaltChain,
    /// Blocks again.
    ResumeChain,
    /// The node shows a chain that is this many levels behind; its peers' heads are true (H1). 0 ends it.
    NodeBehind(u64),
    /// What the node says of itself.
    NodeSync(SyncState),
    /// The node's blocks have times this many seconds later than this machine's clock thinks right (H13). 0 ends it.
    HeadFromFuture(i64),
    /// The node is on another network (H2).
    WrongChain,
    /// The node's peers are on another branch (H20).
    PeersDisagree,
    /// The node's peers claim a head this much higher (H20).
    PeersAhead(u64),
    /// The node knows no peer's head (H1); `false` ends it.
    NoPeers(bool),
    /// The node's access list denies these questions, and no others.
    Deny(Vec<Questions>),
    /// Something is wrong with a source other than the node; `None` ends it.
    Source(Source, Option<SourceFault>),
    /// The newest blocks, so many of them, are replaced by others, of a later round, in which our baker did not vote.
    Reorganise(u64),
    /// Our baker is forbidden; what it was denounced for is not shown any more.
    Forbid,
    /// Our baker is deactivated.
    Deactivate,
    /// Our baker has a pending consensus key, not on any device, which activates in this many cycles (H8).
    PendingKey {
        /// Cycles from the head's.
        cycles: u64,
    },
    /// This side's signing device is like this.
    Device(Side, DeviceCondition),
    /// A person at this side's Ledger presses the buttons of a prompt that was left on its screen (H10).
    Press(Side),
    /// The chain's next protocol is another one.
    NextProtocol(String),
    /// From now on every block shows a consensus operation of a kind that nobody knows (H15); `false` ends it.
    UnknownOperation(bool),
    /// From now on every block shows the text "too large" where its operations' receipts should be (H15); `false` ends
    /// it.
    PrunedMetadata(bool),
    /// The node's RPC fails in this way; `None` ends it.
    Rpc(Option<RpcFault>),
    /// What reading the baker's mark file on this machine finds from now on.
    MarkFile(Side, MarkFileState),
    /// Something about a machine's service manager, or who may change it, from now on.
    Host(Side, HostFault),
    /// Somebody proves on chain that our baker attested twice at the head's level; it is forbidden from then on.
    Denounce,
    /// Our baker is not forbidden any more; what it was denounced for is still shown.
    Pardon,
    /// Somebody puts an attestation in our baker's slot into the mempool that nobody signed, for so many levels above the
    /// head; the node looks at the level first (H25).
    Rumour {
        /// Levels above the head; from 2 on the node has not looked at the signature.
        above: u64,
    },
    /// Somebody else with our baker's keys has signed another payload where our baker voted last. The node has checked
    /// the signature, and then found the conflict.
    Conflict,
    /// The own node and its peers show a chain so many levels ahead of what every other source shows (H26). 0 ends it.
    NodeAhead(u64),
    /// The wall clock of the machine that the tool runs on is set: so many seconds on, or back (H41).
    ClockSteps(i64),
    /// The tool's process stands still for so many seconds, from its next exchange on (H41).
    Pauses(u64),
}

/// What a reader finds of octez-baker's mark file. Its baker is not disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkFileState {
    /// All of it, as the baker wrote it before its last signature.
    #[default]
    Whole,
    /// No file.
    Absent,
    /// Its first half.
    CutInHalf,
    /// The same under the name of another chain.
    OtherChain,
    /// Levels ten million too high.
    FarFuture,
    /// Levels a thousand too low: the file of a base folder that the baker does not use any more.
    Stale,
}

/// What a machine's service manager or its rights are like from now on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HostFault {
    /// /etc is mounted read-only.
    ReadOnlyEtc,
    /// The disk with the baker's folder cannot be read any more (H16).
    BadDisk,
    /// `sudo -n` wants a password.
    NoSudo,
    /// There is no `systemctl` and no `busctl`.
    NoSystemd,
    /// What `systemctl --version` says first: `systemd 245 (245.4-4ubuntu3)`.
    Systemd(String),
    /// No program there can ask its signer.
    NoPrograms,
    /// The files of its auto-unlock secret cannot be renamed.
    NothingMoves,
    /// This program cannot be executed.
    NotExecutable(String),
    /// The client there knows no key by name.
    NotImported,
    /// The process table shows the user's own processes alone, as with `hidepid`.
    ProcessesHidden,
    /// A service's unit file is taken away while it may run.
    UnitRemoved(String),
    /// A file below /etc/systemd/system has this text, or is gone; systemd is not told.
    File(String, Option<String>),
    /// Somebody stands this machine down between the permit that a `return` leaves here and the start that comes late (H40).
    StoodDownBefore,
}

/// What an access list denies: a public node denies all of these (`RPC_server.ml`, Octez v25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Questions {
    /// `helpers/*`: rights.
    Helpers,
    /// `active_peers_heads`.
    Peers,
    /// `mempool/*`.
    Mempool,
}

impl Questions {
    pub(crate) fn include(self, path: &[&str]) -> bool {
        let named = match self {
            Self::Helpers => "helpers",
            Self::Peers => "active_peers_heads",
            Self::Mempool => "mempool",
        };
        path.contains(&named)
    }
}
