//! The TezSign driver: on a simulated gadget, over a real socket, and against what a real gadget said.
#![cfg(test)]

mod driver;
mod socket;
mod support;
mod vectors;
