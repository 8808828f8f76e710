//! `check` and a whole `run`, with the backup's device on USB and everything else of the world served on loopback.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::signer::Model;
use failover_core::signer::traits::ArmedBy;
use failover_sim::ledger::Person;
use failover_sim::serve::{Served, serve};
use failover_sim::tezsign::TezSignSim;
use failover_sim::{BAKER_UNIT, SIGNER_UNIT, Side, Source, TEZSIGN_UNIT, World, WorldOptions};

use super::faults::until;
use crate::failed::{Failed, Outcome, ensure};
use crate::ledger::UsbLedger;
use crate::program::{Program, Running, Said, text};
use crate::tezsign::UsbTezSign;
use crate::wire::{SET_LEVEL, Trouble};

/// How long a whole run may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A served world, and the configuration for its backup.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) config: String,
    _served: Served,
}

impl Stage {
    /// A world with blocks of a second, whose backup's device is the one on USB. Each test has a seed, and so a baker,
    /// of its own: two runs do not meet in one lock.
    pub(super) fn new(program: &Program, model: Model, seed: u64) -> Outcome<Self> {
        let options = WorldOptions { block_seconds: 1, begins: SystemClock.now(), ..WorldOptions::new(model, seed) };
        let world = World::new(options);
        let folder = program.folder.join(format!("world-{seed}"));
        world.set_guard(Side::Backup, folder.join("state").join("ACTIVE"));
        let served = serve(&world, &folder, &std::env::current_exe()?)?;
        for bin in [&served.primary_bin, &served.backup_bin] {
            put_programs(bin, &program.folder)?;
        }
        let config = configure(&world, &served, &folder)?;
        Ok(Self { world, config: config.display().to_string(), _served: served })
    }

    fn start(&self, program: &Program, args: &[&str]) -> Outcome<Running> {
        let mut all = vec!["--json", "--config", &self.config];
        all.extend(args);
        program.start(&all)
    }

    fn call(&self, program: &Program, args: &[&str]) -> Outcome<Said> {
        self.start(program, args)?.end(PATIENCE)
    }
}

/// The machines' commands are asked for all the time, and a shell to start each would take most of it: this program
/// itself in their place, see [`stands_in`](crate::helper::stands_in).
fn put_programs(bin: &Path, folder: &Path) -> Outcome {
    let program = folder.join("stand-in");
    if !program.exists() {
        fs::copy(std::env::current_exe()?, &program)?;
    }
    for script in fs::read_dir(bin)? {
        let script = script?.path();
        fs::remove_file(&script)?;
        fs::hard_link(&program, &script)?;
    }
    Ok(())
}

fn configure(world: &World, served: &Served, folder: &Path) -> Outcome<PathBuf> {
    let passphrase = folder.join("passphrase");
    fs::write(&passphrase, world.passphrase())?;
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600))?;
    let signer = match world.options().model.traits().armed_by {
        ArmedBy::Passphrase => format!("device = \"tezsign\"\npassphrase_file = \"{}\"", passphrase.display()),
        ArmedBy::Press => "device = \"ledger\"\npath = \"44'/1729'/0'/0'\"\ncurve = \"ed25519\"".to_owned(),
    };
    let signer_unit = match world.options().model.traits().armed_by {
        ArmedBy::Passphrase => TEZSIGN_UNIT,
        ArmedBy::Press => SIGNER_UNIT,
    };
    // By systemd: that asks half as often as TezBake's own control.
    let control = format!("control = \"systemd\"\nunits = [\"{BAKER_UNIT}\", \"{signer_unit}\"]");
    let source = served.sources.iter().find(|(source, _)| *source == Source::Tzkt);
    let (_, tzkt) = source.ok_or_else(|| Failed("no second source".to_owned()))?;
    let text = format!(
        "simulated = true\nstate = \"{}\"\n[baker]\nname = \"mybaker\"\naddress = \"{}\"\nnetwork = \"{}\"\n[chain]\nnode = \"{}\"\n\
         tzkt = \"{tzkt}\"\n[signer]\n{signer}\n[primary]\n{control}\npath = \"{}\"\nstate = \"{}\"\n[backup]\n{control}\n\
         path = \"{}\"\n",
        folder.join("state").display(),
        world.baker(),
        world.options().chain,
        served.node_url,
        served.primary_bin.display(),
        folder.join("primary-state").display(),
        served.backup_bin.display(),
    );
    let config = folder.join("failover.toml");
    fs::write(&config, text)?;
    Ok(config)
}

/// Checks, which pins the primary, looks at the plan, and gives the words of a person who has pulled the primary's cable.
fn confirmed(program: &Program, stage: &Stage) -> Outcome<String> {
    // A machine that never rehearsed is not ready, and that is all that is missing.
    stage.call(program, &["check"])?.exits(4)?.says("\"next\":\"rehearse: failover drill")?;
    let planned = stage.call(program, &["run", "--plan-only"])?.exits(0)?;
    let plan = planned.named("plan").first().map(|plan| text(plan, "plan")).unwrap_or_default();
    Ok(format!("mybaker:{plan}"))
}

/// Only the backup bakes, and nothing was signed twice.
fn failed_over(stage: &Stage) -> Outcome {
    ensure(stage.world.bakes(Side::Backup), || "the backup does not bake".to_owned())?;
    ensure(!stage.world.bakes(Side::Primary), || "the primary still bakes".to_owned())?;
    let alarms = stage.world.alarms();
    ensure(alarms.is_empty(), || format!("signed twice: {alarms:?}"))
}

fn run(program: &Program, stage: &Stage) -> Outcome {
    let confirmed = confirmed(program, stage)?;
    let args = ["run", "--yes", "--confirm-disconnected", &confirmed, "--confirm-ledger-setting", &confirmed];
    stage.call(program, &args)?.exits(0)?;
    failed_over(stage)
}

/// With a TezSign.
pub(super) fn tezsign(program: &Program) -> Outcome {
    let stage = Stage::new(program, Model::TezSign, 11)?;
    let gadget = stage.world.gadget(Side::Backup).ok_or_else(|| Failed("no TezSign".to_owned()))?;
    let _device = UsbTezSign::serving(gadget, "E2E0009", |_| ())?;
    run(program, &stage)
}

/// Unplugged when the first mark is set, and plugged in again a moment later, its keys locked: the run looks again, unlocks
/// again, and goes on to its end.
pub(super) fn pulled_in_run(program: &Program) -> Outcome {
    let stage = Stage::new(program, Model::TezSign, 13)?;
    let gadget = stage.world.gadget(Side::Backup).ok_or_else(|| Failed("no TezSign".to_owned()))?;
    let device = UsbTezSign::serving(gadget, "E2E0010", |_| ())?;
    let confirmed = confirmed(program, &stage)?;
    device.wire.trouble(SET_LEVEL, Trouble::PulledBefore);
    let runs = stage.start(program, &["run", "--yes", "--confirm-disconnected", &confirmed])?;
    until("set-level", || device.wire.had_trouble())?;
    // The run must have seen it go.
    runs.until_says("\"result\":\"failed\"")?;
    ensure(!stage.world.bakes(Side::Backup) && !stage.world.bakes(Side::Primary), || "somebody bakes".to_owned())?;
    device.sim.with(TezSignSim::power_cycle);
    device.usb.plug()?;
    runs.end(PATIENCE)?.exits(0)?;
    failed_over(&stage)
}

/// With a Ledger; the person presses a moment after the prompt is on the screen.
pub(super) fn ledger(program: &Program) -> Outcome {
    let stage = Stage::new(program, Model::Ledger, 12)?;
    let ledger = stage.world.ledger(Side::Backup).ok_or_else(|| Failed("no Ledger".to_owned()))?;
    let _device = UsbLedger::serving(ledger, "0001")?;
    run(program, &stage)
}

/// Unplugged while its prompt is on the screen, and plugged in again, perhaps under another node: the run looks again and
/// asks again, and the person presses.
pub(super) fn ledger_pulled_in_run(program: &Program) -> Outcome {
    let stage = Stage::new(program, Model::Ledger, 14)?;
    let ledger = stage.world.ledger(Side::Backup).ok_or_else(|| Failed("no Ledger".to_owned()))?;
    ledger.lock().person(Person::Ignores);
    let mut device = UsbLedger::serving(ledger, "0001")?;
    let confirmed = confirmed(program, &stage)?;
    let args = ["run", "--yes", "--confirm-disconnected", &confirmed, "--confirm-ledger-setting", &confirmed];
    let runs = stage.start(program, &args)?;
    runs.until_says("\"record\":\"before\",\"number\":5")?;
    until("the prompt", || device.sim.lock().is_prompting())?;
    device.unplug()?;
    device.sim.lock().power_cycle();
    runs.until_says("\"result\":\"failed\"")?;
    device.sim.lock().person(Person::Accepts);
    device.plug()?;
    runs.end(PATIENCE)?.exits(0)?;
    failed_over(&stage)
}
