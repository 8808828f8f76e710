//! Spans of time as systemd writes them: `20s`, `1min 30s`, `100ms`, `infinity`.

use std::time::Duration;

/// A span: finite, or `None` for `infinity`.
pub(super) type Span = Option<Duration>;

/// Reads what `systemctl show` prints for a property that ends in `USec` (systemd 247 to 257, `format_timespan`). `None`: not a span.
pub(super) fn parse(text: &str) -> Option<Span> {
    let text = text.trim();
    if text == "infinity" {
        return Some(None);
    }
    if text == "0" {
        return Some(Some(Duration::ZERO));
    }
    let mut total = Duration::ZERO;
    let mut words = 0_usize;
    for word in text.split_ascii_whitespace() {
        total = total.checked_add(part(word)?)?;
        words = words.saturating_add(1);
    }
    (words > 0).then_some(Some(total))
}

/// One number with its unit: `30s`, `1.500s`.
fn part(word: &str) -> Option<Duration> {
    let (number, unit) = word.split_at(word.find(|c: char| c.is_ascii_alphabetic())?);
    let micros: u64 = match unit {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        "w" => 604_800_000_000,
        "month" => 2_629_800_000_000,
        "y" => 31_557_600_000_000,
        _ => return None,
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(micros)?;
    // Six digits at most: systemd counts in microseconds. Rounded up: a delay is never taken for shorter.
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok().filter(|&n| n <= 6)?)?;
    let fraction = fraction.parse::<u64>().ok()?.checked_mul(micros)?.div_ceil(scale);
    Some(Duration::from_micros(whole.checked_add(fraction)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_systemd_writes() {
        for (text, millis) in [
            ("20s", 20_000),
            ("3s", 3_000),
            ("100ms", 100),
            ("1min 30s", 90_000),
            ("1h 1min 1s 500ms", 3_661_500),
            ("1.500s", 1_500),
            ("2d", 172_800_000),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Some(Some(Duration::from_millis(millis))), "{text}");
        }
        assert_eq!(parse("1us"), Some(Some(Duration::from_micros(1))));
        assert_eq!(parse("infinity"), Some(None));
    }

    #[test]
    fn anything_else_is_no_span() {
        for text in [
            "",
            " ",
            "20",
            "s",
            "-1s",
            "1 s",
            "20sec",
            "1..5s",
            ".5s",
            "1.s",
            "99999999999999999999s",
            "18446744073709551615y",
            "1.0000001s",
            "٣s",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
