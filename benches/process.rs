//! What a call of the program costs, as a whole process: start-up, both keys raised and read back, a whole failover.
//! The world that it runs against is a process of its own, and so are the commands that it calls.
#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first thing that is not as it should be"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use used::{cpu_to_the_end, largest_child, stripped};
use world::{Signer, World, program};

#[path = "../failover-cli/tests/serve/said.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod said;
mod used;
mod watching;
#[path = "../failover-cli/tests/serve/world.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod world;

/// How often a short call is repeated. Without optimisation it is only seen to run.
const TIMES: usize = if cfg!(debug_assertions) { 1 } else { 41 };
/// How many worlds, with five raises each.
const WORLDS: usize = if cfg!(debug_assertions) { 1 } else { 8 };
/// How many whole failovers.
const FAILOVERS: usize = if cfg!(debug_assertions) { 1 } else { 3 };

/// This program again, for a child of its own: the kernel tells the largest of all children only.
const PEAK: &str = "BENCH_PEAK_CONFIG";

fn main() {
    if let Some(config) = std::env::var_os(PEAK) {
        let level = std::env::args().next_back().unwrap();
        timed(program(&["--json", "--config"]).arg(config).args(["hwm", "raise", &level]));
        return println!("{}", largest_child());
    }
    println!("{:<52} {:>9} {:>9} {:>8}", "process", "measured", "goal", "ratio");
    let nothing = median(|| timed(&mut Command::new("true")));
    row("a process that does nothing (true), ms", millis(nothing), None, 1.0);
    let version = median(|| timed(&mut program(&["--version"])));
    row("failover --version, ms", millis(version), Some(3.0), ratio(version, nothing));

    let raise = median_of((0..WORLDS).flat_map(|_| raises()).collect());
    row("two TezSign keys raised and read back, ms", millis(raise), Some(10.0), ratio(raise, nothing));
    row("  its peak of memory, MiB", peak_of_a_raise(), Some(8.0), f64::NAN);

    for (name, signer) in [("tezsign", Signer::TezSign), ("ledger", Signer::Ledger)] {
        let whole = median(|| timed(&mut program(&["drill", "--seed", "7", "--signer", name])));
        row(
            &format!("a whole failover, {name}, its world included, ms"),
            millis(whole),
            Some(50.0),
            ratio(whole, nothing),
        );
        failovers(signer, nothing);
    }
    watching::bench();

    row("size of the program, stripped, MB", stripped(env!("CARGO_BIN_EXE_failover")) / 1e6, Some(6.0), f64::NAN);
    println!("goals are for two cores that have nothing else to do; ratios are to the first row");
}

/// The same as processes of their own, with the waits: a world whose blocks come each second.
fn failovers(signer: Signer, nothing: Duration) {
    let (mut own, mut children, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..FAILOVERS {
        let world = World::new(signer);
        let plan = world.plan();
        let begun = Instant::now();
        let said = ["--confirm-disconnected", &plan, "--confirm-ledger-setting", &plan];
        let mut run = world.program(&[&["run", "--yes"][..], &said].concat());
        let spent = cpu_to_the_end(&mut run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        own.push(spent[0]);
        children.push(spent[1]);
        all.push(begun.elapsed());
    }
    let [own, children, all] = [own, children, all].map(median_of);
    row("  over sockets and programs: own time, ms", millis(own), Some(150.0), ratio(own, nothing));
    row("  over sockets and programs: its children's, ms", millis(children), Some(500.0), ratio(children, nothing));
    row("  over sockets and programs: from start to end, ms", millis(all), None, ratio(all, nothing));
}

/// A row: the figure, its goal, whether it holds, and how it stands to the first.
fn row(what: &str, measured: f64, goal: Option<f64>, ratio: f64) {
    let goal = goal.map_or(String::new(), |goal| format!("{goal:.1}{}", if measured <= goal { "" } else { " !" }));
    let ratio = if ratio.is_nan() { String::new() } else { format!("{ratio:.2}") };
    println!("  {what:<50} {measured:>9.2} {goal:>9} {ratio:>8}");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn ratio(time: Duration, first: Duration) -> f64 {
    time.as_secs_f64() / first.as_secs_f64()
}

fn median(mut work: impl FnMut() -> Duration) -> Duration {
    median_of((0..TIMES).map(|_| work()).collect())
}

fn median_of(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// As many raises as a locked TezSign takes in a row: it unlocks at most five times in 30 seconds.
fn raises() -> Vec<Duration> {
    let world = World::new(Signer::TezSign);
    let head = world.head();
    (1..=5).map(|n| timed(&mut world.program(&["hwm", "raise", &(head + n).to_string()]))).collect()
}

/// MiB.
fn peak_of_a_raise() -> f64 {
    let world = World::new(Signer::TezSign);
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.env(PEAK, world.path("failover.toml")).arg((world.head() + 1).to_string());
    let output = again.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// A call from its start to its end.
fn timed(command: &mut Command) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = command.status().unwrap();
    let took = begun.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took
}
