//! Two real runs at once, one on each machine (S13, H23): never signed twice, and each ends 0, or 7 with S13's line.
//! `MUTUAL_WORLDS` and `MUTUAL_SEED` for more of them, `MUTUAL_JOBS` for more at a time: most of a world is waiting.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::world::{Signer, World, finish, program};

const LINE: &str = "on one machine only: `failover run`";

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap())
}

/// The same seed, the same draws.
fn draw(seed: u64, of: u64, below: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(of.wrapping_mul(0xd1b5_4a32_d192_ed03));
    x ^= x >> 31;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (x ^ (x >> 29)) % below
}

/// What the person of this machine says of the other one: its signer is unplugged, and nobody runs failover there. It is so
/// where this run goes on, and where it does not, nothing is done on its word.
fn plan(world: &World, config: &str, marks: bool) -> String {
    let mut command = program(&["--json", "--config"]);
    let said = finish(command.arg(world.path(config)).args(["run", "--plan-only"]).args(without(marks)));
    said.ends(0);
    let plan = said.named("plan").remove(0);
    format!("{}:{}", plan["name"].as_str().unwrap(), plan["plan"].as_str().unwrap())
}

/// The mark files of the other machine are left out.
fn without(marks: bool) -> &'static [&'static str] {
    if marks { &[] } else { &["--without", "marks"] }
}

fn start(world: &World, config: &str, plan: &str, marks: bool) -> Child {
    let mut command = program(&["--json", "--config"]);
    command.arg(world.path(config)).args([
        "run",
        "--yes",
        "--confirm-ledger-setting",
        plan,
        "--confirm-disconnected",
        plan,
    ]);
    command.args(without(marks)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// One world: the second run begins up to ten seconds after the first.
fn world(seed: u64) -> [i32; 2] {
    let signer = if draw(seed, 1, 2) == 0 { Signer::TezSign } else { Signer::Ledger };
    let world = World::new(signer);
    if draw(seed, 2, 2) == 0 {
        // The same machines by systemd units instead of TezBake.
        for config in ["failover.toml", "primary.toml"] {
            let text = std::fs::read_to_string(world.path(config)).unwrap();
            let device = if signer == Signer::TezSign { "tezsign" } else { "xtz-signer" };
            let units = format!(
                "control = \"systemd\"\nunits = [\"bb-default-node-xtz-baker\", \"bb-default-signer-{device}\"]"
            );
            std::fs::write(world.path(config), text.replace("control = \"tezbake\"", &units)).unwrap();
        }
    }
    let mut configs = ["failover.toml", "primary.toml"];
    if draw(seed, 3, 2) == 0 {
        configs.swap(0, 1);
    }
    // Half of the delays are short: that is where two of them meet.
    let delay = if draw(seed, 4, 2) == 0 { draw(seed, 5, 300) } else { draw(seed, 5, 10_000) };
    // Nothing bakes any more, and both people see it. A machine that bakes is refused at once (H43).
    let stopped = world.exec("primary", &["sudo", "-n", "systemctl", "stop", "bb-default-node-xtz-baker"]);
    assert_eq!(stopped.code, 0, "{stopped:?}");
    let marks = [6, 7].map(|of| draw(seed, of, 2) == 0);
    let plans = [0, 1].map(|n| plan(&world, configs[n], marks[n]));
    let first = start(&world, configs[0], &plans[0], marks[0]);
    std::thread::sleep(Duration::from_millis(delay));
    let second = start(&world, configs[1], &plans[1], marks[1]);
    let codes = [first, second].map(|run| {
        let output = run.wait_with_output().unwrap();
        let out = crate::said::without_configuration(&String::from_utf8(output.stdout).unwrap());
        let code = output.status.code().unwrap();
        let ok = match code {
            0 => true,
            7 => out.contains(LINE),
            // The machine that bakes by now is no backup: its own preflight says so, or nothing fences the other.
            3 | 4 => true,
            _ => false,
        };
        assert!(ok, "seed {seed}, delay {delay} ms: exit {code}\n{out}");
        code
    });
    // What may come late shows in the book, which panics at a position that was signed twice.
    std::thread::sleep(Duration::from_secs(4));
    world.book();
    eprintln!("mutual: seed {seed} {signer:?} delay {delay} ms: {codes:?}");
    codes
}

#[test]
fn h23_two_runs_at_once_one_on_each_machine() {
    let (worlds, from) = (number("MUTUAL_WORLDS", 3), number("MUTUAL_SEED", 1));
    let next = std::sync::atomic::AtomicU64::new(0);
    let codes = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..number("MUTUAL_JOBS", 3) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if index >= worlds {
                        break;
                    }
                    let ended = world(from + index);
                    codes.lock().unwrap().push(ended);
                }
            });
        }
    });
    let codes = codes.into_inner().unwrap();
    let count = |wanted: i32| codes.iter().flatten().filter(|code| **code == wanted).count();
    eprintln!(
        "prove: mutual: {worlds} worlds of two real runs, {} ended 0, {} ended 7, 0 signed twice",
        count(0),
        count(7)
    );
    assert_eq!(codes.len() as u64, worlds);
}
