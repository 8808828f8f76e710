//! The keys that sign for a baker, by their names on a device.

use crate::facts::{DeviceState, Facts, KeyName, KeyRole};

/// The names, on the device, of every key that the chain expects; the active consensus key first.
pub(crate) fn signing_keys(facts: &Facts, device: &DeviceState) -> Vec<KeyName> {
    let Ok(delegate) = &facts.chain.delegate else { return Vec::new() };
    let mut expected: Vec<_> = delegate.value.keys.iter().collect();
    expected.sort_by_key(|k| (k.role != KeyRole::Consensus, k.from_cycle));
    let mut names: Vec<KeyName> = Vec::new();
    for name in expected.into_iter().filter_map(|k| device.key(&k.key)).map(|k| &k.name) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}
