//! The chain: an Octez node answered from a table of real and changed answers, real sockets, TzKT, and a simulated chain.
#![cfg(test)]

mod accuses;
mod activity;
mod delegate;
#[path = "../dice/mod.rs"]
mod dice;
mod http;
mod mempool;
mod octez;
mod rumours;
mod simulated;
mod support;
mod tzkt;
