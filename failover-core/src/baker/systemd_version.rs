//! How old a machine's systemd is: the boot guard was never tested under an older one.
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl --version` | `systemd 247 (247.3-7+deb11u5)`, the first line, exit 0 |

use std::time::Duration;

use super::{BakerError, elevation};
use crate::host::Host;

const SHORT: Duration = Duration::from_secs(10);

/// The oldest systemd under which the boot guard is proven: Debian 11's. Ubuntu 22.04 has 249.
pub const OLDEST: u32 = 247;

/// What a machine says of its systemd. Changes nothing.
///
/// # Errors
/// It does not say: unknown, not new enough (S3).
pub fn systemd_version<H: Host + ?Sized>(host: &mut H) -> Result<u32, BakerError> {
    let out = host.ask(&["systemctl", "--version"], SHORT)?;
    let unclear = |why: String| BakerError::Unclear { host: host.name().to_owned(), why };
    if out.code != 0 {
        let said = elevation::last_words(&out);
        return Err(unclear(format!("not known: systemctl --version exits {}: {said}", out.code)));
    }
    let first = out.stdout.lines().next().unwrap_or_default();
    parse(first).ok_or_else(|| unclear(format!("not known: systemctl --version says {first:?}")))
}

/// Is the boot guard proven under this version?
#[must_use]
pub const fn is_proven(version: u32) -> bool {
    version >= OLDEST
}

/// `systemd 247 (247.3-7+deb11u5)`, `systemd 258~rc1 (258~rc1-1)`.
fn parse(line: &str) -> Option<u32> {
    let version = line.strip_prefix("systemd ")?.split_ascii_whitespace().next()?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).map_or(version, |end| version.get(..end).unwrap_or(""));
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_guard_is_proven_from_debian_11s_on() {
        assert_eq!([246, 247, 258].map(is_proven), [false, true, true]);
    }

    #[test]
    fn the_first_line_is_a_version_or_unknown() {
        for (line, version) in [
            ("systemd 247 (247.3-7+deb11u5)", Some(247)),
            ("systemd 249 (249.11-0ubuntu3)", Some(249)),
            ("systemd 252 (252.39-1~deb12u1)", Some(252)),
            ("systemd 258~rc1 (258~rc1-1)", Some(258)),
            ("systemd 258.1", Some(258)),
            ("", None),
            ("systemd", None),
            ("systemd (247)", None),
            ("systemctl 247", None),
            ("systemd -247", None),
            ("systemd 99999999999", None),
        ] {
            assert_eq!(parse(line), version, "{line:?}");
        }
    }
}
