//! `docs/quick.md`, followed word by word on a served world: each command is there, ends as the page says, and leads to a
//! backup that is ready, with nothing stopped and nothing signed on the way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keyboard::Terminal;
use crate::world::{Signer, World, finish, program};

/// Where the page lets a person write the configuration.
const CONFIG: &str = "/etc/failover/config.toml";

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// One of the ten: its number, what is typed, and the exit code that the page promises.
struct Step {
    number: usize,
    typed: String,
    exit: i32,
}

impl Step {
    /// What comes after the program's name.
    fn arguments(&self) -> Vec<&str> {
        let mut words = self.typed.split_whitespace();
        assert_eq!(words.next(), Some("failover"), "{}", self.typed);
        words.collect()
    }
}

/// The chapters that have a number, each with one command in a block of its own and one exit code in bold.
fn steps(page: &str) -> Vec<Step> {
    let chapters = page.split("\n## ").skip(1).filter(|chapter| chapter.starts_with(|c: char| c.is_ascii_digit()));
    let steps: Vec<Step> = chapters
        .map(|chapter| {
            let number = chapter.split_once(". ").unwrap().0.parse().unwrap();
            let [_, block] = chapter.split("```sh\n").collect::<Vec<_>>()[..] else {
                panic!("not one block: {chapter}")
            };
            let (typed, says) = block.split_once("\n```").unwrap();
            assert_eq!(typed.lines().count(), 1, "{typed}");
            let exit = says.trim_start().strip_prefix("**Exit ").unwrap_or_else(|| panic!("no exit code: {chapter}"));
            let exit = exit.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
            Step { number, typed: typed.to_owned(), exit }
        })
        .collect();
    let numbers: Vec<usize> = steps.iter().map(|step| step.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>(), "ten commands");
    steps
}

/// What the page's table of rows of `check` has in its first column.
fn explained(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split_once('`').unwrap().0.to_owned()).collect()
}

/// The rows that `check` has shown, with whether each is ready.
fn rows(shown: &str) -> Vec<(String, bool)> {
    let row = |line: &str| {
        let (mark, rest) = line.strip_prefix('[')?.split_once("] ")?;
        Some((rest.split_once(": ")?.0.to_owned(), mark != " "))
    };
    shown.lines().filter_map(row).collect()
}

/// The program on the backup, as somebody types it who has the page and no other.
fn on_the_backup(world: &World, args: &[&str]) -> Command {
    let mut command = program(&["--config"]);
    command.arg(world.config()).args(args);
    command.env("PATH", format!("{}:{}", world.path("backup/bin").display(), std::env::var("PATH").unwrap()));
    command
}

/// The exit code, and what stood on the screen.
fn follow(world: &World, step: &Step, new: &Path) -> (i32, String) {
    let mut args = step.arguments();
    match args.as_mut_slice() {
        // Nobody is at the terminal, and it is told where the simulated machine has what a real one has in the usual place.
        ["config", "new", path] => {
            assert_eq!(*path, CONFIG);
            let (node, device) = (world.json()["node"].clone(), world.json()["backup"]["device"].clone());
            let mut command = on_the_backup(world, &["--node", node.as_str().unwrap()]);
            let said = finish(command.args(["--device", device.as_str().unwrap(), "config", "new"]).arg(new));
            (said.code, said.out)
        }
        // The page says that it asks for the baker's name.
        ["standby"] => {
            let mut terminal = Terminal::start(on_the_backup(world, &args));
            terminal.answer("Type the baker's name, mybaker", b"mybaker\n");
            terminal.end()
        }
        _ => {
            let said = finish(&mut on_the_backup(world, &args));
            (said.code, said.out)
        }
    }
}

fn ten_commands(signer: Signer) {
    let page = page("quick.md");
    let world = World::new(signer).never_used();
    let new: PathBuf = world.path("new.toml");
    let explained = explained(&page);
    let mut steps = steps(&page).into_iter();
    // `make deb-test` does that one.
    let install = steps.next().unwrap();
    let package = format!("apt install ./failover_{}-1_amd64.deb", env!("CARGO_PKG_VERSION"));
    assert_eq!((install.typed, install.exit), (package, 0));
    let mut said = Vec::new();
    for step in steps {
        let Step { number, typed, exit } = &step;
        let (code, shown) = follow(&world, &step, &new);
        assert_eq!(code, *exit, "{number}. {typed}: {shown}");
        assert!(shown.lines().last().unwrap_or_default().starts_with("Next: "), "{number}. {typed}: {shown}");
        if typed.contains("check") || typed.contains("standby") {
            let rows = rows(&shown);
            // What `standby` itself does is explained there.
            let own = ["disarmed", "pays", "boot-guard", "secret", "marks"];
            let asked = rows.iter().filter(|(name, _)| !typed.contains("standby") || !own.contains(&name.as_str()));
            for (name, _) in asked.clone() {
                assert!(explained.contains(name) || name == "chain of the Ledger", "{typed}: {name} is not explained");
            }
            let unready: Vec<&str> = rows.iter().filter(|(_, ready)| !ready).map(|(name, _)| name.as_str()).collect();
            // The page has the drill after the first check, because only then there is where it is remembered.
            let expected: &[&str] = if *exit == 0 { &[] } else { &["drill"] };
            assert_eq!(unready, expected, "{typed}: {shown}");
        }
        said.push((typed.clone(), shown));
    }
    let shown = |command: &str| {
        let of = |(typed, shown): &(String, String)| (typed == command).then(|| shown.clone());
        said.iter().find_map(of).unwrap_or_else(|| panic!("the page has no {command}"))
    };
    assert!(shown("failover config check").contains("mybaker"), "the page names the practice's baker");
    assert!(shown("failover level").contains(" fresh") && shown("failover level").contains(" agrees"));
    assert!(new.exists(), "config new wrote its file");
    assert!(shown("failover standby").contains("this backup is ready"), "{}", shown("failover standby"));
    if signer == Signer::TezSign {
        let read = shown("failover check --unlock");
        assert!(read.contains("damage and marks: unlocked, read and locked again"), "{read}");
        let (first, all) = (rows(&shown("failover check")), explained.clone());
        let missing: Vec<&String> = all.iter().filter(|name| !first.iter().any(|(row, _)| row == *name)).collect();
        assert!(missing.is_empty(), "check has no row {missing:?}");
    }
    // Nothing was stopped there, and nothing can sign here.
    assert!(world.bakes("primary") && !world.bakes("backup"));
    assert_eq!(world.book().backup, 0);
    world.call(&["guard", "check"]).ends(3);
    // How the page says that it is practised.
    assert_eq!(world.config().file_name().unwrap(), "failover.toml");
    for words in ["`failover drill --serve ~/practice`", "--config ~/practice/failover.toml'`", "`mybaker`"] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_ten_commands_make_a_backup_with_a_tezsign_ready() {
    ten_commands(Signer::TezSign);
}

#[test]
fn the_ten_commands_make_a_backup_with_a_ledger_ready() {
    ten_commands(Signer::Ledger);
}

/// What is typed, wherever it stands on a page: in a block, or in backticks.
fn commands(page: &str) -> BTreeSet<String> {
    let blocks = page.lines().filter_map(|line| line.strip_prefix("    ").or(Some(line)));
    let typed = blocks.filter(|line| line.starts_with("failover ")).filter_map(|line| line.split("  ").next());
    let quoted = page.split('`').skip(1).step_by(2);
    typed.chain(quoted).filter(|text| text.starts_with("failover ")).map(str::to_owned).collect()
}

/// With `--help` nothing is done, and only what there is has a help.
#[test]
fn every_command_of_the_night_is_there() {
    let mut all = 0;
    for name in ["night.md", "quick.md"] {
        for typed in commands(&page(name)) {
            let mut command = program(&[]);
            let said = finish(command.args(typed.split_whitespace().skip(1)).arg("--help"));
            assert_eq!(said.code, 0, "{name}: {typed}: {}", said.err);
            all += 1;
        }
    }
    assert!(all > 15, "only {all} commands");
}
