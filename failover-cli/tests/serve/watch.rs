//! S8, S12: `watch` stops a real process, after a failover over real sockets; and it only says what is no duplicate.

use std::path::PathBuf;
use std::time::Duration;

use failover_core::baker::secret;
use failover_core::chain::Rpc;
use failover_core::chain::http::Http;
use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_sim::{BAKER_UNIT, SIGNER_UNIT, TEZSIGN_UNIT};
use serde_json::{Value, json};

use crate::watching::{MOMENT, Watching};
use crate::world::{Signer, World, finish, program, script, until};

/// How long after its block a process may be gone at the latest. The goal is a second; the machine may be busy.
const BOUND: Duration = Duration::from_secs(5);

/// A process of this machine in the place of a baker: it writes down the time until it is killed.
struct Process {
    ticks: PathBuf,
    pid: PathBuf,
}

impl Process {
    /// The backup is controlled by commands that start and stop it together with the simulated services.
    fn instead_of_tezbake(world: &mut World, signer: Signer) -> Self {
        let (ticks, pid) = (world.path("ticks"), world.path("pid"));
        let bin = PathBuf::from(world.json()["backup"]["bin"].as_str().unwrap());
        let service = if signer == Signer::Ledger { SIGNER_UNIT } else { TEZSIGN_UNIT };
        let (bin, ticks_text, pid_text) = (bin.display(), ticks.display(), pid.display());
        let (start, stop, status) = (world.path("start"), world.path("stop"), world.path("status"));
        let body = world.path("body");
        script(&body, &format!("while :; do date +%s%3N >>{ticks_text}; sleep 0.01; done"));
        script(
            &start,
            &format!(
                "{bin}/tezbake start || exit 1\n\
                 setsid {} </dev/null >/dev/null 2>&1 &\n\
                 echo $! >{pid_text}",
                body.display()
            ),
        );
        script(
            &stop,
            &format!(
                "[ -e {pid_text} ] && kill -9 -$(cat {pid_text}) 2>/dev/null\n\
                 {bin}/systemctl stop -- {BAKER_UNIT} {service}\n\
                 exit 0"
            ),
        );
        script(
            &status,
            &format!(
                "if [ -e {pid_text} ] && grep -qv ' Z ' /proc/$(cat {pid_text})/stat 2>/dev/null\n\
                 then echo running; else echo stopped; fi"
            ),
        );
        world.configure(|text| {
            let (before, _) = text.split_once("[backup]").unwrap();
            let argv = |path: &PathBuf| json!([path.to_str().unwrap()]).to_string();
            format!(
                "{before}[backup]\ncontrol = \"command\"\nstart = {}\nstop = {}\nstatus = {}\n",
                argv(&start),
                argv(&stop),
                argv(&status)
            )
        });
        Self { ticks, pid }
    }

    /// The times it has written down.
    fn ticks(&self) -> Vec<i64> {
        let text = std::fs::read_to_string(&self.ticks).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    fn is_there(&self) -> bool {
        let pid = std::fs::read_to_string(&self.pid).unwrap_or_default();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where a test fails, it must not go on for ever.
        let pid = std::fs::read_to_string(&self.pid).unwrap_or_default();
        if self.is_there() {
            let _gone = std::process::Command::new("kill").args(["-9", &format!("-{}", pid.trim())]).status();
        }
    }
}

/// The time of the block at a level, of the highest round that the node shows.
fn served_at(world: &World, level: u64) -> i64 {
    let mut node = Http::new(world.json()["node"].as_str().unwrap()).unwrap();
    let path = format!("/chains/main/blocks/{level}/header");
    let body = node.get(&path, Duration::from_secs(10), 1 << 20).unwrap();
    let header: Value = serde_json::from_slice(&body).unwrap();
    header["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap().millis()
}

/// A person at the old machine undoes its fence: the guard is lifted on a false statement, what unlocks it is put back.
pub(crate) fn primary_returns(world: &World) {
    let sentence = "I have made sure that no other machine signs for mybaker. This machine may bake.";
    let config = world.path("primary.toml");
    let args = ["--json", "--config", config.to_str().unwrap(), "guard", "lift", "--statement", sentence];
    finish(&mut program(&args)).ends(0);
    let kept = world.path("primary-state/machine/secrets").display().to_string();
    let places = ["/bake-buddy/signer/tezsign.secret", "/bake-buddy/signer/__bin_generated/tezsign.service.sh"];
    let back = [&["sudo", "-n", "sh", "-c", secret::RESTORE, secret::NAME, &kept][..], &places].concat();
    assert_eq!(world.exec("primary", &back).code, 0);
    let started = world.exec("primary", &["sudo", "-n", "tezbake", "start"]);
    assert_eq!(started.code, 0, "{started:?}");
    until("the primary bakes again", || world.bakes("primary"));
}

/// What holds after a duplicate, whatever was running: exit 5, disarmed, latched until `failover clear`.
fn is_stopped(world: &World, said: &crate::said::Said) {
    let end = said.ends(5);
    assert_eq!(end["outcome"], "duplicate");
    assert!(end["next"].as_str().unwrap().contains("failover clear"), "{end}");
    assert!(said.named("disarmed").iter().any(|record| record["proven"] == true), "{said:?}");
    assert!(!world.bakes("backup"));
    assert!(!world.state().join("ACTIVE").exists());
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    world.call(&["guard", "check"]).ends(5);
    world.call(&["run", "--plan-only"]).ends(5);
    // A watch that is started again does not forget it.
    world.call(&["watch"]).ends(5);
    // The run's own journal tells it too.
    let records: Vec<String> =
        world.journal().iter().map(|record| record["record"].as_str().unwrap().to_owned()).collect();
    assert!(records.ends_with(&["duplicate", "disarmed", "end"].map(str::to_owned)), "{records:?}");
}

fn a_duplicate_stops_a_real_process(signer: Signer) {
    let mut world = World::new(signer);
    let process = Process::instead_of_tezbake(&mut world, signer);
    world.run().ends(0);
    assert!(process.is_there() && world.bakes("backup"));
    let mut watching = Watching::begin(&world, &[]);
    let begun = watching.takes_for("baker");
    assert!(begun["floor"].as_u64() > begun["from"].as_u64() && begun["plan"].is_string(), "{begun}");
    // Its own signatures go on, and accuse nobody.
    let before = world.book().backup;
    until("the backup signs on", || world.book().backup > before + 10);
    assert!(process.is_there());
    // The simulated baker dies, the process in its place does not; and the primary comes back.
    world.exec("backup", &["systemctl", "stop", BAKER_UNIT]);
    primary_returns(&world);
    let seen = watching.hears("a duplicate", |record| record["record"] == "duplicate");
    until("the process is gone", || {
        std::thread::sleep(MOMENT);
        !process.is_there()
    });
    let said = watching.ended();
    is_stopped(&world, &said);

    let gone = process.ticks().last().copied().unwrap();
    let first = &seen["signed"][0];
    let served = served_at(&world, first["at"]["level"].as_u64().unwrap());
    let took = Duration::from_millis(u64::try_from(gone - served).unwrap_or(0));
    eprintln!(
        "{signer:?}: {} {} seen in {}: the process wrote its last {} ms after its block was served",
        first["kind"].as_str().unwrap(),
        first["at"],
        first["seen_in"].as_str().unwrap(),
        took.as_millis()
    );
    assert!(gone > served, "{gone} {served}");
    assert!(took < BOUND, "{took:?}");
    // Nothing of it comes back.
    assert!(SystemClock.now().millis() > gone && !process.is_there());
    let book = world.book();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(world.book().backup, book.backup);
}

#[test]
fn a_duplicate_stops_a_real_process_with_a_tezsign() {
    a_duplicate_stops_a_real_process(Signer::TezSign);
}

#[test]
fn a_duplicate_stops_a_real_process_with_a_ledger() {
    a_duplicate_stops_a_real_process(Signer::Ledger);
}

/// A watch is there before the run, keeps it from nothing, and takes over where it ends.
#[test]
fn a_watch_from_before_the_run_stops_what_the_run_started() {
    let world = World::new(Signer::TezSign);
    let mut watching = Watching::begin(&world, &["--silent", "3"]);
    watching.takes_for("sentinel");
    world.run().ends(0);
    watching.takes_for("baker");
    until("the backup signs", || world.book().backup > 10);
    world.exec("backup", &["systemctl", "stop", BAKER_UNIT]);
    watching.hears("a dead baker", |record| {
        record["record"] == "trouble" && record["what"] == "services" && record["why"].to_string().contains(BAKER_UNIT)
    });
    primary_returns(&world);
    is_stopped(&world, &watching.ended());
}

#[test]
fn a_silent_primary_is_said_and_the_person_decides() {
    let world = World::new(Signer::TezSign);
    let mut watching = Watching::begin(&world, &["--silent", "3"]);
    watching.takes_for("sentinel");
    world.event(&json!({ "power-off": "primary" }));
    let missed = watching.hears("silence", |record| record["record"] == "missed" && record["in_a_row"] == 3);
    assert!(missed["next"].as_str().unwrap().contains("failover run"), "{missed}");
    watching.signal("-TERM");
    let said = watching.ended();
    let end = said.ends(0);
    assert!(end["next"].as_str().unwrap().contains("failover watch"), "{end}");
    assert!(said.records().iter().all(|record| record["record"].is_string()), "{said:?}");
    assert!(!world.bakes("backup") && world.book().backup == 0, "nothing is started");
    assert!(world.journals().is_empty(), "nothing is written down");
}

#[test]
fn the_person_ends_it_and_the_backup_bakes_on() {
    let world = World::new(Signer::Ledger);
    world.run().ends(0);
    let mut watching = Watching::begin(&world, &[]);
    watching.takes_for("baker");
    watching.signal("-INT");
    let end = watching.ended().ends(0);
    assert!(end["next"].as_str().unwrap().contains("goes on baking"), "{end}");
    let before = world.book().backup;
    until("it bakes on", || world.book().backup > before);
}
