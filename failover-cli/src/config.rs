//! Where the configuration is, and how a new one is written. What it says is the library's to check.

mod find;
mod template;

pub(crate) use find::{NoConfig, find, usual};
pub(crate) use template::{Section, Template, tzkt_of};
