//! An order is good for what it was made from and for nothing else, a level has a highest one, and a level that somebody names
//! lowers nothing (S4). The device here does whatever it is told, as one may that keeps its marks in a file.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use failover_core::HwmSetter;
use failover_core::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use failover_core::signer::{
    Arm, Arming, Cap, CheckedOrder, DeviceInfo, DeviceReading, DeviceState, KeyName, KeyState, Mark, Marks, Model,
    RaiseError, RaiseOrder, SignerDevice, SignerError, raise, raise_to_floor,
};
use failover_core::tezos::{ChainId, Curve, KeyHash, Level, Position};

const TRAITS: Traits = Traits {
    keys: NamedBy::Alias,
    marks: MarkOf::Key,
    armed_by: ArmedBy::Press,
    hold: Hold::Impossible,
    reboot: Reboot::NotKnown,
    highest_level: Level::FIRST.above(u64::MAX),
    vote_at_mark: AtMark::Allowed,
    lowering: Lowering::Obeyed,
    marks_at_rest: AtRest::Shown,
    setting: Setting::None,
    raised_by: RaisedBy::Command,
    beside_service: Beside::Free,
    replugged: Replugged::FoundAgain,
    words: Words { armed: "on", at_rest: "off", disarmed: "off" },
};
const OBEDIENT: Model = Model::new("obedient", "obedient", &TRAITS);

/// Does what it is told: also lower a mark.
struct Obedient {
    keys: Vec<KeyState>,
    /// What was sent to it.
    sent: Vec<(KeyName, u64)>,
    /// What happens on it while something is sent: this key's mark goes to this level.
    meanwhile: Option<(KeyName, u64)>,
    /// Its answer to a reading once something was sent, if it is another one than the truth.
    says: Option<Vec<KeyState>>,
}

fn level(n: u64) -> Level {
    Level::new(n).unwrap()
}

fn cap(n: u64) -> Cap {
    Cap::new(level(n)).unwrap()
}

fn marks(at: u64) -> Marks {
    Marks::all(Mark::at(Position::start_of(level(at))))
}

fn names() -> [KeyName; 2] {
    [KeyName::new("consensus"), KeyName::new("companion")]
}

fn consensus() -> Vec<KeyName> {
    names()[..1].to_vec()
}

/// A device of this seed, whose keys are at these levels.
fn device(seed: u8, at: [u64; 2]) -> Obedient {
    let key = |(name, at): (KeyName, u64)| KeyState {
        key: KeyHash::new(Curve::Bls, [seed; 20]),
        arming: Arming::Disarmed,
        marks: Some(marks(at)),
        name,
    };
    let keys = names().into_iter().zip(at).map(key).collect();
    Obedient { keys, sent: Vec::new(), meanwhile: None, says: None }
}

impl Obedient {
    fn put(&mut self, name: &KeyName, at: u64) {
        let key = self.keys.iter_mut().find(|key| key.name == *name).unwrap();
        key.marks = Some(marks(at));
    }

    fn at(&self) -> Vec<u64> {
        self.keys.iter().map(|key| key.marks.unwrap().highest().0.unwrap().level.get()).collect()
    }
}

impl SignerDevice for Obedient {
    fn model(&self) -> Model {
        OBEDIENT
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let info =
            DeviceInfo { model: OBEDIENT, selector: "one".to_owned(), serial: None, version: None, ledger: None };
        let lie = self.says.clone().filter(|_| !self.sent.is_empty());
        Ok(DeviceState { info, keys: lie.unwrap_or_else(|| self.keys.clone()) })
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        self.keys.iter_mut().for_each(|key| key.arming = Arming::Disarmed);
        Ok(())
    }
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        let Arm::Authorize { order, .. } = arm else { return Err(SignerError::NoKeys) };
        self.keys.iter_mut().for_each(|key| key.arming = Arming::Armed);
        self.send_level(order)
    }
}

impl HwmSetter for Obedient {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        let (key, level) = (order.key().clone(), order.level().get());
        self.put(&key, level);
        self.sent.push((key, level));
        if let Some((key, at)) = self.meanwhile.take() {
            self.put(&key, at);
        }
        Ok(())
    }
}

fn order(device: &mut Obedient, to: u64) -> RaiseOrder {
    DeviceReading::of(device).unwrap().orders(&consensus(), level(to), cap(to + 100)).unwrap().remove(0)
}

/// Before, an order could be kept, copied and sent whenever: the mark went from 1,500 to 1,010.
#[test]
fn s4_an_order_is_sent_only_where_every_mark_is_still_where_it_was_read() {
    let mut device = device(1, [1000, 1000]);
    let kept = order(&mut device, 1010);
    raise(&mut device, &consensus(), level(1500), cap(1600)).unwrap();
    let sent = device.sent.clone();
    let error = kept.send(&mut device).unwrap_err();
    assert!(matches!(error, RaiseError::Moved { was, is, .. } if (was, is) == (marks(1000).block, marks(1500).block)));
    assert_eq!((&device.sent, device.at()), (&sent, vec![1500, 1000]));
    // Also where it would not be lowered: what moved it may move it again.
    let kept = order(&mut device, 1600);
    device.put(&consensus()[0], 1550);
    assert!(matches!(kept.send(&mut device), Err(RaiseError::Moved { .. })));
    let raised = order(&mut device, 1600).send(&mut device).unwrap();
    assert_eq!((raised.before, raised.after), (marks(1550), marks(1600)));
}

#[test]
fn s4_an_order_of_one_device_is_not_sent_to_another_whose_keys_have_the_same_names() {
    let (mut one, mut other) = (device(1, [1000, 1000]), device(2, [1000, 1000]));
    let error = order(&mut one, 1010).send(&mut other).unwrap_err();
    assert!(matches!(error, RaiseError::OtherKey { .. }), "{error}");
    assert!(other.sent.is_empty());
    let error = order(&mut one, 1010).authorize(&mut other, ChainId::MAINNET).unwrap_err();
    assert!(matches!(error, RaiseError::OtherKey { .. }), "{error}");
    assert!(other.state().unwrap().able_to_sign().is_empty());
}

/// Before, a state could be made up: (5, 0) was set over (1,010, 0).
#[test]
fn s4_a_driver_gets_no_order_but_for_marks_that_it_read_itself() {
    let mut device = device(1, [1010, 1010]);
    let made_up = DeviceState {
        keys: device.keys.iter().map(|key| KeyState { marks: Some(marks(1)), ..key.clone() }).collect(),
        ..device.state().unwrap()
    };
    // All that comes of it is a number: nothing takes it to the device.
    let needed = failover_core::signer::plan_raise(&made_up, &consensus(), level(5), cap(1100)).unwrap();
    assert_eq!(needed.iter().map(|needed| needed.level().get()).collect::<Vec<_>>(), [5]);
    assert_eq!(DeviceReading::of(&mut device).unwrap().orders(&consensus(), level(5), cap(1100)), Ok(Vec::new()));
}

/// Before, `raise` answered that all was well.
#[test]
fn s4_a_level_that_is_named_below_a_mark_is_an_error_and_a_floor_below_it_is_none() {
    let mut device = device(1, [1000, 1200]);
    for keys in [consensus(), names().to_vec()] {
        let error = raise(&mut device, &keys, level(999), cap(1100)).unwrap_err();
        assert!(matches!(error, RaiseError::Lower { .. }), "{error}");
    }
    // One of two is enough, and the other is not raised first.
    let error = raise(&mut device, &names(), level(1100), cap(1300)).unwrap_err();
    assert_eq!(error, RaiseError::Lower { key: names()[1].clone(), mark: marks(1200).block, level: level(1100) });
    assert!(device.sent.is_empty());
    raise(&mut device, &consensus(), level(1000), cap(1100)).unwrap();
    let raised = raise_to_floor(&mut device, &names(), level(999), cap(1100)).unwrap();
    assert!(raised.iter().all(|raised| raised.before == raised.after));
    assert!(device.sent.is_empty(), "already there is success, and nothing is sent");
}

/// Before, a cap of 2^64 - 1 was one, and a mark was set to 4,000,000,000, past every level that the protocol has.
#[test]
fn s4_no_cap_is_above_the_highest_level_of_the_protocol() {
    let mut device = device(1, [1000, 1000]);
    for past in [Level::PROTOCOL_MAX + 1, 4_000_000_000, u64::MAX] {
        assert_eq!(Cap::new(level(past)), None);
        for raised in [raise, raise_to_floor] {
            let error = raised(&mut device, &consensus(), level(past), Cap::above(level(1000), u64::MAX)).unwrap_err();
            assert!(matches!(error, RaiseError::PastCap { cap, .. } if cap.get() == Level::PROTOCOL_MAX), "{error}");
        }
    }
    assert!(device.sent.is_empty());
    // One in an old journal is read as the highest.
    assert_eq!(serde_json::from_str::<Cap>("4000000000").unwrap(), cap(Level::PROTOCOL_MAX));
    assert_eq!(serde_json::to_string(&cap(7)).unwrap(), "7");
}

/// A device that obeys is read before each order: while the first was sent, the other key signed.
#[test]
fn s4_what_a_key_signs_while_another_is_raised_is_not_lowered() {
    for meanwhile in [1005, 1010, 1500] {
        let mut device = device(1, [1000, 1000]);
        device.meanwhile = Some((names()[1].clone(), meanwhile));
        raise_to_floor(&mut device, &names(), level(1010), cap(1600)).unwrap();
        assert_eq!(device.at(), [1010, meanwhile.max(1010)], "{meanwhile}");
    }
}

#[test]
fn s5_a_device_that_says_what_is_not_so_and_one_that_was_changed_are_found_by_the_read_back() {
    let lies = |says: Obedient| {
        let mut device = device(1, [1000, 1000]);
        device.says = Some(says.keys);
        let by_order = order(&mut device, 1010).send(&mut device).unwrap_err();
        let mut again = self::device(1, [1000, 1000]);
        again.says = device.says;
        assert_eq!(raise(&mut again, &consensus(), level(1010), cap(1110)), Err(by_order.clone()));
        assert_eq!(again.sent.len(), 1);
        by_order
    };
    assert!(matches!(lies(device(1, [1000, 1000])), RaiseError::NotReached { .. }));
    assert!(matches!(lies(device(1, [999, 1000])), RaiseError::WentDown { .. }));
    // Another card in the reader: high enough, and nobody's.
    assert!(matches!(lies(device(2, [2000, 2000])), RaiseError::OtherKey { .. }));
}
