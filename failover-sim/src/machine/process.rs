//! `ps`, with the columns that are asked for, and what the baker wrote to the journal.

use super::Machine;
use super::command::{Command, Ran};
use failover_core::tezos::Kind;

/// A journal forgets what is old.
const KEPT: usize = 20;

impl Machine {
    /// The baker here could not have something signed, and says so as Octez does.
    pub(crate) fn complain(&mut self, kind: Kind, level: u64, round: u32) {
        if !self.unit(super::BAKER_UNIT).is_some_and(super::Unit::is_running) {
            return;
        }
        self.complaints.push(format!("unable to sign {kind} at level {level}, round {round}"));
        let old = self.complaints.len().saturating_sub(KEPT);
        self.complaints.drain(..old);
    }
}

/// Runs `journalctl ARGS`, of whatever unit and time.
pub(crate) fn journal(machine: &Machine) -> Ran {
    let lines = machine.complaints.iter().map(|line| format!("Nov 30 03:00:00.000 ERROR  │ {line}\n"));
    Ran::ok(format!("Nov 30 03:00:00.000 NOTICE │ Baker started.\n{}", lines.collect::<String>()))
}

/// Runs `ps ARGS`: every process, in the columns of `-o`; a column that ends in `=` has no title.
pub(crate) fn run(machine: &Machine, command: Command<'_>) -> Ran {
    let mut columns: Vec<&str> = Vec::new();
    let mut args = command.args.iter();
    while let Some(arg) = args.next() {
        if arg.ends_with('o') {
            columns.extend(args.next().copied().unwrap_or_default().split(','));
        }
    }
    if columns.is_empty() {
        columns = vec!["pid", "comm"];
    }
    let mut lines = Vec::new();
    if !columns.iter().all(|column| column.ends_with('=')) {
        let titles: Vec<String> = columns.iter().map(|c| c.trim_end_matches('=').to_uppercase()).collect();
        lines.push(titles.join(" "));
    }
    let mut row = |pid: u32, name: &str, arguments: &str| {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| match column.trim_end_matches('=') {
                "pid" => format!("{pid:>7}"),
                "ppid" => u32::from(pid != 1).to_string(),
                "uid" => machine.uid.to_string(),
                "user" => if pid == 1 { "root" } else { "baker" }.to_owned(),
                "comm" | "ucmd" => format!("{name:<15}"),
                "stat" | "s" | "state" => "S".to_owned(),
                _ => arguments.to_owned(),
            })
            .collect();
        lines.push(cells.join(" "));
    };
    if machine.etc.hides_processes {
        row(99_999, "ps", &format!("ps {}", command.args.join(" ")));
        return Ran::ok(lines.join("\n") + "\n");
    }
    row(1, "systemd", "/sbin/init");
    row(412, "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
    for unit in &machine.units {
        if let Some(pid) = unit.pid() {
            row(pid, unit.job.program(), unit.job.arguments());
        }
    }
    row(99_999, "ps", &format!("ps {}", command.args.join(" ")));
    Ran::ok(lines.join("\n") + "\n")
}
