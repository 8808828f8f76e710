//! The real program, called as a user calls it; everything that it says is in the log.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use failover_sim::tezsign::PASSPHRASE;
use serde_json::Value;

use crate::failed::{Failed, Outcome, ensure};

/// No call but a whole run may take longer, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);
/// A user who may do nothing: `nobody`.
const NOBODY: u32 = 65_534;

/// The program, and a folder for what it and its tests write.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) folder: PathBuf,
    /// What was called and said, until [`Program::told`].
    log: Rc<RefCell<String>>,
}

/// What a call said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) took: Duration,
}

/// A call that goes on.
pub(crate) struct Running {
    child: Child,
    name: PathBuf,
    words: String,
    start: Instant,
    log: Rc<RefCell<String>>,
}

impl Program {
    /// The program at a path.
    pub(crate) fn new(path: PathBuf, folder: PathBuf) -> Self {
        Self { path, folder, log: Rc::default() }
    }

    /// Everything that was called and said since the last time.
    pub(crate) fn told(&self) -> String {
        self.log.take()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(args).stdin(Stdio::null()).current_dir("/");
        command.env("XDG_CONFIG_HOME", "/nonexistent").env("TEZSIGN_UNLOCK_PASS", Self::passphrase());
        command
    }

    fn passphrase() -> String {
        String::from_utf8_lossy(PASSPHRASE).into_owned()
    }

    fn spawn(&self, mut command: Command, args: &[&str]) -> Outcome<Running> {
        let start = Instant::now();
        let name = self.folder.join(format!("call-{}", unique()));
        let child =
            command.stdout(File::create(name.with_extension("out"))?).stderr(File::create(name.with_extension("err"))?);
        Ok(Running { child: child.spawn()?, name, words: args.join(" "), start, log: self.log.clone() })
    }

    /// Calls it to its end.
    pub(crate) fn call(&self, args: &[&str]) -> Outcome<Said> {
        self.start(args)?.end(PATIENCE)
    }

    /// Calls it with JSON, as somebody without any rights.
    pub(crate) fn call_as_nobody(&self, args: &[&str]) -> Outcome<Said> {
        let mut command = self.command(args);
        command.uid(NOBODY).gid(NOBODY);
        self.spawn(command, args)?.end(PATIENCE)
    }

    /// Starts this program's helper of that name, see `helper.rs`.
    pub(crate) fn helper(&self, args: &[&str]) -> Outcome<Running> {
        self.spawn(Self::helper_command(args)?, args)
    }

    /// The same, as somebody without any rights.
    pub(crate) fn helper_as_nobody(&self, args: &[&str]) -> Outcome<Running> {
        let mut command = Self::helper_command(args)?;
        command.uid(NOBODY).gid(NOBODY);
        self.spawn(command, args)
    }

    fn helper_command(args: &[&str]) -> Outcome<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(args).stdin(Stdio::null()).current_dir("/");
        Ok(command)
    }

    /// Calls it and goes on.
    pub(crate) fn start(&self, args: &[&str]) -> Outcome<Running> {
        self.spawn(self.command(args), args)
    }
}

/// A number that no call had before.
fn unique() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
}

impl Running {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end, at most for `patience`.
    pub(crate) fn end(mut self, patience: Duration) -> Outcome<Said> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.start.elapsed() > patience {
                self.child.kill()?;
                self.child.wait()?;
                let (out, err) = self.texts();
                self.note(&format!("{out}{err}killed after {patience:?}"));
                return Err(Failed(format!("`failover {}` did not end in {patience:?}", self.words)));
            }
            std::thread::sleep(LOOK);
        };
        let took = self.start.elapsed();
        let code = status.code().ok_or_else(|| Failed(format!("`failover {}` was killed: {status}", self.words)))?;
        let (out, err) = self.texts();
        self.note(&format!("{out}{err}exit {code} after {:.1} s", took.as_secs_f64()));
        Ok(Said { code, out, took })
    }

    /// Waits until it has said this.
    pub(crate) fn until_says(&self, what: &str) -> Outcome {
        while !self.texts().0.contains(what) {
            ensure(self.start.elapsed() < PATIENCE, || format!("`{}` does not say {what}", self.words))?;
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Kills it, as the kernel or a person in a hurry does.
    pub(crate) fn kill(mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        let (out, err) = self.texts();
        self.note(&format!("{out}{err}killed"));
        Ok(())
    }

    fn note(&self, what: &str) {
        self.log.borrow_mut().push_str(&format!("$ failover {}\n{what}\n", self.words));
    }

    fn texts(&self) -> (String, String) {
        let read = |extension: &str| read(&self.name.with_extension(extension));
        (read("out"), read("err"))
    }
}

fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

impl Said {
    /// The records with this name (`--json`).
    pub(crate) fn named(&self, name: &str) -> Vec<Value> {
        let records = self.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records.filter(|record| text(record, "record") == name).collect()
    }

    /// It must have ended with this code.
    pub(crate) fn exits(self, code: i32) -> Outcome<Self> {
        ensure(self.code == code, || format!("exit {} instead of {code}: {}", self.code, self.out))?;
        Ok(self)
    }

    /// It must have said this.
    pub(crate) fn says(self, what: &str) -> Outcome<Self> {
        ensure(self.out.contains(what), || format!("it does not say {what:?}: {}", self.out))?;
        Ok(self)
    }

    /// It must have taken no longer than this.
    pub(crate) fn within(self, seconds: u64) -> Outcome<Self> {
        let took = self.took.as_secs_f64();
        ensure(self.took <= Duration::from_secs(seconds), || format!("it took {took:.1} s, not {seconds} s at most"))?;
        Ok(self)
    }
}

/// A field as text; empty where it is none.
pub(crate) fn text(record: &Value, field: &str) -> String {
    record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
