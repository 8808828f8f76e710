//! Numbers as Octez writes them: small ones as JSON numbers, 64-bit ones and powers as decimal strings.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A number of either form, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chain) struct Number(pub(in crate::chain) u128);

impl Number {
    /// In 64 bits, or a sentence why not.
    pub(in crate::chain) fn u64(self, name: &str) -> Result<u64, String> {
        u64::try_from(self.0).map_err(|_| format!("{name} is {}, more than 64 bits", self.0))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a string of digits")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                // `parse` takes a leading `+`, which no node writes.
                if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(E::custom(format_args!("{text:.40?} is not a string of digits")));
                }
                text.parse().map(Number).map_err(|_| E::custom(format_args!("{text:.60} is more than 128 bits")))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn both_forms_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<Number>(text).map(|n| n.0).ok();
        assert_eq!(read("6"), Some(6));
        assert_eq!(read("\"2321443233846163\""), Some(2_321_443_233_846_163));
        assert_eq!(read("0"), Some(0));
        for wrong in ["-1", "\"-1\"", "\"+1\"", "\"\"", "1.5", "null", "true", "{}", "[6]", "\"6s\""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read(&format!("\"{}\"", "9".repeat(50))), None);
    }
}
