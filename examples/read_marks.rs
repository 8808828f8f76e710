//! What has each key of a signing device signed?
//!
//! `cargo run --example read_marks -- tezsign`, or `ledger`, or another selector. Without one, the device
//! is a simulated primary's, which has baked until now.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::process::ExitCode;

use failover_core::HwmSetter;
use failover_core::signer::ledger;
use failover_core::signer::{Model, Selector, SignerError, registry};
use failover_sim::{Side, World, WorldOptions};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A Ledger on USB is read by a child process, which can be killed where it hangs: this program again.
    if let Some(code) = ledger::hid::serve_child(std::env::args_os()) {
        return Ok(code);
    }
    let mut device = match std::env::args().nth(1) {
        Some(selector) => open(&selector.parse()?)?,
        None => World::new(WorldOptions::new(Model::TezSign, 7)).signer(Side::Primary),
    };
    // For people; an old TezSign does not say it.
    let version = device.version()?;
    let state = device.state()?;
    println!(
        "{} {}",
        state.info.model,
        version.as_deref().or(state.info.version.as_deref()).unwrap_or("of unknown version")
    );
    for key in state.keys {
        println!("{} {}", key.name, key.key);
        match key.marks {
            Some(marks) => {
                println!("  block           {}", marks.block);
                println!("  preattestation  {}", marks.preattestation);
                println!("  attestation     {}", marks.attestation);
            }
            None => println!("  locked: its marks are unknown, which is not zero"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(selector: &Selector) -> Result<Box<dyn HwmSetter>, SignerError> {
    // Whichever of the registry's signers it names. A Ledger's key has a path, and the others pass it over.
    let path = Some(ledger::KeyPath::default());
    registry::open(selector, &registry::OpenOptions { path, ..registry::OpenOptions::default() })
}
