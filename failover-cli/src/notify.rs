//! What a service manager is told: `sd_notify(3)`, systemd 252. Where nobody asked for it, nothing.
//!
//! Not the crate `sd-notify`: its 0.5.0 sends on a socket that blocks, so that a manager that reads nothing would hold up
//! the watch for ever (S10).

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// While it is not ready, every message asks for this much more time.
const MORE: Duration = Duration::from_secs(300);

/// The way to the service manager.
#[derive(Debug)]
pub(crate) struct Notify {
    socket: UnixDatagram,
    to: SocketAddr,
    ready: bool,
    watchdog: bool,
    status: String,
}

impl Notify {
    /// The one that this process' environment names; `None`: there is none.
    ///
    /// # Errors
    /// There is one, and it cannot be reached.
    pub(crate) fn from_env() -> io::Result<Option<Self>> {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return Ok(None) };
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        // The watchdog may be meant for another process: a shell that started this one.
        let ours = set("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let watchdog = ours && set("WATCHDOG_USEC").is_some_and(|usec| usec.parse().is_ok_and(|usec: u64| usec > 0));
        Self::to(&name, watchdog).map(Some)
    }

    /// A path, or with `@` in front an abstract name.
    fn to(name: &OsString, watchdog: bool) -> io::Result<Self> {
        let to = match name.as_bytes() {
            [b'@', abstract_name @ ..] => SocketAddr::from_abstract_name(abstract_name)?,
            [b'/', ..] => SocketAddr::from_pathname(OsStr::new(name))?,
            _ => {
                let why = format!("{} is neither a path nor an abstract name", name.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
        };
        let socket = UnixDatagram::unbound()?;
        // A manager that does not read keeps nothing waiting: the next word says the same.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, to, ready: false, watchdog, status: String::new() })
    }

    /// A look came to its end. `done`: with it, the work has begun.
    pub(crate) fn looked(&mut self, done: bool, status: &str) {
        let mut words = Vec::new();
        if done && !self.ready {
            self.ready = true;
            words.push("READY=1".to_owned());
        }
        if !self.ready {
            words.push(format!("EXTEND_TIMEOUT_USEC={}", MORE.as_micros()));
        }
        if self.watchdog {
            words.push("WATCHDOG=1".to_owned());
        }
        if self.status != status {
            status.clone_into(&mut self.status);
            words.push(line(status));
        }
        self.send(&words);
    }

    /// Something was done that takes its time: it goes on.
    pub(crate) fn works(&mut self) {
        if self.watchdog {
            self.send(&["WATCHDOG=1".to_owned()]);
        }
    }

    /// It ends.
    pub(crate) fn stopping(&mut self, status: &str) {
        self.send(&["STOPPING=1".to_owned(), line(status)]);
    }

    fn send(&self, words: &[String]) {
        if !words.is_empty() {
            // There is nobody else to tell, and a manager that is gone stops no watch.
            let _lost = self.socket.send_to_addr(words.join("\n").as_bytes(), &self.to);
        }
    }
}

/// One line, whatever is in it: a second one would be another word.
fn line(status: &str) -> String {
    format!("STATUS={}", status.replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(manager: &UnixDatagram) -> Vec<String> {
        manager.set_nonblocking(true).unwrap();
        let mut bytes = [0; 4096];
        let mut all = Vec::new();
        while let Ok(read) = manager.recv(&mut bytes) {
            all.push(String::from_utf8(bytes[..read].to_vec()).unwrap());
        }
        all
    }

    #[test]
    fn a_path_and_an_abstract_name_are_told_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let hidden = format!("failover-notify-{}", std::process::id());
        let abstract_name = SocketAddr::from_abstract_name(&hidden).unwrap();
        for (manager, name) in [
            (UnixDatagram::bind(&path).unwrap(), path.as_os_str().to_owned()),
            (UnixDatagram::bind_addr(&abstract_name).unwrap(), OsString::from(format!("@{hidden}"))),
        ] {
            let mut notify = Notify::to(&name, true).unwrap();
            notify.looked(false, "waits");
            notify.looked(true, "head 1\nREADY=0");
            notify.looked(true, "head 1\nREADY=0");
            notify.works();
            notify.stopping("stopped by the person");
            assert_eq!(
                heard(&manager),
                [
                    "EXTEND_TIMEOUT_USEC=300000000\nWATCHDOG=1\nSTATUS=waits",
                    "READY=1\nWATCHDOG=1\nSTATUS=head 1 READY=0",
                    "WATCHDOG=1",
                    "WATCHDOG=1",
                    "STOPPING=1\nSTATUS=stopped by the person",
                ]
            );
        }
    }

    #[test]
    fn without_a_watchdog_no_dog_is_fed_and_nobody_who_is_gone_stops_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let mut notify = Notify::to(&path.clone().into_os_string(), false).unwrap();
        notify.looked(true, "");
        notify.looked(true, "");
        notify.works();
        assert_eq!(heard(&manager), ["READY=1"]);
        drop(manager);
        std::fs::remove_file(&path).unwrap();
        notify.stopping("");
        for odd in ["", "vsock:2:1234", "notify"] {
            assert!(Notify::to(&OsString::from(odd), true).is_err(), "{odd}");
        }
    }
}
