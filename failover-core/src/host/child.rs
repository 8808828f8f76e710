//! One child process, from its start to its end, its deadline, or the word that ends it.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::capture::Capture;

/// What no child may see: passphrases that a person put into the environment (S9).
const SECRETS: [&str; 2] = ["TEZSIGN_UNLOCK_PASS", "ELEVATION_PASSWORD"];

/// Nor what a service manager tells this process alone (`sd_notify(3)`).
const OURS: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// Set for every child: plain English messages, and no analytics (Tezos Baking 2.5.1 posts them from `info`).
pub(super) const PLAIN: [(&str, &str); 2] = [("LC_ALL", "C"), ("DISABLE_TEZBAKE_ANALYTICS", "true")];

/// How long the output of a child that has ended is waited for. A service that it left behind may keep the pipes open.
const GRACE: Duration = Duration::from_secs(2);

/// How a child ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// By itself.
    Exited(ExitStatus),
    /// `done` saw what it was waiting for; the child was killed.
    Done,
    /// The deadline passed, and its process group was killed.
    Deadline,
}

/// A child that has ended, and what it printed.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) ending: Ending,
    pub(super) stdout: Capture,
    pub(super) stderr: Capture,
}

/// Runs a child in a process group of its own. Without `input` it has no standard input. An error means that nothing ran.
///
/// `done` looks at what standard output ends with, and may end the wait before the child does.
pub(super) fn run(
    command: &mut Command,
    input: Option<&str>,
    deadline: Duration,
    mut done: impl FnMut(&Capture) -> bool,
) -> io::Result<Ended> {
    let start = Instant::now();
    for name in SECRETS.into_iter().chain(OURS) {
        command.env_remove(name);
    }
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    command.envs(PLAIN).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        let input = Zeroizing::new(input.as_bytes().to_vec());
        // A child that does not read it must not hold up its own deadline; how much it took, its exit code says.
        std::thread::spawn(move || pipe.write_all(&input));
    }
    let stdout = child.stdout.take().map(Capture::drain).unwrap_or_default();
    let stderr = child.stderr.take().map(Capture::drain).unwrap_or_default();

    let mut pause = Duration::from_millis(1);
    let mut seen = None;
    let ending = loop {
        let left = deadline.saturating_sub(start.elapsed());
        match child.try_wait() {
            Ok(Some(status)) => {
                await_streams(&stdout, &stderr, GRACE.min(left));
                break Ending::Exited(status);
            }
            Ok(None) => {}
            Err(_) => {
                // It runs, and its end cannot be seen: as good as a deadline.
                kill_group(&mut child);
                break Ending::Deadline;
            }
        }
        if seen.is_none() && done(&stdout) {
            seen = Some(Instant::now());
        }
        if seen.is_some_and(|at| at.elapsed() >= GRACE || left.is_zero()) {
            kill_group(&mut child);
            break Ending::Done;
        }
        if left.is_zero() {
            kill_group(&mut child);
            break Ending::Deadline;
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    Ok(Ended { ending, stdout, stderr })
}

/// Waits for both streams to end. What the child itself printed is in the pipes by now, and is read at once.
fn await_streams(stdout: &Capture, stderr: &Capture, longest: Duration) {
    let start = Instant::now();
    // Even where the deadline is reached, a moment for the threads to read what is already there.
    let longest = longest.max(Duration::from_millis(100));
    while !(stdout.ended() && stderr.ended()) && start.elapsed() < longest {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Kills a child and its process group, and reaps it.
fn kill_group(child: &mut Child) {
    // The child is not reaped yet, so its id cannot have gone to another group.
    let group = format!("-{}", child.id());
    let kill = Command::new("kill")
        .args(["-KILL", "--", &group])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !kill.is_ok_and(|status| status.success()) {
        // No `kill` program: the child at least. A failure means that it has ended.
        let _gone = child.kill();
    }
    for _ in 0..50 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Stuck in the kernel: it stays a zombie until this program ends, which is no reason to wait for it.
}
