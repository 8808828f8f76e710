//! The world itself: when both machines sign, it says so and ends. Without this, every other test here proves nothing.

use failover_core::signer::{Arm, KeyName, Passphrase, Selector, tezsign};
use failover_sim::{BAKER_UNIT, TEZSIGN_UNIT};

use crate::world::{Signer, World};

#[test]
fn a_world_in_which_a_position_is_signed_twice_ends_loudly() {
    let world = World::new(Signer::TezSign);
    let json = world.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    // What a person in a hurry does: unlock, start, and the old machine still bakes.
    let selector: Selector = text(&json["backup"]["device"]).parse().unwrap();
    let passphrase = Passphrase::new(text(&json["passphrase"]).into_bytes());
    let mut device = tezsign::open(&selector).unwrap();
    let keys: Vec<KeyName> = device.state().unwrap().keys.into_iter().map(|key| key.name).collect();
    device.arm(Arm::Unlock { keys: &keys, passphrase: &passphrase }).unwrap();
    drop(device);
    std::fs::create_dir_all(world.state()).unwrap();
    std::fs::write(world.state().join("ACTIVE"), "").unwrap();
    for unit in [TEZSIGN_UNIT, BAKER_UNIT] {
        let started = world.exec("backup", &["systemctl", "start", unit]);
        assert_eq!(started.code, 0, "{started:?}");
    }
    assert_eq!(world.ended().code(), Some(1));
}
