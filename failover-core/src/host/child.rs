//! One child process and its pipes, without a thread: read and written up to its end, a deadline, or the word that ends
//! the wait.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
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

/// How long a child is looked for whose end cannot be waited for (no pidfd: a kernel before 5.3).
const LOOK: Duration = Duration::from_millis(10);

/// How a wait ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// The child ended by itself.
    Exited(ExitStatus),
    /// `done` saw what it was waiting for; the child runs.
    Done,
    /// The deadline passed; the child runs.
    Deadline,
}

/// What a child reads.
#[derive(Debug)]
pub(super) enum Input<'a> {
    /// Nothing at all.
    None,
    /// This, and then the end.
    Text(&'a str),
    /// What [`Piped::send`] gives it.
    Kept,
}

/// A child in a process group of its own, which is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Piped {
    child: Child,
    /// Ready once the child has ended.
    end: Option<OwnedFd>,
    status: Option<ExitStatus>,
    stdin: Option<ChildStdin>,
    to_write: Zeroizing<Vec<u8>>,
    keeps_stdin: bool,
    pipes: (Option<ChildStdout>, Option<ChildStderr>),
    pub(super) stdout: Capture,
    pub(super) stderr: Capture,
}

impl Piped {
    /// Starts a child. An error means that nothing ran.
    pub(super) fn start(command: &mut Command, input: &Input<'_>) -> io::Result<Self> {
        for name in SECRETS.into_iter().chain(OURS) {
            command.env_remove(name);
        }
        let stdin = if matches!(input, Input::None) { Stdio::null() } else { Stdio::piped() };
        command.envs(PLAIN).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let end = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let end = end.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let mut piped = Self {
            end,
            status: None,
            stdin: child.stdin.take(),
            to_write: Zeroizing::default(),
            keeps_stdin: matches!(input, Input::Kept),
            pipes: (child.stdout.take(), child.stderr.take()),
            stdout: Capture::default(),
            stderr: Capture::default(),
            child,
        };
        // No read and no write may hold up a deadline. Where this fails the child is killed, as the pipes would.
        if let Some(pipe) = &piped.stdin {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        if let (Some(out), Some(err)) = &piped.pipes {
            rustix::io::ioctl_fionbio(out, true)?;
            rustix::io::ioctl_fionbio(err, true)?;
        }
        if let Input::Text(text) = input {
            piped.send(text);
        }
        Ok(piped)
    }

    /// Has it neither ended nor closed its output? Looks at once, and reads what is there.
    pub(super) fn is_alive(&mut self) -> bool {
        self.pump(Duration::ZERO);
        self.status.is_none() && self.pipes.0.is_some() && self.pipes.1.is_some()
    }

    /// Gives it more to read; written while it is waited for.
    pub(super) fn send(&mut self, text: &str) {
        self.to_write.extend_from_slice(text.as_bytes());
    }

    /// Waits for its end, or until `done`. After its end its output is read to the end, for a moment.
    pub(super) fn wait(&mut self, until: Instant, mut done: impl FnMut(&Capture, &Capture) -> bool) -> Ending {
        let mut drained = None;
        loop {
            if done(&self.stdout, &self.stderr) {
                return Ending::Done;
            }
            let now = Instant::now();
            if let Some(status) = self.status {
                // Even where the deadline is reached, a moment for what is in the pipes already.
                let longest = || GRACE.min(until.saturating_duration_since(now)).max(Duration::from_millis(100));
                let drained = *drained.get_or_insert_with(|| now + longest());
                if self.pipes.0.is_none() && self.pipes.1.is_none() || now >= drained {
                    return Ending::Exited(status);
                }
                self.pump(drained.saturating_duration_since(now));
                continue;
            }
            if now >= until {
                return Ending::Deadline;
            }
            self.pump(until.saturating_duration_since(now));
        }
    }

    /// Reads and writes what is ready, once; looks whether the child has ended.
    fn pump(&mut self, longest: Duration) {
        let longest = if self.end.is_none() && self.status.is_none() { longest.min(LOOK) } else { longest };
        let writes = !self.to_write.is_empty() && self.stdin.is_some();
        let [stdout, stderr, input, end] = {
            let (out, err) = (self.pipes.0.as_ref().map(AsFd::as_fd), self.pipes.1.as_ref().map(AsFd::as_fd));
            let stdin = self.stdin.as_ref().filter(|_| writes).map(AsFd::as_fd);
            let end = self.end.as_ref().filter(|_| self.status.is_none()).map(AsFd::as_fd);
            let asked = [(out, PollFlags::IN), (err, PollFlags::IN), (stdin, PollFlags::OUT), (end, PollFlags::IN)];
            ready(asked, longest)
        };
        if stdout {
            let Self { pipes, stdout, .. } = self;
            read(&mut pipes.0, stdout);
        }
        if stderr {
            let Self { pipes, stderr, .. } = self;
            read(&mut pipes.1, stderr);
        }
        if input {
            self.write();
        }
        if self.to_write.is_empty() && !self.keeps_stdin {
            self.stdin = None;
        }
        if (end || self.end.is_none()) && self.status.is_none() {
            // An end that cannot be seen is a deadline's.
            self.status = self.child.try_wait().ok().flatten();
        }
    }

    fn write(&mut self) {
        let Some(pipe) = &mut self.stdin else { return };
        match pipe.write(&self.to_write) {
            Ok(written) => drop(self.to_write.drain(..written)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => {
                // It reads no more; its end tells how much it took.
                self.to_write.clear();
                self.stdin = None;
            }
        }
    }
}

impl Drop for Piped {
    /// Kills the process group where the child has not ended, and reaps it.
    fn drop(&mut self) {
        if self.status.is_some() || !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // The child is not reaped yet, so its id cannot have gone to another group.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if pid.is_none_or(|pid| kill_process_group(pid, Signal::KILL).is_err()) {
            // A failure means that it has ended.
            let _gone = self.child.kill();
        }
        let until = Instant::now() + Duration::from_secs(1);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            self.pump(Duration::from_millis(20));
        }
        // Stuck in the kernel: it stays a zombie until this program ends, which is no reason to wait for it.
    }
}

/// Which of these are ready within a time; one that is `None` never is.
fn ready<const N: usize>(asked: [(Option<std::os::fd::BorrowedFd<'_>>, PollFlags); N], longest: Duration) -> [bool; N] {
    let mut places = Vec::with_capacity(N);
    let mut fds = Vec::with_capacity(N);
    for (place, (fd, flags)) in asked.into_iter().enumerate() {
        if let Some(fd) = fd {
            places.push(place);
            fds.push(PollFd::from_borrowed_fd(fd, flags));
        }
    }
    let mut ready = [false; N];
    let longest = Timespec::try_from(longest.min(Duration::from_secs(3600))).ok();
    // An interrupted poll proves nothing; the caller looks again.
    if poll(&mut fds, longest.as_ref()).is_ok() {
        for (place, fd) in places.into_iter().zip(&fds) {
            if let Some(ready) = ready.get_mut(place) {
                *ready = !fd.revents().is_empty();
            }
        }
    }
    ready
}

/// Reads once; a stream that has ended is closed.
fn read(pipe: &mut Option<impl Read>, capture: &mut Capture) {
    let Some(open) = pipe else { return };
    let mut buffer = [0_u8; 16 * 1024];
    match open.read(&mut buffer) {
        Ok(0) => *pipe = None,
        Ok(n) => capture.keep(buffer.get(..n).unwrap_or_default()),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
        Err(_) => *pipe = None,
    }
}
