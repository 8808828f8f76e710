//! Where etcd is, and how it knows this run.

use std::path::PathBuf;
use std::time::Duration;

use crate::chain::SourceUrl;
use crate::signer::Passphrase;
use crate::tezos::{ChainId, KeyHash};

/// How long a lease lasts without its holder. Long enough for an election in etcd, short enough to wait for after a crash.
pub(super) const TTL: Duration = Duration::from_secs(15);

/// Where etcd is, and how it knows this run.
#[derive(Debug, Clone)]
pub struct EtcdOptions {
    /// The members of one cluster, without user, password and path; tried in this order.
    pub endpoints: Vec<SourceUrl>,
    /// Before `/CHAIN/BAKER` in the key; the same for all who may fail this baker over.
    pub prefix: String,
    /// User and password, where etcd has authentication on.
    pub user: Option<(String, Passphrase)>,
    /// Who may have signed etcd's certificate, as PEM; else the usual authorities.
    pub ca_file: Option<PathBuf>,
    /// This client's certificate and key, as PEM.
    pub client: Option<(PathBuf, PathBuf)>,
    /// How long the lease lasts.
    pub ttl: Duration,
}

impl EtcdOptions {
    /// The usual ones, for these members of one cluster.
    #[must_use]
    pub fn new(endpoints: Vec<SourceUrl>) -> Self {
        Self { endpoints, prefix: "/failover".to_owned(), user: None, ca_file: None, client: None, ttl: TTL }
    }

    /// The key of a baker's lock.
    #[must_use]
    pub fn key(&self, chain: ChainId, baker: KeyHash) -> String {
        format!("{}/{chain}/{baker}", self.prefix)
    }
}
