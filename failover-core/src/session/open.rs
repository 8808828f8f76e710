//! The parts that a configuration names, each opened alone: device, machines, sources, locks, permit, thresholds. Nothing is
//! shown; what a person should know is a value that the caller shows.
//!
//! To run the procedure, open a [`Session`](super::Session) instead, which takes them in their order.

mod device;
mod hands;
mod lock;
mod machine;
mod noted_prompt;
mod permit;
mod policy;
mod reopening_device;
mod source;

pub use device::{device, device_state, newer_than_tried};
pub use hands::{alone, disarming, disarming_in, hands, watching};
pub(crate) use lock::locks_beside;
pub use lock::{Locks, etcd, lock_here, lock_here_within, locks};
pub use machine::{backup, control, host, primary, primary_signer};
pub use permit::{begin, permit, previous_run};
pub use policy::{policy, primary_pin};
pub use reopening_device::ReopeningDevice;
pub use source::{node, others};
