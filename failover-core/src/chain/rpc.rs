//! The byte edge of a chain source: questions by path, answers in bytes.

use std::time::Duration;

use super::ChainError;

/// Something that answers paths of an Octez node's RPC or of TzKT's API: HTTP to a real one, or a simulated one.
///
/// A path starts with `/chains/...` (TzKT's with `/v1/...`) and carries its query (`?level=5`); the list that is asked is in
/// [`super::octez`].
pub trait Rpc: Send {
    /// Its name, without credentials: `node http://127.0.0.1:8732`.
    fn name(&self) -> &str;

    /// The body of the answer to `GET path`, at most `limit` bytes of it, whole within `deadline`.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::Timeout`], [`ChainError::TooLarge`], [`ChainError::Denied`] (401,
    /// 403), [`ChainError::Missing`] (204, 404, 410), [`ChainError::RateLimited`] (429), [`ChainError::Status`]
    /// (anything else but 200), and [`ChainError::Malformed`] where the answer is not even HTTP.
    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError>;
}

impl<R: Rpc + ?Sized> Rpc for Box<R> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        (**self).get(path, deadline, limit)
    }
}
