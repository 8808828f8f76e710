//! A machine with TezBake, made of stand-ins: see data/systemctl/README.md.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use failover_core::host::LocalHost;

pub(crate) struct Machine(tempfile::TempDir);

pub(crate) const NODE: &str = "bb-default-node-xtz-node.service";
pub(crate) const BAKER: &str = "bb-default-node-xtz-baker.service";
pub(crate) const SIGNER: &str = "bb-default-signer-xtz-signer.service";

impl Machine {
    /// Root's, with a running node, baker and signer.
    pub(crate) fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        fs::create_dir(machine.path().join("bin")).unwrap();
        fs::create_dir(machine.path().join("units")).unwrap();
        // Links, not copies: a program just written may be "text file busy" while another test starts a process.
        for program in ["systemctl", "journalctl", "ps", "id", "sudo", "tezbake", "find"] {
            let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/systemctl").join(program);
            symlink(data, machine.path().join("bin").join(program)).unwrap();
        }
        machine.write("uid", "0\n");
        for unit in [NODE, "bb-default-node-xtz-accuser.service", BAKER, SIGNER] {
            machine.unit(unit, "ActiveState=active SubState=running MainPID=812 RestartUSec=20s");
        }
        machine
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn host(&self) -> LocalHost {
        LocalHost::with_path(self.path().join("bin"))
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path().join(name), content).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    pub(crate) fn unit(&self, name: &str, properties: &str) {
        self.write(&format!("units/{name}"), properties);
    }

    pub(crate) fn read_unit(&self, name: &str) -> String {
        fs::read_to_string(self.path().join("units").join(name)).unwrap()
    }

    /// The calls so far that changed something, or were to.
    pub(crate) fn changes(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path().join("log")).unwrap_or_default();
        let changes = ["stop", "kill", "start"];
        log.lines().filter(|line| line.split(' ').any(|word| changes.contains(&word))).map(str::to_owned).collect()
    }
}
