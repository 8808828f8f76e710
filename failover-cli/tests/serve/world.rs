//! A served world, the program against it, and what its book says.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::host::Output;
use failover_core::state::{Drill, StateDir};
use failover_core::tezos::ChainId;
use failover_sim::serve::stand_in;
use serde_json::Value;
use tempfile::TempDir;

use crate::said::Said;

/// No wait in here is longer; a machine can be very busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// A simulated device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    TezSign,
    Ledger,
}

/// A world that is served until this is dropped.
pub(crate) struct World {
    folder: TempDir,
    server: Child,
    config: PathBuf,
    /// A folder in front of the program's own `PATH`.
    tools: Option<PathBuf>,
    may_end: bool,
}

/// Signatures of each side's device, none of them a double one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Book {
    pub(crate) primary: u64,
    pub(crate) backup: u64,
}

/// Another seed for each world, in each process: another baker, and so another lock in `/run/lock`.
fn seed() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    u64::from(std::process::id()) * 1000 + COUNT.fetch_add(1, Ordering::SeqCst)
}

impl World {
    /// Serves one and waits until it is there.
    pub(crate) fn new(signer: Signer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seed = seed();
        let model = if signer == Signer::Ledger { "ledger" } else { "tezsign" };
        let seed_text = seed.to_string();
        let mut server = program(&["drill", "--signer", model, "--seed", &seed_text, "--serve"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The first line is written when everything is served.
        let mut line = String::new();
        let mut out = BufReader::new(server.stdout.take().unwrap());
        assert!(out.read_line(&mut line).unwrap() > 0, "seed {seed}: nothing is served");
        // What else it says is read, so that it can go on.
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                eprintln!("world {seed}: {line}");
            }
        });
        let config = folder.path().join("failover.toml");
        Self { folder, server, config, tools: None, may_end: false }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration that is used now.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// As on a machine that never ran failover: no state folder, nothing pinned. It is served with its machines pinned.
    pub(crate) fn never_used(self) -> Self {
        std::fs::remove_dir_all(self.state()).unwrap();
        self
    }

    /// What the world says of itself.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.path("world.json")).unwrap()).unwrap()
    }

    /// Changes the configuration's text; the changed one is used from now on.
    pub(crate) fn configure(&mut self, change: impl FnOnce(String) -> String) {
        let text = change(std::fs::read_to_string(&self.config).unwrap());
        self.config = self.path("changed.toml");
        std::fs::write(&self.config, text).unwrap();
    }

    /// The same configuration without the lines of this setting.
    pub(crate) fn without(&mut self, setting: &str) {
        let begins = format!("{setting} = ");
        self.configure(|text| {
            text.lines().filter(|line| !line.starts_with(&begins)).map(|line| format!("{line}\n")).collect()
        });
    }

    /// Programs in this folder are found first from now on.
    pub(crate) fn find_first(&mut self, tools: PathBuf) {
        self.tools = Some(tools);
    }

    /// The program with this world's configuration and `--json`, without a terminal.
    pub(crate) fn program(&self, args: &[&str]) -> Command {
        let mut command = program(&["--json", "--config"]);
        command.arg(&self.config).args(args);
        command.env("PATH", self.search());
        command
    }

    /// Where programs are looked for.
    pub(crate) fn search(&self) -> String {
        let path = std::env::var("PATH").unwrap();
        self.tools.as_ref().map_or_else(|| path.clone(), |tools| format!("{}:{path}", tools.display()))
    }

    /// The same as a shell's line, for a terminal and without `--json`.
    pub(crate) fn line(&self, args: &str) -> String {
        let (program, config) = (env!("CARGO_BIN_EXE_failover"), self.config.display());
        let own: String = NOTHING_OF_THIS_USER.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        format!("{own}PATH={} {program} --config {config} {args}", self.search())
    }

    /// Calls it to its end.
    pub(crate) fn call(&self, args: &[&str]) -> Said {
        finish(&mut self.program(args))
    }

    /// The level that every source agrees on.
    pub(crate) fn head(&self) -> u64 {
        self.call(&["level"]).named("level")[0]["level"].as_u64().unwrap()
    }

    /// NAME:PLAN of a plan that is shown now.
    pub(crate) fn plan(&self) -> String {
        let said = self.call(&["run", "--plan-only"]);
        said.ends(0);
        let plan = said.named("plan").remove(0);
        format!("{}:{}", plan["name"].as_str().unwrap(), plan["plan"].as_str().unwrap())
    }

    /// The whole of `run`, scripted.
    pub(crate) fn run(&self) -> Said {
        let plan = self.plan();
        let nobody = nobody_else(&plan);
        self.call(&[
            "run",
            "--yes",
            "--confirm-disconnected",
            &plan,
            "--confirm-no-other-run",
            &nobody,
            "--confirm-ledger-setting",
            &plan,
        ])
    }

    /// Lets something happen to the world.
    pub(crate) fn event(&self, event: &Value) {
        let output = self.exec("world", &["event", &event.to_string()]);
        assert_eq!(output.code, 0, "{output:?}");
    }

    /// Runs a command on a side's machine.
    pub(crate) fn exec(&self, side: &str, argv: &[&str]) -> Output {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        stand_in(&self.path("control.sock"), side, &argv).unwrap()
    }

    /// The book, in which no position was signed twice; a world in which one was ends loudly.
    pub(crate) fn book(&self) -> Book {
        let output = self.exec("world", &["book"]);
        let book: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(book["signed_twice"], serde_json::json!([]), "{book}");
        Book { primary: book["primary"].as_u64().unwrap(), backup: book["backup"].as_u64().unwrap() }
    }

    /// How the server ended, once it has; it does not panic for it any more.
    pub(crate) fn ended(mut self) -> ExitStatus {
        let mut status = None;
        until("the world ends", || {
            status = self.server.try_wait().unwrap();
            status.is_some()
        });
        self.may_end = true;
        status.unwrap()
    }

    /// Do the services that sign run on this side?
    pub(crate) fn bakes(&self, side: &str) -> bool {
        self.exec(side, &["systemctl", "is-active", "bb-default-node-xtz-baker"]).stdout.trim() == "active"
    }

    /// The journals' records, of all runs, the oldest first.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let mut files: Vec<PathBuf> = self.journals();
        files.sort();
        files
            .iter()
            .flat_map(|file| {
                let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
                text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Value>>()
            })
            .collect()
    }

    /// The journals' files.
    pub(crate) fn journals(&self) -> Vec<PathBuf> {
        found(&self.state().join("journals"))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
            .collect()
    }
}

/// What a script says of a primary that cannot be asked.
pub(crate) fn nobody_else(plan: &str) -> String {
    format!("primary:{}", plan.rsplit(':').next().unwrap())
}

pub(crate) fn found(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { found(&path) } else { vec![path] }
        })
        .collect()
}

impl Drop for World {
    fn drop(&mut self) {
        // It ends by itself only where a position was signed twice.
        let ended = self.server.try_wait().unwrap();
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        let baker = self.json()["baker"].as_str().unwrap().to_owned();
        for folder in ["/run/lock", "/run"] {
            let _none = std::fs::remove_file(format!("{folder}/failover-{}-{baker}.lock", ChainId::MAINNET));
        }
        if !std::thread::panicking() && !self.may_end {
            assert!(ended.is_none(), "the world ended by itself: {ended:?}");
        }
    }
}

/// Neither a configuration of this user nor a drill that was made here before.
pub(crate) const NOTHING_OF_THIS_USER: [(&str, &str); 2] =
    [("XDG_CONFIG_HOME", "/nonexistent"), ("XDG_STATE_HOME", "/dev/null/none")];

/// This machine's own name.
pub(crate) fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

/// The program, with nothing of this machine's configuration.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failover"));
    command.args(args).stdin(Stdio::null());
    command.envs(NOTHING_OF_THIS_USER).env_remove("TEZSIGN_UNLOCK_PASS").env_remove("NOTIFY_SOCKET");
    command
}

/// Writes a shell script that can be run.
pub(crate) fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Calls a command to its end.
pub(crate) fn finish(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    assert!(output.status.code().is_some(), "{command:?} was killed: {output:#?}");
    Said::of(output)
}

/// Waits for something that must come; a failure only after minutes, however slow the machine.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A drill was done lately on the machine with this state folder, as `check` wants it.
pub(crate) fn drilled(state: &Path) {
    let drill = Drill {
        at: SystemClock.now(),
        scenario: "planned".to_owned(),
        signer: "tezsign".to_owned(),
        exit: 0,
        version: "0.1.0".to_owned(),
    };
    StateDir::open(state).unwrap().set_drill(&drill).unwrap();
}
