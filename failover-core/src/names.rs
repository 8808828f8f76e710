//! The addresses of a name, within a time.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// The addresses of a host. The system's resolver has no deadline of its own, so a name is looked up by a thread that may
/// be left behind; an address needs none.
pub(crate) fn addresses(host: &str, port: u16, within: Duration) -> io::Result<Vec<SocketAddr>> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let host = host.to_owned();
    let look_up = move || sender.send((host.as_str(), port).to_socket_addrs().map(Vec::from_iter));
    thread::Builder::new().name("names".to_owned()).spawn(look_up)?;
    answer(&receiver, within)
}

fn answer<T>(receiver: &Receiver<io::Result<T>>, within: Duration) -> io::Result<T> {
    receiver.recv_timeout(within).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_itself() {
        let of = |host: &str| {
            addresses(host, 80, Duration::ZERO).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(of("127.0.0.1").unwrap(), Vec::from(["127.0.0.1:80"]));
        assert_eq!(of("[::1]").unwrap(), Vec::from(["[::1]:80"]));
    }

    #[test]
    fn a_resolver_that_says_nothing_is_waited_for_no_longer() {
        let (_silent, receiver) = mpsc::channel::<io::Result<()>>();
        assert_eq!(answer(&receiver, Duration::ZERO).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
