//! Which of the keys that the chain expects are on the device. Pure.

use failover_core::chain::{Delegate, ExpectedKey};
use failover_core::signer::{DeviceState, KeyName};

/// What the chain expects, held against what the device has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// A sentence for each expected key that is on the device.
    pub(super) there: Vec<String>,
    /// A sentence for each that is not.
    pub(super) missing: Vec<String>,
    /// The names of the keys to use, where the device has others too and nothing is missing; else empty: every key.
    pub(super) names: Vec<KeyName>,
}

/// Holds them against each other.
pub(super) fn held(delegate: &Delegate, device: &DeviceState) -> Held {
    let mut held = Held::default();
    let mut names = Vec::new();
    for expected in &delegate.keys {
        let what = describe(expected);
        match device.key(&expected.key) {
            Some(key) => {
                held.there.push(format!("{what} is on the device as {}", key.name));
                if !names.contains(&key.name) {
                    names.push(key.name.clone());
                }
            }
            None => held.missing.push(format!("{what} is not on the device")),
        }
    }
    if held.missing.is_empty() && device.keys.iter().any(|key| !names.contains(&key.name)) {
        held.names = names;
    }
    held
}

fn describe(expected: &ExpectedKey) -> String {
    let ExpectedKey { key, role, from_cycle } = expected;
    match from_cycle {
        Some(cycle) => format!("the {} key {key} (from cycle {cycle} on)", role.name()),
        None => format!("the {} key {key}", role.name()),
    }
}

#[cfg(test)]
mod tests {
    use failover_core::chain::KeyRole;
    use failover_core::signer::{Arming, DeviceInfo, KeyState, Model};
    use failover_core::tezos::{KeyHash, Level};

    use super::*;

    const CONSENSUS: &str = "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh";
    const COMPANION: &str = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9";
    const PENDING: &str = "tz3Z7CLasgzLu4RzjwWHjQKbkJr5jrk9W9ws";

    fn delegate(keys: &[(&str, KeyRole, Option<u64>)]) -> Delegate {
        let expected = |(key, role, from_cycle): &(&str, KeyRole, Option<u64>)| ExpectedKey {
            key: key.parse::<KeyHash>().unwrap(),
            role: *role,
            from_cycle: *from_cycle,
        };
        Delegate {
            keys: keys.iter().map(expected).collect(),
            deactivated: false,
            forbidden: false,
            denunciations: Vec::new(),
            missed_levels: None,
            level: Level::FIRST,
            cycle: 1,
            levels_to_next_cycle: 100,
            next_protocol: "P".to_owned(),
            earlier_protocol: "P".to_owned(),
            levels_to_protocol: None,
        }
    }

    fn device(keys: &[(&str, &str)]) -> DeviceState {
        let key = |(name, key): &(&str, &str)| KeyState {
            name: KeyName::new(*name),
            key: key.parse().unwrap(),
            arming: Arming::Disarmed,
            marks: None,
        };
        let info = DeviceInfo {
            model: Model::TezSign,
            selector: "tezsign".to_owned(),
            serial: None,
            version: None,
            ledger: None,
        };
        DeviceState { info, keys: keys.iter().map(key).collect() }
    }

    #[test]
    fn every_expected_key_is_looked_for_and_only_those_are_named() {
        let chain = delegate(&[(CONSENSUS, KeyRole::Consensus, None), (COMPANION, KeyRole::Companion, None)]);
        let exact = held(&chain, &device(&[("a", CONSENSUS), ("b", COMPANION)]));
        assert_eq!((exact.there.len(), exact.missing.len(), exact.names.len()), (2, 0, 0));
        let more = held(&chain, &device(&[("a", CONSENSUS), ("other", PENDING), ("b", COMPANION)]));
        assert_eq!(more.names, [KeyName::new("a"), KeyName::new("b")]);
        // One is missing: nothing is narrowed down, and the missing one is named (H8).
        let pending = delegate(&[(CONSENSUS, KeyRole::Consensus, None), (PENDING, KeyRole::Consensus, Some(9))]);
        let fewer = held(&pending, &device(&[("a", CONSENSUS), ("b", COMPANION)]));
        assert_eq!((fewer.there.len(), fewer.names.len()), (1, 0));
        let says = format!("the consensus key {PENDING} (from cycle 9 on) is not on the device");
        assert_eq!(fewer.missing, [says]);
    }
}
