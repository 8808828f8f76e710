//! Which program is asked, and what counts as an answer.

use super::*;
use crate::signer::record::records;
use crate::signer::{Arming, DeviceInfo, KeyName, KeyState, Model};

/// Answers by argv; what it does not know is not there.
struct Machine {
    answers: Vec<(&'static str, i32, String, &'static str)>,
    asked: Vec<String>,
}

impl Host for Machine {
    fn name(&self) -> &str {
        "primary"
    }
    fn run(&mut self, argv: &[&str], _: Duration) -> Result<Output, HostError> {
        let line = argv.join(" ");
        self.asked.push(line.clone());
        match self.answers.iter().find(|(known, ..)| *known == line) {
            Some((_, code, stdout, stderr)) => {
                Ok(Output { code: *code, stdout: stdout.clone(), stderr: (*stderr).to_owned() })
            }
            None => Err(HostError::NotRun { host: "primary".to_owned(), what: line, why: "no such file".to_owned() }),
        }
    }
}

const SHOW: &str = "failover --json --device tezsign hwm show";
const SUDO_SHOW: &str = "sudo -n failover --json --device tezsign hwm show";
const DISARM: &str = "failover --json --device tezsign disarm";
const STATUS: &str = "/bake-buddy/signer/bin/tezsign status";
const LOCK: &str = "/bake-buddy/signer/bin/tezsign lock";

fn signer(answers: Vec<(&'static str, i32, String, &'static str)>) -> RemoteSigner<Machine> {
    RemoteSigner::new(Machine { answers, asked: Vec::new() }, "tezsign".parse().unwrap())
}

fn printed(arming: Arming) -> String {
    let key = KeyState {
        name: KeyName::new("consensus"),
        key: "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap(),
        arming,
        marks: None,
    };
    let info =
        DeviceInfo { model: Model::TezSign, selector: "tezsign".to_owned(), serial: None, version: None, ledger: None };
    let lines = records(&DeviceState { info, keys: vec![key] });
    let lines = lines.iter().map(|record| serde_json::to_string(record).unwrap());
    lines.chain([r#"{"record":"end","outcome":"done","exit":0,"next":""}"#.to_owned()]).collect::<Vec<_>>().join("\n")
}

fn status(lock: &str) -> String {
    format!(
        r#"[{{"id":"consensus","lock_state":"{lock}","tz4":"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh","last_block_level":0,"last_block_round":0,"last_preattestation_level":0,"last_preattestation_round":0,"last_attestation_level":0,"last_attestation_round":0,"state_corrupted":false}}]"#
    )
}

#[test]
fn the_same_program_is_asked_first_and_remembered() {
    let mut signer = signer(vec![(SHOW, 0, printed(Arming::Armed), ""), (DISARM, 0, printed(Arming::Disarmed), "")]);
    assert_eq!(signer.state().unwrap().keys[0].arming, Arming::Armed);
    signer.disarm().unwrap();
    assert_eq!(signer.host.asked, [SHOW, DISARM]);
}

#[test]
fn as_root_where_this_user_may_not() {
    let denied = r#"{"record":"end","outcome":"failed","exit":1,"next":"add the user to plugdev"}"#;
    let answers = vec![(SHOW, 1, denied.to_owned(), ""), (SUDO_SHOW, 0, printed(Arming::Disarmed), "")];
    let mut signer = signer(answers);
    assert_eq!(signer.state().unwrap().keys[0].arming, Arming::Disarmed);
    assert_eq!(signer.state().unwrap().keys[0].arming, Arming::Disarmed);
    // The other ways in one go, and from then on the one that answers.
    let sudo_status = format!("sudo -n {STATUS}");
    assert_eq!(signer.host.asked, [SHOW, SUDO_SHOW, STATUS, &sudo_status, SUDO_SHOW]);
}

/// S15: what was asked beside the way that answered is no answer of a later look.
#[test]
fn s15_an_answer_of_an_earlier_look_is_never_given_again() {
    let denied = r#"{"record":"end","outcome":"failed","exit":1,"next":"add the user to plugdev"}"#;
    let answers = vec![
        (SHOW, 1, denied.to_owned(), ""),
        (SUDO_SHOW, 0, printed(Arming::Disarmed), ""),
        (STATUS, 0, status("LOCKED"), ""),
    ];
    let mut signer = signer(answers);
    assert_eq!(signer.state().unwrap().keys[0].arming, Arming::Disarmed);
    // Armed since, and the way that answered fails once.
    signer.host.answers = vec![
        (SHOW, 1, denied.to_owned(), ""),
        (SUDO_SHOW, 1, denied.to_owned(), ""),
        (STATUS, 0, status("UNLOCKED"), ""),
    ];
    assert_eq!(signer.state().unwrap().keys[0].arming, Arming::Armed);
}

#[test]
fn tezsigns_own_program_where_this_one_is_missing_or_old() {
    for old in [None, Some((DISARM, 2, String::new(), "error: unrecognized subcommand 'disarm'"))] {
        let mut signer = signer(
            [(STATUS, 0, status("UNLOCKED"), ""), (LOCK, 0, "[]".to_owned(), "")].into_iter().chain(old).collect(),
        );
        assert_eq!(signer.state().unwrap().keys[0].arming, Arming::Armed);
        signer.disarm().unwrap();
        assert_eq!(signer.host.asked.last().unwrap(), LOCK);
    }
}

#[test]
fn no_program_no_answer_and_no_machine_are_told_apart() {
    let missing = "sudo: failover: command not found";
    assert!(matches!(
        signer(vec![(SUDO_SHOW, 1, String::new(), missing)]).state(),
        Err(RemoteSignerError::NotInstalled { .. })
    ));
    // Its exit code is no answer, and neither is half of one.
    let cut = printed(Arming::Disarmed).lines().next().unwrap().to_owned();
    for (code, text, said) in [(0, String::new(), ""), (0, cut, ""), (2, String::new(), "error: no such option")] {
        let error = signer(vec![(SHOW, code, text, said)]).state().unwrap_err();
        assert!(matches!(error, RemoteSignerError::Unclear { .. }), "{error}");
    }
    let mut failing = signer(vec![(LOCK, 1, String::new(), "no device"), (STATUS, 1, String::new(), "no device")]);
    assert!(matches!(failing.disarm(), Err(RemoteSignerError::Unclear { .. })));
    assert!(failing.state().unwrap_err().to_string().contains("no device"));

    struct Away;
    impl Host for Away {
        fn name(&self) -> &str {
            "primary"
        }
        fn run(&mut self, argv: &[&str], after: Duration) -> Result<Output, HostError> {
            Err(HostError::Lost { host: "primary".to_owned(), what: argv.join(" "), after })
        }
    }
    let error = RemoteSigner::new(Away, "ledger".parse().unwrap()).disarm().unwrap_err();
    assert!(matches!(error, RemoteSignerError::Host(HostError::Lost { .. })));
}
