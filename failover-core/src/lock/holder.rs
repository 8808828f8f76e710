//! Who holds the lock: what the kernel says first, what the file says where it is the same process.

use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::clock::Timestamp;
use crate::state::PlanId;

/// Who holds a lock, as far as it is known. What is not known is `None`, never a guess.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: Option<u32>,
    /// Its command: `failover run`.
    pub command: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// For which plan.
    pub plan: Option<PlanId>,
    /// On which machine, where the lock is not of one machine only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

impl Holder {
    /// This process.
    #[must_use]
    pub fn this(command: impl Into<String>, since: Timestamp, plan: Option<PlanId>) -> Self {
        Self { pid: Some(std::process::id()), command: Some(command.into()), since: Some(since), plan, host: None }
    }

    /// The same, with the name of this machine.
    #[cfg(feature = "etcd")]
    pub(super) fn here(&self) -> Self {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| clean(&name));
        Self { host: name.filter(|name| !name.is_empty()), ..self.clone() }
    }

    /// What somebody wrote; not known where that cannot be understood. It goes to a terminal, and may be another
    /// user's.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let holder: Self = serde_json::from_slice(bytes).ok()?;
        Some(Self { command: holder.command.as_deref().map(clean), host: holder.host.as_deref().map(clean), ..holder })
    }

    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// Who holds the lock on this file? The file's own words may be an earlier holder's, so they count only where
    /// the kernel names the same process, or names none.
    pub(super) fn of(path: &Path, file: &File) -> Self {
        let words = words(path);
        match pid_of_flock(file) {
            Some(pid) => match words {
                Some(words) if words.pid == Some(pid) => words,
                _ => Self { pid: Some(pid), command: command_of(pid), ..Self::default() },
            },
            None => words.unwrap_or_default(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.command {
            Some(command) => write!(f, "`{command}`")?,
            None => f.write_str("a command that is not known")?,
        }
        if let Some(host) = &self.host {
            write!(f, " on {host}")?;
        }
        if let Some(pid) = self.pid {
            write!(f, ", process {pid}")?;
        }
        if let Some(since) = self.since {
            write!(f, ", since {since}")?;
        }
        if let Some(plan) = self.plan {
            write!(f, ", plan {plan}")?;
        }
        Ok(())
    }
}

/// What the file says; `None` where it says nothing that can be understood.
fn words(path: &Path) -> Option<Holder> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(4096).read_to_end(&mut bytes).ok()?;
    Holder::read(&bytes)
}

/// The process that the kernel names for the flock on this file (proc(5), `/proc/locks`):
/// `1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF`.
fn pid_of_flock(file: &File) -> Option<u32> {
    let inode = file.metadata().ok()?;
    fs::read_to_string("/proc/locks").ok()?.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        // A waiting process has "->" after the number, and so is no match.
        (fields.nth(1)? == "FLOCK").then_some(())?;
        let pid = fields.nth(2)?.parse().ok().filter(|pid| *pid != 0)?;
        let mut place = fields.next()?.split(':');
        let (major, minor) =
            (u64::from_str_radix(place.next()?, 16).ok()?, u64::from_str_radix(place.next()?, 16).ok()?);
        let number: u64 = place.next()?.parse().ok()?;
        (number == inode.ino() && (major, minor) == split(inode.dev())).then_some(pid)
    })
}

/// A device's two numbers, as glibc's `gnu_dev_major` and `gnu_dev_minor` split it.
const fn split(dev: u64) -> (u64, u64) {
    let major = ((dev >> 8) & 0xfff) | ((dev >> 32) & 0xffff_f000);
    let minor = (dev & 0xff) | ((dev >> 12) & 0xffff_ff00);
    (major, minor)
}

/// A process's own name, which every user may read.
fn command_of(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(clean(&name))
}

fn clean(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(80).collect()
}
