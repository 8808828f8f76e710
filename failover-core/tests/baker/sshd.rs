//! An sshd of this user's own on loopback.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use failover_core::host::{Host, HostError, Output, SshHost, SshOptions};

/// Long enough for a busy machine; where a test waits for a deadline it has its own.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// An sshd of this user's own, with keys and a configuration in a scratch folder.
pub(crate) struct Sshd {
    child: Child,
    pub(crate) port: u16,
    dir: tempfile::TempDir,
}

pub(crate) fn succeed(program: &str, arguments: &[&str]) -> String {
    let out = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let out =
        out.unwrap_or_else(|error| panic!("{program}: {error}: install openssh-client, openssh-server and procps"));
    assert!(out.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

impl Sshd {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With these lines in its configuration.
    pub(crate) fn with(lines: &[String]) -> Self {
        let program = Path::new("/usr/sbin/sshd");
        assert!(program.exists(), "there is no {}: install the Debian package openssh-server", program.display());
        if succeed("id", &["-u"]) == "0" {
            // Where sshd of Debian separates its privileges.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        for name in ["host", "other", "user", "stranger"] {
            let file = dir.path().join(name);
            succeed("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file.to_str().unwrap()]);
        }
        fs::copy(dir.path().join("user.pub"), dir.path().join("authorized")).unwrap();
        // The port was free a moment ago; where another process took it, the next one is tried.
        for _ in 0..5 {
            let port = free_port();
            if let Some(child) = spawn(program, dir.path(), port, lines) {
                return Self { child, port, dir };
            }
        }
        panic!("sshd does not start: {}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Options that reach this sshd, which knows its host key as the one in the file `host_key`.
    pub(crate) fn options(&self, host_key: &str) -> SshOptions {
        let key = fs::read_to_string(self.file(&format!("{host_key}.pub"))).unwrap();
        let known = self.file(&format!("known {host_key}"));
        fs::write(&known, format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
        SshOptions {
            // None of the person's own configuration.
            config_file: Some("/dev/null".into()),
            port: Some(self.port),
            identity: Some(self.file("user")),
            known_hosts: Some(known),
            connect_timeout: Duration::from_secs(20),
            ..SshOptions::default()
        }
    }

    /// How many connections have logged in.
    pub(crate) fn logins(&self) -> usize {
        fs::read_to_string(self.file("log")).unwrap().matches("Accepted publickey").count()
    }

    /// Ends it, and leaves what it has begun.
    pub(crate) fn end(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn host(&self) -> SshHost {
        host(self.options("host"))
    }

    pub(crate) fn sh(&self, line: &str, deadline: Duration) -> Result<Output, HostError> {
        self.host().run(&["sh", "-c", line], deadline)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.end();
    }
}

pub(crate) fn host(options: SshOptions) -> SshHost {
    SshHost::new("127.0.0.1", options).unwrap()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn spawn(program: &Path, dir: &Path, port: u16, more: &[String]) -> Option<Child> {
    let config = dir.join("config");
    let lines = [
        format!("ListenAddress 127.0.0.1:{port}"),
        format!("HostKey {}", dir.join("host").display()),
        format!("AuthorizedKeysFile {}", dir.join("authorized").display()),
        "PidFile none".to_owned(),
        "StrictModes no".to_owned(),
        "UsePAM no".to_owned(),
        // bash reads its user's own files at the start of an ssh session, unless it is not the first shell.
        "SetEnv SHLVL=2".to_owned(),
        "PasswordAuthentication no".to_owned(),
        "KbdInteractiveAuthentication no".to_owned(),
        "PermitRootLogin prohibit-password".to_owned(),
        "MaxStartups 100".to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().chain(more).map(String::as_str).collect();
    fs::write(&config, lines.join("\n") + "\n").unwrap();
    let log = fs::File::create(dir.join("log")).unwrap();
    let mut child =
        Command::new(program).args(["-D", "-e", "-f"]).arg(&config).stdin(Stdio::null()).stderr(log).spawn().unwrap();
    for _ in 0..600 {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}
