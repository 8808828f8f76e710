//! How is what signs on a machine stopped, so that it is known to be stopped?
//!
//! `cargo run --example stop_a_baker -- baker@primary octez-baker octez-signer` stops these systemd units
//! over ssh; `-- baker@primary` alone stops what TezBake runs. **It really does.** Without arguments, the machine is a
//! simulated one. The node goes on either way.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;

use failover_core::baker::{BakerMachine, BakerState, SystemdControl, TezbakeControl, UnitName};
use failover_core::clock::{Clock, SystemClock};
use failover_core::host::{SshHost, SshOptions};
use failover_core::signer::Model;
use failover_sim::{Side, World, WorldOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    let (mut baker, clock): (Box<dyn BakerMachine>, Box<dyn Clock>) = match arguments.next() {
        Some(destination) => {
            let host = SshHost::new(destination, SshOptions::default())?;
            let units = arguments.map(|unit| unit.parse()).collect::<Result<Vec<UnitName>, _>>()?;
            let baker: Box<dyn BakerMachine> = match units.is_empty() {
                true => Box::new(TezbakeControl::new(host)),
                false => Box::new(SystemdControl::new(host, units)),
            };
            (baker, Box::new(SystemClock))
        }
        None => (Box::new(TezbakeControl::new(world.host(Side::Primary))), Box::new(world.clock())),
    };
    println!("{}: machine {}", baker.describe(), baker.identity()?.machine_id);
    show(&baker.state()?);
    baker.stop()?;
    show(&baker.state()?);
    // Services may restart by themselves: stopped is what reads stopped again after their restart delay.
    clock.sleep(baker.restart_delay()? + std::time::Duration::from_secs(2));
    show(&baker.state()?);
    Ok(())
}

fn show(state: &BakerState) {
    match state {
        BakerState::Running { what } => println!("running: {}", what.join(", ")),
        BakerState::Stopped { checked } => println!("stopped: {}", checked.join(", ")),
    }
}
