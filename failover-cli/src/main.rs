//! `failover`: parses, asks, prints. Every decision is the library's.

use std::process::ExitCode;

mod afterwards;
mod app;
mod args;
mod command;
mod config;
mod exit;
mod failure;
mod heads;
mod locks;
mod looking;
mod notify;
mod output;
mod prompt;
mod screen;
mod session;
mod settings;
mod signals;
mod size;
mod text;
mod wrap;

fn main() -> ExitCode {
    // The process that talks to a Ledger is this program too: a process can be killed, a thread that reads cannot.
    if let Some(code) = failover_core::signer::ledger::hid::serve_child(std::env::args_os()) {
        return code;
    }
    let args: Vec<_> = std::env::args_os().collect();
    if let Some(code) = afterwards::serve(&args) {
        return code;
    }
    app::main(args)
}
