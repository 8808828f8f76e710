//! What the guard lets through, and that everything unclear is a no.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::state::{Clearance, Duplicate};
use crate::tezos::{ChainId, Kind, Level, Position};

/// The token of a run.
const OLD: &str = "{\"v\":1,\"at\":\"2026-11-22T03:00:00Z\",\"plan\":\"K7MPQ2\"}\n";

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_316_400_000)
}

fn lift() -> Lift {
    Lift::approved("K7MPQ2".parse().unwrap())
}

fn world() -> (tempfile::TempDir, StateDir, Guard) {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("state")).unwrap();
    let guard = Guard::new(state.path());
    (dir, state, guard)
}

fn duplicate() -> Duplicate {
    Duplicate {
        at: now(),
        chain: ChainId::MAINNET,
        baker: "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap(),
        kind: Kind::Attestation,
        position: Position::start_of(Level::new(15_267_105).unwrap()),
        evidence: "in the mempool, above the mark of the device".to_owned(),
    }
}

#[test]
fn a_new_machine_is_guarded() {
    let (_dir, _state, guard) = world();
    assert_eq!(guard.status(), GuardStatus::Guarded);
    assert_eq!(guard.check(), Err(GuardError::Guarded));
}

#[test]
fn lifted_lets_it_bake_until_installed_again() {
    let (_dir, _state, guard) = world();
    let token = guard.lift(&lift(), now()).unwrap();
    assert_eq!(guard.check().unwrap(), token);
    assert_eq!(token.plan().unwrap().to_string(), "K7MPQ2");
    assert_eq!(fs::read_to_string(guard.token()).unwrap(), OLD, "as every version has written it");
    guard.install().unwrap();
    assert_eq!(guard.check(), Err(GuardError::Guarded));
    guard.install().unwrap();
}

#[test]
fn a_person_lifts_it_by_the_whole_sentence_and_by_nothing_else() {
    let (_dir, _state, guard) = world();
    let sentence = "I have made sure that no other machine signs for mybaker. This machine may bake.";
    assert_eq!(Lift::sentence("mybaker"), sentence);
    for (name, said) in [
        ("mybaker", ""),
        ("mybaker", "yes"),
        ("mybaker", &sentence[..sentence.len() - 1]),
        ("mybaker", &format!("{sentence} ")),
        ("another", sentence),
        ("", &Lift::sentence("")),
    ] {
        assert!(Lift::stated(name, said).is_none(), "{name:?}: {said:?}");
    }
    let token = guard.lift(&Lift::stated("mybaker", sentence).unwrap(), now()).unwrap();
    assert_eq!((token.plan(), &token.by), (None, &LiftedBy::Statement(sentence.to_owned())));
    assert_eq!(guard.check().unwrap(), token);
}

#[test]
fn a_token_that_cannot_be_understood_is_a_no() {
    let (_dir, state, guard) = world();
    for bytes in [
        "",
        "{",
        "{}",
        r#"{"v":2,"at":"2026-11-22T03:00:00Z","plan":"K7MPQ2"}"#,
        r#"{"v":1,"at":"2026-11-22T03:00:00Z","plan":"K7MPQ2","more":1}"#,
        r#"{"v":1,"at":"2026-11-22T03:00:00Z"}"#,
        r#"{"v":1,"at":"2026-11-22T03:00:00Z","statement":""}"#,
        r#"{"v":1,"at":"2026-11-22T03:00:00Z","plan":"K7MPQ2","statement":"it may"}"#,
        r#"{"at":"2026-11-22T03:00:00Z","plan":"K7MPQ2"}"#,
    ] {
        fs::write(state.path().join("ACTIVE"), bytes).unwrap();
        assert!(matches!(guard.check(), Err(GuardError::Unknown(_))), "{bytes}");
    }
    // It is taken away all the same.
    guard.install().unwrap();
    assert_eq!(guard.status(), GuardStatus::Guarded);
}

#[test]
fn a_folder_that_is_not_there_or_not_safe_is_a_no() {
    let (_dir, state, guard) = world();
    guard.lift(&lift(), now()).unwrap();
    fs::set_permissions(state.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(guard.check(), Err(GuardError::Unknown(StateError::Unsafe { .. }))));

    let nowhere = Guard::new(state.path().join("nowhere"));
    assert!(matches!(nowhere.check(), Err(GuardError::Unknown(StateError::Missing { .. }))));
    assert!(nowhere.lift(&lift(), now()).is_err());
    // Guarded is what it is without a folder, so installing has nothing to do.
    nowhere.install().unwrap();
}

#[test]
fn a_duplicate_keeps_it_from_baking_until_cleared() {
    let (_dir, state, guard) = world();
    guard.lift(&lift(), now()).unwrap();
    state.latch_duplicate(&duplicate()).unwrap();
    assert!(matches!(guard.check(), Err(GuardError::Duplicate(_))));
    assert!(!guard.may_bake() && matches!(guard.status(), GuardStatus::Lifted(_)), "a token is not enough");
    assert!(matches!(guard.lift(&lift(), now()), Err(GuardError::Duplicate(_))));

    fs::write(state.path().join("duplicate.json"), "").unwrap();
    assert!(matches!(guard.check(), Err(GuardError::Unknown(StateError::Damaged { .. }))));

    state.clear_duplicate(Clearance::stated("A", &Clearance::sentence("A")).unwrap(), now()).unwrap();
    assert!(guard.check().is_ok());
}

#[test]
fn a_token_that_cannot_be_taken_away_is_said() {
    let (_dir, state, guard) = world();
    fs::create_dir(state.path().join("ACTIVE")).unwrap();
    assert!(matches!(guard.install(), Err(GuardError::State(StateError::Write { .. }))));
    assert!(guard.check().is_err());
}
