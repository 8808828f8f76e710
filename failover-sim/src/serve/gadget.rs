//! A TezSign on two unix sockets: management at `PATH`, sign at `PATH.sign`, one client each at a time.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use super::{Door, Running};
use crate::options::Side;
use crate::tezsign::SimGadget;
use crate::world::World;
use failover_core::signer::SignerError;
use failover_core::signer::tezsign::socket::sign_path;
use failover_core::signer::tezsign::{Connect, Interface, Link};

/// How often a client waits for one that is just leaving.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// Serves a side's gadget, in the background.
pub(super) fn serve(world: &World, side: Side, path: &Path, running: &Running) -> io::Result<()> {
    let Some(gadget) = world.gadget(side) else { return Ok(()) };
    for (interface, path) in [(Interface::Management, path.to_owned()), (Interface::Sign, sign_path(path))] {
        // One that an earlier world left behind.
        let _none = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        let (gadget, running) = (gadget.seen_by("a client of the socket"), running.clone());
        std::thread::spawn(move || {
            running.accept(
                Door::Unix(path),
                || listener.accept().map(|(stream, _)| stream),
                |stream| {
                    let gadget = gadget.clone();
                    // Whatever ends a connection ends it alone.
                    std::thread::spawn(move || connection(gadget, interface, &stream));
                },
            );
        });
    }
    Ok(())
}

/// Claims the interface for as long as the client stays; one that finds it taken is sent away.
fn connection(mut gadget: SimGadget, interface: Interface, mut stream: &UnixStream) -> io::Result<()> {
    let mut tries = 0;
    let mut link = loop {
        match gadget.open(interface, Duration::ZERO) {
            Ok(link) => break link,
            Err(SignerError::Busy { .. }) if tries < TRIES => {
                tries += 1;
                std::thread::sleep(PAUSE);
            }
            Err(e) => return Err(io::Error::other(e)),
        }
    };
    let (mut from, mut to) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let read = stream.read(&mut from)?;
        if read == 0 {
            return Ok(());
        }
        link.send(from.get(..read).unwrap_or_default(), Duration::ZERO).map_err(io::Error::other)?;
        while let Ok(answered) = link.receive(&mut to, Duration::ZERO) {
            stream.write_all(to.get(..answered).unwrap_or_default())?;
        }
    }
}
