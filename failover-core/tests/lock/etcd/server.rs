//! A real etcd on loopback, in a folder of its own, that ends with the test.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// No wait in here is longer; a machine can be very busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// One member, which is a whole cluster.
pub(crate) struct Etcd {
    folder: TempDir,
    arguments: Vec<String>,
    scheme: &'static str,
    ports: (u16, u16),
    process: Option<Child>,
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Etcd {
    /// Without TLS.
    pub(crate) fn new() -> Self {
        Self::with("http", &[])
    }

    /// With more arguments; waits until it takes connections.
    pub(crate) fn with(scheme: &'static str, arguments: &[String]) -> Self {
        // Another process may take a port between here and there: then others are tried.
        for _ in 0..5 {
            let (folder, arguments) = (tempfile::tempdir().unwrap(), arguments.to_vec());
            let mut etcd = Self { folder, arguments, scheme, ports: (free_port(), free_port()), process: None };
            if etcd.try_start() {
                return etcd;
            }
        }
        panic!("etcd does not start: is etcd-server installed? scripts/setup.sh test does it");
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.ports.0)
    }

    pub(crate) fn start(&mut self) {
        assert!(self.try_start(), "etcd does not start again");
    }

    fn try_start(&mut self) -> bool {
        let peer = format!("http://127.0.0.1:{}", self.ports.1);
        let log = std::fs::File::create(self.log()).unwrap();
        let mut process = Command::new("etcd")
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .args(["--listen-client-urls", &self.url(), "--advertise-client-urls", &self.url()])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}")])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut there = false;
        until("etcd takes connections, or ends", || {
            there = TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports.0)).is_ok();
            there || process.try_wait().unwrap().is_some()
        });
        // The port may be another's.
        there = there && process.try_wait().unwrap().is_none();
        self.process = Some(process);
        there
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// As after a power cut.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// `STOP` or `CONT`: it keeps its connections and says nothing.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.process.as_ref().unwrap().id(), name);
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let end: Vec<&str> = log.lines().rev().take(15).collect();
            eprintln!("etcd said last, the newest first:\n{}", end.join("\n"));
        }
        self.kill();
    }
}

pub(crate) fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success());
}

/// Waits for something that must come; a failure only after minutes, however slow the machine.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
