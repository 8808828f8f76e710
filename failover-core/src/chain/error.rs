//! Why a source gave no answer, as data.

use std::time::Duration;

use thiserror::Error;

use super::Signed;
use crate::tezos::Level;

/// Why a source gave no answer that can be used. Each is `Unknown` to a decision, never zero (S3).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Nothing listens there, no such host, TLS failed.
    #[error("{source_name} cannot be reached: {why}")]
    Unreachable {
        /// Which source.
        source_name: String,
        /// What the system said.
        why: String,
    },
    /// No whole answer within the deadline (S10).
    #[error("{source_name} did not answer {path} within {}", humantime::format_duration(*after))]
    Timeout {
        /// Which source.
        source_name: String,
        /// Which question.
        path: String,
        /// The deadline.
        after: Duration,
    },
    /// The answer is larger than any true one.
    #[error("{source_name} answered {path} with more than {limit} bytes")]
    TooLarge {
        /// Which source.
        source_name: String,
        /// Which question.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// The node does not let this RPC be called (its ACL).
    #[error("{source_name} denies {path} (HTTP {status}): only the own node on loopback allows it")]
    Denied {
        /// Which source.
        source_name: String,
        /// Which question.
        path: String,
        /// 401 or 403.
        status: u16,
    },
    /// It sends elsewhere; a level must come from the host that the configuration names.
    #[error("{source_name} redirects elsewhere (HTTP {status}): {to}")]
    Redirect {
        /// Which source.
        source_name: String,
        /// HTTP's status.
        status: u16,
        /// Where to, in its own words.
        to: String,
    },
    /// The node does not have that block or its metadata any more, or not yet.
    #[error("{source_name} does not have {path}: {why}")]
    Missing {
        /// Which source.
        source_name: String,
        /// Which question.
        path: String,
        /// What it said: pruned, too large, not found.
        why: String,
    },
    /// It is asked more often than it allows (HTTP 429).
    #[error("{source_name} is asked too often: {path} got HTTP 429{}", again(*retry_after))]
    RateLimited {
        /// Which source.
        source_name: String,
        /// Which question.
        path: String,
        /// When to ask again, as it says (`Retry-After` in seconds, at most a day); `None`: it does not say.
        retry_after: Option<Duration>,
    },
    /// Any other HTTP status than 200.
    #[error("{source_name} answered {path} with HTTP {status}: {body}")]
    Status {
        /// Which source.
        source_name: String,
        /// Which question.
        path: String,
        /// The status.
        status: u16,
        /// The beginning of what it said.
        body: String,
    },
    /// An answer that is not the JSON it should be.
    #[error("{source_name} answered {path} with something unexpected: {why}")]
    Malformed {
        /// Which source.
        source_name: String,
        /// Which question.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A block that could not be read completely, so that absence proves nothing.
    #[error("block {level:#} cannot be read completely: {why}")]
    Incomplete {
        /// Which block.
        level: Level,
        /// An unknown operation, a vote without metadata, power that does not add up.
        why: String,
        /// What the baker signed, as far as it could be read all the same: presence counts at once (S8).
        seen: Vec<Signed>,
    },
}

impl ChainError {
    /// What was seen of the baker's signatures although the answer is no fact.
    #[must_use]
    pub fn seen(&self) -> &[Signed] {
        match self {
            Self::Incomplete { seen, .. } => seen,
            _ => &[],
        }
    }

    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "start the node, or correct its URL in the configuration",
            Self::Timeout { .. } => "try again; if it stays, look at the node's load",
            Self::TooLarge { .. } | Self::Malformed { .. } => {
                "check that the URL is that of an Octez node's RPC, or of TzKT's API for `tzkt`"
            }
            Self::Redirect { .. } => "if that URL is right, put it into the configuration",
            Self::Denied { .. } => "use the own node on loopback, or allow this RPC",
            Self::Missing { .. } => "use a node that keeps recent blocks with their metadata",
            Self::RateLimited { .. } => "wait as long as it asks for, or leave this source out with --without",
            Self::Status { .. } => "look at the node's log",
            Self::Incomplete { .. } => "try again; if it stays, update failover: the protocol may have changed",
        }
    }
}

fn again(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |after| format!(", ask again in {}", humantime::format_duration(after)))
}
