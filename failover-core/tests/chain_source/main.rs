//! An Octez node as a chain source, answered from a table of real and changed answers.
#![cfg(test)]

mod accuses;
mod activity;
mod delegate;
mod octez;
mod support;
