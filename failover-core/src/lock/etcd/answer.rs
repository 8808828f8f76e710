//! The shapes of the gateway's answers. Numbers are texts, what is zero is left out, and an order that was not understood
//! can be answered like one that was carried out: so every answer is held against all that it must have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::FencingToken;
use super::error::EtcdError;

/// What became of a key that was to be written where it was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    /// It was written, and this is its revision.
    Written(FencingToken),
    /// It was there.
    There,
}

/// A key that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) token: FencingToken,
    /// Zero: no lease holds it.
    pub(super) lease: i64,
    pub(super) value: Vec<u8>,
}

/// An answer, and to what.
pub(super) struct Answer<'a> {
    pub(super) path: &'a str,
    pub(super) value: Value,
}

/// A 64-bit number of the gateway.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}

impl Answer<'_> {
    fn wrong(&self, why: &str) -> EtcdError {
        EtcdError::malformed(self.path, why)
    }

    /// Every answer of etcd has a header with the cluster in it.
    pub(super) fn cluster(&self) -> Result<String, EtcdError> {
        let header = self.value.get("header").or_else(|| self.value.pointer("/result/header"));
        let cluster = header.and_then(|header| header.get("cluster_id")).and_then(Value::as_str);
        cluster.map(str::to_owned).ok_or_else(|| self.wrong("it has no header of etcd"))
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, EtcdError> {
        let text = self.value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| self.wrong("what was asked for is not in it"))
    }

    /// The lease that was granted.
    pub(super) fn granted(&self) -> Result<i64, EtcdError> {
        let positive = |name: &str| self.value.get(name).and_then(number).filter(|number| *number > 0);
        positive("TTL").and(positive("ID")).ok_or_else(|| self.wrong("it has no lease"))
    }

    /// How long the lease lasts from now on, in seconds; `None`: it is gone.
    pub(super) fn kept_alive(&self, lease: i64) -> Result<Option<u64>, EtcdError> {
        let result = self.value.get("result").ok_or_else(|| self.wrong("it has no lease"))?;
        self.ttl(result, lease)
    }

    pub(super) fn time_to_live(&self, lease: i64) -> Result<Option<u64>, EtcdError> {
        self.ttl(&self.value, lease)
    }

    fn ttl(&self, of: &Value, lease: i64) -> Result<Option<u64>, EtcdError> {
        if of.get("ID").and_then(number) != Some(lease) {
            return Err(self.wrong("it is about another lease"));
        }
        match of.get("TTL") {
            None => Ok(None),
            Some(ttl) => {
                let ttl = number(ttl).ok_or_else(|| self.wrong("its TTL is not a number"))?;
                Ok(u64::try_from(ttl).ok().filter(|ttl| *ttl > 0))
            }
        }
    }

    /// The only response of a transaction: whether its comparison was true, and the response of this kind.
    fn response(&self, if_true: &str, if_false: &str) -> Result<(bool, &Value), EtcdError> {
        // Left out where it is false.
        let succeeded = match self.value.get("succeeded") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(self.wrong("`succeeded` is neither true nor false")),
        };
        let kind = if succeeded { if_true } else { if_false };
        let responses = self.value.get("responses").and_then(Value::as_array);
        match responses.map(Vec::as_slice) {
            Some([one]) => {
                let response = one.get(kind).filter(|response| response.is_object());
                Ok((succeeded, response.ok_or_else(|| self.wrong("it is about another order"))?))
            }
            _ => Err(self.wrong("nothing was carried out: the order was not understood")),
        }
    }

    /// Of the transaction that writes a key where it is not there.
    pub(super) fn created(&self) -> Result<Created, EtcdError> {
        match self.response("response_put", "response_range")? {
            (true, put) => {
                let revision = put.pointer("/header/revision").and_then(number);
                let revision = revision.or_else(|| self.value.pointer("/header/revision").and_then(number));
                token(revision).map(Created::Written).ok_or_else(|| self.wrong("it has no revision"))
            }
            (false, _) => Ok(Created::There),
        }
    }

    /// Of the transaction whose comparison is never true.
    pub(super) fn not_written(&self) -> Result<Option<Found>, EtcdError> {
        match self.response("response_put", "response_range")? {
            (true, _) => Err(self.wrong("a comparison that is never true was true")),
            (false, range) => self.found(range),
        }
    }

    /// Was the key deleted that had this revision?
    pub(super) fn deleted(&self) -> Result<bool, EtcdError> {
        Ok(self.response("response_delete_range", "response_range")?.0)
    }

    /// Of a range: the one key, where it is there.
    pub(super) fn read(&self) -> Result<Option<Found>, EtcdError> {
        self.value.pointer("/header/revision").and_then(number).ok_or_else(|| self.wrong("it has no revision"))?;
        self.found(&self.value)
    }

    fn found(&self, range: &Value) -> Result<Option<Found>, EtcdError> {
        let keys = match range.get("kvs") {
            None => return Ok(None),
            Some(keys) => keys.as_array().ok_or_else(|| self.wrong("its keys are not a list"))?,
        };
        let [key] = keys.as_slice() else { return Err(self.wrong("it is not about one key")) };
        let created = token(key.get("create_revision").and_then(number));
        let value = key.get("value").map_or(Some(Vec::new()), |value| STANDARD.decode(value.as_str()?).ok());
        let lease = key.get("lease").map_or(Some(0), number);
        match (created, lease, value) {
            (Some(token), Some(lease), Some(value)) => Ok(Some(Found { token, lease, value })),
            _ => Err(self.wrong("its key has no revision, lease or value")),
        }
    }
}

fn token(revision: Option<i64>) -> Option<FencingToken> {
    FencingToken::new(u64::try_from(revision?).ok()?)
}

/// As the gateway wants keys and values.
pub(super) fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
