//! `check` and a whole `run`, with the backup's device on USB and everything else of the world served on loopback.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::signer::Model;
use failover_core::sim::serve::{Served, serve};
use failover_core::sim::{Side, World, WorldOptions};

use crate::failed::{Failed, Outcome, ensure};
use crate::ledger::UsbLedger;
use crate::program::{Program, Said, text};
use crate::tezsign::UsbTezSign;

/// How long a whole run may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A served world, and the configuration for its backup.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) config: String,
    _served: Served,
}

impl Stage {
    /// A world with blocks of a second, whose backup's device is the one on USB.
    pub(super) fn new(program: &Program, model: Model) -> Outcome<Self> {
        // Two bakers, so that two runs do not meet in one lock.
        let seed = if model == Model::TezSign { 11 } else { 12 };
        let options = WorldOptions { block_seconds: 1, begins: SystemClock.now(), ..WorldOptions::new(model, seed) };
        let world = World::new(options);
        let folder = program.folder.join(format!("world-{model}"));
        world.set_guard(Side::Backup, folder.join("state").join("ACTIVE"));
        // A stand-in of the tool itself would take most of the time, there are so many.
        let served = serve(&world, &folder, &std::env::current_exe()?)?;
        let config = configure(&world, &served, &folder)?;
        Ok(Self { world, config: config.display().to_string(), _served: served })
    }

    fn call(&self, program: &Program, args: &[&str], patience: Duration) -> Outcome<Said> {
        let mut all = vec!["--json", "--config", &self.config];
        all.extend(args);
        program.start(&all)?.end(patience)
    }
}

fn configure(world: &World, served: &Served, folder: &Path) -> Outcome<PathBuf> {
    let passphrase = folder.join("passphrase");
    fs::write(&passphrase, world.passphrase())?;
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600))?;
    let signer = match world.options().model {
        Model::TezSign => format!("device = \"tezsign\"\npassphrase_file = \"{}\"", passphrase.display()),
        Model::Ledger => "device = \"ledger\"\npath = \"44'/1729'/0'/0'\"\ncurve = \"ed25519\"".to_owned(),
    };
    let text = format!(
        "state = \"{}\"\n[baker]\nname = \"mybaker\"\naddress = \"{}\"\nnetwork = \"{}\"\n[chain]\nnode = \"{}\"\n\
         [signer]\n{signer}\n[primary]\ncontrol = \"tezbake\"\npath = \"{}\"\n\
         [backup]\ncontrol = \"tezbake\"\npath = \"{}\"\n",
        folder.join("state").display(),
        world.baker(),
        world.options().chain,
        served.node_url,
        served.primary_bin.display(),
        served.backup_bin.display(),
    );
    let config = folder.join("failover.toml");
    fs::write(&config, text)?;
    Ok(config)
}

fn run(program: &Program, stage: &Stage, more: &[&str]) -> Outcome {
    // A machine that never rehearsed is not ready, and that is all that is missing.
    stage.call(program, &["check"], PATIENCE)?.exits(4)?.says("\"next\":\"rehearse: failover drill\"")?;
    let planned = stage.call(program, &["run", "--plan-only"], PATIENCE)?.exits(0)?;
    let plan = planned.named("plan").first().map(|plan| text(plan, "plan")).unwrap_or_default();
    let confirmed = format!("mybaker:{plan}");
    let mut args = vec!["run", "--yes", "--confirm-disconnected", &confirmed];
    args.extend(more);
    stage.call(program, &args, PATIENCE)?.exits(0)?;
    ensure(stage.world.bakes(Side::Backup), || "the backup does not bake".to_owned())?;
    ensure(!stage.world.bakes(Side::Primary), || "the primary still bakes".to_owned())?;
    let alarms = stage.world.alarms();
    ensure(alarms.is_empty(), || format!("signed twice: {alarms:?}"))
}

/// With a TezSign.
pub(super) fn tezsign(program: &Program) -> Outcome {
    let stage = Stage::new(program, Model::TezSign)?;
    let gadget = stage.world.gadget(Side::Backup).ok_or_else(|| Failed("no TezSign".to_owned()))?;
    let _device = UsbTezSign::serving(gadget, "E2E0009", |_| ())?;
    run(program, &stage, &[])
}

/// With a Ledger; the person presses a moment after the prompt is on the screen.
pub(super) fn ledger(program: &Program) -> Outcome {
    let stage = Stage::new(program, Model::Ledger)?;
    let ledger = stage.world.ledger(Side::Backup).ok_or_else(|| Failed("no Ledger".to_owned()))?;
    let _device = UsbLedger::serving(ledger, "0001")?;
    run(program, &stage, &["--confirm-ledger-setting"])
}
