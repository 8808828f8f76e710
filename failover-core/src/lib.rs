//! Moves a Tezos baker to its backup machine and signer without ever signing twice.

pub mod baker;
pub mod chain;
pub mod clock;
pub mod decision;
pub mod effect;
pub mod facts;
pub mod failover;
pub mod guard;
pub mod host;
pub mod journal;
pub mod lock;
pub mod operator;
pub mod signer;
#[cfg(feature = "sim")]
pub mod sim;
pub mod state;
pub mod tezos;
