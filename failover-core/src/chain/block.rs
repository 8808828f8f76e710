//! A block, as a node's RPC shows it: its header, and the parts of its metadata that say who signed.

mod header;
mod metadata;

pub(super) use header::{Header, level};
pub(super) use metadata::{Metadata, Recorded};
