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

    /// The same as it comes, for answers that need not be kept: read to its end within `deadline`, and never more than
    /// `limit` bytes. Unless a source can do better, the whole answer is fetched first.
    ///
    /// # Errors
    /// The same; what happens after the answer has begun is told by [`Body::read`].
    fn open(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Box<dyn Body>, ChainError> {
        let whole = self.get(path, deadline, limit)?;
        Ok(Box::new(Whole { whole, passed: 0 }))
    }

    /// Another way to the same source, for an answer that goes on while other questions are asked. `None`: there is
    /// none.
    fn another(&self) -> Option<Box<dyn Rpc>> {
        None
    }
}

/// The body of an answer, as it comes.
pub trait Body: Send {
    /// The next bytes, at least one where there is room for one; 0 at the end of the answer.
    ///
    /// # Errors
    /// See [`Rpc::get`]: the deadline has passed, there is more than the limit, the source hung up. After an error
    /// there is nothing more to read.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ChainError>;
}

/// A body that is all there.
struct Whole {
    whole: Vec<u8>,
    passed: usize,
}

impl Body for Whole {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ChainError> {
        let rest = self.whole.get(self.passed..).unwrap_or_default();
        let count = rest.len().min(into.len());
        if let (Some(into), Some(from)) = (into.get_mut(..count), rest.get(..count)) {
            into.copy_from_slice(from);
        }
        self.passed = self.passed.saturating_add(count);
        Ok(count)
    }
}

impl<R: Rpc + ?Sized> Rpc for Box<R> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        (**self).get(path, deadline, limit)
    }

    fn open(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Box<dyn Body>, ChainError> {
        (**self).open(path, deadline, limit)
    }

    fn another(&self) -> Option<Box<dyn Rpc>> {
        (**self).another()
    }
}

/// A body in place of one that could not be had: reading it tells why.
pub(super) fn failed(error: ChainError) -> Box<dyn Body> {
    struct Failed(ChainError);

    impl Body for Failed {
        fn read(&mut self, _: &mut [u8]) -> Result<usize, ChainError> {
            Err(self.0.clone())
        }
    }

    Box::new(Failed(error))
}
