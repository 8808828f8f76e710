//! A prompt on a device's screen.

use crate::tezos::Level;

/// A prompt that was sent and not answered: it may still be on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompted {
    /// The level on it.
    pub level: Level,
    /// May it be accepted: does a run wait for it that goes on, or can be taken up again?
    pub wanted: bool,
}
