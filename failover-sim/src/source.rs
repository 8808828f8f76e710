//! Sources of the chain other than the backup's own node: which there are, and what can be wrong with one.

/// A source other than the own node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// TzKT.
    Tzkt,
    /// A further node, with the access list of a public one.
    Node,
}

impl Source {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tzkt => "the simulated TzKT",
            Self::Node => "the further simulated node",
        }
    }
}

/// What is wrong with a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFault {
    /// It lags by this many levels.
    Behind(u64),
    /// It stays at the level where it is when this begins.
    Stuck,
    /// It claims a head this much higher, of blocks that nobody else has (H20).
    Ahead(u64),
    /// Its newest blocks, so many of them, are others than everybody's.
    Fork(u64),
    /// It is on another network (H2).
    OtherChain,
    /// It claims that our baker signed this many levels above its head. Only TzKT is asked for that.
    SignedAhead(u64),
    /// Nobody listens.
    Down,
    /// It answers in this way.
    Rpc(RpcFault),
}

/// A fault, and the head's level when it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoiled {
    pub(crate) fault: SourceFault,
    pub(crate) since: u64,
}

/// How an RPC fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RpcFault {
    /// HTML instead of JSON, with status 200.
    Html,
    /// 200 MB that never were asked for.
    Huge,
    /// It accepts and never answers.
    Hangs,
    /// 403: the node's access list forbids it.
    Denied,
    /// The level of every head is 0, as `tezbake info` shows it when the node is down.
    LevelZero,
    /// The answer stops in the middle.
    Cut,
    /// 429: it is asked too often.
    TooMany,
}
