//! What went wrong with etcd.

use thiserror::Error;

/// Why etcd could not be asked, or what it said instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EtcdError {
    /// What the configuration says cannot be used.
    #[error("{what}: {why}")]
    Setup {
        /// A file, a URL.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// No member gave an answer that can be used. What was asked may have happened.
    #[error("etcd does not answer: {tried}")]
    NoAnswer {
        /// Each member, with what it did.
        tried: String,
    },
    /// It does not let this user in, or not at this key.
    #[error("etcd refuses: {why}")]
    Denied {
        /// In its words.
        why: String,
    },
    /// It says no for another reason.
    #[error("etcd says no to {path}: {why}")]
    Refused {
        /// What was asked.
        path: String,
        /// In its words.
        why: String,
    },
    /// It answered something that is no answer to this.
    #[error("etcd's answer to {path} cannot be trusted: {why}")]
    Malformed {
        /// What was asked.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two members belong to two clusters: a lock in one excludes nobody in the other.
    #[error("{endpoint} belongs to another cluster than the member before it")]
    OtherCluster {
        /// The second one.
        endpoint: String,
    },
}

impl EtcdError {
    pub(super) fn malformed(path: &str, why: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_owned(), why: why.into() }
    }

    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Setup { .. } => "correct `[lock]` in the configuration",
            Self::NoAnswer { .. } | Self::Malformed { .. } => {
                "mend etcd, or name members of it that work. Only where nobody else can fail this baker over, take `[lock]` \
                 out of the configuration"
            }
            Self::Denied { .. } => {
                "give this user the right to read and write below the prefix; a client certificate must have no CN where \
                 authentication is on, because etcd's gateway refuses it then"
            }
            Self::Refused { .. } => "see etcd's log; where authentication is off, take `user` out of `[lock]`",
            Self::OtherCluster { .. } => "name members of one cluster, the same that every other backup names",
        }
    }
}
