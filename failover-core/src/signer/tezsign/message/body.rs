//! The messages inside a request and a response, field by field.

use std::fmt;

use prost::{Enumeration, Message};
use zeroize::Zeroize;

/// A message without fields.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Empty {}

/// Unlock keys.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct Unlock {
    /// Aliases.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    /// The master passphrase.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub passphrase: Option<Vec<u8>>,
}

/// Lock keys.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct LockKeys {
    /// Aliases.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
}

/// A result for each key.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Results {
    /// In the order of the request.
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<KeyResult>,
}

/// What became of a key.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct KeyResult {
    /// Its alias.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Was it done?
    #[prost(bool, tag = "2")]
    pub ok: bool,
    /// Why not; empty where it was.
    #[prost(string, tag = "3")]
    pub error: String,
}

/// All keys. An unreadable store gives an empty list.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Status {
    /// The keys, by alias.
    #[prost(message, repeated, tag = "1")]
    pub keys: Vec<KeyStatus>,
}

/// A key's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum LockState {
    /// Never said by a gadget.
    Unspecified = 0,
    /// Locked, or unlocked with a corrupted state.
    Locked = 1,
    /// Unlocked: it signs.
    Unlocked = 2,
}

/// A key. Its marks are zero, which means unknown, where it is locked.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct KeyStatus {
    /// Its alias.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its lock.
    #[prost(enumeration = "LockState", tag = "2")]
    pub lock_state: i32,
    /// Its hash, `tz4...`.
    #[prost(string, tag = "3")]
    pub tz4: String,
    /// Its public key, `BLpk...`.
    #[prost(string, tag = "4")]
    pub public_key: String,
    /// Its proof of possession, `BLsig...`.
    #[prost(string, tag = "5")]
    pub proof: String,
    /// Level of the mark for blocks.
    #[prost(uint64, tag = "10")]
    pub block_level: u64,
    /// Level of the mark for preattestations.
    #[prost(uint64, tag = "11")]
    pub preattestation_level: u64,
    /// Level of the mark for attestations.
    #[prost(uint64, tag = "12")]
    pub attestation_level: u64,
    /// Round of the mark for blocks.
    #[prost(uint32, tag = "20")]
    pub block_round: u32,
    /// Round of the mark for preattestations.
    #[prost(uint32, tag = "21")]
    pub preattestation_round: u32,
    /// Round of the mark for attestations.
    #[prost(uint32, tag = "22")]
    pub attestation_round: u32,
    /// Its state file is damaged: it does not sign until its level is set.
    #[prost(bool, tag = "30")]
    pub state_corrupted: bool,
}

/// A signature is asked for.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Sign {
    /// The key's hash.
    #[prost(string, tag = "1")]
    pub tz4: String,
    /// The bytes, with their magic byte.
    #[prost(bytes = "vec", tag = "2")]
    pub message: Vec<u8>,
}

/// A signature.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Signature {
    /// 96 bytes, BLS12-381 compressed.
    #[prost(bytes = "vec", tag = "1")]
    pub signature: Vec<u8>,
}

/// New keys.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct NewKeys {
    /// Aliases.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    /// The master passphrase.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub passphrase: Option<Vec<u8>>,
}

/// What became of new keys.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct NewKeyResults {
    /// In the order of the request.
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<NewKeyResult>,
}

/// What became of a new key.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct NewKeyResult {
    /// Its alias.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its public key, `BLpk...`.
    #[prost(string, tag = "2")]
    pub public_key: String,
    /// Its hash, `tz4...`.
    #[prost(string, tag = "3")]
    pub tz4: String,
    /// Was it made?
    #[prost(bool, tag = "4")]
    pub ok: bool,
    /// Why not; empty where it was.
    #[prost(string, tag = "5")]
    pub error: String,
}

/// The last lines of the log.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Logs {
    /// How many; 0 for the gadget's own choice.
    #[prost(uint32, tag = "1")]
    pub limit: u32,
}

/// Lines of the log.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct LogLines {
    /// The newest last.
    #[prost(string, repeated, tag = "1")]
    pub lines: Vec<String>,
}

/// A master secret for an empty card.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct InitMaster {
    /// Are keys derived from it, or random?
    #[prost(bool, tag = "1")]
    pub deterministic: bool,
    /// The master passphrase from now on.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub passphrase: Option<Vec<u8>>,
}

/// The card's master secret.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct InitInfo {
    /// Is there one?
    #[prost(bool, tag = "1")]
    pub master_present: bool,
    /// Are keys derived from it?
    #[prost(bool, tag = "2")]
    pub deterministic: bool,
}

/// Set all three marks of a key to (level, 0).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SetLevel {
    /// Its alias, case not folded.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The level. The tag is 3; there is no 2.
    #[prost(uint64, tag = "3")]
    pub level: u64,
}

/// Delete keys.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct DeleteKeys {
    /// Aliases.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    /// The master passphrase.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub passphrase: Option<Vec<u8>>,
}

/// Software version.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SoftwareVersion {
    /// The image's version, or `unknown`.
    #[prost(string, tag = "1")]
    pub version: String,
    /// When it was built, RFC 3339, or `unknown`.
    #[prost(string, tag = "2")]
    pub build_date: String,
}

/// Done.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Done {
    /// Was it done?
    #[prost(bool, tag = "1")]
    pub ok: bool,
}

/// Refused.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Failure {
    /// TezSign's code.
    #[prost(uint32, tag = "1")]
    pub code: u32,
    /// Its words.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// Wipes the passphrase when dropped, and shows everything but it.
macro_rules! secret {
    ($type:ident, $shown:ident) => {
        impl Drop for $type {
            fn drop(&mut self) {
                self.passphrase.zeroize();
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).field(stringify!($shown), &self.$shown).finish_non_exhaustive()
            }
        }
    };
}
secret!(Unlock, keys);
secret!(NewKeys, keys);
secret!(InitMaster, deterministic);
secret!(DeleteKeys, keys);
