//! etcd that is down at the start, in the middle, or comes back.

use std::time::Instant;

use failover_core::lock::etcd::{EtcdError, EtcdOptions, RELEASE_DEADLINE};
use failover_core::lock::{FailoverLock as _, LockError};

use super::server::{Etcd, until};
use super::support::{acquire, answers, is_free, key, options, short};

#[test]
fn down_at_the_start_is_no_lock_and_says_what_to_do() {
    let mut etcd = Etcd::new();
    let options = options(&etcd);
    // One that is killed before it wrote down who its members are elects no leader ever after.
    until("it answers", || answers(&options));
    etcd.kill();
    let Err(error @ LockError::Etcd(EtcdError::NoAnswer { .. })) = acquire(&options, "x") else { panic!("held") };
    assert!(error.to_string().contains(&etcd.url()) && !error.is_about_another(), "{error}");
    assert!(error.next().contains("Only where nobody else"), "{}", error.next());
    // One that takes the connection and says nothing has a deadline.
    etcd.start();
    until("it answers", || answers(&options));
    etcd.signal("STOP");
    let Err(LockError::Etcd(EtcdError::NoAnswer { tried })) = acquire(&options, "x") else { panic!("held") };
    assert!(tried.contains("no answer in"), "{tried}");
    etcd.signal("CONT");
    // What was asked of it meanwhile holds nothing.
    until("nothing is left of it", || is_free(&options));
}

#[test]
fn down_in_the_middle_it_counts_until_its_own_clock_says_no() {
    let mut etcd = Etcd::new();
    let mut held = acquire(&short(&etcd), "failover run").unwrap();
    let begun = Instant::now();
    etcd.kill();
    // Right now it may or may not be asked; in any case it was held a moment ago.
    if let Err(error) = held.still_held() {
        assert!(begun.elapsed().as_secs_f32() > 2.0, "{error}");
    }
    let mut said = None;
    until("the lease is over by the own clock", || {
        said = held.still_held().err();
        said.is_some()
    });
    let said = said.unwrap().to_string();
    assert!(
        said.contains("could not be asked (etcd does not answer") && said.contains("this machine's clock"),
        "{said}"
    );
    // Giving it back does not wait for ever.
    let begun = Instant::now();
    drop(held);
    assert!(begun.elapsed() < 4 * RELEASE_DEADLINE, "{:?}", begun.elapsed());
}

#[test]
fn after_a_restart_of_etcd_the_same_lock_is_still_held() {
    let mut etcd = Etcd::new();
    let mut held = acquire(&options(&etcd), "failover run").unwrap();
    let token = held.token();
    etcd.kill();
    etcd.start();
    until("etcd answers again", || answers(&options(&etcd)));
    held.still_held().unwrap();
    assert_eq!(held.token(), token);
    assert!(matches!(acquire(&options(&etcd), "x"), Err(LockError::HeldElsewhere { .. })));
}

/// The lease starts over at its full length in etcd, but whoever holds it counts from what was answered before.
#[test]
fn a_lock_that_the_own_clock_gave_up_is_held_again_only_where_etcd_says_so() {
    let mut etcd = Etcd::new();
    let mut held = acquire(&short(&etcd), "failover run").unwrap();
    etcd.kill();
    until("the own clock gives it up", || held.still_held().is_err());
    assert_eq!(held.lost(), None, "nobody said that it is another's");
    etcd.start();
    // etcd has the key with a lease that started over: nobody else had it in between. Or it is gone, for good.
    until("etcd says which", || held.still_held().is_ok() || held.lost().is_some());
    assert_eq!(held.lost().is_none(), key(&etcd).is_some());
}

#[test]
fn a_member_that_is_down_is_passed_over() {
    let (mut down, etcd) = (Etcd::new(), Etcd::new());
    down.kill();
    let options = EtcdOptions::new([&down, &etcd].map(|member| member.url().parse().unwrap()).into());
    let mut held = acquire(&options, "failover run").unwrap();
    held.still_held().unwrap();
    assert!(key(&etcd).is_some());
}

#[test]
fn a_member_of_another_cluster_is_not_believed() {
    let (first, mut second) = (Etcd::new(), Etcd::new());
    let options = EtcdOptions::new([&second, &first].map(|member| member.url().parse().unwrap()).into());
    let mut held = acquire(&options, "failover run").unwrap();
    second.kill();
    // The other one knows nothing of this lock, and its no is none: this one counts on by its own clock.
    let begun = Instant::now();
    until("it is asked again", || held.still_held().is_err() || begun.elapsed().as_secs() > 3);
    assert_eq!(held.lost(), None);
    assert!(key(&first).is_none());
}
