//! Commands on this machine.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::batch::{Answer, Batch};
use super::child::{Ending, Input, Piped};
use super::session::{Session, Unopened};
use super::words::{shown, text};
use super::{Host, HostError, Output};

/// What carries several questions: every system's own.
const SHELL: &str = "/bin/sh";

/// For a shell to start.
const OPENING: Duration = Duration::from_secs(10);

/// This machine.
///
/// Each command runs in a process group of its own, which is killed at the deadline. A command that a signal ended did
/// nobody knows what: [`HostError::Lost`]. What a finished command leaves behind (a service started in the background)
/// is left alone.
///
/// ```
/// use failover_core::host::{Host, LocalHost};
/// let out = LocalHost::new().run(&["echo", "it's", "here"], std::time::Duration::from_secs(10))?;
/// assert_eq!((out.code, out.stdout.as_str()), (0, "it's here\n"));
/// # Ok::<(), failover_core::host::HostError>(())
/// ```
#[derive(Debug, Default)]
pub struct LocalHost {
    path: Option<PathBuf>,
    /// What questions are asked in, from the first one on.
    shell: Option<Session>,
}

impl Clone for LocalHost {
    /// With a shell of its own.
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), shell: None }
    }
}

impl LocalHost {
    /// This machine, with this program's own `PATH`.
    #[must_use]
    pub const fn new() -> Self {
        Self { path: None, shell: None }
    }

    /// This machine, with a folder in front of `PATH`: where `tezbake`, `systemctl` or `sudo` are found first.
    #[must_use]
    pub fn with_path(folder: impl Into<PathBuf>) -> Self {
        Self { path: Some(folder.into()), shell: None }
    }
}

impl Host for LocalHost {
    fn name(&self) -> &'static str {
        "this machine"
    }

    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        self.call(argv, None, deadline)
    }

    fn feed(&mut self, argv: &[&str], input: &str, deadline: Duration) -> Result<Output, HostError> {
        self.call(argv, Some(input), deadline)
    }

    fn ask(&mut self, argv: &[&str], deadline: Duration) -> Answer {
        super::only(self.ask_together(&[(argv, deadline)]), "this machine", argv)
    }

    /// All of them in one shell, which stays for the next: a process less for each.
    fn ask_together(&mut self, questions: &[(&[&str], Duration)]) -> Vec<Answer> {
        // By their paths, where they are in that folder: a shell may have a `cat` of its own (busybox), which is not it.
        let found: Vec<Vec<String>> = questions.iter().map(|(argv, _)| self.found(argv)).collect();
        let words: Vec<Vec<&str>> = found.iter().map(|argv| argv.iter().map(String::as_str).collect()).collect();
        let questions: Vec<(&[&str], Duration)> =
            words.iter().zip(questions).map(|(argv, (_, deadline))| (argv.as_slice(), *deadline)).collect();
        let questions = questions.as_slice();
        // The shell goes with the first deadline that passes.
        let batch =
            match Batch::new("this machine", questions, Duration::ZERO, |marks, argv, _| marks.question(argv, None)) {
                Ok(batch) => batch,
                Err(error) => return questions.iter().map(|_| Err(error.clone())).collect(),
            };
        let mut shell = match self.shell.take().map_or_else(|| self.new_shell(&batch), Ok) {
            Ok(shell) => shell,
            Err(unopened) => {
                return batch.failed(&batch.call(0).not_run(format!("{SHELL} does not run: {unopened:?}")));
            }
        };
        let (answers, goes_on) = batch.run(&mut shell);
        self.shell = Some(shell).filter(|_| goes_on);
        answers
    }
}

impl LocalHost {
    fn call(&self, argv: &[&str], input: Option<&str>, deadline: Duration) -> Answer {
        let start = Instant::now();
        let what = shown(argv);
        let host = || self.name().to_owned();
        let not_run = |why: String| HostError::NotRun { host: host(), what: what.clone(), why };
        let Some((program, arguments)) = argv.split_first() else {
            return Err(not_run("the command is empty".to_owned()));
        };
        let mut command = match &self.path {
            None => Command::new(program),
            Some(folder) => found_first(program, folder),
        };
        command.args(arguments);
        let input = input.map_or(Input::None, Input::Text);
        let mut child = Piped::start(&mut command, &input).map_err(|error| not_run(error.to_string()))?;
        let lost = |what: String, after| Err(HostError::Lost { host: host(), what, after });
        let status = match child.wait(start + deadline, |_, _| false) {
            Ending::Exited(status) => status,
            Ending::Deadline | Ending::Done => return lost(what.clone(), deadline),
        };
        let Some(code) = status.code() else {
            let signal = status.signal().unwrap_or_default();
            let after = Duration::from_millis(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
            return lost(format!("{what} (killed by signal {signal})"), after);
        };
        Ok(Output { code, stdout: text(child.stdout.take()), stderr: text(child.stderr.take()) })
    }

    /// A command whose program is named by its path, where the folder has it.
    fn found(&self, argv: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        if let (Some(folder), Some(program)) = (&self.path, words.first_mut())
            && !program.contains('/')
            && let Some(there) = folder.join(&*program).to_str().filter(|there| is_executable(Path::new(there)))
        {
            *program = there.to_owned();
        }
        words
    }

    fn new_shell(&self, batch: &Batch<'_>) -> Result<Session, Unopened> {
        let mut shell = Command::new(SHELL);
        // Its errors begin with the name that it is called by.
        shell.arg0("sh");
        if let Some(folder) = &self.path {
            shell.env("PATH", path_with(folder));
        }
        Session::open(&mut shell, &format!("{}\n", batch.marks.hello()), &batch.marks, Instant::now() + OPENING)
    }
}

/// A program that is looked for in this folder first. Looked for here: the standard library copies this whole process
/// where a changed `PATH` decides, and starts a program with a path without.
fn found_first(program: &str, folder: &Path) -> Command {
    let there = folder.join(program);
    let is_name = !program.contains('/');
    let mut command = Command::new(if is_name && is_executable(&there) { there.as_os_str() } else { program.as_ref() });
    command.arg0(program).env("PATH", path_with(folder));
    command
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// This program's `PATH` with a folder in front.
fn path_with(folder: &Path) -> OsString {
    let mut path = folder.as_os_str().to_owned();
    if let Some(rest) = std::env::var_os("PATH").filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    path
}
