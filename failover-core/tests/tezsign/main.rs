//! The TezSign driver: on a simulated gadget, over a real socket, and against what a real gadget said.
#![cfg(test)]

mod driver;
#[path = "../signer/meanwhile.rs"]
mod meanwhile;
mod socket;
mod support;
mod unlocked;
mod vectors;
