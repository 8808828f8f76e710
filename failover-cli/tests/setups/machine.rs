//! A machine made of stand-ins, the program on it, and what its page says: see data/machine/README.md.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use failover_core::baker::setup::{self, SigningSetup};
use failover_core::baker::{BakerControl, BakerState, BootGuards, SystemdControl};
use failover_core::clock::Timestamp;
use failover_core::guard::GuardNote;
use failover_core::host::LocalHost;
use serde_json::Value;

pub(crate) struct Machine(tempfile::TempDir);

/// A file of this repository, by its path from the root.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

impl Machine {
    /// Root's, with a node that runs.
    pub(crate) fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for folder in ["bin", "units", "runs", "procs", "root"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        // Links, not copies: a program just written may be "text file busy" while another test starts a process.
        for (program, data) in [
            ("systemctl", "systemctl"),
            ("busctl", "busctl"),
            ("getent", "getent"),
            ("ps", "ps"),
            ("docker", "docker"),
            ("id", "id"),
            ("find", "relocated"),
            ("cat", "relocated"),
            ("sh", "relocated"),
            ("test", "relocated"),
        ] {
            machine.link(program, data);
        }
        for folder in ["etc/systemd/system", "etc/systemd/user", "usr/lib/systemd/user"] {
            fs::create_dir_all(machine.path("root").join(folder)).unwrap();
        }
        machine.write("containers", "");
        machine.write("passwd", "root:x:0:0:root:/root:/bin/bash\ntezos:x:998:998::/var/tezos:/bin/bash\n");
        machine.runs("octez-node", "tezos", "/bin/sh -c \"/usr/bin/octez-node run --data-dir $DATADIR\"", &[]);
        machine
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn link(&self, program: &str, data: &str) {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/machine").join(data);
        symlink(data, self.path("bin").join(program)).unwrap();
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A service that runs this, as systemctl joins the words of its `ExecStart=`, and is active.
    pub(crate) fn runs(&self, name: &str, user: &str, exec: &str, more: &[&str]) {
        let argv = exec.replace('"', "");
        let program = argv.split(' ').next().unwrap_or_default();
        let mut text =
            format!("ExecStart={{ path={program} ; argv[]={argv} ; ignore_errors=no ; pid=0 }}\nUser={user}\n");
        more.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        self.write(&format!("runs/{name}.service"), &text);
        self.state(name, true, "");
    }

    /// Whether it is active, and what else there is to it.
    pub(crate) fn state(&self, name: &str, active: bool, more: &str) {
        let state = if active { "active SubState=running MainPID=812" } else { "inactive SubState=dead MainPID=0" };
        self.write(&format!("units/{name}.service"), &format!("ActiveState={state} {more}\n"));
    }

    /// The process of a service, while that is active.
    pub(crate) fn process(&self, name: &str, line: &str) {
        self.write(&format!("procs/{name}.service"), &format!("    812 {line}\n"));
    }

    pub(crate) fn is_active(&self, name: &str) -> bool {
        fs::read_to_string(self.path(&format!("units/{name}.service"))).unwrap().contains("=active")
    }

    pub(crate) fn host(&self) -> LocalHost {
        LocalHost::with_path(self.path("bin"))
    }

    pub(crate) fn look(&self) -> SigningSetup {
        setup::look(self.host())
    }

    /// The program on this machine.
    pub(crate) fn call(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_failover"));
        command
            .args(args)
            .stdin(Stdio::null())
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .env("XDG_STATE_HOME", "/dev/null/none")
            .env_remove("NOTIFY_SOCKET");
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        command.output().unwrap()
    }

    /// The `[backup]` that `config new` writes here, and what it warns of.
    pub(crate) fn config_new(&self) -> (String, String) {
        let path = self.path("new.toml");
        let said = self.call(&["config", "new", "--yes", "--node", "http://127.0.0.1:1", path.to_str().unwrap()]);
        assert!(said.status.success(), "{said:?}");
        let written = fs::read_to_string(path).unwrap();
        let backup = written.split_once("[backup]").unwrap().1.split_once("[policy]").unwrap().0.to_owned();
        (backup, String::from_utf8(said.stderr).unwrap())
    }

    /// These units and no others are stopped, guarded and kept from starting, and start with the token.
    pub(crate) fn stops_and_guards(&self, units: &[&str], others: &[&str]) {
        let named = units.iter().map(|unit| unit.parse().unwrap()).collect();
        let mut control = SystemdControl::new(self.host(), named);
        assert!(matches!(control.state(), Ok(BakerState::Running { .. })));
        control.stop().unwrap();
        let stopped = control.state().unwrap();
        assert!(matches!(&stopped, BakerState::Stopped { checked } if checked.len() == units.len()), "{stopped:?}");
        let note = GuardNote::new(Timestamp::from_millis(1_795_316_400_000), "root@backup", &"ab".repeat(16), None);
        control.install_boot_guard(&note).unwrap();
        assert!(control.boot_guard().unwrap().holds());
        control.start().unwrap_err();
        for unit in units {
            assert!(!self.is_active(unit), "{unit}");
            // By its name alone, whoever starts it.
            let mut one = SystemdControl::new(self.host(), vec![unit.parse().unwrap()]);
            one.start().unwrap_err();
        }
        for other in others {
            assert!(self.is_active(other), "{other} was stopped");
            let folder = self.path(&format!("root/etc/systemd/system/{other}.service.d"));
            assert!(!folder.exists(), "{other} is guarded");
        }
        self.write("root/var/lib/failover/ACTIVE", "");
        control.start().unwrap();
        assert!(units.iter().all(|unit| self.is_active(unit)));
        assert!(matches!(control.state(), Ok(BakerState::Running { .. })));
    }
}

/// The blocks of this kind on a page of `docs/setups`.
pub(crate) fn blocks(page: &str, kind: &str) -> Vec<String> {
    let text = fs::read_to_string(repository(&format!("docs/setups/{page}"))).unwrap();
    let fence = format!("```{kind}\n");
    text.split(&fence).skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

/// What the program understands of the first configuration of a page.
pub(crate) fn understood(machine: &Machine, page: &str) -> Value {
    let block = blocks(page, "toml").into_iter().next().unwrap_or_else(|| panic!("{page} has no configuration"));
    accepted(machine, page, &block)
}

/// A configuration that `config check` accepts, as it understands it.
pub(crate) fn accepted(machine: &Machine, page: &str, block: &str) -> Value {
    machine.write("page.toml", block);
    let said = machine.call(&["--json", "--config", machine.path("page.toml").to_str().unwrap(), "config", "check"]);
    let out = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{page}: {out}");
    let mut records = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.find(|record| record["record"] == "config").unwrap()
}
