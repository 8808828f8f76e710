//! The checker is checked: each rule taken out is found, by a way that is printed.

use failover_core::facts::{Mark, Model};
use failover_core::tezos::Position;

use crate::explorer::explore;
use crate::setting::{Broken, Fault, Setting};
use crate::whoever::{in_an_effect, no_lock_is_seen, returning, standing_still};
use crate::world::{Machine, level};

/// Something does not hold, by this name; without the break all of the same search holds.
fn caught(setting: Setting, broken: Broken, by: &str) {
    let found = explore(&setting.clone().broken(broken));
    let Some((wrong, way)) = found.wrong else { panic!("{broken:?} was not caught in {} states", found.states) };
    println!("caught {broken:?}, after {} states: {wrong}\n  {}", found.states, way.join(" > "));
    assert!(wrong.starts_with(&format!("{by}: ")), "{broken:?}: {wrong}");
    let whole = explore(&setting).wrong;
    assert!(whole.is_none(), "{broken:?}: it is wrong without the break too: {whole:?}");
}

fn calm() -> Setting {
    Setting::calm("caught", Model::TezSign)
}

fn crashing() -> Setting {
    let mut setting = calm();
    setting.budget.crashes = 1;
    setting
}

/// A person lies, and the primary is cut off from the chain for a while.
fn lying() -> Setting {
    let mut setting = Setting { reachable: false, ..calm() };
    setting.budget.lies = 1;
    setting.with(&[Fault::Mute, Fault::Back], 1)
}

#[test]
fn s1_a_start_before_the_silence() {
    caught(calm(), Broken::StartsEarly, "S1");
}

#[test]
fn s1_a_start_without_the_raise() {
    caught(calm(), Broken::SkipsRaise, "S1");
}

#[test]
fn s1a_a_backup_that_is_taken_for_stopped() {
    let backup = Machine { running: true, token: true, ..Machine::backup() };
    caught(Setting { backup, ..calm() }, Broken::TrustsItself, "S1a");
}

#[test]
fn s1b_an_unlock_with_the_sign_interface_free() {
    caught(calm(), Broken::NeverHolds, "S1b");
}

#[test]
fn s2_a_floor_from_the_head_alone() {
    caught(calm(), Broken::LowFloor, "S2");
}

#[test]
fn s3_unknown_taken_for_silence() {
    caught(calm().with(&[Fault::Blind], 1), Broken::UnknownIsSilent, "S3");
}

#[test]
fn s4_a_mark_that_is_set_whatever_it_was() {
    let mut backup = Machine::backup();
    backup.marks.block = Mark::at(Position::start_of(level(60)));
    caught(Setting { backup, ..calm() }, Broken::SetsBlindly, "S4");
}

/// Found by what S1 asks of the device itself.
#[test]
fn s5_an_ok_that_counts_as_done() {
    caught(calm().with(&[Fault::Dud], 1), Broken::OkIsDone, "S1");
}

#[test]
fn s6_silence_that_does_not_start_over() {
    caught(crashing(), Broken::KeepsSilence, "S6");
}

#[test]
fn s6_a_forgotten_bound() {
    caught(crashing(), Broken::ForgetsBound, "S6");
}

/// Found by what S1b asks: the claim went with the process.
#[test]
fn s6_a_session_that_believes_the_one_before() {
    caught(crashing(), Broken::RemembersAll, "S1b");
}

/// Found by the property itself: two backups sign.
#[test]
fn s7_two_operators_who_do_not_see_each_other() {
    caught(Setting { sites: 2, ..calm() }, Broken::IgnoresOthers, "double");
}

#[test]
fn s8_levels_below_the_floor_that_are_not_judged() {
    caught(lying(), Broken::NoQuarantine, "S8");
}

#[test]
fn s8_nothing_is_foreign() {
    caught(lying(), Broken::NothingForeign, "S8");
}

#[test]
fn s12_a_disarm_behind_the_lock() {
    caught(calm().with(&[Fault::LockLost], 1), Broken::GatedDisarm, "S12");
}

#[test]
fn s13_claims_that_take_nothing_away() {
    caught(no_lock_is_seen("caught", Model::TezSign), Broken::NoClaims, "S13");
}

#[test]
fn s13_a_permit_that_is_not_looked_for_after_the_claim() {
    caught(no_lock_is_seen("caught", Model::TezSign), Broken::NeverLooksForPermit, "S13");
}

#[test]
fn s13_a_permit_that_is_not_looked_for_at_an_effect() {
    caught(in_an_effect("caught", Model::TezSign), Broken::NoPermitAtEffect, "S13");
}

#[test]
fn s13_a_permit_that_is_not_looked_for_after_an_effect() {
    caught(in_an_effect("caught", Model::TezSign), Broken::NoPermitAfterEffect, "S13");
}

#[test]
fn s14_a_stop_that_leaves_the_permit() {
    caught(in_an_effect("caught", Model::TezSign), Broken::StopLeavesPermit, "S14");
}

/// A run that makes its permit between the two readings of a stop.
#[test]
fn s14_a_stop_that_takes_permits_away_once() {
    caught(in_an_effect("caught", Model::TezSign), Broken::StopTakesOnce, "S14");
}

#[test]
fn s15_evidence_of_any_age() {
    caught(standing_still("caught", Model::TezSign), Broken::AnyAge, "S15");
}

#[test]
fn s16_a_return_that_does_not_look_at_what_was_armed() {
    caught(returning("caught", Model::TezSign), Broken::ReturnsAnyway, "S16");
}
