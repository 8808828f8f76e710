//! What a baker asks a signer to sign.

use failover_core::tezos::{ChainId, Curve, Kind};

use super::dice::Dice;

/// A message to sign, in Octez' own layout for this curve.
pub(crate) fn message(curve: Curve, kind: Kind, chain: ChainId, level: u32, round: u32) -> Vec<u8> {
    let (level, round) = (level.to_be_bytes(), round.to_be_bytes());
    if kind == Kind::Block {
        // Version, locked round, predecessor's round, round (`fitness_repr.ml`).
        let fitness =
            [&[0, 0, 0, 1, 2][..], &[0, 0, 0, 4], &level, &[0; 4], &[0; 4], &[0; 4], &[0, 0, 0, 4], &round].concat();
        let length = 33u32.to_be_bytes();
        let before = [&[0x11][..], &chain.bytes(), &level, &[0; 74]].concat();
        return [&before[..], &length, &fitness, &[0; 40]].concat();
    }
    let (magic, tag) = if kind == Kind::Preattestation { (0x12, 20) } else { (0x13, 21) };
    let slot: &[u8] = if curve == Curve::Bls { &[] } else { &[0, 0] };
    [&[magic][..], &chain.bytes(), &[0; 32], &[tag], slot, &level, &round, &[0; 32]].concat()
}

pub(crate) fn kind(dice: &mut Dice) -> Kind {
    Kind::ALL[dice.roll(3) as usize]
}

#[test]
fn a_message_is_what_the_simulated_devices_read() {
    for curve in [Curve::Bls, Curve::Ed25519] {
        for kind in Kind::ALL {
            let bytes = message(curve, kind, ChainId::MAINNET, 1_000_000, 7);
            let read = failover_sim::message::Message::parse(curve, &bytes).unwrap();
            assert_eq!((read.kind, read.level, read.round.0), (kind, 1_000_000, 7), "{curve:?} {kind}");
        }
    }
}
