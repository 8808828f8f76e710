//! Status words: the two bytes that end every answer.

use std::fmt;

/// A status word of the Tezos Baking app 2.5.1 or of the Ledger's own system. Unknown ones are kept.
///
/// ```
/// use failover_core::signer::ledger::StatusWord;
/// assert_eq!(StatusWord::from(0x5515).to_string(), "5515 (the device is locked: enter the PIN)");
/// assert_eq!(StatusWord::from(0x1234).to_string(), "1234 (an unknown status word)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusWord {
    /// 9000: done.
    Ok,
    /// 5515: the device is locked; the system answers every APDU with it, before any app sees it.
    Locked,
    /// 6985: the person rejected the prompt.
    Rejected,
    /// 6982: the key is not authorized, or the PIN was gone at the moment of the answer. A SETUP that answers so may
    /// have changed the mark all the same.
    Security,
    /// 6a80: wrong values; for SIGN also: below the watermark.
    WrongValues,
    /// 6a88: not found.
    NotFound,
    /// 6b00: wrong P1 or P2, a curve for example.
    WrongParameters,
    /// 6c00: wrong length.
    WrongLength,
    /// 6d00: unknown instruction; often another app is open.
    UnknownInstruction,
    /// 6e00: wrong class; often another app is open.
    WrongClass,
    /// 917e: wrong length for the instruction; for SIGN: no key selected.
    WrongLengthForInstruction,
    /// 9405: the message to sign does not parse.
    Parse,
    /// 9200: memory.
    Memory,
    /// 9001: the app's cryptography failed.
    Cryptography,
    /// Any other.
    Unknown(u16),
}

impl StatusWord {
    /// The two bytes as a number.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Ok => 0x9000,
            Self::Locked => 0x5515,
            Self::Rejected => 0x6985,
            Self::Security => 0x6982,
            Self::WrongValues => 0x6a80,
            Self::NotFound => 0x6a88,
            Self::WrongParameters => 0x6b00,
            Self::WrongLength => 0x6c00,
            Self::UnknownInstruction => 0x6d00,
            Self::WrongClass => 0x6e00,
            Self::WrongLengthForInstruction => 0x917e,
            Self::Parse => 0x9405,
            Self::Memory => 0x9200,
            Self::Cryptography => 0x9001,
            Self::Unknown(code) => code,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Locked => "the device is locked: enter the PIN",
            Self::Rejected => "rejected on the device",
            Self::Security => "not allowed: the key is not authorized, or the PIN is needed",
            Self::WrongValues => "wrong values, or below the watermark",
            Self::NotFound => "not found",
            Self::WrongParameters => "wrong parameters",
            Self::WrongLength => "wrong length",
            Self::UnknownInstruction => "unknown instruction: is another app open?",
            Self::WrongClass => "unknown class: is another app open?",
            Self::WrongLengthForInstruction => "wrong length for this instruction",
            Self::Parse => "the message does not parse",
            Self::Memory => "memory error",
            Self::Cryptography => "cryptography error",
            Self::Unknown(_) => "an unknown status word",
        }
    }
}

impl From<u16> for StatusWord {
    fn from(code: u16) -> Self {
        match code {
            0x9000 => Self::Ok,
            0x5515 => Self::Locked,
            0x6985 => Self::Rejected,
            0x6982 => Self::Security,
            0x6a80 => Self::WrongValues,
            0x6a88 => Self::NotFound,
            0x6b00 => Self::WrongParameters,
            0x6c00 => Self::WrongLength,
            0x6d00 => Self::UnknownInstruction,
            0x6e00 => Self::WrongClass,
            0x917e => Self::WrongLengthForInstruction,
            0x9405 => Self::Parse,
            0x9200 => Self::Memory,
            0x9001 => Self::Cryptography,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x} ({})", self.code(), self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::StatusWord;

    #[test]
    fn every_code_survives_the_round_trip() {
        for code in 0..=u16::MAX {
            assert_eq!(StatusWord::from(code).code(), code);
        }
    }

    #[test]
    fn what_the_device_says_is_said_in_words() {
        assert_eq!(StatusWord::Rejected.to_string(), "6985 (rejected on the device)");
        assert_eq!(StatusWord::Unknown(0x1234).to_string(), "1234 (an unknown status word)");
    }
}
