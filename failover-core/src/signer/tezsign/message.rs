//! Payloads: protobuf, proto3 (TezSign 2026-04-30, `signerpb/signer.proto`), written by hand, so that building
//! needs no `protoc`.
//!
//! Messages that carry a passphrase wipe it when dropped and do not show it (S9). Its field has explicit presence
//! because one recorded host sends it empty.

use prost::{Message, Oneof};

mod body;

pub use body::{
    DeleteKeys, Done, Empty, Failure, InitInfo, InitMaster, KeyResult, KeyStatus, LockKeys, LockState, LogLines, Logs,
    NewKeyResult, NewKeyResults, NewKeys, Results, SetLevel, Sign, Signature, SoftwareVersion, Status, Unlock,
};

/// Host to gadget.
#[derive(Clone, PartialEq, Message)]
pub struct Request {
    /// What is asked.
    #[prost(oneof = "Ask", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11")]
    pub ask: Option<Ask>,
}

/// What is asked.
#[derive(Clone, PartialEq, Oneof)]
pub enum Ask {
    /// Unlock keys; answered by [`DeviceAnswer::Unlock`].
    #[prost(message, tag = "1")]
    Unlock(Unlock),
    /// Lock keys; answered by [`DeviceAnswer::Lock`].
    #[prost(message, tag = "2")]
    Lock(LockKeys),
    /// All keys; answered by [`DeviceAnswer::Status`].
    #[prost(message, tag = "3")]
    Status(Empty),
    /// A signature, on the sign interface only; answered by [`DeviceAnswer::Sign`].
    #[prost(message, tag = "4")]
    Sign(Sign),
    /// New keys; answered by [`DeviceAnswer::NewKeys`].
    #[prost(message, tag = "5")]
    NewKeys(NewKeys),
    /// The last lines of the log; answered by [`DeviceAnswer::Logs`].
    #[prost(message, tag = "6")]
    Logs(Logs),
    /// A master secret for an empty card; answered by [`DeviceAnswer::Ok`].
    #[prost(message, tag = "7")]
    InitMaster(InitMaster),
    /// Is there a master secret; answered by [`DeviceAnswer::InitInfo`].
    #[prost(message, tag = "8")]
    InitInfo(Empty),
    /// Set a key's marks; answered by [`DeviceAnswer::Ok`].
    #[prost(message, tag = "9")]
    SetLevel(SetLevel),
    /// Delete keys; answered by [`DeviceAnswer::DeleteKeys`].
    #[prost(message, tag = "10")]
    DeleteKeys(DeleteKeys),
    /// Software version; answered by [`DeviceAnswer::Version`].
    #[prost(message, tag = "11")]
    Version(Empty),
}

/// Gadget to host.
#[derive(Clone, PartialEq, Message)]
pub struct Response {
    /// What is answered.
    #[prost(oneof = "DeviceAnswer", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16")]
    pub answer: Option<DeviceAnswer>,
}

/// What is answered.
#[derive(Clone, PartialEq, Oneof)]
pub enum DeviceAnswer {
    /// To unlock, a result for each key.
    #[prost(message, tag = "1")]
    Unlock(Results),
    /// To lock, a result for each key.
    #[prost(message, tag = "2")]
    Lock(Results),
    /// To status.
    #[prost(message, tag = "3")]
    Status(Status),
    /// To sign.
    #[prost(message, tag = "4")]
    Sign(Signature),
    /// To new keys.
    #[prost(message, tag = "5")]
    NewKeys(NewKeyResults),
    /// To logs.
    #[prost(message, tag = "6")]
    Logs(LogLines),
    /// To init info.
    #[prost(message, tag = "7")]
    InitInfo(InitInfo),
    /// To delete keys, a result for each key.
    #[prost(message, tag = "8")]
    DeleteKeys(Results),
    /// To version.
    #[prost(message, tag = "9")]
    Version(SoftwareVersion),
    /// To init master and set level.
    #[prost(message, tag = "15")]
    Ok(Done),
    /// To anything.
    #[prost(message, tag = "16")]
    Error(Failure),
}

impl From<Ask> for Request {
    fn from(ask: Ask) -> Self {
        Self { ask: Some(ask) }
    }
}

impl From<DeviceAnswer> for Response {
    fn from(answer: DeviceAnswer) -> Self {
        Self { answer: Some(answer) }
    }
}
