//! How many decisions a second? One is taken at every look; a look takes tens of milliseconds over the network.
#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]

use std::error::Error;
use std::hint::black_box;

use failover_core::baker::{BakerControl, TezbakeControl};
use failover_core::chain::ChainLevelSource;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::decision::{Kept, Noted, Policy, Progress, ThisSession, decide, fence, policy};
use failover_core::facts::{Eyes, Gatherer, Manner, Scope};
use failover_core::guard::Guard;
use failover_core::signer::Model;
use failover_sim::{Side, Source, World, WorldOptions};

#[path = "measure.rs"]
mod measure;

fn main() -> Result<(), Box<dyn Error>> {
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    let mut primary = TezbakeControl::new(world.host(Side::Primary));
    primary.stop()?;
    let mut backup = TezbakeControl::new(world.host(Side::Backup));
    let mut device = world.signer(Side::Backup);
    let guard = Guard::new("/nonexistent");
    let scope = Scope { baker: world.baker(), from: None, primary: true, marks: None, manner: Manner::Usual };
    let eyes = Eyes {
        primary: Some(&mut primary),
        signer: None,
        power: None,
        backup: &mut backup,
        guard: &guard,
        device: &mut *device,
        permit: None,
    };
    let tzkt: Box<dyn ChainLevelSource> = Box::new(Tzkt::new(world.source(Source::Tzkt)));
    let node = Box::new(OctezNode::new(world.node()));
    let facts = Gatherer::new(node, vec![tzkt]).gather(eyes, &scope, &world.clock());
    let policy = Policy::new("mybaker".to_owned(), world.baker(), world.options().chain);

    let head = facts.chain.agreed().ok_or("no head")?;
    let begun = Progress::default();
    let noted = Some(Noted { head, bound: head.above(policy::UNSEEN) });
    let fenced = Progress {
        kept: Kept { proceed: true, noted, ..Kept::default() },
        session: ThisSession {
            fenced_self: true,
            holding: true,
            passphrase: true,
            stopped_since: Some(facts.now),
            ..ThisSession::default()
        },
    };
    measure::title("decide");
    let first = measure::per_second(|| drop(black_box(decide(black_box(&facts), &policy, &begun))));
    measure::row("decide, before the plan is confirmed", first, 1.0);
    let later = measure::per_second(|| drop(black_box(decide(black_box(&facts), &policy, &fenced))));
    measure::row("decide, in the middle of the fence", later, later / first);
    let rungs = measure::per_second(|| drop(black_box(fence(black_box(&facts), &policy, &fenced))));
    measure::row("fence alone", rungs, rungs / first);
    println!("{} settled levels in the facts", facts.chain.activity.map_or(0, |a| a.value.settled.len()));
    Ok(())
}
