//! What a process used, as the kernel tells it.

use std::process::{Child, Command};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// The time that a process spent itself so far, all its threads, without its children.
pub(crate) fn cpu(child: &Child) -> Duration {
    times(child)[0]
}

/// The time that a process spent itself so far, and that of its children which it has waited for, theirs included. In units
/// of the kernel's tick, 10 ms mostly.
fn times(child: &Child) -> [Duration; 2] {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // utime, stime, cutime and cstime are the fields 14 to 17; the name, the second one, is in brackets.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let second = u32::try_from(sysconf(SysconfVar::CLK_TCK).unwrap().unwrap()).unwrap();
    [[11, 12], [13, 14]].map(|pair| {
        let ticks: u32 = pair.iter().map(|n| fields[*n].parse::<u32>().unwrap()).sum();
        Duration::from_secs(1) * ticks / second
    })
}

/// Both of one that ends well, as the kernel has them between its end and the moment that it is waited for.
pub(crate) fn cpu_to_the_end(child: &mut Child) -> [Duration; 2] {
    let ended = Id::Pid(Pid::from_raw(i32::try_from(child.id()).unwrap()));
    waitid(ended, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
    let spent = times(child);
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
