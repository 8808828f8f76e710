//! Moves a Tezos baker to its backup machine and signer without ever signing twice.

pub mod baker;
pub mod chain;
pub mod clock;
pub mod host;
pub mod signer;
pub mod tezos;
