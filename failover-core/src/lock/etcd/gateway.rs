//! etcd's v3 JSON gateway: members that are tried in their order, deadlines, TLS, and the token of a user.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;
use ureq::tls::{ClientCert, PemItem, PrivateKey, TlsConfig};
use zeroize::Zeroizing;

use super::super::FencingToken;
use super::answer::{Answer, Created, Found, encoded};
use super::error::EtcdError;
use super::options::EtcdOptions;
use crate::chain::{SourceUrl, http, tls, why};
use crate::signer::Passphrase;

/// How long one member has for one answer.
pub(super) const MEMBER_DEADLINE: Duration = Duration::from_millis(2500);
/// No answer is longer: it has one key, whose value is this program's own.
const LIMIT: u64 = 64 * 1024;
/// A revision that no key has.
const NEVER: &str = "9223372036854775807";

/// One cluster, as one run asks it.
#[derive(Clone)]
pub(super) struct Gateway {
    agent: Agent,
    members: Vec<String>,
    /// Which member answered last: it is asked first.
    first: usize,
    user: Option<(String, Passphrase)>,
    /// What etcd gave for the password; runs out after some minutes.
    token: Option<Zeroizing<String>>,
    /// The cluster that answered first.
    cluster: Option<String>,
    /// One member's time.
    each: Duration,
}

/// What one member did with an order.
enum Said {
    Answer(Value),
    /// It knows what was asked, and says no.
    No {
        status: u16,
        why: String,
    },
    /// Whether it was carried out is not known.
    Unknown(String),
}

impl Gateway {
    /// Nothing is asked yet.
    pub(super) fn open(options: &EtcdOptions) -> Result<Self, EtcdError> {
        let members = options.endpoints.iter().map(member).collect::<Result<Vec<_>, _>>()?;
        if members.is_empty() {
            return Err(EtcdError::Setup { what: "etcd".to_owned(), why: "no member is named".to_owned() });
        }
        let agent = http::agent(http::config().max_idle_connections(0).tls_config(tls_of(options)?));
        let each = MEMBER_DEADLINE.min(options.ttl / 3);
        Ok(Self { agent, members, first: 0, user: options.user.clone(), token: None, cluster: None, each })
    }

    pub(super) fn grant(&mut self, ttl: Duration, deadline: Duration) -> Result<i64, EtcdError> {
        self.ask("lease/grant", &json!({ "TTL": ttl.as_secs().to_string() }), deadline)?.granted()
    }

    pub(super) fn keep_alive(&mut self, lease: i64, deadline: Duration) -> Result<Option<u64>, EtcdError> {
        self.ask("lease/keepalive", &json!({ "ID": lease.to_string() }), deadline)?.kept_alive(lease)
    }

    pub(super) fn time_to_live(&mut self, lease: i64, deadline: Duration) -> Result<Option<u64>, EtcdError> {
        self.ask("lease/timetolive", &json!({ "ID": lease.to_string() }), deadline)?.time_to_live(lease)
    }

    pub(super) fn revoke(&mut self, lease: i64, deadline: Duration) -> Result<(), EtcdError> {
        self.ask("lease/revoke", &json!({ "ID": lease.to_string() }), deadline).map(drop)
    }

    /// Writes the key where it is not there.
    pub(super) fn create(
        &mut self,
        key: &str,
        value: &[u8],
        lease: i64,
        deadline: Duration,
    ) -> Result<Created, EtcdError> {
        let put = json!({ "key": encoded(key.as_bytes()), "value": encoded(value), "lease": lease.to_string() });
        self.transact(key, "0", &json!({ "request_put": put }), deadline)?.created()
    }

    /// Asks for all that taking the lock needs, the right to write and a quorum, and writes nothing.
    pub(super) fn try_write(&mut self, key: &str, deadline: Duration) -> Result<Option<Found>, EtcdError> {
        let put = json!({ "key": encoded(key.as_bytes()) });
        self.transact(key, NEVER, &json!({ "request_put": put }), deadline)?.not_written()
    }

    /// Deletes the key where it is still the one with this revision.
    pub(super) fn delete(&mut self, key: &str, token: FencingToken, deadline: Duration) -> Result<bool, EtcdError> {
        let delete = json!({ "request_delete_range": { "key": encoded(key.as_bytes()) } });
        self.transact(key, &token.to_string(), &delete, deadline)?.deleted()
    }

    /// The key as a majority has it.
    pub(super) fn read(&mut self, key: &str, deadline: Duration) -> Result<Option<Found>, EtcdError> {
        self.ask("kv/range", &json!({ "key": encoded(key.as_bytes()) }), deadline)?.read()
    }

    fn transact(
        &mut self,
        key: &str,
        revision: &str,
        order: &Value,
        deadline: Duration,
    ) -> Result<Answer<'static>, EtcdError> {
        let key = encoded(key.as_bytes());
        let compare = json!([{ "key": key, "target": "CREATE", "result": "EQUAL", "create_revision": revision }]);
        let order = json!({ "compare": compare, "success": [order], "failure": [{ "request_range": { "key": key } }] });
        self.ask("kv/txn", &order, deadline)
    }

    /// Asks the members one after the other, until one knows.
    fn ask(&mut self, path: &'static str, order: &Value, deadline: Duration) -> Result<Answer<'static>, EtcdError> {
        let begun = Instant::now();
        if self.token.is_none() {
            self.log_in(begun, deadline)?;
        }
        let answer = self.ask_all(path, order, begun, deadline);
        // A token lives for five minutes (etcd 3.4), not past a restart of the member that gave it, and not past a change
        // of users.
        let stale = |why: &str| why.contains("invalid auth token") || why.contains("auth store is old");
        if matches!(&answer, Err(EtcdError::Denied { why } | EtcdError::Refused { why, .. }) if stale(why))
            && self.user.is_some()
        {
            self.log_in(begun, deadline)?;
            return self.ask_all(path, order, begun, deadline);
        }
        answer
    }

    fn log_in(&mut self, begun: Instant, deadline: Duration) -> Result<(), EtcdError> {
        self.token = None;
        let Some((name, password)) = self.user.clone() else { return Ok(()) };
        let password = String::from_utf8_lossy(password.expose());
        let order = json!({ "name": name, "password": password });
        let answer = self.ask_all("auth/authenticate", &order, begun, deadline)?;
        self.token = Some(Zeroizing::new(answer.text("token")?.to_owned()));
        Ok(())
    }

    fn ask_all(
        &mut self,
        path: &'static str,
        order: &Value,
        begun: Instant,
        deadline: Duration,
    ) -> Result<Answer<'static>, EtcdError> {
        let mut tried: Vec<String> = Vec::new();
        let order = Zeroizing::new(serde_json::to_vec(order).unwrap_or_default());
        for turn in 0..self.members.len() {
            let index = self.first.saturating_add(turn) % self.members.len().max(1);
            let Some(member) = self.members.get(index).cloned() else { continue };
            let left = deadline.saturating_sub(begun.elapsed()).min(self.each);
            if left.is_zero() {
                tried.push(format!("{member}: no time was left"));
                continue;
            }
            let value = match self.ask_one(&member, path, &order, left) {
                Said::Answer(value) => value,
                Said::No { status: 401 | 403, why } => return Err(EtcdError::Denied { why }),
                Said::No { why, .. } if denied(&why) => return Err(EtcdError::Denied { why }),
                Said::No { why, .. } => return Err(EtcdError::Refused { path: path.to_owned(), why }),
                Said::Unknown(why) => {
                    tried.push(format!("{member}: {why}"));
                    continue;
                }
            };
            let answer = Answer { path, value };
            // What is not etcd's is passed over like a member that is down.
            let Ok(cluster) = answer.cluster() else {
                tried.push(format!("{member}: it answers, but not as etcd does"));
                continue;
            };
            if self.cluster.get_or_insert_with(|| cluster.clone()) != &cluster {
                return Err(EtcdError::OtherCluster { endpoint: member });
            }
            self.first = index;
            return Ok(answer);
        }
        Err(EtcdError::NoAnswer { tried: tried.join("; ") })
    }

    fn ask_one(&self, member: &str, path: &str, order: &[u8], deadline: Duration) -> Said {
        let mut request = self.agent.post(format!("{member}/v3/{path}")).header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", token.as_str());
        }
        let answer = request.config().timeout_global(Some(deadline)).build().send(order);
        let mut response = match answer {
            Ok(response) => response,
            Err(ureq::Error::Timeout(_)) => return Said::Unknown(format!("no answer in {} s", deadline.as_secs_f32())),
            Err(error) => return Said::Unknown(why(&error)),
        };
        let status = response.status().as_u16();
        let body = match response.body_mut().with_config().limit(LIMIT).read_to_vec() {
            Ok(body) => Zeroizing::new(body),
            Err(error) => return Said::Unknown(why(&error)),
        };
        let value: Option<Value> = serde_json::Deserializer::from_slice(&body).into_iter().next().and_then(Result::ok);
        let why = value.as_ref().and_then(complaint);
        match (status, value, why) {
            (200, Some(value), None) => Said::Answer(value),
            // Where it is not known whether it was carried out: no quorum, no leader, too late.
            (400..500, Some(_), Some(why)) => Said::No { status, why },
            (_, Some(_), Some(why)) => Said::Unknown(why),
            (200, ..) => Said::Unknown("it answers, but not as etcd does".to_owned()),
            (status, ..) => Said::Unknown(format!("HTTP {status}")),
        }
    }
}

/// The text of an error, in an answer or in the stream that a lease is kept alive by.
fn complaint(value: &Value) -> Option<String> {
    let error = value.get("error")?;
    let text = error.as_str().or_else(|| error.get("message").and_then(Value::as_str)).unwrap_or_default();
    Some(text.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// etcd 3.4 says some of this with 400.
fn denied(why: &str) -> bool {
    ["permission denied", "authentication failed", "user name is empty", "user name not found", "CommonName"]
        .iter()
        .any(|text| why.contains(text))
}

/// A member has no path, and who asks is `user` in the options.
fn member(url: &SourceUrl) -> Result<String, EtcdError> {
    if url.has_login() || !url.path().is_empty() {
        // It may have a password in it, and is not repeated.
        let why = "a URL is not like https://10.0.0.1:2379".to_owned();
        return Err(EtcdError::Setup { what: "etcd".to_owned(), why });
    }
    Ok(url.as_str().to_owned())
}

fn tls_of(options: &EtcdOptions) -> Result<TlsConfig, EtcdError> {
    let mut config = TlsConfig::builder();
    let wrong = |path: &std::path::Path, why| EtcdError::Setup { what: path.display().to_string(), why };
    if let Some(path) = &options.ca_file {
        config = config.root_certs(tls::roots(path).map_err(|why| wrong(path, why))?);
    }
    if let Some((certificates, key)) = &options.client {
        let chain = tls::certificates(certificates).map_err(|why| wrong(certificates, why))?;
        let items = tls::pem(key).map_err(|why| wrong(key, why))?;
        let found = items.into_iter().find_map(private_key);
        let found = found.ok_or_else(|| wrong(key, "it has no private key".to_owned()))?;
        config = config.client_cert(Some(ClientCert::new_with_certs(&chain, found)));
    }
    Ok(config.build())
}

fn private_key(item: PemItem<'static>) -> Option<PrivateKey<'static>> {
    match item {
        PemItem::PrivateKey(key) => Some(key),
        _ => None,
    }
}
