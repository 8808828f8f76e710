//! The state folder: what is written is read, what is damaged is said, what is missing is missing.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::host::HostIdentity;
use failover_core::state::{
    About, Clearance, Drill, Duplicate, Latch, Pin, Pins, PlanError, PlanId, Role, ShownPlan, StateDir, StateError,
};
use failover_core::tezos::{ChainId, Kind, Level, Position};

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_316_400_000)
}

fn about() -> About {
    About {
        baker: "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap(),
        chain: ChainId::MAINNET,
        host: Some("baker@primary".into()),
        margin: 10,
        emergency: false,
        without: vec!["marks".into(), "tzkt".into()],
    }
}

fn world() -> (tempfile::TempDir, StateDir) {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("a/state")).unwrap();
    (dir, state)
}

fn duplicate(evidence: &str) -> Duplicate {
    Duplicate {
        at: now(),
        chain: ChainId::MAINNET,
        baker: "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap(),
        kind: Kind::Preattestation,
        position: Position::start_of(Level::new(15_267_105).unwrap()),
        evidence: evidence.to_owned(),
    }
}

#[test]
fn the_folder_is_its_owners() {
    let (_dir, state) = world();
    for folder in [state.path().to_owned(), state.path().join("journals")] {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
    }
    state
        .set_plan(&ShownPlan {
            plan: PlanId::random().unwrap(),
            name: "b".into(),
            created: now(),
            about: Some(about()),
        })
        .unwrap();
    assert_eq!(fs::metadata(state.path().join("plan.json")).unwrap().permissions().mode() & 0o777, 0o600);

    fs::set_permissions(state.path(), fs::Permissions::from_mode(0o770)).unwrap();
    assert!(matches!(StateDir::open(state.path()), Err(StateError::Unsafe { .. })));
}

#[test]
fn looking_creates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none");
    assert_eq!(StateDir::existing(&path), Err(StateError::Missing { path: path.clone() }));
    assert!(!path.exists());
    fs::write(&path, "").unwrap();
    assert!(matches!(StateDir::existing(&path), Err(StateError::Unsafe { .. })));
    assert!(StateDir::open(&path).is_err());
}

#[test]
fn everything_comes_back_as_it_was_written() {
    let (_dir, state) = world();
    assert_eq!((state.plan().unwrap(), state.pins().unwrap(), state.drill().unwrap()), (None, None, None));

    let plan =
        ShownPlan { plan: PlanId::random().unwrap(), name: "mybaker".into(), created: now(), about: Some(about()) };
    state.set_plan(&plan).unwrap();
    assert_eq!(state.plan().unwrap(), Some(plan));
    state.forget_plan().unwrap();
    state.forget_plan().unwrap();
    assert_eq!(state.plan().unwrap(), None);

    let identity = HostIdentity { machine_id: "0123456789abcdef0123456789abcdef".into() };
    let pin = Pin { host: "baker@primary".into(), identity, at: now() };
    let pins = Pins { machines: BTreeMap::from([(Role::Primary, pin.clone())]) };
    state.set_pins(&pins).unwrap();
    assert_eq!(state.pins().unwrap().unwrap().get(Role::Primary), Some(&pin));
    assert_eq!(state.pins().unwrap().unwrap().get(Role::Signer), None);

    let drill =
        Drill { at: now(), scenario: "planned".into(), signer: "tezsign".into(), exit: 0, version: "0.1.0".into() };
    state.set_drill(&drill).unwrap();
    assert_eq!(state.drill().unwrap(), Some(drill));
}

#[test]
fn a_damaged_file_is_never_a_missing_one() {
    let (_dir, state) = world();
    let path = state.path().join("pins.json");
    state.set_pins(&Pins::default()).unwrap();
    let whole = fs::read(&path).unwrap();
    // The last byte is the newline, which nothing hangs on.
    for cut in 0..whole.len() - 1 {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(matches!(state.pins(), Err(StateError::Damaged { .. })), "cut at {cut}");
    }
    fs::write(&path, r#"{"v":3,"machines":{},"what":1}"#).unwrap();
    assert!(matches!(state.pins(), Err(StateError::Newer { version: 3, .. })));
    for wrong in [r#"{"v":1,"machines":{},"what":1}"#, r#"{"v":0,"machines":{}}"#, r#"{"machines":{}}"#, "null"] {
        fs::write(&path, wrong).unwrap();
        assert!(matches!(state.pins(), Err(StateError::Damaged { .. })), "{wrong}");
    }
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    assert!(matches!(state.pins(), Err(StateError::Damaged { .. })));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(state.pins(), Err(StateError::Read { .. })));
}

#[test]
fn a_plan_stands_behind_its_own_confirmation_for_ten_minutes() {
    let plan =
        ShownPlan { plan: "K7MPQ2".parse().unwrap(), name: "mybaker".into(), created: now(), about: Some(about()) };
    let other = "K7MPQ3".parse().unwrap();
    let later = |seconds| now().after(Duration::from_secs(seconds));
    assert_eq!(plan.confirms("mybaker", plan.plan, &about(), now()), Ok(()));
    assert_eq!(plan.confirms("mybaker", plan.plan, &about(), later(600)), Ok(()));
    assert!(matches!(plan.confirms("mybaker", plan.plan, &about(), later(601)), Err(PlanError::Expired { .. })));
    assert!(matches!(plan.confirms("mybaker", other, &about(), now()), Err(PlanError::Other { .. })));
    assert!(matches!(plan.confirms("yours", plan.plan, &about(), now()), Err(PlanError::Name { .. })));
    let before = Timestamp::from_millis(now().millis() - 1);
    assert!(matches!(plan.confirms("mybaker", plan.plan, &about(), before), Err(PlanError::Future { .. })));
}

/// S15: a statement about a plan is one about its baker, chain, primary and flags.
#[test]
fn a_plan_stands_behind_nothing_that_it_was_not_shown_for() {
    let plan =
        ShownPlan { plan: "K7MPQ2".parse().unwrap(), name: "mybaker".into(), created: now(), about: Some(about()) };
    let confirms = |plan: &ShownPlan, about: &About| plan.confirms("mybaker", plan.plan, about, now());
    let same = About { without: vec!["tzkt".into(), "marks".into()], ..about() };
    assert_eq!(confirms(&plan, &same), Ok(()));
    for other in [
        About { baker: "tz1VQnqCCqX4K5sP3FNkVSNKTdCAMJDd3E1n".parse().unwrap(), ..about() },
        About { chain: "NetXsqzbfFenSTS".parse().unwrap(), ..about() },
        About { host: Some("baker@another".into()), ..about() },
        About { host: None, ..about() },
        About { margin: 9, ..about() },
        About { emergency: true, ..about() },
        About { without: vec!["marks".into()], ..about() },
    ] {
        let error = confirms(&plan, &other).unwrap_err();
        assert!(matches!(error, PlanError::About { .. }), "{error}");
        assert!(error.next().contains("--plan-only"), "{error}");
    }
    // As a version before this one wrote it.
    let old = ShownPlan { about: None, ..plan };
    assert!(matches!(confirms(&old, &about()), Err(PlanError::About { .. })));
}

#[test]
fn plan_names_can_be_read_aloud() {
    let names: std::collections::BTreeSet<String> = (0..200).map(|_| PlanId::random().unwrap().to_string()).collect();
    assert!(names.len() > 190, "{} of 200 are different", names.len());
    for name in &names {
        assert_eq!(name.len(), 6);
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() && !"0O1I".contains(c)), "{name}");
        assert_eq!(name.to_lowercase().parse::<PlanId>().unwrap().to_string(), *name);
    }
    for wrong in ["", "K7MPQ", "K7MPQ22", "K7MPQ0", "K7MPQÉ", "K7 PQ2", "../../"] {
        assert!(wrong.parse::<PlanId>().is_err(), "{wrong}");
    }
}

#[test]
fn the_latch_holds_until_cleared() {
    let (_dir, state) = world();
    assert_eq!(state.latch(), Latch::Open);
    let first = duplicate("first");
    state.latch_duplicate(&first).unwrap();
    state.latch_duplicate(&duplicate("second")).unwrap();
    assert_eq!(state.latch(), Latch::Latched(first));

    state.clear_duplicate(Clearance::stated("A", &Clearance::sentence("A")).unwrap(), now()).unwrap();
    state.clear_duplicate(Clearance::stated("A", &Clearance::sentence("A")).unwrap(), now()).unwrap();
    assert_eq!(state.latch(), Latch::Open);
    let kept = fs::read_to_string(state.path().join("duplicate-cleared-20261122T030000Z.json")).unwrap();
    assert!(kept.contains("first"), "{kept}");

    // A link that leads nowhere is there, and cannot be read.
    symlink("/nowhere/at/all", state.path().join("duplicate.json")).unwrap();
    assert!(!state.latch().is_open());
    fs::remove_file(state.path().join("duplicate.json")).unwrap();

    fs::write(state.path().join("duplicate.json"), "?").unwrap();
    assert!(!state.latch().is_open());
    fs::remove_dir_all(state.path()).unwrap();
    assert!(matches!(state.latch(), Latch::Unknown(StateError::Missing { .. })));
}
