//! HTTP to a node, with deadlines and limits.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use ureq::config::ConfigBuilder;
use ureq::http::Response;
use ureq::tls::TlsConfig;
use ureq::typestate::AgentScope;
use ureq::{Agent, Timeout};

use ureq::unversioned::transport::DefaultConnector;
use zeroize::Zeroizing;

use super::names::Names;
use super::text::clipped;
use super::unsent::{SHOWN, why};
use super::{Body, ChainError, Rpc, SourceUrl, SourceUrlError, tls};

/// How long a connection may take to come up, within the question's own deadline.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// A node's RPC over HTTP or HTTPS.
///
/// Redirects are not followed, and the environment's proxy is not used: a level must come from the host that the
/// configuration names.
pub struct Http {
    agent: Agent,
    /// A CA that is trusted alone where the usual ones do not know the server's certificate, and from then on.
    ca_file: Option<PathBuf>,
    /// Scheme, host, port and path, without a slash at the end.
    base: String,
    /// The header that says who asks.
    login: Option<Zeroizing<String>>,
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
    /// [`ChainError::Unreachable`] where the text is no http or https URL.
    pub fn new(url: &str) -> Result<Self, ChainError> {
        let url = url.parse().map_err(|error: SourceUrlError| unusable("node", &error))?;
        Ok(Self::of("node", &url))
    }

    /// The same for any kind of source, with which its name begins: `tzkt https://api.tzkt.io`.
    pub(super) fn of(what: &'static str, url: &SourceUrl) -> Self {
        // Providers put keys into the path.
        let hidden = if url.path().is_empty() { "" } else { "/..." };
        let name = format!("{what} {}://{}{hidden}", url.scheme(), url.authority());
        let basic = |login: &[u8]| Zeroizing::new(format!("Basic {}", BASE64.encode(login)));
        Self {
            agent: agent(config()),
            ca_file: url.ca_file().map(Path::to_owned),
            base: url.as_str().to_owned(),
            login: url.login().map(basic),
            name,
        }
    }

    /// Asks, and reads the answer's head. `Err` in it: the status says no.
    fn ask(&mut self, question: &Question) -> Result<Result<ureq::Body, ChainError>, ureq::Error> {
        match self.ask_with(&self.agent, question) {
            Err(error) if is_untrusted(&error) => {
                // What cannot be read trusts nobody, and the server's certificate is still unknown.
                let roots = self.ca_file.as_deref().and_then(|path| tls::roots(path).ok());
                let Some(roots) = roots else { return Err(error) };
                self.ca_file = None;
                self.agent = agent(config().tls_config(TlsConfig::builder().root_certs(roots).build()));
                self.ask_with(&self.agent, question)
            }
            answer => answer,
        }
    }

    fn ask_with(&self, agent: &Agent, question: &Question) -> Result<Result<ureq::Body, ChainError>, ureq::Error> {
        let mut request = agent.get(format!("{}{}", self.base, question.path));
        if let Some(login) = &self.login {
            request = request.header("authorization", login.as_str());
        }
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

fn unusable(what: &str, why: &impl ToString) -> ChainError {
    ChainError::Unreachable { source_name: what.to_owned(), why: why.to_string() }
}

/// Is the server's certificate of nobody that is trusted? ureq 3.5 gives rustls' error as it is, or in an I/O error.
fn is_untrusted(error: &ureq::Error) -> bool {
    let said = error.to_string();
    ["UnknownIssuer", "invalid peer certificate", "CaUsedAsEndEntity"].iter().any(|words| said.contains(words))
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
        Some(Box::new(Self {
            agent: self.agent.clone(),
            ca_file: self.ca_file.clone(),
            base: self.base.clone(),
            login: self.login.clone(),
            name: self.name.clone(),
        }))
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
            status @ (301 | 302 | 303 | 307 | 308) => {
                let to = response.headers().get("location").and_then(|to| to.to_str().ok());
                // Its path may repeat a provider's key.
                let to =
                    to.map_or_else(|| "it does not say where".to_owned(), |to| clipped(&super::url::hidden(to), SHOWN));
                ChainError::Redirect { source_name, status, to }
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
