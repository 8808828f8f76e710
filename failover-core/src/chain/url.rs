//! URLs of sources: one parser for all of them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use zeroize::Zeroizing;

/// Where a source answers: `http://` or `https://`, a host, perhaps a port and a path; user and password in front of the
/// host, percent-encoded where they hold `@`, `:`, `/`, `?`, `#` or `%`.
///
/// Shown, written down and compared without user and password; a path may hold a provider's key and is shown.
///
/// ```
/// use failover_core::chain::SourceUrl;
/// let url: SourceUrl = "https://baker:p%40ss@node.example:8732/".parse()?;
/// assert_eq!(url.to_string(), "https://node.example:8732");
/// # Ok::<(), failover_core::chain::SourceUrlError>(())
/// ```
#[derive(Clone)]
pub struct SourceUrl {
    /// Scheme, host, port and path, without a slash at the end.
    bare: String,
    /// As it was written, where it has a user or a password.
    whole: Option<Zeroizing<String>>,
    login: Option<Login>,
    /// Certificates that count beside the usual ones.
    ca_file: Option<PathBuf>,
}

/// User and password, decoded.
#[derive(Clone)]
struct Login(Zeroizing<Vec<u8>>);

/// A text that is no such URL. It is shown without user and password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a URL like http://127.0.0.1:8732: {why}")]
pub struct SourceUrlError {
    text: String,
    why: &'static str,
}

impl SourceUrl {
    /// Scheme, host, port and path, without a slash at the end, and without user and password.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.bare
    }

    /// As it was written, user and password in it: for the configuration file alone.
    #[must_use]
    pub fn written(&self) -> &str {
        self.whole.as_ref().map_or(&self.bare, |whole| whole)
    }

    /// A server may show a certificate of this CA (PEM) as well.
    #[must_use]
    pub fn with_ca_file(self, ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..self }
    }

    pub(crate) fn ca_file(&self) -> Option<&std::path::Path> {
        self.ca_file.as_deref()
    }

    /// Does it have a user or a password?
    #[must_use]
    pub const fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// `user:password` as HTTP's Basic scheme wants it, not yet in base64.
    pub(crate) fn login(&self) -> Option<&[u8]> {
        self.login.as_ref().map(|login| login.0.as_slice())
    }

    /// Without this at its path's end.
    pub(crate) fn without_end(&self, end: &str) -> Self {
        Self { bare: self.bare.strip_suffix(end).unwrap_or(&self.bare).to_owned(), ..self.clone() }
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.bare.split_once("://").map_or("", |(scheme, _)| scheme)
    }

    /// Host and port as they are written.
    #[must_use]
    pub fn authority(&self) -> &str {
        let rest = self.bare.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once('/').map_or(rest, |(authority, _)| authority)
    }

    /// The path, without a slash at the end; empty where there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        let rest = self.bare.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
    }
}

impl FromStr for SourceUrl {
    type Err = SourceUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let wrong = |why| SourceUrlError { text: hidden(text), why };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("it has no http:// or https://"))?;
        if !matches!(scheme, "http" | "https") {
            return Err(wrong("it has no http:// or https://"));
        }
        if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(wrong("it holds a space or a control character"));
        }
        if rest.contains(['?', '#']) {
            return Err(wrong(
                "it has a query or a fragment, which no source's has; in a password write them as %3F and %23",
            ));
        }
        // A password may hold an @ by mistake; what is behind the last one is the host.
        let at = rest.split('/').next().and_then(|authority| authority.rfind('@'));
        let (login, bare) = match at.map(|at| rest.split_at(at)) {
            Some((login, bare)) => (Some(login), bare.strip_prefix('@').unwrap_or(bare)),
            None => (None, rest),
        };
        // A slash in a password ends the host: what is behind it would be shown, and the rest sent to somebody else.
        if bare.contains('@') {
            return Err(wrong("it has an @ after its host; in a password write / as %2F and @ as %40"));
        }
        let authority = bare.split('/').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || (host.contains([':', '[', ']', '@']) && !bracketed) {
            return Err(wrong("it has no host; an IPv6 address goes in brackets"));
        }
        if port.is_some_and(|port| port.parse().unwrap_or(0_u16) == 0) {
            return Err(wrong("a port is a number from 1 to 65535"));
        }
        let login = login.map(|login| {
            decoded(login).ok_or_else(|| wrong("a % in user or password has to begin an escape like %40"))
        });
        let login = login.transpose()?.map(Login);
        let bare = format!("{scheme}://{}", bare.trim_end_matches('/'));
        Ok(Self { whole: login.as_ref().map(|_| Zeroizing::new(text.to_owned())), bare, login, ca_file: None })
    }
}

/// A text of a URL without user, password, path, query and fragment, all of which may hold a secret; cut where it is long.
pub(super) fn hidden(text: &str) -> String {
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if rest.starts_with("//") => (format!("{scheme}://"), rest.get(2..).unwrap_or_default()),
        Some((scheme, rest)) if rest.starts_with('/') => (format!("{scheme}:"), rest),
        _ => (String::new(), text),
    };
    // A password may hold any of the others by mistake.
    let (login, rest) = rest.rsplit_once('@').map_or(("", rest), |(_, rest)| ("…@", rest));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let more = if host.len() < rest.len() { "/…" } else { "" };
    format!("{scheme}{login}{}{more}", host.chars().take(80).collect::<String>())
}

/// Percent-decoded.
fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(bytes)
}

impl PartialEq for SourceUrl {
    fn eq(&self, other: &Self) -> bool {
        self.bare == other.bare
    }
}

impl Eq for SourceUrl {}

impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.bare)
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceUrl").field(&self.bare).finish()
    }
}

impl<'de> serde::Deserialize<'de> for SourceUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SourceUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_source_is_a_host_and_perhaps_more() {
        for (text, bare, path) in [
            ("http://127.0.0.1:8732/", "http://127.0.0.1:8732", ""),
            (" https://rpc.example/key/ ", "https://rpc.example/key", "/key"),
            ("http://[::1]:8732", "http://[::1]:8732", ""),
            ("http://[fe80::1]", "http://[fe80::1]", ""),
        ] {
            let url = parse(text);
            assert_eq!((url.as_str(), url.path(), url.has_login()), (bare, path, false), "{text}");
            assert_eq!(url.written(), bare);
        }
        for text in [
            "",
            "127.0.0.1:8732",
            "ftp://x",
            "http://",
            "http:///x",
            "http://a b",
            "http://h?x",
            "http://h#x",
            "http://:80",
            "http://h:0",
            "http://h:65536",
            "http://h:x",
            "http://u:p@",
            "http://u%4:p@h",
            "http://u%zz@h",
            "http://::1",
            "http://h:",
        ] {
            assert!(text.parse::<SourceUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn user_and_password_are_used_and_never_shown() {
        let url = parse("http://bak%20er:p%40ss%2F%25word@127.0.0.1:8732/x/");
        assert_eq!(url.login.as_ref().unwrap().0.as_slice(), b"bak er:p@ss/%word");
        assert_eq!((url.as_str(), url.authority()), ("http://127.0.0.1:8732/x", "127.0.0.1:8732"));
        assert_eq!(url.written(), "http://bak%20er:p%40ss%2F%25word@127.0.0.1:8732/x/");
        for shown in [format!("{url}"), format!("{url:?}")] {
            assert!(!shown.contains("bak") && !shown.contains("word"), "{shown}");
        }
        // Nor where it is wrong.
        for text in [
            "http://u:secret@h?x",
            "ftp://u:secret@h",
            "u:secret@h",
            "http://u:sec ret@h",
            "http://u:secret%@h",
            "http://u:secret@h:x",
        ] {
            let error = text.parse::<SourceUrl>().unwrap_err().to_string();
            assert!(!error.contains("ret"), "{error}");
        }
        for text in ["http://u:p@ss/secret@host:8732", "http://u:12/secret@host"] {
            let error = text.parse::<SourceUrl>().unwrap_err().to_string();
            assert!(error.contains("%2F") && !error.contains("ret@"), "{error}");
        }
        assert_eq!(parse("http://u:p@ss@h").login.unwrap().0.as_slice(), b"u:p@ss");
    }
}
