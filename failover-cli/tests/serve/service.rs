//! `watch` as a service: what the service manager is told over a real socket, and hooks as real programs.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use failover_sim::BAKER_UNIT;
use serde_json::{Value, json};

use crate::watch::primary_returns;
use crate::watching::{MOMENT, Watching};
use crate::world::{Signer, World, script, until};

/// The service manager's end.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn new(world: &World) -> Self {
        let path = world.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(MOMENT)).unwrap();
        Self { socket, path }
    }

    fn begin(&self, world: &World, args: &[&str]) -> Watching {
        Watching::begin_with(world, args, |command| {
            command.env("NOTIFY_SOCKET", &self.path).env("WATCHDOG_USEC", "60000000");
        })
    }

    /// The next message; `None`: none came within a moment.
    fn next(&self) -> Option<String> {
        let mut bytes = [0; 4096];
        let read = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8(bytes[..read].to_vec()).unwrap())
    }

    /// Every message that is there.
    fn heard(&self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Waits until a message has this line, and gives all up to that one: those behind it are still to be heard.
    fn hears(&self, wanted: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        until(wanted, || {
            while let Some(message) = self.next() {
                let found = message.lines().any(|line| line.starts_with(wanted));
                all.push(message);
                if found {
                    return true;
                }
            }
            false
        });
        all
    }
}

/// Adds `[watch]` with these lines.
fn watch_section(world: &mut World, lines: &str) {
    world.configure(|text| format!("{text}\n[watch]\n{lines}"));
}

fn argv(path: &Path) -> String {
    json!([path.to_str().unwrap(), "--to", "a b"]).to_string()
}

/// A hook that writes down its words, what it reads, and what is true at that moment.
fn hook(world: &World, name: &str, then: &str) -> (PathBuf, PathBuf) {
    let (path, out) = (world.path(name), world.path(&format!("{name}.out")));
    let token = world.state().join("ACTIVE");
    script(
        &path,
        &format!(
            "{{ echo \"$# $2\"; cat; [ -e {} ] && echo lifted || echo guarded; }} >>{out}.new\nmv {out}.new {out}\n{then}",
            token.display(),
            out = out.display()
        ),
    );
    (path, out)
}

/// What a hook wrote down: its words, its record, whether the guard was lifted then.
fn called(out: &Path) -> (String, Value, String) {
    until("the hook is called", || out.exists());
    let text = std::fs::read_to_string(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [words, record, guard] = lines.as_slice() else { panic!("{text}") };
    ((*words).to_owned(), serde_json::from_str(record).unwrap(), (*guard).to_owned())
}

#[test]
fn the_service_manager_is_told_of_the_first_look_of_each_one_and_of_the_end() {
    let world = World::new(Signer::TezSign);
    let manager = Manager::new(&world);
    let mut watching = manager.begin(&world, &[]);
    watching.takes_for("sentinel");
    let until_ready = manager.hears("READY=1");
    let ready = until_ready.iter().filter(|message| message.starts_with("READY=1")).count();
    assert_eq!(ready, 1, "{until_ready:?}");
    let last = until_ready.last().unwrap();
    assert!(last.contains("STATUS=this machine stands by; head "), "{until_ready:?}");
    // Before that, more time was asked for; from then on not.
    assert!(
        until_ready.iter().rev().skip(1).all(|message| message.contains("EXTEND_TIMEOUT_USEC=")),
        "{until_ready:?}"
    );
    for _ in 0..3 {
        let more = manager.hears("WATCHDOG=1");
        assert!(more.iter().all(|message| !message.contains("READY") && !message.contains("EXTEND")), "{more:?}");
    }
    watching.signal("-TERM");
    let stopping = manager.hears("STOPPING=1");
    watching.ended().ends(0);
    assert!(stopping.last().unwrap().contains("STATUS=the watch was stopped by the person"), "{stopping:?}");
    assert_eq!(manager.heard(), [""; 0], "that was the last word");
}

/// The watchdog is for a look that hangs: nothing else may feed it meanwhile.
#[test]
fn a_look_that_hangs_feeds_no_watchdog() {
    let mut world = World::new(Signer::TezSign);
    let (hang, hanging, still, go) = (world.path("hang"), world.path("hanging"), world.path("still"), world.path("go"));
    let status = world.path("status");
    // Once, it tells when it hangs, tells again after three seconds in the same look, and waits for the word.
    script(
        &status,
        &format!(
            "if [ -e {hang} ] && [ ! -e {hanging} ]; then\n\
             touch {hanging}; sleep 3; touch {still}; until [ -e {go} ]; do sleep 0.05; done\n\
             fi\necho stopped",
            hang = hang.display(),
            hanging = hanging.display(),
            still = still.display(),
            go = go.display()
        ),
    );
    world.configure(|text| {
        let (before, _) = text.split_once("[backup]").unwrap();
        let argv = |path: &Path| json!([path.to_str().unwrap()]).to_string();
        let none = argv(Path::new("/bin/false"));
        format!("{before}[backup]\ncontrol = \"command\"\nstart = {none}\nstop = {none}\nstatus = {}\n", argv(&status))
    });
    let manager = Manager::new(&world);
    let mut watching = manager.begin(&world, &[]);
    watching.takes_for("sentinel");
    manager.hears("READY=1");
    std::fs::write(&hang, "").unwrap();
    until("a look hangs", || hanging.exists());
    // What was sent before.
    manager.heard();
    until("it still hangs", || still.exists());
    assert_eq!(manager.heard(), [""; 0], "at four looks a second there would be a dozen");
    std::fs::write(&go, "").unwrap();
    manager.hears("WATCHDOG=1");
    watching.signal("-TERM");
    manager.hears("STOPPING=1");
    watching.ended().ends(0);
}

#[test]
fn without_a_service_manager_nobody_is_told_and_a_wrong_one_is_said() {
    let world = World::new(Signer::Ledger);
    let mut watching = Watching::begin_with(&world, &[], |command| {
        command.env("NOTIFY_SOCKET", "nowhere");
    });
    watching.takes_for("sentinel");
    watching.signal("-TERM");
    let said = watching.ended();
    said.ends(0);
    let warned = said.named("warning").iter().any(|record| record["message"].to_string().contains("NOTIFY_SOCKET"));
    assert!(warned, "{said:?}");
}

#[test]
fn a_silent_primary_is_told_to_its_hook_and_nothing_is_started() {
    let mut world = World::new(Signer::TezSign);
    let (path, out) = hook(&world, "mail", "exit 3");
    watch_section(&mut world, &format!("silent = {}\nlevels = 3\n", argv(&path)));
    let mut watching = Watching::begin(&world, &[]);
    watching.takes_for("sentinel");
    world.event(&json!({ "power-off": "primary" }));
    let (words, record, guard) = called(&out);
    assert_eq!((words.as_str(), guard.as_str()), ("2 a b", "guarded"));
    assert_eq!(
        (&record["hook"], &record["record"], &record["in_a_row"]),
        (&json!("silent"), &json!("missed"), &json!(3))
    );
    assert_eq!(record["name"], "mybaker");
    assert!(record["next"].as_str().unwrap().contains("failover run"), "{record}");
    // It failed: that is said, and nothing else comes of it.
    let failed = watching.hears("a hook that failed", |record| record["record"] == "hook");
    assert_eq!((&failed["hook"], &failed["why"]), (&json!("silent"), &json!("exit 3")), "{failed}");
    watching.signal("-TERM");
    watching.ended().ends(0);
    assert!(!world.bakes("backup") && world.book().backup == 0 && world.journals().is_empty(), "nothing is started");
}

/// S12: the stop comes first, whatever a hook does.
#[test]
fn a_hook_that_hangs_is_killed_and_the_duplicate_was_stopped_before() {
    let mut world = World::new(Signer::TezSign);
    let pid = world.path("hook.pid");
    let (path, out) = hook(&world, "page", &format!("echo $$ >{}; sleep 600", pid.display()));
    watch_section(&mut world, &format!("duplicate = {}\n", argv(&path)));
    world.run().ends(0);
    let mut watching = Watching::begin(&world, &[]);
    watching.takes_for("baker");
    until("the backup signs", || world.book().backup > 10);
    world.exec("backup", &["systemctl", "stop", BAKER_UNIT]);
    primary_returns(&world);
    let (_, record, guard) = called(&out);
    assert_eq!(guard, "guarded", "the token was there when the hook was called");
    assert!(!world.bakes("backup"));
    assert_eq!((&record["hook"], &record["record"], &record["exit"]), (&json!("duplicate"), &json!("end"), &json!(5)));
    assert!(record["next"].as_str().unwrap().contains("failover clear"), "{record}");
    let said = watching.ended();
    said.ends(5);
    let killed = said.named("hook");
    assert!(killed.len() == 1 && killed[0]["why"].to_string().contains("killed after 10 s"), "{said:?}");
    let pid = std::fs::read_to_string(pid).unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

/// S8: the chain's proof that something was signed twice is the same alarm as a foreign position.
#[test]
fn a_denunciation_stops_the_machine_that_bakes() {
    let world = World::new(Signer::Ledger);
    world.run().ends(0);
    let mut watching = Watching::begin(&world, &[]);
    watching.takes_for("baker");
    until("the backup signs", || world.book().backup > 10);
    world.event(&json!("denounce"));
    let end = watching.ended().ends(5);
    assert!(end["message"].as_str().unwrap().contains("denounced after the start"), "{end}");
    assert!(!world.bakes("backup") && !world.state().join("ACTIVE").exists());
    world.call(&["watch"]).ends(5);
    let before = world.book().backup;
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(world.book().backup, before);
}
