//! From a configuration: who holds the session, and who is refused.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use failover_core::clock::{Clock as _, SystemClock, Timestamp};
use failover_core::config::Config;
use failover_core::decision::{PolicyError, Step};
use failover_core::journal::record::Record;
use failover_core::lock::LockError;
use failover_core::operator::Nobody;
use failover_core::permit::RunId;
use failover_core::session::{Session, SessionError, SetupError, Wanted};
use failover_core::state::Duplicate;
use failover_core::tezos::{ChainId, Kind, Level, Position, Round};

/// A machine that is simulated: nothing of the real one's is taken.
pub(crate) fn text(folder: &Path) -> String {
    format!(
        "simulated = true\nstate = \"{0}/state\"\n[baker]\nname = \"b\"\naddress = \"tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9\"\n\
         network = \"mainnet\"\n[chain]\nnode = \"http://127.0.0.1:1\"\n[signer]\ndevice = \"tezsign+unix:{0}/none\"\n\
         [backup]\ncontrol = \"command\"\nstart = [\"true\"]\nstop = [\"true\"]\nstatus = [\"true\"]\n",
        folder.display()
    )
}

fn config(folder: &Path) -> Config {
    Config::parse(&folder.join("config.toml"), &text(folder)).unwrap()
}

fn begun(config: &Config) -> usize {
    let permits = config.root().of(config.baker.chain, config.baker.address);
    std::fs::read_dir(permits.part("begun")).map_or(0, Iterator::count)
}

#[test]
fn s7_the_second_session_of_a_process_is_refused_and_the_first_one_dropped_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let first = Session::open(&config, &Wanted::default()).unwrap();
    for error in [
        Session::open(&config, &Wanted::default()).unwrap_err(),
        Session::resume(&config, &Wanted::default()).unwrap_err(),
    ] {
        assert!(matches!(error, SessionError::Lock(LockError::Held { .. })) && error.exit() == 7, "{error}");
    }
    drop(first);
    let again = Session::open(&config, &Wanted::default()).unwrap();
    assert_eq!((again.policy().margin, again.warning()), (10, None));
    drop(again);
    assert!(Session::resume(&config, &Wanted::default()).unwrap().is_none(), "no run was interrupted");
}

/// The other process of the test below; does nothing unless it starts it.
#[test]
fn child_holds_a_session() {
    let Some(folder) = std::env::var_os("FAILOVER_TEST_SESSION") else { return };
    let _held = Session::open(&config(Path::new(&folder)), &Wanted::default()).unwrap();
    println!("\nheld");
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
}

#[test]
fn s7_the_session_of_a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "open::child_holds_a_session", "--nocapture"])
        .env("FAILOVER_TEST_SESSION", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line == "held"));
    let error = Session::open(&config(folder.path()), &Wanted::default()).unwrap_err();
    assert!(matches!(error, SessionError::Lock(LockError::Held { .. })) && error.exit() == 7, "{error}");
    drop(child.stdin.take());
    said.for_each(drop);
    assert!(child.wait().unwrap().success());
    drop(Session::open(&config(folder.path()), &Wanted::default()).unwrap());
}

/// A stop between the two is one of this run.
#[test]
fn s14_the_run_has_begun_before_the_locks_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let _first = Session::open(&config, &Wanted::default()).unwrap();
    assert_eq!(begun(&config), 1);
    Session::open(&config, &Wanted::default()).unwrap_err();
    assert_eq!(begun(&config), 2, "it had begun when it asked for the lock");
}

#[test]
fn what_a_field_was_set_to_after_the_file_was_checked_is_checked_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.margin = 0;
    let error = Session::open(&config, &Wanted::default()).unwrap_err();
    assert!(matches!(error, SessionError::Policy(PolicyError::Margin { margin: 0 })), "{error}");
    let wanted = Wanted { margin: Some(1), ..Wanted::default() };
    let error = Session::open(&config, &wanted).unwrap_err();
    assert!(matches!(error, SessionError::Policy(PolicyError::Margin { margin: 1 })) && error.exit() == 2, "{error}");
    assert_eq!(begun(&config), 0);
}

#[test]
fn what_cannot_be_opened_ends_the_session_before_its_first_record() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = Wanted { without: vec!["http://127.0.0.1:1".to_owned()], ..Wanted::default() };
    let opening = Session::open(&config(folder.path()), &wanted).unwrap();
    let journals = opening.state().path().join("journals");
    let written = || std::fs::read_dir(&journals).unwrap().count();
    let error = opening.session(Box::new(Nobody), |_| unreachable!("nothing is to be written down")).unwrap_err();
    assert!(matches!(error, SessionError::Setup(SetupError::OwnNode { .. })) && error.exit() == 2, "{error}");
    assert_eq!(written(), 0, "an empty journal would stand for the last run");
    // What is found once the journal is there takes it away again.
    let opening = Session::open(&config(folder.path()), &Wanted::default()).unwrap();
    let state = opening.state().clone();
    let error = opening
        .session(Box::new(Nobody), |_| {
            state.latch_duplicate(&duplicate()).unwrap();
            Box::new(Unwritten)
        })
        .unwrap_err();
    assert!(matches!(error, SessionError::Ended(_)) && error.exit() == 5, "{error}");
    assert_eq!(written(), 0);
    std::fs::remove_file(state.path().join("duplicate.json")).unwrap();
    // The locks went with it.
    assert!(Session::open(&config(folder.path()), &Wanted::default()).is_ok());
}

/// S12: a lock that cannot be asked keeps the run from going on, and nothing that it left armed.
#[test]
fn s12_a_resume_without_its_other_lock_disarms_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let opening = Session::open(&config(folder.path()), &Wanted::default()).unwrap();
    let (state, policy, plan) = (opening.state().clone(), opening.policy().clone(), opening.plan());
    drop(opening);
    let now = SystemClock.now();
    let mut journal = state.create_journal(now, plan).unwrap();
    let (version, run) = (env!("CARGO_PKG_VERSION").to_owned(), RunId::random().ok());
    journal.append(now, &Record::Begin { version, plan, policy, locks: Vec::new(), run }).unwrap();
    journal.append(now, &Record::before(&Step::Unlock { keys: Vec::new() })).unwrap();
    drop(journal);
    let text = format!("{}[lock]\netcd = [\"http://127.0.0.1:1\"]\n", text(folder.path()));
    let config = Config::parse(&folder.path().join("config.toml"), &text).unwrap();
    let error = Session::resume(&config, &Wanted::default()).unwrap_err();
    assert!(error.exit() == 4 && error.to_string().contains("127.0.0.1:1"), "{error}");
    // It was tried: the device is not there.
    assert!(error.to_string().contains("the backup is not read back disarmed"), "{error}");
}

/// The plan that a person was shown has its name from them, in a new run alone.
#[test]
fn a_new_run_takes_the_name_of_a_plan_that_was_shown() {
    let folder = tempfile::tempdir().unwrap();
    let opening = Session::open(&config(folder.path()), &Wanted::default()).unwrap();
    let shown = "K7MPQ2".parse().unwrap();
    assert_ne!(opening.plan(), shown);
    assert_eq!(opening.of_plan(shown).plan(), shown);
}

fn duplicate() -> Duplicate {
    Duplicate {
        at: Timestamp::from_millis(1_796_000_000_000),
        chain: ChainId::MAINNET,
        baker: "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9".parse().unwrap(),
        kind: Kind::Attestation,
        position: Position { level: Level::FIRST, round: Round(0) },
        evidence: "a test".to_owned(),
    }
}

struct Unwritten;

impl failover_core::failover::Recorder for Unwritten {
    fn record(
        &mut self,
        _: Timestamp,
        record: &failover_core::journal::record::Record,
    ) -> Result<(), failover_core::journal::JournalError> {
        unreachable!("{record:?}")
    }
}
