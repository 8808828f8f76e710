//! S8, S12: disarming. Its parts do not wait for each other.
#![cfg(feature = "tezsign")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use failover_core::baker::CommandControl;
use failover_core::baker::command::Commands;
use failover_core::clock::SystemClock;
use failover_core::effect::{Hands, disarm};
use failover_core::guard::Guard;
use failover_core::host::LocalHost;
use failover_core::operator::Nobody;
use failover_core::signer::SignerError;
use failover_core::signer::tezsign::{Connect, Interface, Link, LinkError, TezSign};

/// A signer that answers nothing until the services were told to stop.
struct Hangs {
    stopped: PathBuf,
}

struct NoLink;

impl Link for NoLink {
    fn send(&mut self, _: &[u8], _: Duration) -> Result<(), LinkError> {
        Err(LinkError::Timeout)
    }
    fn receive(&mut self, _: &mut [u8], _: Duration) -> Result<usize, LinkError> {
        Err(LinkError::Timeout)
    }
}

impl Connect for Hangs {
    type Link = NoLink;

    fn open(&mut self, _: Interface, _: Duration) -> Result<NoLink, SignerError> {
        let begin = Instant::now();
        while !self.stopped.exists() {
            assert!(begin.elapsed() < Duration::from_secs(20), "the stop waits for the signer");
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(SignerError::NotFound { selector: "tezsign".to_owned() })
    }

    fn selector(&self) -> String {
        "tezsign".to_owned()
    }
}

#[test]
fn a_signer_that_hangs_puts_no_stop_off() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = folder.path().join("stopped");
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let commands = Commands {
        start: argv(&["true"]),
        stop: argv(&["touch", stopped.to_str().unwrap()]),
        status: argv(&["echo", "stopped"]),
        restart_delay: 1,
    };
    let mut hands = Hands {
        device: Box::new(TezSign::new(Hangs { stopped: stopped.clone() })),
        primary: None,
        primary_signer: None,
        power: None,
        backup: Box::new(CommandControl::new(LocalHost::new(), commands)),
        guard: Guard::new(folder.path()),
        operator: Box::new(Nobody),
        passphrase: None,
        locks: Vec::new(),
        permit: None,
    };
    let disarmed = disarm(&mut hands, &SystemClock);
    assert!(stopped.exists());
    // Stopped and guarded; what the signer can do is not known, and so nothing is proven.
    assert!(!disarmed.proven && disarmed.what.iter().any(|what| what.contains("not read back locked")), "{disarmed:?}");
    assert!(disarmed.what.iter().any(|what| what == "services read back stopped"), "{disarmed:?}");
}
