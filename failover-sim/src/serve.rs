//! A world as separate servers, so that the real tool runs against it as real processes: the node's RPC and further
//! sources over HTTP, devices on unix sockets or Speculos' TCP, commands through stand-ins.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::options::Side;
use super::source::Source;
use super::world::World;
use failover_core::clock::{Clock, SystemClock};
use failover_core::signer::traits::ArmedBy;

mod control;
mod gadget;
mod http;
mod ledger;
mod orders;
mod running;
mod scripts;

pub use control::stand_in;
use running::{Door, Running};

/// How often the world is brought up to the system's clock.
const TICK: Duration = Duration::from_millis(20);

/// A served world. Its servers end when it is dropped.
#[derive(Debug)]
pub struct Served {
    /// The node's RPC: `http://127.0.0.1:PORT`.
    pub node_url: String,
    /// The other sources that the world's options name, each with its URL.
    pub sources: Vec<(Source, String)>,
    /// The selector of the backup's device: `tezsign+unix:PATH` or `ledger+tcp:127.0.0.1:PORT`.
    pub backup_device: String,
    /// The selector of the primary's device.
    pub primary_device: String,
    /// The socket that takes commands, see [`stand_in`].
    pub control: PathBuf,
    /// The folder with the primary's `tezbake`, `systemctl`, `busctl`, `ps`, `find`, `cat`, `id`, `sudo`, `sh`, `test` and `rm`.
    pub primary_bin: PathBuf,
    /// The folder with the backup's.
    pub backup_bin: PathBuf,
    running: Running,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.running.end();
    }
}

/// Serves a world whose time is the system's from now on, with its sockets, its stand-ins and `world.json`, which
/// names them all, in `folder`. `exe` is the program that the stand-ins run as
/// `exe stand-in CONTROL SIDE NAME ARGS...`, which calls [`stand_in`].
///
/// # Errors
/// A socket or a file cannot be made.
pub fn serve(world: &World, folder: &Path, exe: &Path) -> io::Result<Served> {
    fs::create_dir_all(folder)?;
    let running = Running::new();
    let flag = running.clone();

    let site = |source| http::Site { world: world.clone(), source };
    let node_url = http::serve(site(None), flag.clone())?;
    let mut sources = Vec::new();
    for source in world.options().sources {
        sources.push((*source, http::serve(site(Some(*source)), flag.clone())?));
    }

    let mut devices = Vec::new();
    for side in Side::BOTH {
        devices.push(match world.options().model.traits().armed_by {
            ArmedBy::Passphrase => {
                let path = folder.join(format!("{side}.tezsign"));
                gadget::serve(world, side, &path, &flag)?;
                format!("tezsign+unix:{}", path.display())
            }
            ArmedBy::Press => format!("ledger+tcp:{}", ledger::serve(world, side, &flag)?),
        });
    }
    let mut devices = devices.into_iter();
    let (primary_device, backup_device) = (devices.next().unwrap_or_default(), devices.next().unwrap_or_default());

    let control = folder.join("control.sock");
    control::serve(world, &control, flag.clone())?;
    let primary_bin = scripts::write(folder, Side::Primary, &control, exe)?;
    let backup_bin = scripts::write(folder, Side::Backup, &control, exe)?;

    let served = Served { node_url, sources, backup_device, primary_device, control, primary_bin, backup_bin, running };
    fs::write(folder.join("world.json"), format!("{:#}\n", served.json(world)))?;
    follow(world.clone(), flag);
    Ok(served)
}

impl Served {
    /// Everything that a client needs to know.
    fn json(&self, world: &World) -> serde_json::Value {
        let options = world.options();
        let keys: Vec<_> = world.keys().into_iter().map(|(role, key)| json!({ "role": role, "key": key })).collect();
        let sources: Vec<_> =
            self.sources.iter().map(|(source, url)| json!({ "source": source, "url": url })).collect();
        // A Ledger's key, as the configuration names it.
        let (path, curve) = world.ledger_key();
        let ledger = match options.model.traits().armed_by {
            ArmedBy::Press => json!({ "path": path.to_string(), "curve": curve.to_string() }),
            ArmedBy::Passphrase => json!(null),
        };
        json!({
            "node": self.node_url,
            "sources": sources,
            "chain_id": options.chain,
            "baker": world.baker(),
            "keys": keys,
            "model": options.model,
            "block_seconds": options.block_seconds,
            "passphrase": world.passphrase(),
            "ledger": ledger,
            "control": self.control,
            "primary": {
                "device": self.primary_device,
                "bin": self.primary_bin,
                "machine_id": world.machine_id(Side::Primary),
            },
            "backup": {
                "device": self.backup_device,
                "bin": self.backup_bin,
                "machine_id": world.machine_id(Side::Backup),
            },
        })
    }
}

/// Lets the world follow the system's clock, in the background.
fn follow(world: World, running: Running) {
    std::thread::spawn(move || {
        while running.get() {
            world.advance_to(SystemClock.now());
            std::thread::sleep(TICK);
        }
    });
}
