//! HTTP to a node, with deadlines and limits.

use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use ureq::http::{Response, Uri};
use ureq::{Agent, Timeout};

use super::text::clipped;
use super::{ChainError, Rpc};

/// How long a connection may take to come up, within the question's own deadline.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Most characters of an error's body that are shown.
const SHOWN: usize = 200;

/// A node's RPC over HTTP or HTTPS.
///
/// Redirects are not followed, and the environment's proxy is not used: a level must come from the host that the
/// configuration names.
pub struct Http {
    agent: Agent,
    /// Scheme, host, port and path, without a slash at the end; may hold credentials.
    base: String,
    /// The same without anything that may be a secret.
    name: String,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Http {
    /// A node at a URL: `http://127.0.0.1:8732`, `https://user:password@host/path/`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] where the text is no http or https URL; it is not repeated, because it may hold a
    /// password.
    pub fn new(url: &str) -> Result<Self, ChainError> {
        Self::of("node", url)
    }

    /// The same for another kind of source, with which its name begins: `tzkt https://api.tzkt.io`.
    pub(super) fn of(what: &'static str, url: &str) -> Result<Self, ChainError> {
        let wrong = |why: &str| ChainError::Unreachable { source_name: what.to_owned(), why: why.to_owned() };
        let not_a_url = || wrong("its URL is not one like http://127.0.0.1:8732");
        let uri: Uri = url.trim().parse().map_err(|_| not_a_url())?;
        let scheme = uri.scheme_str().filter(|s| matches!(*s, "http" | "https")).ok_or_else(not_a_url)?;
        let authority = uri.authority().filter(|a| !a.host().is_empty()).ok_or_else(not_a_url)?;
        if uri.query().is_some() || url.contains('#') {
            return Err(wrong("its URL has a query or a fragment, which no node's has"));
        }
        let path = uri.path().trim_end_matches('/');
        let port = authority.port().map(|port| format!(":{port}")).unwrap_or_default();
        // Providers put keys into the path.
        let hidden = if path.is_empty() { "" } else { "/..." };
        let name = format!("{what} {scheme}://{}{port}{hidden}", authority.host());
        let agent = Agent::config_builder()
            .timeout_connect(Some(CONNECT_DEADLINE))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .accept("application/json")
            .user_agent(concat!("failover/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self { agent, base: format!("{scheme}://{authority}{path}"), name })
    }

    fn ask(&self, path: &str, deadline: Duration, limit: usize) -> Result<Said, ureq::Error> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let mut response = request.config().timeout_global(Some(deadline)).build().call()?;
        let status = response.status().as_u16();
        if status != 200 {
            let retry_after = retry_after(&response);
            return Ok(Said { status, retry_after, body: beginning(&mut response) });
        }
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        // Said before it is read, where the server says it.
        if response.body().content_length().is_some_and(|length| length > limit) {
            return Err(ureq::Error::BodyExceedsLimit(limit));
        }
        let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
        Ok(Said { status, retry_after: None, body })
    }
}

impl Rpc for Http {
    fn name(&self) -> &str {
        &self.name
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let begun = Instant::now();
        let mut answer = self.ask(path, deadline, limit);
        // A kept connection that the node closed a moment ago breaks without a word: asked once more, on a new one.
        if answer.as_ref().is_err_and(broke) {
            let left = deadline.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
            answer = self.ask(path, left, limit);
        }
        let (source_name, path) = (self.name.clone(), path.to_owned());
        let Said { status, retry_after, body } = match answer {
            Ok(answer) => answer,
            Err(ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect)) => {
                return Err(ChainError::Unreachable { source_name, why: "no connection came up in time".to_owned() });
            }
            Err(ureq::Error::Timeout(_)) => return Err(ChainError::Timeout { source_name, path, after: deadline }),
            Err(ureq::Error::BodyExceedsLimit(_)) => return Err(ChainError::TooLarge { source_name, path, limit }),
            Err(ureq::Error::Protocol(e)) => {
                return Err(ChainError::Malformed { source_name, path, why: clipped(&e.to_string(), SHOWN) });
            }
            Err(e) => return Err(ChainError::Unreachable { source_name, why: why(&e) }),
        };
        if status == 200 {
            return Ok(body);
        }
        let said = clipped(&String::from_utf8_lossy(&body), SHOWN);
        Err(match status {
            401 | 403 => ChainError::Denied { source_name, path, status },
            204 | 404 | 410 => {
                let why = if said.is_empty() { format!("HTTP {status}") } else { said };
                ChainError::Missing { source_name, path, why }
            }
            429 => ChainError::RateLimited { source_name, path, retry_after },
            _ => ChainError::Status { source_name, path, status, body: said },
        })
    }
}

/// An answer as it came.
struct Said {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// `Retry-After` in seconds. Its other form, a date, depends on two clocks and is not read.
fn retry_after(response: &Response<ureq::Body>) -> Option<Duration> {
    let text = response.headers().get("retry-after")?.to_str().ok()?.trim();
    text.parse().ok().map(|seconds: u64| Duration::from_secs(seconds.min(86_400)))
}

/// Enough of an error's body to show; whatever goes wrong with it, the status is what counts.
fn beginning(response: &mut Response<ureq::Body>) -> Vec<u8> {
    let mut body = Vec::new();
    let most = 4 * SHOWN as u64;
    if response.body_mut().as_reader().take(most).read_to_end(&mut body).is_err() {
        body.truncate(4 * SHOWN);
    }
    body
}

/// Did the connection break, rather than never come up?
fn broke(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error, ureq::Error::Io(e)
        if matches!(e.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof))
}

/// In words, without the URL.
fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "its URL is not one".to_owned(),
        ureq::Error::Io(e) => clipped(&e.to_string(), SHOWN),
        other => clipped(&other.to_string(), SHOWN),
    }
}
