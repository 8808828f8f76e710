//! The one connection to a machine: open, gone, or not to be tried again yet.

use std::time::{Duration, Instant};

use crate::host::session::Session;
use crate::host::{HostError, LIMITED};

/// Between two connections, from the second after a loss on: a limit on connections counts every try.
const BETWEEN: Duration = Duration::from_secs(10);

/// Between two where they are counted: a firewall counts refused ones as well, and `ufw limit` lets six in 30 s pass, each of
/// which it may count twice.
const COUNTED: Duration = Duration::from_secs(16);

/// The connection, and how the last ones went.
#[derive(Debug, Default)]
pub(super) struct Connection {
    session: Option<Session>,
    /// When the machine last answered.
    answered: Option<Instant>,
    /// The last try, and whether the next may follow at once.
    tried: Option<(Instant, bool)>,
    /// Why the last try came to nothing.
    failed: Option<HostError>,
}

impl Connection {
    /// The session; where there is none, one is opened, or the reason why not.
    pub(super) fn open(
        &mut self,
        host: &str,
        now: Instant,
        effect: bool,
        open: impl FnOnce() -> Result<Session, HostError>,
    ) -> Result<&mut Session, HostError> {
        // One that has ended by itself meanwhile, as by a NAT's timeout, was asked nothing.
        let session = match self.session.take().and_then(alive) {
            Some(session) => session,
            None => self.opened(host, now, effect, open)?,
        };
        Ok(self.session.insert(session))
    }

    fn opened(
        &mut self,
        host: &str,
        now: Instant,
        effect: bool,
        open: impl FnOnce() -> Result<Session, HostError>,
    ) -> Result<Session, HostError> {
        let limited = matches!(self.failed, Some(HostError::Limited { .. }));
        let between = if limited { COUNTED } else { BETWEEN };
        let recent = self.tried.filter(|(at, _)| now.saturating_duration_since(*at) < between);
        // What changes something there, a stop above all, is tried at once; but where tries are counted, another one
        // does not help.
        if let Some((_, spare)) = recent
            && (limited || !spare && !effect)
        {
            let why = || "its connection was lost twice within 10 s; it is opened again in some seconds".to_owned();
            let lost = || HostError::Unreachable { host: host.to_owned(), why: why() };
            return Err(self.failed.clone().unwrap_or_else(lost));
        }
        self.tried = Some((now, recent.is_none()));
        let opened = open().map_err(|error| self.limited(now, error));
        self.failed = opened.as_ref().err().cloned();
        if opened.is_ok() {
            self.answered = Some(Instant::now());
        }
        opened
    }

    /// Refused right after it answered?
    fn limited(&self, now: Instant, error: HostError) -> HostError {
        match (error, self.answered) {
            (HostError::Unreachable { host, why }, Some(at))
                if is_refused(&why) && now.saturating_duration_since(at) < LIMITED =>
            {
                HostError::Limited { host, why }
            }
            (error, _) => error,
        }
    }

    pub(super) fn answered(&mut self, at: Instant) {
        self.answered = Some(at);
    }

    /// It is gone, or what comes over it is nobody's answer any more.
    pub(super) fn lost(&mut self) {
        self.session = None;
    }
}

/// The session, if it has not ended by itself.
fn alive(mut session: Session) -> Option<Session> {
    session.is_alive().then_some(session)
}

/// ssh's words for a connection that was taken back or not taken (OpenSSH 9.2): there is a machine that says so.
fn is_refused(why: &str) -> bool {
    ["Connection refused", "kex_exchange_identification", "Connection reset by peer"]
        .iter()
        .any(|words| why.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(why: &str) -> HostError {
        HostError::Unreachable { host: "primary".to_owned(), why: why.to_owned() }
    }

    const WORDS: &str = "ssh: connect to host primary port 22: Connection refused";

    /// A machine that answered less than a minute ago is not dead: what it refuses is a limit on connections.
    #[test]
    fn a_refusal_is_a_limit_for_a_minute_after_the_last_answer() {
        for (seconds, why, limited) in
            [(0, WORDS, true), (59, WORDS, true), (60, WORDS, false), (59, "No route to host", false)]
        {
            let now = Instant::now();
            let mut connection = Connection::default();
            connection.answered(now);
            let later = now + Duration::from_secs(seconds);
            let error = connection.open("primary", later, false, || Err(refused(why))).err();
            assert_eq!(matches!(error, Some(HostError::Limited { .. })), limited, "{seconds} {why}: {error:?}");
        }
    }

    /// The second try may follow at once, the third ten seconds after it, or sixteen where tries are counted; what changes
    /// something there is tried at once, but where tries are counted.
    #[test]
    fn what_was_lost_twice_is_tried_again_in_ten_seconds_and_what_is_counted_in_sixteen() {
        for (counted, effect, seconds, tried) in [
            (false, false, 9, false),
            (false, false, 10, true),
            (false, true, 0, true),
            (true, false, 15, false),
            (true, false, 16, true),
            (true, true, 15, false),
        ] {
            let now = Instant::now();
            let mut connection = Connection::default();
            if counted {
                connection.answered(now);
            }
            for _ in 0..2 {
                let _not_yet = connection.open("primary", now, false, || Err(refused(WORDS)));
            }
            let (mut asked, later) = (false, now + Duration::from_secs(seconds));
            let _either_way = connection.open("primary", later, effect, || {
                asked = true;
                Err(refused(WORDS))
            });
            assert_eq!(asked, tried, "{counted} {effect} {seconds}");
        }
    }
}
