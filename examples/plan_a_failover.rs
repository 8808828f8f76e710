//! What would a failover do now? Looks once, decides, and changes nothing.
//!
//! `cargo run --example plan_a_failover -- tezsign http://127.0.0.1:8732 https://api.tzkt.io
//! baker@primary tz1... mainnet`, on the backup. Without arguments, the world is a simulated one.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::sync::Arc;

use failover_core::baker::{BakerMachine, MachineIdentity, TezbakeControl};
use failover_core::chain::{ChainLevelSource, ChainNode, octez::OctezNode, tzkt::Tzkt};
use failover_core::clock::{Clock, SystemClock};
use failover_core::decision::{Policy, Progress, bound, decide, fence, floor};
use failover_core::facts::{Eyes, Gatherer, Manner, Scope};
use failover_core::guard::Guard;
use failover_core::host::{HostIdentity, LocalHost, SshHost, SshOptions};
use failover_core::signer::{HwmSetter, Model, tezsign};
use failover_core::state::StateDir;
use failover_core::tezos::ChainId;
use failover_sim::{Side, Source, World, WorldOptions};

/// The own node, and another source that has to agree with it (S15).
type Chain = (Box<dyn ChainNode>, Box<dyn ChainLevelSource>);
type Parts = (Box<dyn HwmSetter>, Chain, [Box<dyn BakerMachine>; 2], Arc<dyn Clock>, Policy);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mut device, (node, other), [mut primary, mut backup], clock, policy) = match arguments.as_slice() {
        [device, url, tzkt, host, baker, network] => real(device, [url.as_str(), tzkt.as_str()], host, baker, network)?,
        _ => simulated(&World::new(WorldOptions::new(Model::TezSign, 7))),
    };
    let guard = Guard::new(StateDir::DEFAULT);
    let eyes = Eyes {
        primary: Some(&mut *primary),
        signer: None,
        power: None,
        backup: &mut *backup,
        guard: &guard,
        device: &mut *device,
        permit: None,
    };
    let scope =
        Scope { baker: policy.baker, from: None, primary: true, marks: Some(policy.chain), manner: Manner::Usual };
    let facts = Gatherer::new(node, vec![other]).gather(eyes, &scope, &*clock);
    let progress = Progress::default();
    println!("next: {:?}", decide(&facts, &policy, &progress));
    println!("path: {:?}, because {}", fence(&facts, &policy, &progress).path, fence(&facts, &policy, &progress).why);
    let (bound, basis) = bound(&facts, &policy, &progress)?;
    println!("the primary may have signed up to {bound}: {basis}");
    println!("floor of every mark: {}", floor(&facts, &policy, &progress, bound, None)?);
    Ok(())
}

fn real(device: &str, [url, tzkt]: [&str; 2], host: &str, baker: &str, network: &str) -> Result<Parts, Box<dyn Error>> {
    let mut policy = Policy::new("mybaker".to_owned(), baker.parse()?, ChainId::of_network(network)?);
    let mut primary = TezbakeControl::new(SshHost::new(host, SshOptions::default())?);
    // `failover check` pins it once; a look may take whoever answers (H19).
    policy.primary_pin = primary.identity().ok();
    let bakers: [Box<dyn BakerMachine>; 2] = [Box::new(primary), Box::new(TezbakeControl::new(LocalHost::new()))];
    let chain: Chain = (Box::new(OctezNode::connect(url)?), Box::new(Tzkt::connect(tzkt)?));
    Ok((tezsign::open(&device.parse()?)?, chain, bakers, Arc::new(SystemClock), policy))
}

fn simulated(world: &World) -> Parts {
    let mut policy = Policy::new("mybaker".to_owned(), world.baker(), world.options().chain);
    policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });
    let bakers = Side::BOTH.map(|side| Box::new(TezbakeControl::new(world.host(side))) as Box<dyn BakerMachine>);
    let chain: Chain = (Box::new(OctezNode::new(world.node())), Box::new(Tzkt::new(world.source(Source::Tzkt))));
    (world.signer(Side::Backup), chain, bakers, Arc::new(world.clock()), policy)
}
