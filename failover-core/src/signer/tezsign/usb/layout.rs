//! Which interface is which, from the descriptors: endpoint numbers differ between device controllers.

use rusb::{Context, Device, Direction, TransferType};

use crate::signer::SignerError;
use crate::signer::tezsign::Interface;

const VENDOR_CLASS: u8 = 0xff;

/// An interface and its two bulk endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub(super) interface: u8,
    pub(super) input: u8,
    pub(super) output: u8,
}

fn malformed(what: &'static str, why: String) -> SignerError {
    SignerError::Malformed { what, why }
}

/// The configuration and the endpoints of an interface.
///
/// # Errors
/// The descriptors are not those of a TezSign.
pub(super) fn of(device: &Device<Context>, interface: Interface) -> Result<(u8, Endpoints), SignerError> {
    let what = "the descriptors";
    let configuration = device.config_descriptor(0).map_err(|e| malformed(what, e.to_string()))?;
    let mut pairs: Vec<Endpoints> = configuration
        .interfaces()
        .filter_map(|interface| {
            let first = interface.descriptors().next()?;
            let bulk = |direction| {
                first
                    .endpoint_descriptors()
                    .find(|e| e.transfer_type() == TransferType::Bulk && e.direction() == direction)
                    .map(|e| e.address())
            };
            let (input, output) = (bulk(Direction::In)?, bulk(Direction::Out)?);
            (first.class_code() == VENDOR_CLASS).then_some(Endpoints { interface: interface.number(), input, output })
        })
        .collect();
    pairs.sort_by_key(|pair| pair.interface);
    let place = match interface {
        Interface::Sign => 0,
        Interface::Management => 1,
    };
    let found = match pairs.get(place) {
        Some(pair) if pairs.len() == 2 => *pair,
        _ => return Err(malformed(what, format!("{} vendor interfaces, not sign and management", pairs.len()))),
    };
    Ok((configuration.number(), found))
}

/// Reads the answer to the ready request: `TZSG`, u16 little-endian version 1, ready or not.
///
/// # Errors
/// Not a TezSign's, or of another version of the protocol.
pub(super) fn parse_ready(answer: &[u8]) -> Result<bool, SignerError> {
    match answer {
        [b'T', b'Z', b'S', b'G', 1, 0, ready, ..] => Ok(*ready == 1),
        [b'T', b'Z', b'S', b'G', low, high, ..] => {
            Err(malformed("ready", format!("protocol version {}, not 1", u16::from_le_bytes([*low, *high]))))
        }
        _ => Err(malformed("ready", format!("{} is not a TezSign's", hex::encode(answer)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_read_to_the_byte() {
        assert_eq!(parse_ready(b"TZSG\x01\x00\x01\x00"), Ok(true));
        assert_eq!(parse_ready(b"TZSG\x01\x00\x00\x00"), Ok(false));
        assert_eq!(parse_ready(b"TZSG\x01\x00\x02\x00"), Ok(false));
        for wrong in [&b""[..], b"TZSG\x01\x00", b"TZSG\x02\x00\x01\x00", b"TZSH\x01\x00\x01\x00"] {
            assert!(matches!(parse_ready(wrong), Err(SignerError::Malformed { .. })), "{wrong:?}");
        }
    }
}
