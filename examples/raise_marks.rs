//! How are the marks of every key of a TezSign raised, and never lowered?
//!
//! `TEZSIGN_UNLOCK_PASS=... cargo run --example raise_marks -- tezsign HEAD`, with the chain's head as you
//! know it. The keys are unlocked for it, raised to 10 levels above the head, and locked again. Without arguments, the
//! device is a simulated backup's.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;

use failover_core::signer::{Cap, KeyName, Model, Passphrase, raise, tezsign, with_unlocked};
use failover_core::tezos::Level;
use failover_sim::{Side, World, WorldOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut device, head, passphrase) = match (arguments.next(), arguments.next()) {
        (Some(selector), Some(head)) => {
            let head = Level::new(head.parse()?).ok_or("level 0 is unknown, not a level")?;
            (tezsign::open(&selector.parse()?)?, head, std::env::var("TEZSIGN_UNLOCK_PASS")?)
        }
        (None, _) => {
            let world = World::new(WorldOptions::new(Model::TezSign, 7));
            (world.signer(Side::Backup), world.head_level(), world.passphrase())
        }
        _ => return Err("usage: raise_marks [SELECTOR HEAD]".into()),
    };
    let keys: Vec<KeyName> = device.state()?.keys.into_iter().map(|key| key.name).collect();
    let passphrase = Passphrase::new(passphrase.into_bytes());
    // Whatever becomes of it, no key stays unlocked; a level below a mark is refused, and one that is reached already is success.
    let raised = with_unlocked(&mut *device, &keys, &passphrase, |device| {
        raise(device, &keys, head.above(10), Cap::above(head, 100))
    });
    for key in raised? {
        println!("{}: {} before, {} read back", key.key, key.before.lowest(), key.after.lowest());
    }
    Ok(())
}
