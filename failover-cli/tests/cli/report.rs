//! `failover report`: which journal it finds, and what it writes where.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Said, failover, finish};

/// A machine of its own: a state folder where one is wanted, and a home that has nothing yet.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn state(&self) -> PathBuf {
        let state = self.path("state");
        for folder in [&state, &state.join("journals")] {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).unwrap();
        }
        state
    }

    /// Nothing is configured here, and whoever types is at home in the folder.
    fn program(&self, args: &[&str]) -> Command {
        let mut command = failover(args);
        command.env("XDG_STATE_HOME", self.path("home")).current_dir(self.folder.path());
        command
    }

    fn call(&self, args: &[&str]) -> Said {
        finish(&mut self.program(args))
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A new user, three commands with the installation: a drill, and its report.
#[test]
fn a_drill_and_its_report_without_anything_else() {
    let machine = Machine::new();
    let none = machine.call(&["report", "drill"]);
    assert_eq!(
        (none.code, none.out.as_str()),
        (2, "Next: rehearse with `failover drill`, or name the journal's file\n")
    );

    let drilled = machine.call(&["drill", "--seed", "7"]);
    assert_eq!(drilled.code, 0, "{drilled:?}");
    assert!(drilled.out.contains("\nIts report: failover report drill --html drill.html\n"), "{drilled:?}");
    assert_eq!(mode(&machine.path("home/failover/drill.jsonl")), 0o600);

    let said = machine.call(&["report", "drill", "--html", "drill.html", "--markdown", "drill.md"]);
    assert_eq!(said.code, 0, "{said:?}");
    for name in ["drill.html", "drill.md"] {
        assert!(said.out.contains(&format!("Written to {name}.")), "{said:?}");
        assert_eq!(mode(&machine.path(name)), 0o644, "no secret is in it: others may read it");
    }
    let [html, markdown] = ["drill.html", "drill.md"].map(|name| std::fs::read_to_string(machine.path(name)).unwrap());
    assert!(html.contains("A rehearsal: every machine, signer and block in it is simulated."));
    assert!(html.contains("failover drill --scenario planned --signer tezsign --seed 7"));
    assert!(markdown.starts_with("# Failover drill of mybaker: done\n"), "{markdown}");
    assert!(markdown.contains("signatures by both machines, no position signed twice."));
    // Nothing is left beside them.
    let beside = std::fs::read_dir(machine.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
    assert!(!beside.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{beside:?}");

    // To standard output the page alone, and the end aside.
    let said = machine.call(&["report", "drill"]);
    assert_eq!((said.code, &said.out), (0, &markdown));
    assert!(said.err.starts_with("Next: keep `failover watch` running"), "{said:?}");
}

#[test]
fn a_report_for_a_program_is_one_record_and_the_end() {
    let machine = Machine::new();
    assert_eq!(machine.call(&["drill", "--scenario", "h3", "--seed", "7", "--json"]).named("drill-journal").len(), 1);
    let said = machine.call(&["--json", "report", "drill", "--html", "x.html"]);
    said.end();
    assert_eq!((said.code, said.records().len()), (0, 2), "a report of a duplicate is a report that went well");
    let report = said.named("report").remove(0);
    assert_eq!((&report["end"]["exit"], &report["drill"]["scenario"]), (&5.into(), &"h3".into()));
    assert!(!report["levels"]["foreign"].as_array().unwrap().is_empty());
    assert!(report["levels"]["backup"].is_null(), "unknown is null");
    assert!(machine.path("x.html").exists());
}

/// Runs first, by their time; a run by its plan; a drill by its name; a file by its path.
#[test]
fn the_journal_that_is_meant_is_found() {
    let machine = Machine::new();
    let state = machine.state();
    let named = ["--state", state.to_str().unwrap()];
    let call = |args: &[&str]| machine.call(&[args, &named].concat());
    assert_eq!(call(&["report"]).code, 2, "no run and no drill");
    assert_eq!(call(&["drill", "--seed", "7"]).code, 0);
    assert!(!machine.path("home").exists(), "the state folder was named, so nothing else is written");
    assert!(call(&["report"]).out.starts_with("# Failover drill of mybaker"), "no run: the drill");

    // Two runs: what a drill wrote, without its own last record.
    let journal = std::fs::read_to_string(state.join("drill.jsonl")).unwrap();
    let plan = journal.split("\"plan\":\"").nth(1).unwrap()[..6].to_owned();
    let run: String = journal.lines().filter(|l| !l.contains("\"rehearsed\"")).map(|l| format!("{l}\n")).collect();
    let older = state.join(format!("journals/20261122T030000Z-{plan}.jsonl"));
    std::fs::write(&older, &run).unwrap();
    let begun = format!("{}\n", run.lines().next().unwrap()).replace(&plan, "K7MPQ2");
    std::fs::write(state.join("journals/20261123T030000Z-K7MPQ2.jsonl"), begun).unwrap();

    let newest = call(&["report"]);
    assert!(newest.out.starts_with("# Failover of mybaker: no end yet") && newest.out.contains("K7MPQ2"), "{newest:?}");
    assert!(newest.err.contains("failover resume"), "{newest:?}");
    assert!(call(&["report", &plan.to_lowercase()]).out.starts_with("# Failover of mybaker: done"));
    assert!(call(&["report", older.to_str().unwrap()]).out.starts_with("# Failover of mybaker: done"));
    assert!(call(&["report", "drill"]).out.starts_with("# Failover drill of mybaker: done"));
    let none = call(&["report", "ABCDEF"]);
    assert!(none.code == 2 && none.err.contains("there is no run of the plan ABCDEF"), "{none:?}");
}

#[test]
fn what_cannot_be_read_or_written_is_no_report() {
    let machine = Machine::new();
    for (name, text) in [("damaged.jsonl", "{\"v\":1,\"seq\":1}\n{}\n"), ("newer.jsonl", "{\"v\":9,\"seq\":1}\n")] {
        std::fs::write(machine.path(name), text).unwrap();
        let said = machine.call(&["report", name, "--html", "never.html"]);
        assert!(said.code == 4 && said.out.starts_with("Next: "), "{said:?}");
    }
    assert_eq!(machine.call(&["report", "nowhere.jsonl"]).code, 4);
    assert!(!machine.path("never.html").exists());

    // Empty is what a run leaves that was cut before its first record.
    std::fs::write(machine.path("empty.jsonl"), "").unwrap();
    let said = machine.call(&["report", "empty.jsonl"]);
    assert!(said.code == 0 && said.out.contains("no effect was tried"), "{said:?}");
    let said = machine.call(&["report", "empty.jsonl", "--html", "no/such/folder.html"]);
    assert!(said.code == 4 && said.err.contains("no/such/folder.html was not written"), "{said:?}");
    // A page that is there already is replaced whole.
    std::fs::write(machine.path("page.html"), "x").unwrap();
    assert_eq!(machine.call(&["report", "empty.jsonl", "--html", "page.html"]).code, 0);
    assert!(std::fs::read_to_string(machine.path("page.html")).unwrap().starts_with("<!doctype html>"));
}
