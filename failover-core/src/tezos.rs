//! The vocabulary: levels, rounds, kinds, hashes, amounts. Newtypes with checked steps, so that no bare
//! integer or string ever stands for a position on the chain.
//!
//! Encodings and prefixes: Octez v25.1 (`src/lib_crypto/base58.ml`), recomputed against real blocks.

pub(crate) mod base58;
mod chain_id;
mod hash;
mod key_hash;
mod kind;
mod level;
mod mutez;
mod position;

pub use base58::Base58Error;
pub(crate) use base58::text_serde;
pub use chain_id::ChainId;
pub use hash::{BlockHash, NonceHash};
pub use key_hash::{Curve, KeyHash, PublicKeyError};
pub use kind::{Kind, KindError};
pub use level::{Level, LevelError};
pub use mutez::Mutez;
pub use position::{Position, Round};
