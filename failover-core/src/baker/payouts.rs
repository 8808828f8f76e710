//! What pays delegators.

use super::{BakerError, UnitName};

/// What pays rewards to delegators on a machine (TezPay). It signs nothing that a baker signs, so that no fence asks for it;
/// two machines with it would pay twice, so that [`BakerControl::start`](super::BakerControl::start) never starts it.
pub trait Payouts {
    /// What pays there, as far as the last look found it. Asks nothing.
    fn pays(&mut self) -> Vec<UnitName>;

    /// Asks that to stop, now and at boot; kills nothing and waits for nothing. The proof is [`Payouts::paying`].
    ///
    /// # Errors
    /// See [`BakerError`].
    fn stop_pays(&mut self) -> Result<(), BakerError>;

    /// What of it runs now.
    ///
    /// # Errors
    /// It is not known.
    fn paying(&mut self) -> Result<Vec<UnitName>, BakerError>;
}
