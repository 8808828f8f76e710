//! The Ledger driver: on a simulated Baking app, over a real socket, and against what the real app said. Its transport in a
//! child process is `ledger_child`, a program that is its own child.

mod driver;
#[path = "../signer/meanwhile.rs"]
mod meanwhile;
mod prompt;
mod recorded;
mod slow;
mod tcp;
mod vectors;
