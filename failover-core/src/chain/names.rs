//! Names of sources and their addresses: a look-up costs a thread, so what it finds is kept for a while.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

/// How long a name's addresses are kept: shorter than a failover, longer than a look.
const KEPT: Duration = Duration::from_secs(30);

/// A host and a port, when they were looked up, and what was found.
type Known = ((String, u16), Instant, Vec<SocketAddr>);

/// Looks names up.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Mutex<Vec<Known>>,
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let name = (uri.host().ok_or(Error::HostNotFound)?.to_owned(), uri.port_u16().unwrap_or(usual));
        let addresses = match self.known(&name) {
            Some(known) => known,
            None => {
                // Others may look up meanwhile.
                let found = crate::names::addresses(&name.0, name.1, *timeout.after);
                let found = found.map_err(|error| match error.kind() {
                    std::io::ErrorKind::TimedOut => Error::Timeout(Timeout::Resolve),
                    _ => Error::Io(error),
                })?;
                self.kept().push((name, Instant::now(), found.clone()));
                found
            }
        };
        let mut wanted = self.empty();
        config.ip_family().keep_wanted(addresses.into_iter()).take(16).for_each(|address| wanted.push(address));
        if wanted.is_empty() { Err(Error::HostNotFound) } else { Ok(wanted) }
    }
}

impl Names {
    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, name: &(String, u16)) -> Option<Vec<SocketAddr>> {
        let mut known = self.kept();
        known.retain(|(_, at, _)| at.elapsed() < KEPT);
        known.iter().find(|(known, _, _)| known == name).map(|(_, _, addresses)| addresses.clone())
    }
}
