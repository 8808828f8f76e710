//! A Ledger on Speculos' TCP, with a person who presses its buttons a moment later.

use std::io;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{Door, Running};
use crate::ledger::Person;
use crate::options::Side;
use crate::world::World;

/// How long the person reads before pressing.
const READING: Duration = Duration::from_millis(300);
const LOOKING: Duration = Duration::from_millis(20);

/// Serves a side's Ledger, in the background, and gives its `HOST:PORT`.
pub(super) fn serve(world: &World, side: Side, running: &Running) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let served = address.to_string();
    let Some(ledger) = world.ledger(side) else { return Ok(served) };
    ledger.lock().person(Person::Ignores);
    let (device, world, until) = (ledger.clone(), world.clone(), running.clone());
    std::thread::spawn(move || {
        until.accept(
            Door::Tcp(address),
            || listener.accept().map(|(stream, _)| stream),
            |stream| {
                let (device, world) = (device.clone(), world.clone());
                // A client that breaks off ends its own connection, nothing else.
                std::thread::spawn(move || device.serve_one(&stream, || world.plugged_ledger(side).is_some()));
            },
        );
    });
    let running = running.clone();
    std::thread::spawn(move || {
        let mut since: Option<Instant> = None;
        while running.get() {
            std::thread::sleep(LOOKING);
            let prompting = {
                let ledger = ledger.lock();
                ledger.is_prompting() && ledger.is_attended()
            };
            let asked = *since.get_or_insert_with(Instant::now);
            if !prompting {
                since = None;
            } else if asked.elapsed() >= READING {
                ledger.lock().press();
                since = None;
            }
        }
    });
    Ok(served)
}
