//! `drill --serve`: the simulated world as separate servers, with a configuration that is ready to use.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::host::HostIdentity;
use failover_core::signer::traits::ArmedBy;
use failover_core::state::{self, Pin, Pins, Role, StateDir};
use failover_sim::serve::{Served, serve};
use failover_sim::{Side, Source, World, WorldOptions};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};

/// How often the simulator's book is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// The world is there, and this is how to reach it.
#[derive(Serialize)]
#[serde(tag = "record", rename = "serving")]
struct Serving {
    config: PathBuf,
    node: String,
    tzkt: Option<String>,
    device: String,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, node, tzkt, device } = self;
        write!(f, "node {node}, ")?;
        if let Some(tzkt) = tzkt {
            write!(f, "TzKT {tzkt}, ")?;
        }
        writeln!(f, "backup signer {device}")?;
        write!(f, "Try: failover --config {} run --plan-only", config.display())
    }
}

#[derive(Serialize)]
#[serde(tag = "record", rename = "signed-twice")]
struct SignedTwice {
    message: String,
}

impl fmt::Display for SignedTwice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Serves until it is killed, or until a position was signed twice: then it fails loudly.
///
/// # Errors
/// The folder or a socket cannot be used.
pub(super) fn run(folder: &Path, options: WorldOptions, out: &mut Output) -> Result<End, Failure> {
    let wrong = |e: io::Error| {
        Failure::new(Exit::NotReady, format!("{}: {e}", folder.display()), "choose a folder that can be written")
    };
    fs::create_dir_all(folder).map_err(wrong)?;
    let folder = fs::canonicalize(folder).map_err(wrong)?;
    let exe = std::env::current_exe().map_err(wrong)?;
    let world = World::new(options);
    for side in Side::BOTH {
        world.set_guard(side, state_of(&folder, side).join("ACTIVE"));
    }
    let served = serve(&world, &folder, &exe).map_err(wrong)?;
    let passphrase = folder.join("passphrase");
    private(&passphrase, &world.passphrase()).map_err(wrong)?;
    pin(&world, &folder)?;
    // The primary's first: a reader that waits for the backup's has both.
    for (side, name) in [(Side::Primary, "primary.toml"), (Side::Backup, "failover.toml")] {
        let text = configuration(&world, &folder, &served, &passphrase, side);
        private(&folder.join(name), &text).map_err(wrong)?;
    }
    let config = folder.join("failover.toml");
    let tzkt = url(&served, Source::Tzkt).map(str::to_owned);
    out.show(&Serving { config, node: served.node_url.clone(), tzkt, device: served.backup_device.clone() });
    loop {
        std::thread::sleep(LOOK);
        let alarms = world.alarms();
        if !alarms.is_empty() {
            for alarm in &alarms {
                out.show(&SignedTwice { message: alarm.to_string() });
            }
            return Ok(End::new(Exit::Failed, "a position was signed twice: look at what ran against this world"));
        }
    }
}

fn url(served: &Served, wanted: Source) -> Option<&str> {
    served.sources.iter().find(|(source, _)| *source == wanted).map(|(_, url)| url.as_str())
}

/// A reader that waits for the file never reads half of it.
fn private(path: &Path, text: &str) -> io::Result<()> {
    state::replace(path, text.as_bytes(), 0o600)
}

/// As `failover check` does it on each machine: the other one is the primary (H19).
fn pin(world: &World, folder: &Path) -> Result<(), Failure> {
    for side in Side::BOTH {
        let state = StateDir::open(state_of(folder, side))?;
        let identity = HostIdentity { machine_id: world.machine_id(side.other()) };
        let pin = Pin { host: "the simulated world".to_owned(), identity, at: SystemClock.now() };
        state.set_pins(&Pins { machines: [(Role::Primary, pin)].into() })?;
    }
    Ok(())
}

/// The state folder of a machine.
fn state_of(folder: &Path, side: Side) -> PathBuf {
    match side {
        Side::Backup => folder.join("state"),
        Side::Primary => folder.join("primary-state"),
    }
}

/// The configuration of one machine: it is the backup there, and the other one the primary.
fn configuration(world: &World, folder: &Path, served: &Served, passphrase: &Path, side: Side) -> String {
    let (device, primary, backup) = match side {
        Side::Backup => (&served.backup_device, &served.primary_bin, &served.backup_bin),
        Side::Primary => (&served.primary_device, &served.backup_bin, &served.primary_bin),
    };
    let quoted = |text: &dyn fmt::Display| toml::Value::String(text.to_string()).to_string();
    let signer = match world.options().model.traits().armed_by {
        ArmedBy::Passphrase => format!("passphrase_file = {}\n", quoted(&passphrase.display())),
        ArmedBy::Press => "path = \"44'/1729'/0'/0'\"\ncurve = \"ed25519\"\n".to_owned(),
    };
    let tzkt = url(served, Source::Tzkt).map(|url| format!("tzkt = {}\n", quoted(&url))).unwrap_or_default();
    format!(
        "# A simulated world; nothing here is real.\nsimulated = true\nstate = {state}\n\n[baker]\nname = \"mybaker\"\naddress = {baker}\n\
         network = {chain}\n\n[chain]\nnode = {node}\n{tzkt}\n[signer]\ndevice = {device}\n{signer}\n\
         [primary]\ncontrol = \"tezbake\"\npath = {primary}\nstate = {primary_state}\n\n[backup]\ncontrol = \"tezbake\"\npath = {backup}\n",
        state = quoted(&state_of(folder, side).display()),
        primary_state = quoted(&state_of(folder, side.other()).display()),
        baker = quoted(&world.baker()),
        chain = quoted(&world.options().chain),
        node = quoted(&served.node_url),
        device = quoted(&device),
        primary = quoted(&primary.display()),
        backup = quoted(&backup.display()),
    )
}
