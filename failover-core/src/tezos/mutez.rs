//! Amounts: whole millionths of a tez. Integers all the way, as the protocol has them.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::level::grouped;

/// Mutez in a tez.
const TEZ: u64 = 1_000_000;

/// An amount, in millionths of a tez. It is written as the node writes it, a string of digits (Octez v25.1,
/// `tez_repr.ml`), and shown in tez.
///
/// ```
/// use failover_core::tezos::Mutez;
/// let reward = Mutez::new(1_234_560_000);
/// assert_eq!(reward.to_string(), "1,234.56 tez");
/// assert_eq!(serde_json::to_string(&reward)?, "\"1234560000\"");
/// assert_eq!(reward.share(1, 3), Some(Mutez::new(411_520_000)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mutez(u64);

impl Mutez {
    /// Nothing: a value like any other, never a stand-in for one that is not known (S3).
    pub const ZERO: Self = Self(0);

    /// An amount of this many millionths of a tez.
    #[must_use]
    pub const fn new(mutez: u64) -> Self {
        Self(mutez)
    }

    /// The number of millionths.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Both together; `None` past 2^64 - 1.
    #[must_use]
    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// This many times as much; `None` past 2^64 - 1.
    #[must_use]
    pub const fn times(self, times: u64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// `numerator / denominator` of it, multiplied first and rounded down; `None` where it does not fit, or for a
    /// denominator of 0.
    #[must_use]
    pub fn share(self, numerator: u128, denominator: u128) -> Option<Self> {
        let product = u128::from(self.0).checked_mul(numerator)?;
        u64::try_from(product.checked_div(denominator)?).ok().map(Self)
    }

    /// The same as a person wants to read it, `1,235 tez`: no digits that say nothing. What is not zero is never
    /// shown as zero.
    #[must_use]
    pub fn about(self) -> String {
        let decimals = match self.0 {
            0..1_000 => 6,
            1_000..TEZ => 4,
            TEZ..100_000_000 => 2,
            _ => 0,
        };
        let unit = 10_u64.pow(6 - decimals);
        // Half a unit more, cut off: rounded. At the upper end there is no room, and nobody reads that closely.
        let rounded = self.0.saturating_add(unit / 2) / unit * unit;
        Self(rounded).to_string()
    }
}

/// Exact: `1,234.56 tez`.
impl fmt::Display for Mutez {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / TEZ, self.0 % TEZ);
        let fraction = format!("{rest:06}");
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        f.pad(&format!("{}{point}{fraction} tez", grouped(whole)))
    }
}

impl Serialize for Mutez {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Mutez {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        // `parse` takes a leading `+`, which no node writes.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(D::Error::custom(format_args!("{text:.40?} is not an amount in mutez")));
        }
        text.parse().map(Self).map_err(|_| D::Error::custom(format_args!("{text:.40} mutez are more than 64 bits")))
    }
}

#[cfg(test)]
mod tests {
    use super::Mutez;

    #[test]
    fn exact_and_as_a_person_reads_it() {
        for (mutez, exact, about) in [
            (0, "0 tez", "0 tez"),
            (1, "0.000001 tez", "0.000001 tez"),
            (999, "0.000999 tez", "0.000999 tez"),
            (1_049, "0.001049 tez", "0.001 tez"),
            (90_000, "0.09 tez", "0.09 tez"),
            // Rounded half up, also across a power of ten.
            (999_950, "0.99995 tez", "1 tez"),
            (1_005_000, "1.005 tez", "1.01 tez"),
            (1_004_999, "1.004999 tez", "1 tez"),
            (99_999_999, "99.999999 tez", "100 tez"),
            (617_500_000, "617.5 tez", "618 tez"),
            (17_500_000_000, "17,500 tez", "17,500 tez"),
            (u64::MAX, "18,446,744,073,709.551615 tez", "18,446,744,073,709 tez"),
        ] {
            let amount = Mutez::new(mutez);
            assert_eq!((amount.to_string().as_str(), amount.about().as_str()), (exact, about), "{mutez}");
        }
    }

    #[test]
    fn the_node_writes_digits_in_a_string() {
        let read = |text: &str| serde_json::from_str::<Mutez>(text).ok();
        assert_eq!(read("\"958287\""), Some(Mutez::new(958_287)));
        assert_eq!(read("\"0\""), Some(Mutez::ZERO));
        for wrong in ["958287", "\"\"", "\"-1\"", "\"+1\"", "\"1.5\"", "null", "\"18446744073709551616\""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_amount() {
        let most = Mutez::new(u64::MAX);
        assert_eq!(most.plus(Mutez::new(1)), None);
        assert_eq!(most.times(2), None);
        assert_eq!(most.share(2, 1), None);
        assert_eq!(most.share(u128::MAX, u128::MAX), None);
        assert_eq!(Mutez::ZERO.share(1, 0), None);
        assert_eq!(most.share(1, 2), Some(Mutez::new(u64::MAX / 2)));
    }
}
