//! S9: where TezSign's passphrase is not, in a whole run: journal, output with every log asked for, arguments, children,
//! and, once it was used, the memory of the process.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::world::{Signer, World, found};

/// The bytes of a process' memory that can be read, mapping by mapping, without the block of its own environment.
///
/// It is a child of this process: Linux lets a parent read it (`ptrace(2)`, with Yama up to 1).
fn memory(pid: u32) -> Vec<Vec<u8>> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let environment = environment(pid);
    let mut all = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else { panic!("{line}") };
        if !rights.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; (to - from) as usize];
        // What is mapped and has no page behind it cannot be read.
        if memory.read_exact_at(&mut bytes, from).is_err() {
            assert!(!line.ends_with("[heap]") && !line.ends_with("[stack]"), "{line}");
            continue;
        }
        for (begin, end) in [environment] {
            if (from..to).contains(&begin) {
                bytes[(begin - from) as usize..(end - from) as usize].fill(0);
            }
        }
        all.push(bytes);
    }
    all
}

/// From where to where its environment is: fields 50 and 51 of `proc_pid_stat(5)`.
fn environment(pid: u32) -> (u64, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    (fields[47].parse().unwrap(), fields[48].parse().unwrap())
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// Stops the process, looks for the secret in its memory, and lets it go on.
fn remembers(run: &Child, secret: &str) -> bool {
    let signal = |name: &str| {
        let status = std::process::Command::new("/bin/kill").args([name, &run.id().to_string()]).status().unwrap();
        assert!(status.success());
    };
    signal("-STOP");
    let found = memory(run.id()).iter().any(|bytes| holds(bytes, secret));
    signal("-CONT");
    found
}

/// Every program of both machines writes down its arguments and its environment first.
fn tapped(world: &World) {
    for side in ["primary", "backup"] {
        for program in found(&world.path(side).join("bin")) {
            let text = std::fs::read_to_string(&program).unwrap();
            let (first, rest) = text.split_once('\n').unwrap();
            let tap = format!("/bin/cat /proc/$$/cmdline /proc/$$/environ >>{}", world.path("children").display());
            std::fs::write(&program, format!("{first}\n{tap}\n{rest}")).unwrap();
        }
    }
}

/// A whole run; whoever gives the passphrase, what was seen of it and where.
fn run(world: &World, secret: &str, variable: bool) {
    tapped(world);
    let plan = world.plan();
    let mut command = world.program(&["run", "--yes", "--confirm-disconnected", &plan]);
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    if variable {
        command.env("TEZSIGN_UNLOCK_PASS", secret);
    }
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = run.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut all = Vec::new();
        errors.read_to_end(&mut all).unwrap();
        all
    });
    let mut shown = Vec::new();
    let (mut proved, mut started) = (false, false);
    for line in BufReader::new(run.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let record: Value = serde_json::from_str(&line).unwrap();
        shown.extend_from_slice(line.as_bytes());
        if record["record"] == "before" && record["step"] == "unlock" {
            // It is kept from the proof to the unlock: what looks for it can find it.
            assert!(remembers(&run, secret), "a search that finds nothing proves nothing");
            proved = true;
        }
        if record["record"] == "after" && record["step"] == "start" {
            assert!(!remembers(&run, secret), "the passphrase is in the memory after its use");
            let arguments = std::fs::read(format!("/proc/{}/cmdline", run.id())).unwrap();
            assert!(!holds(&arguments, secret));
            started = true;
        }
    }
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert!(proved && started, "the run went another way");
    assert!(!holds(&shown, secret), "it is in the records");
    assert!(!holds(&errors.join().unwrap(), secret), "it is in the messages");
    for file in found(&world.state()) {
        assert!(!holds(&std::fs::read(&file).unwrap(), secret), "it is in {}", file.display());
    }
    let children = std::fs::read(world.path("children")).unwrap();
    assert!(holds(&children, "RUST_LOG=trace") && holds(&children, "systemctl"), "no child was seen");
    assert!(!holds(&children, secret), "a child was given it");
    // Scripts name the variable, whose line they look for; what has it in its environment has it behind a zero byte.
    assert!(!holds(&children, "\0TEZSIGN_UNLOCK_PASS="), "a child has the variable");
}

fn secret(path: &Path) -> String {
    let secret = std::fs::read_to_string(path).unwrap();
    assert!(secret.len() > 12, "too short to be looked for");
    secret
}

#[test]
fn s9_a_passphrase_from_a_file_is_nowhere() {
    let world = World::new(Signer::TezSign);
    run(&world, &secret(&world.path("passphrase")), false);
}

#[test]
fn s9_a_passphrase_from_the_environment_is_nowhere_else() {
    let mut world = World::new(Signer::TezSign);
    let secret = secret(&world.path("passphrase"));
    std::fs::remove_file(world.path("passphrase")).unwrap();
    world.without("passphrase_file");
    run(&world, &secret, true);
}
