//! How does this baker stand? The chain, what it signed, the device and the services here, on one page; only read.
//!
//! `cargo run --example dashboard -- http://127.0.0.1:8732 tz1... tezsign` on a machine with TezBake.
//! Without arguments, the machine is a simulated primary, which bakes.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;

use failover_core::HwmSetter;
use failover_core::baker::{BakerMachine, BakerState, TezbakeControl};
use failover_core::chain::{ChainNode, octez::OctezNode};
use failover_core::clock::{Clock, SystemClock};
use failover_core::host::LocalHost;
use failover_core::signer::ledger;
use failover_core::signer::{Arming, Model, registry};
use failover_core::tezos::KeyHash;
use failover_sim::{Side, World, WorldOptions};

struct Baker {
    node: Box<dyn ChainNode>,
    address: KeyHash,
    device: Box<dyn HwmSetter>,
    services: Box<dyn BakerMachine>,
    clock: Box<dyn Clock>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A Ledger on USB is read by a child process: this program again.
    if let Some(code) = ledger::hid::serve_child(std::env::args_os()) {
        return Ok(code);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut baker = match arguments.as_slice() {
        [url, address, device] => real(url, address, device)?,
        [] => simulated(&World::new(WorldOptions::new(Model::TezSign, 7))),
        _ => return Err("usage: dashboard [URL ADDRESS DEVICE]".into()),
    };
    // One part that cannot be read takes no other with it, and is shown as unknown: never as empty, 0 or fine.
    line("chain", chain(&mut baker));
    line("keys", keys(&mut baker));
    line("signed", signed(&mut baker));
    line("device", device(&mut baker));
    line("services", services(&mut baker));
    Ok(ExitCode::SUCCESS)
}

fn line<E: Display>(what: &str, said: Result<String, E>) {
    match said {
        Ok(text) => println!("{what}: {text}"),
        Err(error) => println!("{what}: unknown: {error}"),
    }
}

fn chain(baker: &mut Baker) -> Result<String, Box<dyn Error>> {
    let head = baker.node.head()?;
    let age = baker.clock.now().since(head.timestamp).as_secs();
    Ok(format!("level {} of {}, {age} s old, the node is {:?}", head.level, head.chain_id, baker.node.sync()?))
}

fn keys(baker: &mut Baker) -> Result<String, Box<dyn Error>> {
    let delegate = baker.node.delegate(&baker.address)?;
    let keys: Vec<String> = delegate.keys.iter().map(|key| format!("{} {}", key.role.name(), key.key)).collect();
    let missed = delegate.missed_levels.map_or_else(|| "unknown".to_owned(), |missed| missed.to_string());
    Ok(format!("{}; levels missed in cycle {}: {missed}", keys.join(", "), delegate.cycle))
}

/// The newest level in which nothing can be added any more, and the ones before it while it had no right there.
fn signed(baker: &mut Baker) -> Result<String, Box<dyn Error>> {
    let settled = baker.node.head()?.level.below(3).ok_or("the chain has just begun")?;
    for below in 0..20 {
        let Some(level) = settled.below(below) else { break };
        let activity = baker.node.activity(&baker.address, level)?;
        if activity.rights {
            let signed: Vec<String> = activity.signed.iter().map(|s| format!("{} {}", s.kind, s.at)).collect();
            return Ok(if signed.is_empty() { format!("nothing at level {level}") } else { signed.join(", ") });
        }
    }
    Ok("no right in the last 20 levels".to_owned())
}

fn device(baker: &mut Baker) -> Result<String, Box<dyn Error>> {
    let keys = baker.device.state()?.keys.into_iter().map(|key| {
        let arming = match key.arming {
            Arming::Armed => "can sign",
            Arming::Disarmed => "cannot sign",
            Arming::Corrupted => "corrupted",
        };
        let mark = key.marks.map_or_else(|| "its marks are unknown".to_owned(), |marks| marks.highest().to_string());
        format!("{} {arming}, {mark}", key.name)
    });
    Ok(keys.collect::<Vec<_>>().join("; "))
}

fn services(baker: &mut Baker) -> Result<String, Box<dyn Error>> {
    Ok(match baker.services.state()? {
        BakerState::Running { what } => format!("running: {}", what.join(", ")),
        BakerState::Stopped { checked } => format!("stopped: {}", checked.join(", ")),
    })
}

fn real(url: &str, address: &str, device: &str) -> Result<Baker, Box<dyn Error>> {
    let selector = device.parse::<failover_core::signer::Selector>()?;
    let path = Some(ledger::KeyPath::default());
    let device = registry::open(&selector, &registry::OpenOptions { path, ..registry::OpenOptions::default() })?;
    let services = Box::new(TezbakeControl::new(LocalHost::new()));
    let node = Box::new(OctezNode::connect(url)?);
    Ok(Baker { node, address: address.parse()?, device, services, clock: Box::new(SystemClock) })
}

fn simulated(world: &World) -> Baker {
    let services = Box::new(TezbakeControl::new(world.host(Side::Primary)));
    let node = Box::new(OctezNode::new(world.node()));
    let device = world.signer(Side::Primary);
    Baker { node, address: world.baker(), device, services, clock: Box::new(world.clock()) }
}
