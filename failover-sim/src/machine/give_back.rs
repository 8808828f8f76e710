//! The script that gives a machine its job back, as `sh` would run it: the permit is a real file, everything else is the
//! simulated machine's.

use std::fs;
use std::path::Path;

use super::Machine;
use super::command::{Ran, Runs};
use super::permits::{boot, first};
use failover_core::clock::Timestamp;
use failover_core::permit::Root;

/// Runs [`GIVE_BACK`](failover_core::permit::script::GIVE_BACK) with these words. A test holds it against the real `sh`.
pub(super) fn run(machine: &mut Machine, now: Timestamp, words: &[&str], run: Runs) -> Ran {
    let Some(order) = Order::of(words) else { return Ran::new(2, "", "sh: parameter not set\n") };
    if std::mem::take(&mut machine.etc.stood_down) {
        let _all_of_them = Root::at(order.root).take_away_all("failover stand-down");
    }
    let mut shell = Shell { machine, now, run, stderr: String::new() };
    let said = order.act(&mut shell);
    Ran::new(0, said + "\n", shell.stderr)
}

/// Its programs, as root, and what they said.
struct Shell<'a> {
    machine: &'a mut Machine,
    now: Timestamp,
    run: Runs,
    stderr: String,
}

impl Shell<'_> {
    fn run(&mut self, argv: &[&str]) -> i32 {
        let argv: Vec<&str> = ["sudo", "-n"].iter().chain(argv).copied().collect();
        match (self.run)(self.machine, self.now, &argv, "") {
            Some(ran) => {
                self.stderr.push_str(&ran.output.stderr);
                ran.output.code
            }
            None => 127,
        }
    }
}

/// A command behind the number of its words, and what comes after it.
fn counted<'a>(words: &'a [&'a str]) -> Option<(&'a [&'a str], &'a [&'a str])> {
    let (count, rest) = words.split_first()?;
    rest.split_at_checked(count.parse().ok()?)
}

struct Order<'a> {
    root: &'a str,
    baker: &'a str,
    run: &'a str,
    write: &'a str,
    remove: &'a str,
    /// Where the guard's token lies; `None`: there is no guard.
    token: Option<(&'a str, &'a str)>,
    text: &'a str,
    by: &'a str,
    back: &'a [&'a str],
    aside: &'a [&'a str],
    start: &'a [&'a str],
    stop: &'a [&'a str],
}

impl<'a> Order<'a> {
    fn of(words: &'a [&'a str]) -> Option<Self> {
        let (head, rest) = words.split_at_checked(12)?;
        let [root, baker, run, _seconds, write, remove, folder, name, text, by, _user, _limit] = head else {
            return None;
        };
        let (back, rest) = counted(rest)?;
        let (aside, rest) = counted(rest)?;
        let (start, stop) = counted(rest)?;
        let token = (*folder != "-").then_some((*folder, *name));
        Some(Self { root, baker, run, write, remove, token, text, by, back, aside, start, stop })
    }

    fn act(&self, shell: &mut Shell<'_>) -> String {
        if !self.valid() {
            return self.gone();
        }
        let (mut code, mut what) = (self.lift(shell), "guard");
        if code == 0 {
            (code, what) = (self.secrets_back(shell), "secret");
        }
        if code != 0 || !self.valid() {
            self.guard(shell);
            self.secrets_aside(shell);
            return if code != 0 && self.away() { format!("failed {code} {what}") } else { self.gone() };
        }
        code = shell.run(self.start);
        if self.valid() && self.away() {
            return if code == 0 { "started".to_owned() } else { format!("failed {code} start") };
        }
        self.guard(shell);
        shell.run(self.stop);
        self.secrets_aside(shell);
        self.gone()
    }

    fn lift(&self, shell: &mut Shell<'_>) -> i32 {
        let Some((folder, name)) = self.token else { return 0 };
        shell.run(&["sh", "-c", self.write, "failover-guard", folder, name, self.text])
    }

    fn guard(&self, shell: &mut Shell<'_>) {
        if let Some((folder, name)) = self.token {
            shell.run(&["sh", "-c", self.remove, "failover-guard", &format!("{folder}/{name}")]);
        }
    }

    fn secrets_back(&self, shell: &mut Shell<'_>) -> i32 {
        if self.back.is_empty() { 0 } else { shell.run(self.back) }
    }

    fn secrets_aside(&self, shell: &mut Shell<'_>) {
        let before = shell.stderr.len();
        if !self.aside.is_empty() {
            shell.run(self.aside);
        }
        shell.stderr.truncate(before);
    }

    fn place(&self, part: &str) -> std::path::PathBuf {
        Path::new(self.root).join(self.baker).join(part).join(self.run)
    }

    fn valid(&self) -> bool {
        let boot = boot().unwrap_or_default();
        let text = fs::read_to_string(self.place("permits")).unwrap_or_default();
        !boot.is_empty() && text.contains(&format!("\"boot\":\"{boot}\""))
    }

    /// The permit is moved away; false: it was not there any more.
    fn away(&self) -> bool {
        let ended = self.place("ended");
        let moved = fs::rename(self.place("permits"), &ended).is_ok();
        moved && fs::write(ended.with_extension("by"), format!("{}\n", self.by)).is_ok()
    }

    fn gone(&self) -> String {
        format!("gone {}", first(&self.place("ended").with_extension("by")))
    }
}

#[cfg(test)]
#[path = "give_back/tests.rs"]
mod tests;
