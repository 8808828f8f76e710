//! What a process used, as the kernel tells it.

use std::process::{Child, Command};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// The time that a process spent itself so far, all its threads, without its children. In units of the kernel's tick,
/// 10 ms mostly.
pub(crate) fn cpu(child: &Child) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // utime and stime are the fields 14 and 15; the name, the second one, is in brackets.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u32 = [11, 12].iter().map(|n| fields[*n].parse::<u32>().unwrap()).sum();
    let second = sysconf(SysconfVar::CLK_TCK).unwrap().unwrap();
    Duration::from_secs(1) * ticks / u32::try_from(second).unwrap()
}

/// The same of one that ends well, as the kernel has it between its end and the moment that it is waited for.
pub(crate) fn cpu_to_the_end(child: &mut Child) -> Duration {
    let ended = Id::Pid(Pid::from_raw(i32::try_from(child.id()).unwrap()));
    waitid(ended, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
    let spent = cpu(child);
    assert!(child.wait().unwrap().success(), "it did not end well");
    spent
}

/// The memory that a process has now, in MiB.
pub(crate) fn resident(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// The most that any child had, in MiB: the kernel tells the largest of all those that were waited for.
pub(crate) fn largest_child() -> f64 {
    f64::from(u32::try_from(getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss()).unwrap()) / 1024.0
}

/// Bytes of a program without its symbols.
pub(crate) fn stripped(program: &str) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stripped");
    let status = Command::new("strip").arg("-o").arg(&path).arg(program).status().unwrap();
    assert!(status.success(), "strip: {status}");
    std::fs::metadata(&path).unwrap().len().to_string().parse().unwrap()
}
