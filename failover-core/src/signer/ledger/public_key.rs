//! The app's public keys, and the addresses that they have on chain.
//!
//! Shapes: Tezos Baking 2.5.1 (`keys.c`), recorded from the app under Speculos.

use crate::tezos::KeyHash;

use super::Derivation;

/// (p - 1) / 2 for the field of BLS12-381: a y above it is the greater one of the two square roots.
const BLS_HALF: [u8; 48] = [
    0x0d, 0x00, 0x88, 0xf5, 0x1c, 0xbf, 0xf3, 0x4d, 0x25, 0x8d, 0xd3, 0xdb, 0x21, 0xa5, 0xd6, 0x6b, 0xb2, 0x3b, 0xa5,
    0xc2, 0x79, 0xc2, 0x89, 0x5f, 0xb3, 0x98, 0x69, 0x50, 0x7b, 0x58, 0x7b, 0x12, 0x0f, 0x55, 0xff, 0xff, 0x58, 0xa9,
    0xff, 0xff, 0xdc, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xd5, 0x55,
];
/// The flags in the first byte of a compressed BLS12-381 point: compressed, infinity, greater y.
const FLAGS: u8 = 0xe0;
const COMPRESSED: u8 = 0x80;
const GREATER: u8 = 0x20;

/// The address of a public key as the app gives it, without the length byte before it.
///
/// - ed25519, both derivations: `02`, then the key's 32 bytes;
/// - secp256k1 and secp256r1: `04`, x, y; the node's form is x with the parity of y before it;
/// - BLS: `04`, x, y of 48 bytes each; the node's form is x with flags in its three highest bits. The app 2.5.1 gives x with these
///   flags already in it. They are taken off, worked out again from y, and must agree where there were any.
///
/// # Errors
/// The bytes do not have the shape of a key of this derivation; what is wrong, in words.
pub fn address(derivation: Derivation, key: &[u8]) -> Result<KeyHash, String> {
    let shape = || format!("{} bytes are no {derivation} public key", key.len());
    let bytes = match (derivation, key.split_first()) {
        (Derivation::Ed25519 | Derivation::Bip32Ed25519, Some((0x02, key))) => key.to_vec(),
        (Derivation::Secp256k1 | Derivation::Secp256r1, Some((0x04, point))) => {
            let (x, y) = halves::<32>(point).ok_or_else(shape)?;
            let parity = 0x02 | (y.last().copied().unwrap_or(0) & 1);
            [&[parity], x.as_slice()].concat()
        }
        (Derivation::Bls, Some((0x04, point))) => {
            let (mut x, y) = halves::<48>(point).ok_or_else(shape)?;
            let [first, ..] = &mut x;
            let given = *first & FLAGS;
            let flags = if y > BLS_HALF { COMPRESSED | GREATER } else { COMPRESSED };
            if given != 0 && given != flags {
                return Err(format!("the flags {given:02x} of the BLS public key do not fit its y"));
            }
            *first = (*first & !FLAGS) | flags;
            x.to_vec()
        }
        _ => return Err(shape()),
    };
    KeyHash::of_public_key(derivation.curve(), &bytes).map_err(|_| shape())
}

fn halves<const N: usize>(point: &[u8]) -> Option<([u8; N], [u8; N])> {
    let (x, y) = point.split_at_checked(N)?;
    Some((x.try_into().ok()?, y.try_into().ok()?))
}
