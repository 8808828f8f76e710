//! Which orders a raise makes of the marks that were read, and what it makes of the marks that it reads back (S2, S4, S5).
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use failover_core::signer::{
    Arming, Cap, DeviceInfo, DeviceState, KeyName, KeyState, Mark, Marks, Model, RaiseError, compare, plan_authorize,
    plan_raise, reached, refuse_lower,
};
use failover_core::tezos::{Curve, KeyHash, Kind, Level, Position, Round};

/// The highest level that the Ledger app sets.
const LEDGER_LAST: u64 = 0x3fff_ffff;

fn level(n: u64) -> Level {
    Level::new(n).unwrap()
}

fn cap(n: u64) -> Cap {
    Cap::above(Level::FIRST, n - 1)
}

fn mark(at: u64) -> Mark {
    Mark::at(Position::start_of(level(at)))
}

fn marks(block: u64, preattestation: u64, attestation: u64) -> Marks {
    Marks { block: mark(block), preattestation: mark(preattestation), attestation: mark(attestation) }
}

fn key() -> KeyName {
    KeyName::new("consensus")
}

fn device(model: Model, marks: Option<Marks>) -> DeviceState {
    let name = |n: &str, seed, marks| KeyState {
        name: KeyName::new(n),
        key: KeyHash::new(Curve::Bls, [seed; 20]),
        arming: Arming::Armed,
        marks,
    };
    DeviceState {
        info: DeviceInfo { model, selector: "a device".to_owned(), serial: None, version: None, ledger: None },
        // The other key is far above: whose marks are read decides.
        keys: vec![name("companion", 2, Some(Marks::all(mark(5000)))), name("consensus", 1, marks)],
    }
}

/// The level that would be sent for the key; `None`: nothing is sent.
fn planned(model: Model, marks: Marks, floor: u64, cap: u64) -> Result<Option<u64>, RaiseError> {
    let orders = plan_raise(&device(model, Some(marks)), &[key()], level(floor), self::cap(cap))?;
    assert!(orders.iter().all(|order| *order.key() == key()));
    assert!(orders.len() < 2);
    Ok(orders.first().map(|order| order.level().get()))
}

#[test]
fn s2_what_is_sent_is_the_floor_or_one_level_above_a_kind_that_is_past_it() {
    for model in [Model::TezSign, Model::Ledger] {
        let planned = |marks| planned(model, marks, 1000, 1100).unwrap();
        assert_eq!(planned(Marks::default()), Some(1000), "a key that never signed is raised");
        assert_eq!(planned(marks(900, 900, 900)), Some(1000));
        // One kind below the floor is enough to be raised, and the others must not be lowered by it.
        for behind in [marks(999, 1040, 1000), marks(1040, 999, 1000), marks(1000, 1040, 999)] {
            assert_eq!(planned(behind), Some(1041), "{behind:?}");
        }
        assert_eq!(
            planned(marks(1000, 999, 998)),
            Some(1001),
            "a set to its own level would forget what was signed there"
        );
        assert_eq!(planned(marks(1000, 1000, 1000)), None, "all are there");
        assert_eq!(planned(marks(1000, 1040, 1001)), None);
        assert_eq!(
            planned(Marks { block: Mark(None), ..marks(1, 1000, 1000) }),
            Some(1001),
            "an empty mark is no mark at the floor"
        );
    }
}

#[test]
fn s4_nothing_is_sent_past_the_cap_nor_past_what_a_ledger_takes() {
    let past = |planned: Result<Option<u64>, RaiseError>| match planned {
        Err(RaiseError::PastCap { level, cap, .. }) => (level.get(), cap.get()),
        other => unreachable!("{other:?}"),
    };
    for model in [Model::TezSign, Model::Ledger] {
        assert_eq!(planned(model, marks(900, 900, 900), 1100, 1100), Ok(Some(1100)), "at the cap");
        assert_eq!(past(planned(model, marks(900, 900, 900), 1101, 1100)), (1101, 1100));
        assert_eq!(past(planned(model, marks(900, 1100, 900), 1000, 1100)), (1101, 1100), "above a mark that is at it");
    }
    let below = marks(1, 1, 1);
    assert_eq!(planned(Model::Ledger, below, LEDGER_LAST, u64::MAX), Ok(Some(LEDGER_LAST)));
    assert_eq!(past(planned(Model::Ledger, below, LEDGER_LAST + 1, u64::MAX)), (LEDGER_LAST + 1, LEDGER_LAST));
    assert_eq!(past(planned(Model::Ledger, below, 2000, 1100)), (2000, 1100), "the lower of both");
    assert_eq!(planned(Model::TezSign, below, LEDGER_LAST + 1, u64::MAX), Ok(Some(LEDGER_LAST + 1)));
}

#[test]
fn s3_marks_that_are_not_shown_are_not_zero_and_no_key_is_no_success() {
    let locked = device(Model::TezSign, None);
    let (floor, cap) = (level(1000), cap(1100));
    assert_eq!(plan_raise(&locked, &[key()], floor, cap), Err(RaiseError::Unknown { key: key() }));
    assert_eq!(plan_authorize(&locked, &key(), floor, cap), Err(RaiseError::Unknown { key: key() }));
    assert_eq!(refuse_lower(&locked, &[key()], floor), Err(RaiseError::Unknown { key: key() }));
    let mut damaged = locked.clone();
    damaged.keys.iter_mut().for_each(|key| key.arming = Arming::Corrupted);
    let error = plan_raise(&damaged, &[key()], floor, cap).unwrap_err();
    assert_eq!(error, RaiseError::Damaged { key: key() });
    assert!(error.next().contains("another backup's signer") && !error.next().contains("hwm show"), "{}", error.next());
    assert_eq!(plan_raise(&locked, &[], floor, cap), Err(RaiseError::NoKeys));
    let stranger = KeyName::new("stranger");
    assert!(matches!(plan_raise(&locked, &[stranger], floor, cap), Err(RaiseError::Signer(_))));
}

/// SETUP forgets what was signed at its level: it goes above the present mark, also where that is at the floor.
#[test]
fn s4_a_ledger_is_authorized_above_its_mark() {
    let order = |at: u64| {
        let state = device(Model::Ledger, Some(Marks::all(mark(at))));
        plan_authorize(&state, &key(), level(1000), cap(1100)).map(|order| order.level().get())
    };
    assert_eq!(order(900), Ok(1000));
    assert_eq!(order(1000), Ok(1001));
    assert_eq!(order(1099), Ok(1100));
    assert!(matches!(order(1100), Err(RaiseError::PastCap { .. })));
}

#[test]
fn s4_a_level_below_any_mark_of_any_key_is_refused() {
    let state = device(Model::TezSign, Some(marks(1000, 900, 800)));
    assert_eq!(refuse_lower(&state, &[key()], level(1000)), Ok(()));
    assert_eq!(refuse_lower(&state, &[key()], level(1001)), Ok(()));
    let lower = refuse_lower(&state, &[key()], level(999));
    assert_eq!(lower, Err(RaiseError::Lower { key: key(), mark: mark(1000), level: level(999) }));
    let both = [key(), KeyName::new("companion")];
    assert!(matches!(refuse_lower(&state, &both, level(4999)), Err(RaiseError::Lower { .. })));
    assert_eq!(refuse_lower(&state, &both, level(5000)), Ok(()));
    assert_eq!(refuse_lower(&device(Model::TezSign, Some(Marks::default())), &[key()], level(1)), Ok(()));
}

#[test]
fn s5_only_marks_that_read_back_at_the_floor_and_not_below_what_they_were_count() {
    let before = marks(900, 950, 1010);
    let after = |after| compare(&key(), before, after, level(1000));
    let raised = after(marks(1000, 1000, 1010)).unwrap();
    assert_eq!((raised.key, raised.before, raised.after), (key(), before, marks(1000, 1000, 1010)));
    assert!(matches!(after(marks(1000, 999, 1010)), Err(RaiseError::NotReached { after, .. }) if after == mark(999)));
    assert!(matches!(after(Marks { block: Mark(None), ..before }), Err(RaiseError::WentDown { .. })));
    // At the floor, and still below what it was: the device is at fault.
    for kind in Kind::ALL {
        let high = Marks::all(Mark::at(Position::new(level(1010), Round(2))));
        let mut low = high;
        let one = match kind {
            Kind::Block => &mut low.block,
            Kind::Preattestation => &mut low.preattestation,
            Kind::Attestation => &mut low.attestation,
        };
        *one = Mark::at(Position::new(level(1010), Round(1)));
        let found = compare(&key(), high, low, level(1000));
        assert!(matches!(found, Err(RaiseError::WentDown { before, .. }) if before == high.of(kind)), "{kind}");
    }
    assert!(reached(&marks(1000, 1000, 1000), level(1000)) && !reached(&marks(1000, 1000, 999), level(1000)));
    assert!(!reached(&Marks::default(), level(1)), "S3: nothing signed is not level zero");
}
