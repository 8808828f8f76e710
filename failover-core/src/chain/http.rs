//! HTTP to a node, with deadlines and limits.

use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use ureq::config::ConfigBuilder;
use ureq::http::{Response, Uri};
use ureq::typestate::AgentScope;
use ureq::{Agent, Timeout};

use ureq::unversioned::transport::DefaultConnector;

use super::names::Names;
use super::text::clipped;
use super::{Body, ChainError, Rpc};

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
        let agent = agent(config());
        Ok(Self { agent, base: format!("{scheme}://{authority}{path}"), name })
    }

    /// Asks, and reads the answer's head. `Err` in it: the status says no.
    fn ask(&self, question: &Question) -> Result<Result<ureq::Body, ChainError>, ureq::Error> {
        let request = self.agent.get(format!("{}{}", self.base, question.path));
        let mut response = request.config().timeout_global(Some(question.left())).build().call()?;
        if response.status().as_u16() != 200 {
            return Ok(Err(question.refused(&mut response)));
        }
        let limit = question.limit();
        // Said before it is read, where the server says it.
        if response.body().content_length().is_some_and(|length| length > limit) {
            return Err(ureq::Error::BodyExceedsLimit(limit));
        }
        Ok(Ok(response.into_body()))
    }

    fn question(&self, path: &str, deadline: Duration, limit: usize) -> Question {
        Question { source_name: self.name.clone(), path: path.to_owned(), begun: Instant::now(), deadline, limit }
    }
}

/// How this program speaks HTTP, whatever it asks: to the host that is named and no other, and not for ever.
pub(crate) fn config() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .timeout_connect(Some(CONNECT_DEADLINE))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .accept("application/json")
        .user_agent(concat!("failover/", env!("CARGO_PKG_VERSION")))
}

/// What asks with these settings, and looks names up once in a while only.
pub(crate) fn agent(config: ConfigBuilder<AgentScope>) -> Agent {
    Agent::with_parts(config.build(), DefaultConnector::default(), Names::default())
}

/// Asked once more, on a new connection: a kept one that the node closed a moment ago breaks without a word.
fn again<T>(mut ask: impl FnMut() -> Result<T, ureq::Error>) -> Result<T, ureq::Error> {
    let answer = ask();
    if answer.as_ref().is_err_and(broke) { ask() } else { answer }
}

impl Rpc for Http {
    fn name(&self) -> &str {
        &self.name
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let question = self.question(path, deadline, limit);
        let whole = again(|| match self.ask(&question)? {
            Ok(mut body) => body.with_config().limit(question.limit()).read_to_vec().map(Ok),
            Err(refused) => Ok(Err(refused)),
        });
        whole.map_err(|error| question.failed(error))?
    }

    fn open(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Box<dyn Body>, ChainError> {
        let question = self.question(path, deadline, limit);
        let body = again(|| self.ask(&question)).map_err(|error| question.failed(error))??;
        let reader = body.into_with_config().limit(question.limit()).reader();
        Ok(Box::new(Reading { reader, question }))
    }

    fn another(&self) -> Option<Box<dyn Rpc>> {
        Some(Box::new(Self { agent: self.agent.clone(), base: self.base.clone(), name: self.name.clone() }))
    }
}

/// A body as it comes; its deadline is the whole question's.
struct Reading {
    reader: ureq::BodyReader<'static>,
    question: Question,
}

impl Body for Reading {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ChainError> {
        self.reader.read(into).map_err(|error| self.question.failed(error.into()))
    }
}

/// What is asked, and since when.
struct Question {
    source_name: String,
    path: String,
    begun: Instant,
    deadline: Duration,
    limit: usize,
}

impl Question {
    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.begun.elapsed()).max(Duration::from_millis(1))
    }

    fn limit(&self) -> u64 {
        u64::try_from(self.limit).unwrap_or(u64::MAX)
    }

    fn failed(&self, error: ureq::Error) -> ChainError {
        let (source_name, path) = (self.source_name.clone(), self.path.clone());
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                ChainError::Unreachable { source_name, why: "no connection came up in time".to_owned() }
            }
            ureq::Error::Timeout(_) => ChainError::Timeout { source_name, path, after: self.deadline },
            ureq::Error::BodyExceedsLimit(_) => ChainError::TooLarge { source_name, path, limit: self.limit },
            ureq::Error::Protocol(e) => {
                ChainError::Malformed { source_name, path, why: clipped(&e.to_string(), SHOWN) }
            }
            e => ChainError::Unreachable { source_name, why: why(&e) },
        }
    }

    fn refused(&self, response: &mut Response<ureq::Body>) -> ChainError {
        let (source_name, path) = (self.source_name.clone(), self.path.clone());
        let said = clipped(&String::from_utf8_lossy(&beginning(response)), SHOWN);
        match response.status().as_u16() {
            status @ (401 | 403) => ChainError::Denied { source_name, path, status },
            status @ (204 | 404 | 410) => {
                let why = if said.is_empty() { format!("HTTP {status}") } else { said };
                ChainError::Missing { source_name, path, why }
            }
            429 => ChainError::RateLimited { source_name, path, retry_after: retry_after(response) },
            status => ChainError::Status { source_name, path, status, body: said },
        }
    }
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
pub(crate) fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "its URL is not one".to_owned(),
        ureq::Error::Io(e) => clipped(&e.to_string(), SHOWN),
        other => clipped(&other.to_string(), SHOWN),
    }
}
