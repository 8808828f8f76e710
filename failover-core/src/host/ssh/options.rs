//! How ssh is called.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How ssh is called for one machine. The defaults use the user's own configuration, keys and known hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshOptions {
    /// Another configuration file instead of the user's and the system's.
    pub config_file: Option<PathBuf>,
    /// The port.
    pub port: Option<u16>,
    /// The one private key to use.
    pub identity: Option<PathBuf>,
    /// The one file of host keys that counts, instead of the user's and the system's.
    pub known_hosts: Option<PathBuf>,
    /// How long a connection may take; half of a command's deadline at most.
    pub connect_timeout: Duration,
    /// A folder in front of the remote `PATH`.
    pub path: Option<PathBuf>,
    /// The ssh program.
    pub program: PathBuf,
}

impl Default for SshOptions {
    fn default() -> Self {
        Self {
            config_file: None,
            port: None,
            identity: None,
            known_hosts: None,
            connect_timeout: Duration::from_secs(5),
            path: None,
            program: PathBuf::from("ssh"),
        }
    }
}

/// Said before what a person's configuration says: ssh takes the first value of an option.
const FIRM: [&str; 16] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    // A shared connection outlives this one, and its death is not ours.
    "ControlMaster=no",
    "ControlPath=none",
    // A peer that freezes in the middle is given up after about 6 s.
    "ServerAliveInterval=2",
    "ServerAliveCountMax=2",
    "ConnectionAttempts=1",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "EscapeChar=none",
    // Errors only: a banner's words are not taken for ssh's.
    "LogLevel=ERROR",
];

/// The same, for what ssh knows since OpenSSH 8.7.
const FIRM_SINCE_8_7: [&str; 3] = ["SessionType=default", "ForkAfterAuthentication=no", "StdinNull=no"];

/// Does an ssh say that it is older than those?
pub(super) fn is_dated(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    FIRM_SINCE_8_7
        .iter()
        .filter_map(|option| option.split('=').next())
        .any(|option| said.contains(&format!("bad configuration option: {}", option.to_ascii_lowercase())))
}

impl SshOptions {
    /// ssh's arguments up to the destination; for one before OpenSSH 8.7, if `dated`.
    pub(super) fn arguments(&self, deadline: Duration, dated: bool) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-T".into()];
        let mut option = |value: OsString| arguments.extend(["-o".into(), value]);
        for firm in FIRM.into_iter().chain(FIRM_SINCE_8_7.into_iter().filter(|_| !dated)) {
            option(firm.into());
        }
        let connect = self.connect_timeout.min(deadline / 2).as_secs().max(1);
        option(format!("ConnectTimeout={connect}").into());
        if let Some(file) = &self.known_hosts {
            option(with_path("UserKnownHostsFile=", file));
            option("GlobalKnownHostsFile=/dev/null".into());
        }
        if let Some(file) = &self.identity {
            option(with_path("IdentityFile=", file));
            option("IdentitiesOnly=yes".into());
        }
        if let Some(port) = self.port {
            option(format!("Port={port}").into());
        }
        if let Some(file) = &self.config_file {
            arguments.extend(["-F".into(), file.into()]);
        }
        arguments
    }
}

/// An option whose value is a file: in quotes, and without ssh's own `%` escapes.
fn with_path(option: &str, file: &std::path::Path) -> OsString {
    let file = file.to_string_lossy().replace('%', "%%").replace('\\', r"\\").replace('"', "\\\"");
    format!("{option}\"{file}\"").into()
}

/// A text that is not an ssh destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{destination:?} is not an ssh destination: {why}")]
pub struct DestinationError {
    destination: String,
    why: &'static str,
}

/// Whether a text may stand as the destination: that without the port, which ssh itself takes in a URI only.
pub(super) fn check(destination: &str) -> Result<(&str, Option<u16>), DestinationError> {
    let no = |why| Err(DestinationError { destination: destination.chars().take(80).collect(), why });
    if destination.is_empty() {
        return no("it is empty");
    }
    if destination.starts_with('-') || destination.contains("@-") {
        return no("it looks like an option");
    }
    if destination.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return no("it holds a space or a control character");
    }
    match destination.rsplit_once(':') {
        // A URI is ssh's own; an address of IPv6 has its colons in brackets, or no port.
        Some((host, port)) if !host.contains("//") && (!host.contains(':') || host.ends_with(']')) => {
            match port.parse() {
                Ok(port) if port > 0 && !host.is_empty() && !host.ends_with('@') => Ok((host, Some(port))),
                _ => no("a port is a number from 1 to 65535, as in baker@primary:2222"),
            }
        }
        _ => Ok((destination, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_never_an_option() {
        for bad in ["", "-oProxyCommand=x", "a b", "a\nb", "u@-x", "p:", "p:0", "p:65536", "p:ssh", ":22", "u@:22"] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        for good in ["primary", "baker@primary", "baker@[::1]", "ssh://baker@primary:2222", "baker@fe80::1", "::1"] {
            assert_eq!(check(good), Ok((good, None)));
        }
        assert_eq!(check("baker@primary:2222"), Ok(("baker@primary", Some(2222))));
        assert_eq!(check("baker@[::1]:22"), Ok(("baker@[::1]", Some(22))));
    }

    #[test]
    fn the_connection_has_half_the_time_at_most_and_a_second_at_least() {
        let shown = |seconds| format!("{:?}", SshOptions::default().arguments(Duration::from_secs(seconds), false));
        assert!(shown(0).contains("ConnectTimeout=1\""));
        assert!(shown(4).contains("ConnectTimeout=2\""));
        assert!(shown(60).contains("ConnectTimeout=5\""));
    }
}
