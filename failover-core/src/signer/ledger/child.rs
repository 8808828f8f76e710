//! A transport in a child process, because a thread that blocks cannot be stopped and a process can be.
//!
//! `ledger-transport-hid` 0.11 reads for up to 10,000 s. So it runs in a child that speaks [`super::frame`] over its standard
//! input and output; the parent waits for an answer as long as its deadline says, then kills the child, reaps it, and starts
//! another one for the next question. The child ends by itself when its input closes, so it does not outlive its parent.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{ApduExchange, Wait, apdu, frame};
use crate::signer::SignerError;

/// How often a wait looks whether somebody has cancelled it.
const SLICE: Duration = Duration::from_millis(100);

/// How a child ends, and what the parent makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its input was closed.
    Done,
    /// The device is not there.
    NotFound,
    /// This user may not open the device.
    Permission,
    /// The device went away, or its answer was no answer.
    Broken,
}

impl Ending {
    /// The child's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotFound => 10,
            Self::Permission => 11,
            Self::Broken => 12,
        }
    }
}

/// The parent's side: starts the child when there is something to ask.
#[derive(Debug)]
pub struct ChildExchange {
    program: PathBuf,
    args: Vec<OsString>,
    device: String,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    answers: Receiver<io::Result<Vec<u8>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killed before it is reaped, so the wait is short; nothing is lost, the child keeps nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl ChildExchange {
    /// A child `program args`, which talks to `device`. Nothing is started yet.
    #[must_use]
    pub const fn new(program: PathBuf, args: Vec<OsString>, device: String) -> Self {
        Self { program, args, device, running: None }
    }

    /// The id of the child that runs now.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|r| r.child.id())
    }

    fn broken(&self, why: impl ToString) -> SignerError {
        SignerError::Disconnected { device: self.device.clone(), why: why.to_string() }
    }

    fn start(&self) -> Result<Running, SignerError> {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            // It gets nothing of this process' environment, least of all a passphrase (S9).
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| self.broken(format!("its process could not be started: {e}")))?;
        let (Some(input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.broken("its process has no pipes"));
        };
        let (sender, answers) = mpsc::channel();
        // Ends with the child: its output closes then.
        let read = move || {
            loop {
                let answer = frame::read_answer(&mut output);
                let failed = answer.is_err();
                if sender.send(answer).is_err() || failed {
                    return;
                }
            }
        };
        // Without it the child's input closes, and the child ends.
        thread::Builder::new().spawn(read).map_err(|e| self.broken(format!("no thread can be made: {e}")))?;
        Ok(Running { child, input, answers })
    }

    /// Why the child ended, from its exit code and the line that it wrote.
    fn ending(&self, mut running: Running) -> SignerError {
        let _ = running.child.kill();
        let code = running.child.wait().ok().and_then(|status| status.code());
        let mut why = String::new();
        if let Some(stderr) = running.child.stderr.take() {
            let _ = stderr.take(1000).read_to_string(&mut why);
        }
        let why = if why.trim().is_empty() { "its process ended".to_owned() } else { why.trim().to_owned() };
        let device = self.device.clone();
        match code {
            Some(code) if code == i32::from(Ending::NotFound.code()) => SignerError::NotFound { selector: device },
            Some(code) if code == i32::from(Ending::Permission.code()) => SignerError::Permission { device, why },
            _ => SignerError::Disconnected { device, why },
        }
    }
}

impl ApduExchange for ChildExchange {
    fn exchange(&mut self, request: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        let until = Instant::now() + wait.deadline;
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        // A pipe takes far more than one APDU without waiting, and the one before was answered.
        if frame::write_request(&mut running.input, request).is_err() {
            return Err(self.ending(running));
        }
        let answer = loop {
            let left = until.saturating_duration_since(Instant::now());
            match running.answers.recv_timeout(left.min(SLICE)) {
                Err(RecvTimeoutError::Timeout) if left > SLICE && !wait.is_cancelled() => {}
                answer => break answer,
            }
        };
        match answer {
            Ok(Ok(answer)) => {
                self.running = Some(running);
                Ok(answer)
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Err(SignerError::Malformed { what: apdu::name(request), why: error.to_string() })
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(self.ending(running)),
            // Dropped here, that is killed and reaped: what the device says later is not read as the answer to something else.
            Err(RecvTimeoutError::Timeout) => Err(SignerError::Timeout {
                device: self.device.clone(),
                what: apdu::name(request),
                after: wait.deadline,
            }),
        }
    }

    fn device(&self) -> String {
        self.device.clone()
    }

    fn resync(&mut self) {
        self.running = None;
    }
}

/// The child's side: answers requests from standard input by `exchange` until the input closes.
///
/// When the input closes while `exchange` blocks, the process ends at once with [`Ending::Done`].
pub fn serve<F>(mut exchange: F) -> ExitCode
where
    F: FnMut(&[u8]) -> Result<Vec<u8>, String>,
{
    let (sender, requests) = mpsc::channel();
    let listen = move || {
        let mut input = io::stdin().lock();
        while let Ok(request) = frame::read_request(&mut input) {
            if sender.send(request).is_err() {
                return;
            }
        }
        std::process::exit(Ending::Done.code().into());
    };
    if let Err(error) = thread::Builder::new().spawn(listen) {
        return end(Ending::Broken, &format!("no thread can be made: {error}"));
    }
    let mut output = io::stdout().lock();
    for request in requests {
        match exchange(&request) {
            Ok(answer) if frame::write_answer(&mut output, &answer).is_ok() => {}
            Ok(_) => return end(Ending::Broken, "the answer could not be handed over"),
            Err(why) => return end(Ending::Broken, &why),
        }
    }
    end(Ending::Done, "")
}

/// Ends the child, saying why in one line for the parent.
pub fn end(ending: Ending, why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{why}");
    ExitCode::from(ending.code())
}
