//! What a driver of one's own says when it fails: its own error, kept whole.

use std::error::Error;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// The error of a driver that is not in this library, as the source of a [`SignerError`](super::SignerError): what made it can
/// be asked of [`DriverError::get`]. Two are equal where they are the same one, or a copy of it.
///
/// ```
/// use std::error::Error as _;
///
/// use failover_core::signer::SignerError;
///
/// let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
/// let error = SignerError::driver("the vault", "state", broken);
/// assert_eq!(error.to_string(), "the driver of the vault failed at state: broken pipe");
/// let source = error.source().and_then(|source| source.downcast_ref::<failover_core::signer::DriverError>());
/// assert!(source.is_some_and(|source| source.get().is::<std::io::Error>()));
/// assert_eq!(error.clone(), error);
/// assert!(std::panic::catch_unwind(|| error.to_string()).is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct DriverError(Arc<dyn Error + Send + Sync>);

impl DriverError {
    /// Takes an error over; a text is one, too.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// What the driver said.
    #[must_use]
    pub fn get(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

/// It is only read: no panic leaves half of it. So an error of a signer goes through `catch_unwind` as the others do.
impl UnwindSafe for DriverError {}
impl RefUnwindSafe for DriverError {}

impl PartialEq for DriverError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for DriverError {}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// It stands for what it holds: its source is that one's.
impl Error for DriverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
