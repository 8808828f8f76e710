//! The byte edge: what a transport must do for the driver. USB, a unix socket and the simulated gadget do it.

use std::time::Duration;

use thiserror::Error;

use crate::signer::SignerError;

/// One of the gadget's two interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interface {
    /// IF0: sign, status, version. Held by whatever signs on this host.
    Sign,
    /// IF1: everything but sign. Opened for an exchange, or for those of one effect, and left free between.
    Management,
}

/// Why bytes did not pass.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The deadline passed.
    #[error("nothing came in time")]
    Timeout,
    /// The connection is gone.
    #[error("{why}")]
    Broken {
        /// What the system said.
        why: String,
    },
}

/// Opens links to one gadget.
pub trait Connect: Send {
    /// A link; dropping it gives the interface free.
    type Link: Link;

    /// Opens and claims an interface, within `deadline`.
    ///
    /// # Errors
    /// No such device, several of them, not ready in time, no permission, or the interface is held by another process.
    fn open(&mut self, interface: Interface, deadline: Duration) -> Result<Self::Link, SignerError>;

    /// Claims the sign interface, to keep everybody else from it; `None` where this transport has none to claim.
    ///
    /// # Errors
    /// As [`Connect::open`].
    fn hold(&mut self, deadline: Duration) -> Result<Option<Self::Link>, SignerError> {
        self.open(Interface::Sign, deadline).map(Some)
    }

    /// Does an open link prove that nobody else has the interface? A socket's server may let a second client connect
    /// and serve it later, or not at all: there only an answer proves it.
    fn claim_is_proof(&self) -> bool {
        true
    }

    /// How the gadget was asked for, in the selector's own form.
    fn selector(&self) -> String;

    /// The serial number of the gadget that was opened last, where the transport sees one.
    fn serial(&self) -> Option<String> {
        None
    }
}

/// An open, claimed interface.
pub trait Link: Send {
    /// Writes a whole frame in one transfer, never a part of one.
    ///
    /// # Errors
    /// Not written within `deadline`, or the connection is gone.
    fn send(&mut self, frame: &[u8], deadline: Duration) -> Result<(), LinkError>;

    /// Reads what there is, at least one byte; `buffer` is a multiple of every USB packet size.
    ///
    /// # Errors
    /// Nothing came within `deadline`, or the connection is gone. A link that says [`LinkError::Timeout`] has let
    /// the whole deadline pass, on whatever clock it lives by.
    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, LinkError>;
}

impl<L: Link + ?Sized> Link for &mut L {
    fn send(&mut self, frame: &[u8], deadline: Duration) -> Result<(), LinkError> {
        (**self).send(frame, deadline)
    }
    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, LinkError> {
        (**self).receive(buffer, deadline)
    }
}
