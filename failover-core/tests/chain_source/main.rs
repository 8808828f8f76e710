//! An Octez node as a chain source, answered from a table of real and changed answers.
#![cfg(test)]

mod accuses;
mod activity;
mod delegate;
#[path = "../dice/mod.rs"]
mod dice;
mod octez;
mod rumours;
mod support;
