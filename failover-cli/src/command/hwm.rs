//! `hwm`: the marks of a device's keys.

mod cap;
mod raise;
mod show;

pub(crate) use raise::{run as raise, shows};
pub(crate) use show::{run as show, setting, table};
