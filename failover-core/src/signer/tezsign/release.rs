//! Which releases of TezSign are known: the handbook's page "The devices" has what is different in each.

/// The newest release that this was tried with, in digits.
const NEWEST: &str = "20260430";

/// Is a version newer than every one that is known? One without a date in it says nothing, and is not.
///
/// ```
/// use failover_core::signer::tezsign::is_newer;
/// assert!(is_newer("release-202701021530") && is_newer("2026-05-01"));
/// assert!(!is_newer("2026-04-30") && !is_newer("release-202604302045") && !is_newer("unknown"));
/// ```
#[must_use]
pub fn is_newer(version: &str) -> bool {
    date(version).is_some_and(|date| date.as_str() > NEWEST)
}

/// The first eight digits in a row that look like a date of this century, whatever stands between years, months and days.
fn date(version: &str) -> Option<String> {
    let joined: String = version.chars().filter(|c| *c != '-').collect();
    let digits =
        joined.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() >= 8 && digits.starts_with("20"))?;
    digits.get(..8).map(str::to_owned)
}
