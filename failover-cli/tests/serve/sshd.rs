//! An sshd of this user's own on loopback, and an `ssh` that reaches it: the program itself has no options for ssh, a
//! person has `~/.ssh/config`, which ssh finds by the user's name and not by `HOME`.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::world::script;

const SSHD: &str = "/usr/sbin/sshd";

pub(crate) struct Sshd {
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
    /// Found first by what runs there.
    remote: Option<PathBuf>,
}

fn succeed(program: &str, arguments: &[&str]) -> String {
    let out = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let out = out.unwrap_or_else(|e| panic!("{program}: {e}: install openssh-client and openssh-server"));
    assert!(out.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

impl Sshd {
    /// Starts one whose files are in a folder, with an `ssh` in `FOLDER/bin` that knows it.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::with_tools(folder, None)
    }

    /// The same with a folder in front of the `PATH` of what runs there.
    pub(crate) fn with_tools(folder: &Path, remote: Option<PathBuf>) -> Self {
        assert!(Path::new(SSHD).exists(), "there is no {SSHD}: install the Debian package openssh-server");
        if succeed("id", &["-u"]).trim() == "0" {
            // Where sshd of Debian separates its privileges.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        fs::create_dir_all(folder.join("bin")).unwrap();
        for name in ["host", "other", "user"] {
            let file = folder.join(name);
            succeed("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file.to_str().unwrap()]);
        }
        fs::copy(folder.join("user.pub"), folder.join("authorized")).unwrap();
        let mut sshd = Self { folder: folder.to_owned(), port: 0, child: None, remote };
        // The port was free a moment ago; where another process took it, the next one is tried.
        while sshd.child.is_none() {
            sshd.port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            sshd.listen();
        }
        sshd.known_as("host");
        let config = folder.join("client");
        let lines = [
            "Host primary".to_owned(),
            "  HostName 127.0.0.1".to_owned(),
            format!("  Port {}", sshd.port),
            format!("  IdentityFile {}", folder.join("user").display()),
            "  IdentitiesOnly yes".to_owned(),
            format!("  UserKnownHostsFile {}", folder.join("known").display()),
        ];
        fs::write(&config, lines.join("\n") + "\n").unwrap();
        script(&sshd.tools().join("ssh"), &format!("exec /usr/bin/ssh -F '{}' \"$@\"", config.display()));
        sshd
    }

    /// The folder with that `ssh`.
    pub(crate) fn tools(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// How many connections have logged in.
    pub(crate) fn logins(&self) -> usize {
        fs::read_to_string(self.folder.join("log")).unwrap().matches("Accepted publickey").count()
    }

    /// From now on connections beyond so many in so many seconds are refused, as a firewall's limit does.
    pub(crate) fn limit(&self, most: usize, seconds: u64) {
        let (tool, log, client) = (self.tools().join("ssh"), self.folder.join("tries"), self.folder.join("client"));
        let text = format!(
            "now=$(date +%s)
log='{log}'
touch \"$log\"
recent=$(awk -v now=\"$now\" '$1 > now - {seconds}' \"$log\" | wc -l)
echo \"$now\" >>\"$log\"
if [ \"$recent\" -ge {most} ]; then
    echo 'ssh: connect to host primary port 22: Connection refused' >&2
    exit 255
fi
exec /usr/bin/ssh -F '{client}' \"$@\"",
            log = log.display(),
            client = client.display()
        );
        script(&tool, &text);
    }

    /// From now on the client knows this host by the key in a file: `host` is the right one.
    pub(crate) fn known_as(&self, key: &str) {
        let key = fs::read_to_string(self.folder.join(format!("{key}.pub"))).unwrap();
        fs::write(self.folder.join("known"), format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
    }

    /// From now on the client knows no host.
    pub(crate) fn known_as_nobody(&self) {
        fs::write(self.folder.join("known"), "").unwrap();
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Listens on its port; no child where the port is taken.
    pub(crate) fn listen(&mut self) {
        let file = |name: &str| self.folder.join(name).display().to_string();
        // One line: sshd takes the first of them only.
        let path =
            self.remote.as_ref().map(|tools| format!(" PATH={}:/usr/bin:/bin", tools.display())).unwrap_or_default();
        let lines = [
            format!("ListenAddress 127.0.0.1:{}", self.port),
            format!("HostKey {}", file("host")),
            format!("AuthorizedKeysFile {}", file("authorized")),
            "PidFile none".to_owned(),
            "StrictModes no".to_owned(),
            "UsePAM no".to_owned(),
            // bash reads its user's own files at the start of an ssh session, unless it is not the first shell.
            format!("SetEnv SHLVL=2{path}"),
            "PasswordAuthentication no".to_owned(),
            "KbdInteractiveAuthentication no".to_owned(),
            "PermitRootLogin prohibit-password".to_owned(),
            "MaxStartups 100".to_owned(),
        ];
        fs::write(self.folder.join("config"), lines.join("\n") + "\n").unwrap();
        let mut child = Command::new(SSHD)
            .args(["-D", "-e", "-f", &file("config")])
            .stdin(Stdio::null())
            .stderr(fs::File::create(self.folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        for _ in 0..1200 {
            if child.try_wait().unwrap().is_some() {
                return;
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                self.child = Some(child);
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}
