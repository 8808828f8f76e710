//! The names that a program of one's own meets, in one line: `use failover_core::prelude::*;`.
//!
//! A program that asks, shows or fails over needs no others. What a driver of one's own needs beside them is in the room of its
//! edge: [`signer`](crate::signer) and [`signer::traits`](crate::signer::traits), [`chain`](crate::chain),
//! [`baker`](crate::baker), [`host`](crate::host). Everything else can be reached, and is seldom needed.
//!
//! ```
//! use failover_core::prelude::*;
//!
//! /// What a page says of a question: nothing that it does not know is a yes.
//! struct Page;
//!
//! impl Operator for Page {
//!     fn ask(&mut self, _: &Question) -> Result<Answer, OperatorError> {
//!         Ok(Answer::No)
//!     }
//!     fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
//!         Err(OperatorError::Cancelled)
//!     }
//! }
//!
//! let key: KeyHash = "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse()?;
//! assert!(Guard::new("/nonexistent/failover").check().is_err());
//! # let _ = (key, Page);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::baker::{
    BakerControl, BakerError, BakerMachine, BakerState, Bare, CommandControl, SystemdControl, TezbakeControl,
};
pub use crate::chain::{ChainError, ChainLevelSource, ChainNode, Head};
pub use crate::clock::{Clock, SystemClock, Timestamp};
#[cfg(feature = "config")]
pub use crate::config::Config;
pub use crate::decision::{Policy, Refusal, Step, Verdict};
pub use crate::effect::{Disarmed, Hands, disarm};
pub use crate::facts::{Fact, Unknown};
pub use crate::failover::Parts;
pub use crate::guard::{Guard, GuardError, Lift};
pub use crate::host::{Host, LocalHost, SshHost, SshOptions};
pub use crate::journal::record::{End, Outcome, Plan, Record};
pub use crate::journal::{JournalError, JournalFile, Recorder};
pub use crate::lock::{FailoverLock, FileLock};
pub use crate::operator::{Answer, Nobody, Operator, OperatorError, Question};
pub use crate::permit::Permits;
pub use crate::report::Report;
pub use crate::session::{Look, Session, SessionError};
#[cfg(feature = "config")]
pub use crate::session::{Opening, Wanted};
pub use crate::signer::{
    Arm, Arming, Cap, DeviceState, HwmSetter, KeyName, KeyState, Mark, Marks, Model, Passphrase, RaiseError, Raised,
    Selector, SignerDevice, SignerError, raise, raise_to_floor, with_unlocked,
};
pub use crate::state::{PlanId, StateDir, StateError};
pub use crate::tezos::{ChainId, KeyHash, Kind, Level, Position};
