//! A lease that is lost: taken away, deleted, frozen past its end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use failover_core::lock::etcd::EtcdOptions;
use failover_core::lock::{FailoverLock as _, LockError};

use super::server::{Etcd, signal, until};
use super::support::{acquire, delete, is_free, key, options, put, revoke, short};

fn lost(answer: Result<(), LockError>) -> String {
    match answer {
        Err(error @ LockError::Lost { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What was seen a moment ago is not asked again for a second.
fn until_lost(held: &mut impl failover_core::lock::FailoverLock) -> String {
    let mut said = None;
    until("the loss is seen", || {
        said = held.still_held().err();
        said.is_some()
    });
    lost(said.map_or(Ok(()), Err))
}

#[test]
fn a_lease_that_was_revoked_is_seen_and_stays_lost() {
    let etcd = Etcd::new();
    let mut held = acquire(&options(&etcd), "failover run").unwrap();
    assert_eq!(held.lost(), None);
    revoke(&etcd);
    let said = until_lost(&mut held);
    assert!(said.contains("run out or was revoked"), "{said}");
    // Another one, who is named from now on where it is asked, and whose key is left alone by the one that lost it.
    let other = acquire(&options(&etcd), "failover run by somebody else").unwrap();
    assert!(held.lost().is_some());
    lost(held.still_held());
    drop(held);
    assert!(key(&etcd).is_some());
    drop(other);
    assert!(is_free(&options(&etcd)));
}

#[test]
fn a_key_that_was_deleted_or_replaced_is_seen() {
    let etcd = Etcd::new();
    let mut held = acquire(&options(&etcd), "failover run").unwrap();
    delete(&etcd);
    assert!(until_lost(&mut held).contains("deleted"));
    let mut held = acquire(&options(&etcd), "failover run").unwrap();
    delete(&etcd);
    put(&etcd, r#"{"pid":7,"command":"failover run","since":null,"plan":null,"host":"elsewhere"}"#);
    let said = until_lost(&mut held);
    assert!(said.contains("now it is held by `failover run` on elsewhere, process 7"), "{said}");
    drop(held);
    assert!(key(&etcd).is_some(), "what is another's is not deleted");
}

#[test]
fn the_thread_that_keeps_it_alive_tells_without_being_asked() {
    let etcd = Etcd::new();
    let held = acquire(&short(&etcd), "failover run").unwrap();
    revoke(&etcd);
    until("it is known", || held.lost().is_some());
}

/// The other process of the test below; does nothing unless it starts it.
#[test]
fn child_holds_the_lock() {
    let Some(url) = std::env::var_os("FAILOVER_TEST_ETCD") else { return };
    let options =
        EtcdOptions { ttl: Duration::from_secs(3), ..EtcdOptions::new(vec![url.to_str().unwrap().parse().unwrap()]) };
    let mut held = acquire(&options, "failover run that freezes").unwrap();
    println!("\nlocked");
    let mut line = String::new();
    while std::io::stdin().lock().read_line(&mut line).unwrap() > 0 {
        println!("{:?}", held.still_held().map_err(|error| error.to_string()));
    }
}

#[test]
fn a_process_that_was_frozen_past_its_lease_sees_it_before_anything_else() {
    let etcd = Etcd::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "etcd::losing::child_holds_the_lock", "--nocapture"])
        .env("FAILOVER_TEST_ETCD", etcd.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut orders = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "locked"));
    let mut ask = || {
        orders.write_all(b"?\n").unwrap();
        lines.next().unwrap()
    };
    assert_eq!(ask(), "Ok(())");
    signal(child.id(), "STOP");
    until("its lease runs out", || is_free(&short(&etcd)));
    let mut other = acquire(&options(&etcd), "failover run by somebody else").unwrap();
    signal(child.id(), "CONT");
    let said = ask();
    assert!(said.starts_with("Err(\"the lock was lost") && said.contains("by somebody else"), "{said}");
    assert!(ask().starts_with("Err"), "it stays lost");
    drop(orders);
    assert!(child.wait().unwrap().success());
    other.still_held().unwrap();
    assert!(key(&etcd).is_some(), "the one that lost it leaves the other's alone");
}
