//! Hooks, as real programs: what they are told, and that one which fails, hangs or is not there keeps nothing waiting.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use failover_core::clock::{SystemClock, Timestamp};
use failover_core::journal::record::{End, Outcome, Record};
use failover_core::tezos::Level;
use failover_core::watch::{Finding, HOOK_AGAIN, Hook, Hooks, Listener as _, Trouble, WatchRecord, WatchRole};
use serde_json::Value;

struct Bench {
    folder: tempfile::TempDir,
    said: Arc<Mutex<Vec<Finding>>>,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), said: Arc::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program with this body; `$OUT` is a file of its own.
    fn script(&self, name: &str, body: &str) -> Vec<String> {
        let (path, out) = (self.path(name), self.path(&format!("{name}.out")));
        std::fs::write(&path, format!("#!/bin/sh\nOUT={}\n{body}\n", out.display())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        vec![path.to_str().unwrap().to_owned()]
    }

    fn out(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(&format!("{name}.out"))).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn hooks(&self, argv: impl IntoIterator<Item = (Hook, Vec<String>)>) -> Hooks {
        let said = Arc::clone(&self.said);
        let report = Arc::new(move |_: Timestamp, note: Finding| said.lock().unwrap().push(note));
        Hooks::new(argv.into_iter().collect::<BTreeMap<_, _>>(), "mybaker".to_owned(), Arc::new(SystemClock), report)
    }

    /// What was said of hooks: which, and why.
    fn failures(&self) -> Vec<(Hook, String)> {
        let said = self.said.lock().unwrap().clone();
        said.into_iter()
            .map(|note| match note {
                Finding::Hook { hook, why, next } => {
                    assert!(next.contains("[watch]"), "{next}");
                    (hook, why)
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_316_400_000 + seconds * 1000)
}

fn trouble(what: Trouble) -> WatchRecord {
    WatchRecord::Finding(Finding::Trouble { what, why: "it runs".to_owned(), next: "stop it".to_owned(), seconds: 0 })
}

fn missed(in_a_row: u64, role: WatchRole, next: Option<&str>) -> WatchRecord {
    let level = Level::new(15_300_000).unwrap();
    WatchRecord::Finding(Finding::Missed { level, in_a_row, role, next: next.map(str::to_owned) })
}

fn ended(outcome: Outcome, exit: u8) -> WatchRecord {
    let end = End {
        outcome,
        exit,
        message: "another machine signs".to_owned(),
        refusal: None,
        resumed: None,
        next: "find it".to_owned(),
    };
    WatchRecord::Run(Box::new(Record::End(end)))
}

#[test]
fn each_is_called_for_its_own_with_its_words_and_the_record() {
    let bench = Bench::new();
    let argv = |name: &str| {
        let mut argv = bench.script(name, "printf '%s\\n' \"$@\" >>$OUT; cat >>$OUT; env >$OUT.env");
        argv.extend(["--to".to_owned(), "a b; $HOME".to_owned()]);
        argv
    };
    let mut hooks = bench.hooks(Hook::ALL.map(|hook| (hook, argv(hook.name()))));
    for said in [
        missed(2, WatchRole::Sentinel, None),
        missed(20, WatchRole::Baker, Some("look at it")),
        trouble(Trouble::Chain),
        WatchRecord::Finding(Finding::Over { what: Trouble::Guard, seconds: 3 }),
        ended(Outcome::Done, 0),
    ] {
        // None of these is for a hook.
        hooks.hear(at(0), &said);
    }
    hooks.hear(at(0), &missed(20, WatchRole::Sentinel, Some("run `failover run` here")));
    hooks.hear(at(1), &trouble(Trouble::Guard));
    hooks.hear(at(2), &trouble(Trouble::Ready));
    hooks.hear(at(3), &ended(Outcome::Duplicate, 5));
    hooks.finish();
    assert_eq!(bench.failures(), []);
    for (hook, record, key, value) in [
        (Hook::Silent, "missed", "in_a_row", Value::from(20)),
        (Hook::Guard, "trouble", "what", "guard".into()),
        (Hook::NotReady, "trouble", "what", "ready".into()),
        (Hook::Duplicate, "end", "exit", 5.into()),
    ] {
        let out = bench.out(hook.name());
        // One call: two words, as they were given, and one line.
        let [to, words, line] = out.as_slice() else { panic!("{hook}: {out:?}") };
        assert_eq!((to.as_str(), words.as_str()), ("--to", "a b; $HOME"), "{hook}: no shell");
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["hook"], &line["record"]), (&hook.name().into(), &record.into()), "{line}");
        assert_eq!((&line["name"], &line[key], &line["v"]), (&"mybaker".into(), &value, &1.into()), "{line}");
        assert!(line["next"].is_string() && line["at"].as_str().unwrap().starts_with("2026-11-22T03:00:0"), "{line}");
    }
    let line: Value = serde_json::from_str(bench.out("silent").last().unwrap()).unwrap();
    assert!(line["next"].as_str().unwrap().contains("failover run"), "it proposes it: {line}");
}

#[test]
fn one_that_fails_or_is_not_there_is_said() {
    let bench = Bench::new();
    let failing = bench.script("failing", "echo first >&2; echo 'no such mailbox' >&2; exit 75");
    let mut hooks = bench.hooks([
        (Hook::Guard, failing),
        (Hook::NotReady, vec![bench.path("missing").to_str().unwrap().to_owned()]),
        (Hook::Silent, bench.script("killed", "kill -9 $$")),
    ]);
    hooks.hear(at(0), &trouble(Trouble::Guard));
    hooks.hear(at(0), &trouble(Trouble::Ready));
    hooks.hear(at(0), &missed(20, WatchRole::Sentinel, Some("run")));
    // Nothing is configured for it.
    hooks.hear(at(0), &ended(Outcome::Duplicate, 5));
    hooks.finish();
    let failures = bench.failures();
    let [(Hook::Guard, failing), (Hook::NotReady, missing), (Hook::Silent, killed)] = failures.as_slice() else {
        panic!("{failures:?}")
    };
    assert_eq!(failing, "exit 75: no such mailbox");
    assert!(missing.contains("cannot be run") && killed.contains("signal 9"), "{failures:?}");
}

/// The children of a hook that hangs are killed with it, and the next one has its turn.
#[test]
fn one_that_hangs_is_killed_with_what_it_started() {
    let bench = Bench::new();
    let hanging = bench.script("hanging", "sleep 600 & echo $! >>$OUT; echo $$ >>$OUT; wait");
    let mut hooks = bench.hooks([(Hook::Guard, hanging), (Hook::Duplicate, bench.script("other", "cat >$OUT"))]);
    let begun = Instant::now();
    hooks.hear(at(0), &trouble(Trouble::Guard));
    hooks.hear(at(0), &ended(Outcome::Duplicate, 5));
    assert!(begun.elapsed() < Duration::from_secs(5), "whoever tells it is not kept waiting");
    hooks.finish();
    let failures = bench.failures();
    assert!(matches!(failures.as_slice(), [(Hook::Guard, why)] if why.contains("killed after 10 s")), "{failures:?}");
    assert_eq!(bench.out("other").len(), 1, "the next one was called");
    let pids = bench.out("hanging");
    assert_eq!(pids.len(), 2, "{pids:?}");
    for pid in pids {
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }
}

#[test]
fn what_lasts_is_told_once_in_ten_minutes_and_too_many_are_left_out() {
    let bench = Bench::new();
    let mut hooks = bench.hooks([(Hook::Guard, bench.script("guard", "cat >>$OUT"))]);
    let again = i64::try_from(HOOK_AGAIN.as_secs()).unwrap();
    for second in 0..2 * again {
        hooks.hear(at(second), &trouble(Trouble::Guard));
    }
    // A clock that went back keeps nothing quiet for long.
    hooks.hear(at(-3 * again), &trouble(Trouble::Guard));
    hooks.finish();
    let out = bench.out("guard");
    let times: Vec<String> = out
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["at"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(times, [at(0), at(again), at(-3 * again)].map(|at| at.to_string()));
    assert_eq!(bench.failures(), []);

    // One that waits for a file, so that the others have to wait for it.
    let go = bench.path("go");
    let slow = bench.script("slow", &format!("until [ -e {} ]; do sleep 0.05; done; cat >>$OUT", go.display()));
    let mut hooks = bench.hooks([(Hook::Guard, slow)]);
    for call in 0..10 {
        hooks.hear(at(call * again), &trouble(Trouble::Guard));
    }
    std::fs::write(go, "").unwrap();
    hooks.finish();
    let called = bench.out("slow").len();
    assert!((4..=5).contains(&called), "four wait, and one may run: {called}");
    let failures = bench.failures();
    assert!(failures.len() + called == 10 && failures.iter().all(|(_, why)| why.contains("left out")), "{failures:?}");
}

/// S9: what was in this program's environment for the signer, or for the service manager, is not in a hook's.
#[test]
fn no_passphrase_is_in_its_environment() {
    let bench = Bench::new();
    // The environment of a test is its process' own: it is asked in a process that has them.
    let hook = bench.script("env", "env >$OUT");
    let me = std::env::current_exe().unwrap();
    let status = std::process::Command::new(me)
        .args(["--exact", "hooks::in_a_process_of_its_own", "--nocapture"])
        .env("HOOK_UNDER_TEST", &hook[0])
        .env("TEZSIGN_UNLOCK_PASS", "correct horse")
        .env("NOTIFY_SOCKET", "/run/none")
        .env("WATCHDOG_USEC", "1000")
        .status()
        .unwrap();
    assert!(status.success());
    let out = bench.out("env").join("\n");
    assert!(out.contains("LC_ALL=C"), "it ran: {out}");
    for name in ["TEZSIGN_UNLOCK_PASS", "correct horse", "NOTIFY_SOCKET", "WATCHDOG_USEC"] {
        assert!(!out.contains(name), "{name}: {out}");
    }
}

#[test]
fn in_a_process_of_its_own() {
    let Ok(hook) = std::env::var("HOOK_UNDER_TEST") else { return };
    let bench = Bench::new();
    let mut hooks = bench.hooks([(Hook::Guard, vec![hook])]);
    hooks.hear(at(0), &trouble(Trouble::Guard));
    hooks.finish();
    assert_eq!(bench.failures(), []);
}
