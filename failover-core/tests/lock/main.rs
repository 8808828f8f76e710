//! The lock: a file's between real processes, etcd's against a real etcd, and one that is lost in the middle of a run.
#![expect(clippy::unwrap_used, reason = "a test's helpers may stop it like the test itself")]

#[path = "../embedder/mod.rs"]
mod embedder;
mod etcd;
mod gate;
mod processes;
mod same_number;
