//! Taking it, keeping it, giving it back.

use failover_core::lock::etcd::{EtcdLock, EtcdOptions};
use failover_core::lock::{FailoverLock as _, HeldLock, LockError};
use failover_core::tezos::ChainId;

use super::server::{Etcd, until};
use super::support::{KEY, acquire, baker, is_free, key, options, who};

#[test]
fn the_second_one_is_told_who_has_it_and_later_ones_have_higher_tokens() {
    let etcd = Etcd::new();
    let options = options(&etcd);
    let mut last = None;
    for turn in 0..3 {
        let mut first = acquire(&options, &format!("failover run {turn}")).unwrap();
        first.still_held().unwrap();
        let Err(LockError::HeldElsewhere { holder, left }) = acquire(&options, "failover resume") else {
            panic!("both hold it")
        };
        assert_eq!(holder.command, Some(format!("failover run {turn}")));
        assert_eq!(holder.pid, Some(std::process::id()));
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!(holder.host.as_deref(), Some(host.trim()));
        assert!(left.is_some_and(|seconds| (1..=15).contains(&seconds)), "{left:?}");
        let said = LockError::HeldElsewhere { holder, left }.to_string();
        assert!(said.contains(&format!("on {}, process", host.trim())) && said.contains("if it died"), "{said}");
        // That somebody else tried changed nothing.
        first.still_held().unwrap();
        let token = first.token().unwrap();
        assert_eq!(key(&etcd).unwrap()["create_revision"], token.to_string());
        assert!(last.is_none_or(|last| token > last), "{last:?} {token}");
        last = Some(token);
        assert_eq!(HeldLock::of(&first), HeldLock { lock: format!("etcd {KEY}"), token: Some(token) });
        drop(first);
        assert_eq!(key(&etcd), None, "given back at once");
    }
}

#[test]
fn another_baker_another_chain_another_prefix() {
    let etcd = Etcd::new();
    let options = options(&etcd);
    let _held = acquire(&options, "failover run").unwrap();
    let other = "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb".parse().unwrap();
    drop(EtcdLock::acquire(&options, ChainId::MAINNET, other, &who("x")).unwrap());
    drop(EtcdLock::acquire(&options, ChainId::new([1, 2, 3, 4]), baker(), &who("x")).unwrap());
    drop(acquire(&EtcdOptions { prefix: "/drill".to_owned(), ..options.clone() }, "x").unwrap());
    assert!(matches!(acquire(&options, "x"), Err(LockError::HeldElsewhere { .. })));
}

#[test]
fn a_look_takes_nothing_and_names_the_holder() {
    let etcd = Etcd::new();
    let options = options(&etcd);
    assert!(is_free(&options) && key(&etcd).is_none());
    let held = acquire(&options, "failover run").unwrap();
    let before = key(&etcd);
    let seen = EtcdLock::look(&options, ChainId::MAINNET, baker()).unwrap().unwrap();
    assert_eq!(seen.holder.command.as_deref(), Some("failover run"));
    assert_eq!(key(&etcd), before);
    drop(held);
    assert!(is_free(&options));
}

#[test]
fn it_is_kept_alive_for_longer_than_its_lease() {
    let etcd = Etcd::new();
    let options = EtcdOptions { ttl: std::time::Duration::from_secs(5), ..options(&etcd) };
    let mut held = acquire(&options, "failover run").unwrap();
    let (first, begun) = (key(&etcd), std::time::Instant::now());
    // Nobody asks it anything meanwhile.
    until("three times its lease are over", || begun.elapsed() > 3 * options.ttl);
    held.still_held().unwrap();
    assert_eq!(key(&etcd), first);
}

#[test]
fn a_value_that_nobody_understands_holds_it_too() {
    let etcd = Etcd::new();
    for value in ["", "\u{1b}[2J", "{\"pid\":\"x\"}"] {
        super::support::put(&etcd, value);
        let Err(LockError::HeldElsewhere { holder, left }) = acquire(&options(&etcd), "x") else {
            panic!("{value:?} is overwritten")
        };
        assert_eq!((holder, left), (failover_core::lock::Holder::default(), None));
    }
}
