//! What a line costs: the same plan and the same whole failover without ssh, over a real sshd, and over one that is 100 ms
//! away and back. Ratios within one call count; connections are counted by sshd.
#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first thing that is not as it should be"
)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sshd::Sshd;
use world::{Signer, World, nobody_else};

#[path = "../failover-cli/tests/serve/said.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod said;
#[path = "../failover-cli/tests/serve/sshd.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod sshd;
#[path = "../failover-cli/tests/serve/world.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod world;

/// There, and as much back.
const AWAY: Duration = Duration::from_millis(50);

/// Seconds of a plan and of a run, and the connections of both.
struct Taken {
    check: f64,
    plan: f64,
    run: f64,
    connections: [usize; 2],
}

fn main() {
    println!("{:<36} {:>9} {:>9} {:>9} {:>8} {:>6}", "line", "check, s", "plan, s", "run, s", "ratio", "goal");
    let none = taken(None);
    row("no ssh, 1-second blocks", &none, &none, None);
    let near = taken(Some(Duration::ZERO));
    row("a real sshd", &near, &none, Some(1.1));
    let far = taken(Some(AWAY));
    row("a real sshd, 100 ms there and back", &far, &none, Some(1.4));
    println!("connections: a plan {}, a run {}", near.connections[0], near.connections[1]);
    println!("a plan 100 ms away: {:.1} s, goal 2.0 s; a check: {:.1} s, goal 4.0 s", far.plan, far.check);
}

fn row(name: &str, taken: &Taken, none: &Taken, goal: Option<f64>) {
    let goal = goal.map_or_else(String::new, |goal| format!("{goal:.1}"));
    let ratio = taken.run / none.run;
    println!("{name:<36} {:>9.1} {:>9.1} {:>9.1} {ratio:>8.2} {goal:>6}", taken.check, taken.plan, taken.run);
}

fn taken(away: Option<Duration>) -> Taken {
    let mut world = World::new(Signer::TezSign);
    let sshd = away.map(|away| {
        let sshd = Sshd::start(&world.path("sshd"));
        if !away.is_zero() {
            by_another_port(&world.path("sshd"), sshd.port(), relay(sshd.port(), away));
        }
        world.find_first(sshd.tools());
        world.configure(|text| text.replace("[primary]\n", "[primary]\nhost = \"primary\"\n"));
        sshd
    });
    let logins = || sshd.as_ref().map_or(0, Sshd::logins);
    let timed = |args: &[&str]| {
        let (before, begun) = (logins(), Instant::now());
        let said = world.call(args);
        (said, begun.elapsed().as_secs_f64(), logins() - before)
    };
    let (_, check, _) = timed(&["check"]);
    let (said, plan, for_a_plan) = timed(&["run", "--plan-only"]);
    said.ends(0);
    let shown = said.named("plan").remove(0);
    let shown = format!("{}:{}", shown["name"].as_str().unwrap(), shown["plan"].as_str().unwrap());
    let (said, run, for_a_run) =
        timed(&["run", "--yes", "--confirm-disconnected", &shown, "--confirm-no-other-run", &nobody_else(&shown)]);
    let end = said.ends(0);
    assert_eq!(end["resumed"]["path"], "controlled", "{end}");
    Taken { check, plan, run, connections: [for_a_plan, for_a_run] }
}

/// The client reaches an sshd by another port from now on.
fn by_another_port(folder: &Path, port: u16, other: u16) {
    for (file, before, after) in [
        ("client", format!("Port {port}"), format!("Port {other}")),
        ("known", format!(":{port} "), format!(":{other} ")),
    ] {
        let file = folder.join(file);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace(&before, &after)).unwrap();
    }
}

/// A port that leads to another, with a delay each way.
fn relay(to: u16, away: Duration) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            std::thread::spawn(move || {
                // The connection itself goes there and back.
                std::thread::sleep(away * 2);
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { return };
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                delayed(near.try_clone().unwrap(), far.try_clone().unwrap(), away);
                delayed(far, near, away);
            });
        }
    });
    port
}

/// Hands over what comes, so much later.
fn delayed(mut from: TcpStream, mut to: TcpStream, away: Duration) {
    let (sender, waiting) = mpsc::channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        for (due, bytes) in waiting {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _gone = to.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 64 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + away, buffer[..n].to_vec())).is_err() {
                break;
            }
        }
    });
}
