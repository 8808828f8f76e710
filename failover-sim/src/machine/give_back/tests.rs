//! The same orders to the simulated machine and to the real `sh`: the same answers, the same permits and tokens.

use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::machine::BAKER_UNIT;
use crate::options::{Side, WorldOptions};
use crate::world::World;
use failover_core::baker::boot_guard::{REMOVE, WRITE};
use failover_core::lock::FileLock;
use failover_core::permit::script::{CLAIM, GIVE_BACK, NAME, PERMIT};
use failover_core::permit::{Claim, PermitKind, PermitState, Permits, RunId};
use failover_core::signer::Model;
use failover_core::tezos::{ChainId, Curve, KeyHash};

const RUNS: [RunId; 4] =
    [RunId::from_bytes([1; 16]), RunId::from_bytes([2; 16]), RunId::from_bytes([3; 16]), RunId::from_bytes([4; 16])];
const PLACE: &str = "/bake-buddy/signer/tezsign.secret";
const KEPT: &str = "/bake-buddy/signer/tezsign.secret.kept-by-failover";

/// Both machines are told the same. On the real one everything is below a folder, and programs of the names that a start
/// would call are scripts that write down what they were called with.
enum There {
    Simulated(World),
    Real,
}

struct Place {
    folder: tempfile::TempDir,
    there: There,
    permits: Permits,
}

impl Place {
    fn new(real: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let permits = Root::at(folder.path().join("machine")).of(ChainId::MAINNET, KeyHash::new(Curve::Bls, [3; 20]));
        let there = if real {
            let bin = folder.path().join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            for name in ["systemctl", "mv"] {
                let calls = folder.path().join("calls");
                let passes = format!("case \"$*\" in -f*) exec /bin/{name} \"$@\" ;; esac");
                let notes = format!("printf '%s\\n' \"{name} $*\" >>{}\n[ \"${{2:-}}\" != fails ]", calls.display());
                let text = format!("#!/bin/sh\n{passes}\n{notes}\n");
                write_program(&bin.join(name), &text);
            }
            There::Real
        } else {
            let world = World::new(WorldOptions::new(Model::TezSign, 5));
            world.set_guard(Side::Primary, folder.path().join("guard/ACTIVE"));
            world.run(Side::Primary, &["sudo", "-n", "systemctl", "stop", "--", BAKER_UNIT], "").unwrap();
            world.run(Side::Primary, &["sudo", "-n", "mv", "--backup=numbered", "--", PLACE, KEPT], "").unwrap();
            There::Simulated(world)
        };
        Self { folder, there, permits }
    }

    fn root(&self) -> String {
        self.permits.root().path().to_string_lossy().into_owned()
    }

    fn token(&self) -> PathBuf {
        self.folder.path().join("guard/ACTIVE")
    }

    fn say(&self, script: &str, words: &[&str]) -> (i32, String) {
        let output = match &self.there {
            There::Simulated(world) => {
                let argv: Vec<&str> = ["sudo", "-n", "sh", "-c", script, NAME].iter().chain(words).copied().collect();
                world.run(Side::Primary, &argv, "").unwrap().output
            }
            There::Real => {
                let bin = self.folder.path().join("bin");
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", script, NAME]).args(words);
                let usual = "/usr/sbin:/usr/bin:/sbin:/bin";
                // As in a served world: the machine's own programs come first for this script alone.
                let path = if script == GIVE_BACK { format!("{}:{usual}", bin.display()) } else { usual.to_owned() };
                let out = shell.env("PATH", path).output().unwrap();
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
                failover_core::host::Output {
                    code: out.status.code().unwrap(),
                    stdout: text(out.stdout),
                    stderr: text(out.stderr),
                }
            }
        };
        (output.code, output.stdout.trim_end().to_owned())
    }

    fn permit(&self, run: RunId, own: &str) -> String {
        let (root, run) = (self.root(), run.to_string());
        let lock = format!("{root}/failover-{}.lock", self.permits.baker());
        let head = format!("{{\"v\":1,\"run\":\"{run}\",\"kind\":\"run\",\"boot\":\"");
        let tail = "\",\"who\":\"root@h\",\"at\":\"1970-01-01T00:00:00Z\"}";
        let (code, said) =
            self.say(PERMIT, &[&root, self.permits.baker(), &lock, &run, &head, tail, own, "5", "elsewhere"]);
        format!("{code} {said}")
    }

    fn give_back(&self, run: RunId, start: &[&str]) -> String {
        let (root, run, folder) = (self.root(), run.to_string(), self.token());
        let folder = folder.parent().unwrap().to_string_lossy().into_owned();
        let count = start.len().to_string();
        let mut words =
            vec![&*root, self.permits.baker(), &run, "5", WRITE, REMOVE, &folder, "ACTIVE", "{}", "return by root@h"];
        words.extend(["root", "20", "5", "mv", "--backup=numbered", "--", KEPT, PLACE]);
        words.extend(["5", "mv", "--backup=numbered", "--", PLACE, KEPT, &count]);
        words.extend(start);
        words.extend(["systemctl", "--no-block", "stop", "--", BAKER_UNIT]);
        let (code, said) = self.say(GIVE_BACK, &words);
        format!("{code} {said}, token {}", self.token().exists())
    }

    fn claim(&self, run: RunId, replace: &str) -> String {
        let root = self.root();
        let lock = format!("{root}/failover-{}.lock", self.permits.baker());
        let line = Claim { v: 1, run, host: "h".to_owned(), who: "root@h".to_owned(), at: Timestamp::from_millis(0) };
        let (run, line) = (run.to_string(), line.line());
        let words =
            [&root, self.permits.baker(), &lock, &run, &line, replace, "-", "5", "a run of root@h", "elsewhere"];
        self.say(CLAIM, &words).1
    }

    /// Was it told to start anything, and is the secret where it belongs?
    fn done(&self) -> (bool, bool) {
        match &self.there {
            There::Simulated(world) => {
                let out = world.run(Side::Primary, &["find", PLACE, "-maxdepth", "0", "-printf", "%p\\0"], "").unwrap();
                (
                    world.changes(Side::Primary).iter().any(|line| line.contains("systemctl start")),
                    !out.output.stdout.is_empty(),
                )
            }
            There::Real => {
                let calls = std::fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
                let moved =
                    calls.lines().rfind(|line| line.starts_with("mv ")).is_some_and(|line| line.ends_with(PLACE));
                (calls.contains("systemctl start"), moved)
            }
        }
    }
}

fn write_program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

const START: [&str; 4] = ["systemctl", "start", "--", BAKER_UNIT];

#[test]
fn a_permit_is_left_once_and_the_start_uses_it_up() {
    for real in [false, true] {
        let place = Place::new(real);
        let [mine, ..] = RUNS;
        assert_eq!(place.give_back(mine, &START), "0 gone, token false", "{real}: without a permit");
        assert_eq!(place.permit(mine, "-"), "0 made");
        assert_eq!(place.permits.look(&mine), Ok(PermitState::Valid), "{real}: of this boot, and whole");
        assert!(place.permit(mine, "-").starts_with("1 "), "once");
        assert_eq!(place.give_back(mine, &START), "0 started, token true", "{real}");
        assert_eq!(place.done(), (true, true), "{real}");
        assert_eq!(place.permits.look(&mine), Ok(PermitState::Gone { by: Some("return by root@h".to_owned()) }));
        assert!(place.permit(mine, "-").starts_with("1 "), "and never again");
        assert_eq!(place.give_back(mine, &START), "0 gone return by root@h, token true", "{real}: it comes twice");
    }
}

/// H40, as it was: a newer run's claim comes first.
#[test]
fn h40_after_a_claim_or_a_stop_the_start_finds_its_permit_gone() {
    for real in [false, true] {
        let place = Place::new(real);
        let [first, second, fence, other] = RUNS;
        assert_eq!(place.permit(first, "-"), "0 made");
        assert_eq!(place.claim(fence, "-"), "made");
        assert_eq!(place.give_back(first, &START), "0 gone a run of root@h, token false", "{real}");
        // Where its claim stands and it is not this machine's own, no permit is left; where it is, one is.
        assert!(place.permit(second, "-").starts_with("0 claimed {"), "{real}");
        assert!(place.permit(second, &other.to_string()).starts_with("0 claimed {"), "{real}");
        assert_eq!(place.permit(second, &fence.to_string()), "0 made", "{real}");
        place.permits.take_away("failover stand-down").unwrap();
        assert_eq!(place.give_back(second, &START), "0 gone failover stand-down, token false", "{real}");
        assert_eq!(place.done(), (false, false), "{real}: nothing was started, and the secret is aside");
    }
}

#[test]
fn nothing_is_left_where_a_run_goes_on_or_on_this_machine_itself() {
    for real in [false, true] {
        let place = Place::new(real);
        let [mine, other, ..] = RUNS;
        let who = failover_core::lock::Holder::this("failover run", Timestamp::from_millis(0), None);
        let baker = KeyHash::new(Curve::Bls, [3; 20]);
        let held = FileLock::acquire_under(place.permits.root(), ChainId::MAINNET, baker, &who).unwrap();
        assert!(place.permit(mine, "-").starts_with("0 run {"), "{real}");
        drop(held);
        place.permits.begin(&other).unwrap();
        place.permits.make(&other, PermitKind::Run, "root@h", Timestamp::from_millis(0)).unwrap();
        std::fs::write(place.permits.root().path().join("here"), format!("elsewhere {}\n", boot().unwrap())).unwrap();
        assert_eq!(place.permit(mine, "-"), "0 itself", "{real}");
        assert_eq!(place.permits.look(&mine), Ok(PermitState::NotMade), "{real}");
    }
}

/// What its start does is not believed: the permit of another boot is none, and a start that fails says so.
#[test]
fn a_permit_of_another_boot_and_a_start_that_fails() {
    for real in [false, true] {
        let place = Place::new(real);
        let [mine, second, ..] = RUNS;
        assert_eq!(place.permit(mine, "-"), "0 made");
        let file = place.permits.part("permits").join(mine.to_string());
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace(&boot().unwrap(), "another")).unwrap();
        assert_eq!(place.give_back(mine, &START), "0 gone, token false", "{real}");
        assert_eq!(place.done(), (false, false), "{real}");
        assert_eq!(place.permit(second, "-"), "0 made");
        let fails = ["systemctl", "start", "fails"];
        let said = place.give_back(second, &fails);
        assert!(said.starts_with("0 failed ") && said.contains(" start, token true"), "{real}: {said}");
        assert!(matches!(place.permits.look(&second), Ok(PermitState::Gone { .. })), "{real}: it is used up");
    }
}

/// The permit is taken away while the start runs: what it did is taken back.
#[test]
fn a_permit_that_goes_while_the_start_runs_takes_the_start_back() {
    let place = Place::new(true);
    let [mine, ..] = RUNS;
    assert_eq!(place.permit(mine, "-"), "0 made");
    let permit = place.permits.part("permits").join(mine.to_string());
    let start = ["rm", "-f", &permit.to_string_lossy()];
    assert_eq!(place.give_back(mine, &start), "0 gone, token false");
    let calls = std::fs::read_to_string(place.folder.path().join("calls")).unwrap();
    let calls: Vec<&str> = calls.lines().collect();
    let [back, stopped, aside] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(*back, format!("mv --backup=numbered -- {KEPT} {PLACE}"));
    assert_eq!(*stopped, format!("systemctl --no-block stop -- {BAKER_UNIT}"));
    assert_eq!(*aside, format!("mv --backup=numbered -- {PLACE} {KEPT}"));
}

/// While somebody is at an effect there, nothing is done, and the permit stays.
#[test]
fn an_effect_under_way_is_waited_for() {
    let place = Place::new(true);
    let [mine, ..] = RUNS;
    assert_eq!(place.permit(mine, "-"), "0 made");
    let lock = place.permits.effect_lock("start by a run", std::time::Duration::ZERO).unwrap();
    assert!(place.give_back(mine, &START).starts_with("0 busy start by a run"));
    drop(lock);
    assert_eq!(place.give_back(mine, &START), "0 started, token true");
}
