//! `watch` as a process of its own, and what it said so far.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::said::Said;
use crate::world::{World, until};

/// A watch that runs until it ends, or until this is dropped.
pub(crate) struct Watching {
    child: Child,
    lines: Arc<Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Watching {
    /// Begins it with this world's configuration.
    pub(crate) fn begin(world: &World, args: &[&str]) -> Self {
        Self::begin_with(world, args, |_| ())
    }

    /// The same, with something about its process changed.
    pub(crate) fn begin_with(world: &World, args: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let mut command = world.program(&[&["watch"], args].concat());
        change(&mut command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines: Arc<Mutex<String>> = Arc::default();
        let heard = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { child, lines, reader: Some(reader) }
    }

    /// The records so far.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.lines.lock().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until a record fits, and gives it.
    pub(crate) fn hears(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut found = None;
        until(what, || {
            found = self.records().into_iter().find(&fits);
            let ended = found.is_none() && self.child.try_wait().unwrap().is_some();
            assert!(!ended, "{what}: the watch ended: {:?}", self.records());
            found.is_some()
        });
        found.unwrap()
    }

    /// Waits until it takes this machine for a baker or a sentinel.
    pub(crate) fn takes_for(&mut self, role: &str) -> Value {
        self.hears(role, |record| record["record"] == "watch" && record["role"] == role)
    }

    /// Asks it to end, as systemd or Ctrl-C does.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Said {
        let mut status = None;
        until("the watch ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        self.reader.take().unwrap().join().unwrap();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let out = self.lines.lock().unwrap().clone();
        Said { code: status.unwrap().code().unwrap(), out, err }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A moment between two looks of a test.
pub(crate) const MOMENT: Duration = Duration::from_millis(20);
