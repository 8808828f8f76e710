//! Takes locks, and does to etcd by hand what others may do to it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use failover_core::clock::Timestamp;
use failover_core::lock::etcd::{EtcdLock, EtcdOptions};
use failover_core::lock::{Holder, LockError};
use failover_core::tezos::{ChainId, KeyHash};
use serde_json::{Value, json};

use super::server::{Etcd, until};

pub(crate) const KEY: &str = "/failover/NetXdQprcVkpaWU/tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh";

pub(crate) fn baker() -> KeyHash {
    "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap()
}

pub(crate) fn who(command: &str) -> Holder {
    Holder::this(command, Timestamp::from_millis(1_795_316_400_000), None)
}

pub(crate) fn options(etcd: &Etcd) -> EtcdOptions {
    EtcdOptions::new(vec![etcd.url().parse().unwrap()])
}

/// Gone soon after its holder is.
pub(crate) fn short(etcd: &Etcd) -> EtcdOptions {
    EtcdOptions { ttl: Duration::from_secs(3), ..options(etcd) }
}

pub(crate) fn acquire(options: &EtcdOptions, command: &str) -> Result<EtcdLock, LockError> {
    EtcdLock::acquire(options, ChainId::MAINNET, baker(), &who(command))
}

pub(crate) fn is_free(options: &EtcdOptions) -> bool {
    EtcdLock::look(options, ChainId::MAINNET, baker()).unwrap().is_none()
}

pub(crate) fn answers(options: &EtcdOptions) -> bool {
    EtcdLock::look(options, ChainId::MAINNET, baker()).is_ok()
}

/// One order at the gateway, by hand.
pub(crate) fn post(etcd: &Etcd, path: &str, order: &Value) -> Value {
    let mut answer = None;
    // An etcd that has just been started has no leader yet.
    until("etcd carries it out", || {
        answer = try_post(etcd, path, order);
        answer.is_some()
    });
    answer.unwrap()
}

/// The same; `None` where it does not answer, or not with a yes.
pub(crate) fn try_post(etcd: &Etcd, path: &str, order: &Value) -> Option<Value> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().into();
    let mut answer = agent.post(format!("{}/v3/{path}", etcd.url())).send(order.to_string()).ok()?;
    serde_json::from_slice(&answer.body_mut().read_to_vec().ok()?).ok()
}

/// The key, as etcd has it.
pub(crate) fn key(etcd: &Etcd) -> Option<Value> {
    let answer = post(etcd, "kv/range", &json!({ "key": STANDARD.encode(KEY) }));
    answer.pointer("/kvs/0").cloned()
}

/// Takes the lease away from whoever holds the lock.
pub(crate) fn revoke(etcd: &Etcd) {
    let lease = key(etcd).unwrap()["lease"].clone();
    post(etcd, "lease/revoke", &json!({ "ID": lease }));
    assert_eq!(key(etcd), None);
}

/// Writes the key, as somebody else would, without a lease.
pub(crate) fn put(etcd: &Etcd, value: &str) {
    post(etcd, "kv/put", &json!({ "key": STANDARD.encode(KEY), "value": STANDARD.encode(value) }));
}

pub(crate) fn delete(etcd: &Etcd) {
    post(etcd, "kv/deleterange", &json!({ "key": STANDARD.encode(KEY) }));
}
