//! The lock in etcd against a real etcd on loopback: two holders, a lease that is lost, etcd that is down, and doors that
//! are locked. `scripts/setup.sh test` installs etcd-server.
#![cfg(feature = "etcd")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod doors;
mod down;
mod losing;
mod nonsense;
mod server;
mod support;
mod taking;
