//! The bakers of the simulated chain, their shares, slots and turns.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::seed::Seed;
use failover_core::tezos::{Curve, KeyHash};

/// Slots in all, as on mainnet before all bakers attest (Ushuaia 025).
pub(crate) const COMMITTEE: u64 = 7000;
/// How many votes a block needs.
pub(crate) const THRESHOLD: u64 = 4667;
/// Our baker's place in the committee.
pub(crate) const OURS: usize = 0;

/// A baker.
#[derive(Debug, Clone)]
pub(crate) struct Baker {
    /// Its address.
    pub(crate) address: KeyHash,
    /// The key that signs for it.
    pub(crate) consensus: SigningKey,
    /// The key that signs its votes with DAL content too, where the consensus key is a tz4.
    pub(crate) companion: Option<SigningKey>,
    /// Slots of the 7000.
    pub(crate) share: u64,
}

/// A public key with its hash.
#[derive(Debug, Clone)]
pub(crate) struct SigningKey {
    pub(crate) hash: KeyHash,
    /// `edpk...` or `BLpk...`.
    pub(crate) public: String,
}

impl SigningKey {
    /// A key that nobody holds: the other bakers' keys sign nothing that is checked.
    pub(crate) fn drawn(seed: Seed, curve: Curve, label: &str, number: u64) -> Self {
        let (low, high) = (seed.bytes(label, &[number, 0]), seed.bytes(label, &[number, 1]));
        let mut bytes: Vec<u8> = low.into_iter().chain(high).collect();
        let prefix: &[u8] = match curve {
            Curve::Ed25519 => &[0x0d, 0x0f, 0x25, 0xd9],
            Curve::Secp256k1 => &[0x03, 0xfe, 0xe2, 0x56],
            Curve::P256 => &[0x03, 0xb2, 0x8b, 0x7f],
            Curve::Bls => &[0x06, 0x95, 0x87, 0xcc],
        };
        bytes.truncate(match curve {
            Curve::Ed25519 => 32,
            Curve::Secp256k1 | Curve::P256 => 33,
            Curve::Bls => 48,
        });
        let public = crate::seed::base58(prefix, &bytes);
        let hash = KeyHash::of_public_key(curve, &bytes).unwrap_or(KeyHash::new(curve, [0; 20]));
        Self { hash, public }
    }
}

/// Every baker, ours first.
#[derive(Debug, Clone)]
pub(crate) struct Committee {
    ours: Baker,
    pub(crate) bakers: Vec<Baker>,
    seed: Seed,
    rights_in_ten: u64,
    /// What was drawn already: a block is asked for many times.
    known: RefCell<BTreeMap<u64, Vec<Right>>>,
}

/// What a baker may attest with at a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Right {
    /// Its place in the committee.
    pub(crate) baker: usize,
    /// Its first slot.
    pub(crate) slot: u64,
    /// How many slots it has.
    pub(crate) power: u64,
}

impl Committee {
    /// Our baker with these keys and five others: two tz4, two tz1, one tz3.
    pub(crate) fn new(seed: Seed, ours: SigningKey, companion: Option<SigningKey>, rights_in_ten: u64) -> Self {
        let address = SigningKey::drawn(seed, Curve::Ed25519, "manager", OURS as u64).hash;
        let ours = Baker { address, consensus: ours, companion, share: 350 };
        let mut bakers = vec![ours.clone()];
        let others = [
            (Curve::Bls, 2100),
            (Curve::Ed25519, 1650),
            (Curve::Bls, 1300),
            (Curve::P256, 1000),
            (Curve::Ed25519, 600),
        ];
        for (number, (curve, share)) in (1..).zip(others) {
            let consensus = SigningKey::drawn(seed, curve, "consensus", number);
            let companion = (curve == Curve::Bls).then(|| SigningKey::drawn(seed, curve, "companion", number));
            let address = SigningKey::drawn(seed, Curve::Ed25519, "manager", number).hash;
            bakers.push(Baker { address, consensus, companion, share });
        }
        Self { ours, bakers, seed, rights_in_ten, known: RefCell::default() }
    }

    pub(crate) fn baker(&self, index: usize) -> Option<&Baker> {
        self.bakers.get(index)
    }

    /// Our baker.
    pub(crate) const fn ours(&self) -> &Baker {
        &self.ours
    }

    pub(crate) fn address(&self, index: usize) -> String {
        self.baker(index).map_or_else(String::new, |b| b.address.to_string())
    }

    pub(crate) fn find(&self, address: &str) -> Option<usize> {
        self.bakers.iter().position(|b| b.address.to_string() == address)
    }

    /// Whose block it is: ours at about every third level in round 0, somebody else's in every other round.
    pub(crate) fn turn(&self, level: u64, round: u32) -> usize {
        if round == 0 && (level + self.seed.below(3, "turn", &[])).is_multiple_of(3) {
            return OURS;
        }
        let others = (self.bakers.len() as u64).saturating_sub(1);
        let drawn = self.seed.below(others, "turn", &[level, round.into()]);
        1 + usize::try_from(drawn).unwrap_or(0)
    }

    /// Who may attest a level, in the order of their first slots; 7000 slots in all.
    pub(crate) fn rights(&self, level: u64) -> Vec<Right> {
        self.known.borrow_mut().entry(level).or_insert_with(|| self.draw(level)).clone()
    }

    fn draw(&self, level: u64) -> Vec<Right> {
        let ours = self.seed.below(10, "rights", &[level]) < self.rights_in_ten;
        let mut order: Vec<(u64, usize)> = (0..self.bakers.len())
            .filter(|index| ours || *index != OURS)
            .map(|index| (self.seed.below(u64::MAX, "slots", &[level, index as u64]), index))
            .collect();
        order.sort_unstable();
        let missing = COMMITTEE.saturating_sub(order.iter().filter_map(|(_, i)| self.share(*i)).sum());
        (0..)
            .zip(order)
            .filter_map(|(slot, (_, baker))| {
                let extra = if slot == 0 { missing } else { 0 };
                self.share(baker).map(|share| Right { baker, slot, power: share + extra })
            })
            .collect()
    }

    pub(crate) fn right(&self, level: u64, baker: usize) -> Option<Right> {
        self.rights(level).into_iter().find(|right| right.baker == baker)
    }

    fn share(&self, index: usize) -> Option<u64> {
        self.baker(index).map(|b| b.share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_add_up_whoever_attests() {
        let seed = Seed(7);
        let key = SigningKey::drawn(seed, Curve::Bls, "consensus", 0);
        let committee = Committee::new(seed, key, None, 5);
        let mut with_us = 0;
        for level in 1000..1100 {
            let rights = committee.rights(level);
            assert_eq!(rights.iter().map(|r| r.power).sum::<u64>(), COMMITTEE);
            with_us += u64::from(rights.iter().any(|r| r.baker == OURS));
        }
        assert!((30..70).contains(&with_us), "{with_us} of 100");
        let turns = (1000..1030).filter(|level| committee.turn(*level, 0) == OURS).count();
        assert_eq!(turns, 10);
        assert!((1000..1030).all(|level| committee.turn(level, 1) != OURS));
    }
}
