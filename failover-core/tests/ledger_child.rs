//! A transport in a child process: real processes and pipes. This program is the child as well, told by its first argument.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at the first thing that is not as it should be"
)]

use std::process::ExitCode;
use std::time::Duration;

use failover_core::signer::ledger::child::{self, ChildExchange};
use failover_core::signer::ledger::hid::{self, CHILD_ARG};
use failover_core::signer::ledger::{ApduExchange, Derivation, Ledger};
use failover_core::signer::{SignerDevice, SignerError};
use failover_sim::ledger::{LedgerOptions, LedgerSim, Person, Reply};

/// A child with a simulated device in place of the HID one.
const SIMULATED: &str = "__simulated-child";
/// Long enough for any machine; a deadline that is met is never waited for.
const AMPLE: Duration = Duration::from_secs(60);
const VERSION: [u8; 5] = [0x80, 0, 0, 0, 0];
const RESET: [u8; 9] = [0x80, 6, 0, 0, 4, 0, 0, 0, 9];

fn main() -> ExitCode {
    if let Some(code) = hid::serve_child(std::env::args_os()) {
        return code;
    }
    if std::env::args().nth(1).as_deref() == Some(SIMULATED) {
        return simulated();
    }
    let tests: [(&str, fn()); 5] = [
        ("the driver works through a child", the_driver_works_through_a_child),
        ("a silent child is killed and reaped, and another one is started", silent),
        ("a device that is not there is not found", not_found),
        ("a child that breaks says why", broken),
        ("a program that is no child is a broken connection", no_child),
    ];
    for (name, test) in tests {
        test();
        println!("{name}: ok");
    }
    ExitCode::SUCCESS
}

fn simulated() -> ExitCode {
    let mut device = LedgerSim::new(LedgerOptions::default());
    device.person(Person::Ignores);
    child::serve(|apdu| match device.apdu(apdu) {
        _ if apdu == [0xff] => Err("the cable fell out".to_owned()),
        Reply::Answer(answer) => Ok(answer),
        // As the HID transport does: it blocks for good.
        Reply::Silent => loop {
            std::thread::park();
        },
    })
}

fn exchange() -> ChildExchange {
    ChildExchange::new(std::env::current_exe().unwrap(), vec![SIMULATED.into()], "ledger:test".to_owned())
}

fn the_driver_works_through_a_child() {
    let mut ledger = Ledger::new(exchange(), "44'/1729'/0'/0'".parse().unwrap(), Derivation::Ed25519);
    let state = ledger.state().unwrap();
    assert_eq!(state.info.version.as_deref(), Some("2.5.1"));
    assert_eq!(state.keys.len(), 1);
}

/// Is there a process with this id, a dead one that nobody waited for included?
fn exists(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

fn silent() {
    let mut exchange = exchange();
    assert_eq!(exchange.exchange(&VERSION, AMPLE.into()), Ok(vec![1, 2, 5, 1, 0x90, 0]));
    let first = exchange.pid().unwrap();
    let error = exchange.exchange(&RESET, Duration::from_millis(50).into()).unwrap_err();
    assert!(matches!(error, SignerError::Timeout { what: "RESET", .. }), "{error}");
    assert!(!exists(first), "the child is gone, and reaped");
    assert_eq!(exchange.exchange(&VERSION, AMPLE.into()), Ok(vec![1, 2, 5, 1, 0x90, 0]));
    let second = exchange.pid().unwrap();
    assert_ne!(first, second);
    drop(exchange);
    assert!(!exists(second), "dropped is ended");
}

fn not_found() {
    let args = vec![CHILD_ARG.into(), "/dev/no-such-hidraw".into()];
    let mut exchange = ChildExchange::new(std::env::current_exe().unwrap(), args, "ledger:x".to_owned());
    assert_eq!(
        exchange.exchange(&VERSION, AMPLE.into()),
        Err(SignerError::NotFound { selector: "ledger:x".to_owned() })
    );
}

fn broken() {
    let error = exchange().exchange(&[0xff], AMPLE.into()).unwrap_err();
    assert!(matches!(&error, SignerError::Disconnected { why, .. } if why == "the cable fell out"), "{error}");
}

fn no_child() {
    for (program, args) in
        [("/bin/true", vec![]), ("/bin/echo", vec!["hello, this is no frame".into()]), ("/no/such", vec![])]
    {
        let error = ChildExchange::new(program.into(), args, "ledger:x".to_owned())
            .exchange(&VERSION, AMPLE.into())
            .unwrap_err();
        assert!(
            matches!(error, SignerError::Disconnected { .. } | SignerError::Malformed { .. }),
            "{program}: {error}"
        );
    }
}
