//! Ledger with the Tezos Baking app (2.5.1): one authorized key, one mark for all kinds.
//!
//! ```text
//!  Ledger<X>  ──►  apdu (one type a command)  ──►  X: ApduExchange
//!  SignerDevice                                      ├ hid    ledger-transport-hid in a child process that can be killed
//!  HwmSetter                                         ├ tcp    Speculos' framing
//!                                                    └ sim    a simulated device in memory
//! ```
//!
//! What is special about this device, and where the code handles it:
//! - SETUP and RESET lower marks as willingly as they raise them: the driver compares with the marks it reads right before.
//! - An answer that came too late arrives as the answer to the next question, see [`SignerDevice::state`] of [`Ledger`].
//! - The setting "High Watermark: disabled" cannot be seen by any APDU: a person must look.
//! - The main mark guards the chain that the device is set up for, the test mark every other chain: which one counts follows
//!   from the baker's chain, see [`Ledger::of`] and [`LedgerMarks`](super::LedgerMarks).

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use self::apdu::{AllHwm, Deauthorize, GetAppAndVersion, GetPublicKey, Hwm, LedgerKey, QueryAllHwm};
use self::apdu::{QueryAuthKeyWithCurve, Reset, Setup, Version};
use self::exchange::{Budget, query};
use self::prompt::Screen;
use super::{
    Arm, Arming, CheckedOrder, DeviceInfo, DeviceState, HwmSetter, KeyName, KeyState, Mark, Marks, Model, Place,
    Selector, SignerDevice, SignerError,
};
use crate::tezos::{ChainId, KeyHash};

pub mod apdu;
pub mod child;
mod driver;
mod exchange;
mod fields;
pub mod frame;
#[cfg(feature = "ledger")]
pub mod hid;
pub mod holders;
mod prompt;
pub mod public_key;
mod status;
pub mod tcp;
#[cfg(test)]
mod tests;

pub use super::key_path::{Derivation, KeyPath, KeyPathError};
pub use super::prompted::Prompted;
pub(in crate::signer) use driver::DRIVER;
pub use driver::LEDGER_LEVEL_MAX;
pub use exchange::{ApduExchange, Wait};
pub use status::StatusWord;

/// The app's name, as the system gives it.
pub const APP_NAME: &str = "Tezos Baking";
/// All questions of one reading of the state together.
pub const STATE_DEADLINE: Duration = Duration::from_secs(20);
/// All tries of one [`SignerDevice::disarm`] together.
pub const DISARM_DEADLINE: Duration = Duration::from_secs(10);
/// How many readings are taken at most until two in a row agree.
const READINGS: usize = 6;
/// How often DEAUTHORIZE is sent at most until the device reads unauthorized.
const DISARMS: usize = 3;
/// A Ledger behind a transport.
#[derive(Debug)]
pub struct Ledger<X> {
    exchange: X,
    key: LedgerKey,
    /// The chain that it bakes on, where that is known.
    chain: Option<ChainId>,
    /// Somebody has cancelled whatever waits for a person.
    cancelled: Arc<AtomicBool>,
    screen: Screen,
}

/// How a Ledger is used.
#[derive(Debug, Clone, Default)]
pub struct LedgerUse {
    /// Where its key is.
    pub path: KeyPath,
    /// And on which curve.
    pub derivation: Derivation,
    /// The chain that its key bakes on; `None`: the marks that are shown are those of the chain that it is set up for.
    pub chain: Option<ChainId>,
    /// Set so that no person is waited for any more: what is on the screen stays there.
    pub cancelled: Arc<AtomicBool>,
    /// A prompt that an earlier process sent and that nobody answered, as it was written down.
    pub prompted: Option<Prompted>,
}

/// Opens the Ledger that a selector means.
///
/// # Errors
/// No such device, more than one, no permission, or the selector is a TezSign's. A device behind TCP is connected by
/// the first question.
pub fn open(selector: &Selector, options: &LedgerUse) -> Result<Box<dyn HwmSetter>, SignerError> {
    let what = "opening it as a Ledger";
    if selector.model() != Model::Ledger {
        return Err(SignerError::Unsupported { what, why: format!("{selector} is a {}", selector.model()) });
    }
    match selector.place() {
        Place::Tcp { host, port } => Ok(Box::new(Ledger::used(tcp::Tcp::new(host.clone(), *port), options))),
        #[cfg(feature = "ledger")]
        Place::Usb(which) => Ok(Box::new(Ledger::used(hid::open(which.as_deref())?, options))),
        #[cfg(not(feature = "ledger"))]
        Place::Usb(_) => Err(SignerError::Unsupported { what, why: "built without the feature ledger".to_owned() }),
        Place::Unix(_) | Place::File(_) => {
            Err(SignerError::Unsupported { what, why: format!("no Ledger is at {selector}") })
        }
    }
}

/// What one round of questions says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    hwm: AllHwm,
    authorized: Option<LedgerKey>,
    keys: Vec<(KeyName, KeyHash, Arming)>,
}

impl<X: ApduExchange> Ledger<X> {
    /// The device behind `exchange`, baking with the key at `path`.
    #[must_use]
    pub fn new(exchange: X, path: KeyPath, derivation: Derivation) -> Self {
        Self::used(exchange, &LedgerUse { path, derivation, ..LedgerUse::default() })
    }

    /// The device behind `exchange`, used so.
    #[must_use]
    pub fn used(exchange: X, options: &LedgerUse) -> Self {
        let LedgerUse { path, derivation, chain, cancelled, prompted } = options.clone();
        let screen = Screen::noted(prompted);
        Self { exchange, key: LedgerKey { path, derivation }, chain, cancelled, screen }
    }

    /// The same for a baker of this chain: its marks are those that guard this chain, whichever chain the device is set up
    /// for.
    #[must_use]
    pub fn of(self, chain: Option<ChainId>) -> Self {
        Self { chain, ..self }
    }

    /// The configured key's name: its path. Another authorized key is named by its path too, with the curve
    /// where the path alone would not tell the two apart.
    fn name(&self, key: &LedgerKey) -> KeyName {
        if *key != self.key && key.path == self.key.path {
            KeyName::new(format!("{} ({})", key.path, key.derivation))
        } else {
            KeyName::new(key.path.to_string())
        }
    }

    /// The transport.
    pub const fn exchange(&mut self) -> &mut X {
        &mut self.exchange
    }

    /// Main mark, test mark and main chain, two readings in a row that agree.
    ///
    /// # Errors
    /// As [`SignerDevice::state`].
    pub fn watermarks(&mut self) -> Result<AllHwm, SignerError> {
        let budget = Budget::new(STATE_DEADLINE);
        self.check_app(budget)?;
        Ok(self.reading(budget)?.hwm)
    }

    /// Refuses every app but Tezos Baking; gives its version.
    fn check_app(&mut self, budget: Budget) -> Result<String, SignerError> {
        self.answers()?;
        let asked = Instant::now();
        let app = match query(&mut self.exchange, &GetAppAndVersion, budget) {
            Err(SignerError::Timeout { .. }) => return Err(self.found_silent(asked)),
            app => app?,
        };
        if app.name != APP_NAME {
            let app = if app.name == "BOLOS" { "no app (the dashboard)".to_owned() } else { app.name };
            return Err(SignerError::WrongApp { app });
        }
        let version = query(&mut self.exchange, &Version, budget)?;
        let [major, minor, patch] = version.number;
        match version.kind {
            1 => Ok(format!("{major}.{minor}.{patch}")),
            kind => Err(SignerError::WrongApp { app: format!("an app of kind {kind}") }),
        }
    }

    fn read_once(&mut self, budget: Budget) -> Result<Reading, SignerError> {
        // The two have answers of different lengths, so that an answer that is one question late shows at once.
        let hwm = query(&mut self.exchange, &QueryAllHwm, budget)?;
        let authorized = query(&mut self.exchange, &QueryAuthKeyWithCurve, budget)?;
        let ours = if authorized.as_ref() == Some(&self.key) { Arming::Armed } else { Arming::Disarmed };
        let mut keys = vec![(self.key.clone(), ours)];
        if let Some(other) = authorized.clone().filter(|_| ours == Arming::Disarmed) {
            keys.push((other, Arming::Armed));
        }
        let mut named = Vec::new();
        for (key, arming) in keys {
            let name = self.name(&key);
            named.push((name, query(&mut self.exchange, &GetPublicKey(key), budget)?, arming));
        }
        Ok(Reading { hwm, authorized, keys: named })
    }

    /// Reads until two readings in a row are equal: a late answer can have the right shape for the wrong question.
    fn reading(&mut self, budget: Budget) -> Result<Reading, SignerError> {
        let mut last = self.read_once(budget)?;
        for _ in 1..READINGS {
            let next = self.read_once(budget)?;
            if next == last {
                return Ok(next);
            }
            last = next;
        }
        let why = format!("{READINGS} readings never agreed: does another process use the device?");
        Err(SignerError::Malformed { what: "the state", why })
    }

    /// What is read right before SETUP or RESET, and whether the order may be sent at all.
    fn before_change(
        &mut self,
        what: &'static str,
        order: &CheckedOrder<'_>,
        chain: Option<ChainId>,
    ) -> Result<(AllHwm, u32), SignerError> {
        let budget = Budget::new(STATE_DEADLINE);
        self.check_app(budget)?;
        let reading = self.reading(budget)?;
        if !reading.keys.iter().any(|(name, ..)| name == order.key()) {
            let known = reading.keys.into_iter().map(|(name, ..)| name).collect();
            return Err(SignerError::UnknownKey { key: order.key().clone(), known });
        }
        let unsupported = |why| SignerError::Unsupported { what, why };
        let level = u32::try_from(order.level().get())
            .ok()
            .filter(|_| order.level() <= LEDGER_LEVEL_MAX)
            .ok_or_else(|| unsupported(format!("the app takes no level above {LEDGER_LEVEL_MAX:#}")))?;
        // Equal is refused too: the app would forget what it signed at that level.
        let (mark, which) = guarding(&reading.hwm, chain);
        not_lower(mark, which, level).map_err(unsupported)?;
        self.exchange.undisturbed()?;
        Ok((reading.hwm, level))
    }
}

/// Refuses a level that is not above a mark in use (S4).
fn not_lower(mark: Hwm, which: &str, level: u32) -> Result<(), String> {
    if mark.is_used() && level <= mark.level {
        return Err(format!("its {which} is at level {} round {}, and {level} is not above", mark.level, mark.round));
    }
    Ok(())
}

/// The mark that guards a chain, and what it is called.
fn guarding(hwm: &AllHwm, chain: Option<ChainId>) -> (Hwm, &'static str) {
    match chain {
        Some(chain) if !hwm.marks().is_for(chain) => (hwm.test, "mark for this chain"),
        _ => (hwm.main, "mark"),
    }
}

/// The test mark that SETUP writes: never lower than what guards the other chains now, and one above where that was
/// used, because SETUP forgets what was signed at the level itself. Where the main chain changes, the old main chain is
/// guarded by the test mark from then on, so its mark counts too.
fn test_level(hwm: &AllHwm, chain: ChainId) -> u32 {
    let above = |mark: Hwm| if mark.is_used() { mark.level.saturating_add(1) } else { 0 };
    if hwm.chain == chain { above(hwm.test) } else { above(hwm.test).max(above(hwm.main)) }
}

impl<X: ApduExchange> SignerDevice for Ledger<X> {
    fn model(&self) -> Model {
        Model::Ledger
    }

    /// Two readings in a row that agree, within [`STATE_DEADLINE`]: an answer of the wrong shape is dropped and its question asked
    /// again, since a prompt that a person answered after the deadline is answered then.
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let budget = Budget::new(STATE_DEADLINE);
        let version = Some(self.check_app(budget)?);
        let reading = self.reading(budget)?;
        let marks = Some(Marks::all(Mark(guarding(&reading.hwm, self.chain).0.position())));
        let keys = reading.keys.into_iter().map(|(name, key, arming)| KeyState { name, key, arming, marks }).collect();
        let (selector, serial) = (self.exchange.device(), self.exchange.serial());
        let ledger = Some(reading.hwm.marks());
        Ok(DeviceState { info: DeviceInfo { model: Model::Ledger, selector, serial, version, ledger }, keys })
    }

    /// DEAUTHORIZE, again until the device reads unauthorized, within [`DISARM_DEADLINE`]. While a prompt is on the screen
    /// the device drops it: [`SignerError::Prompting`].
    fn disarm(&mut self) -> Result<(), SignerError> {
        // Known only where this driver has just found it so: else it is told in any case.
        if self.is_silent() {
            self.answers()?;
        }
        let (budget, asked) = (Budget::new(DISARM_DEADLINE), Instant::now());
        for _ in 0..DISARMS {
            match query(&mut self.exchange, &Deauthorize, budget) {
                Err(SignerError::Timeout { .. }) => return Err(self.found_silent(asked)),
                told => told?,
            }
            self.answered();
            if query(&mut self.exchange, &QueryAuthKeyWithCurve, budget)?.is_none() {
                return Ok(());
            }
        }
        Err(SignerError::Malformed { what: "DEAUTHORIZE", why: "it says ok, and a key is still authorized".to_owned() })
    }

    /// SETUP, which a person confirms on the device within [`apdu::PERSON_DEADLINE`]. Sent once, never again by itself.
    ///
    /// **An error after it was sent does not say that the key is not authorized**: the PIN gone at that moment gives 6982
    /// although everything was set, and a press after the deadline still counts. Read the state.
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        let what = "SETUP";
        let (order, chain) = match arm {
            Arm::Authorize { order, chain } => (order, chain),
            Arm::Unlock { .. } => {
                let why = "a Ledger has no passphrase: it is authorized by SETUP".to_owned();
                return Err(SignerError::Unsupported { what: "unlock", why });
            }
        };
        let unsupported = |why| SignerError::Unsupported { what, why };
        if chain.bytes() == [0; 4] {
            return Err(unsupported("chain id 0 would make every chain the main chain".to_owned()));
        }
        let key = self.name(&self.key);
        if *order.key() != key {
            return Err(SignerError::UnknownKey { key: order.key().clone(), known: vec![key] });
        }
        // Until now another chain's device guarded this one by its test mark; that chain's own mark is kept by `test_level`.
        let (hwm, main) = self.before_change(what, order, Some(chain))?;
        let setup = Setup { key: self.key.clone(), chain, main, test: test_level(&hwm, chain) };
        // Only a run sends it, and takes a late press where it is the right one.
        self.prompt(&setup, Prompted { level: order.level(), wanted: true }).map(|_| ())
    }
}

impl<X: ApduExchange> HwmSetter for Ledger<X> {
    /// RESET, which a person confirms on the device within [`apdu::PERSON_DEADLINE`]. It sets the test mark too, so it is
    /// refused where it would lower that one. Sent once; what [`SignerDevice::arm`] says about errors holds here.
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        let what = "RESET";
        let (hwm, level) = self.before_change(what, order, self.chain)?;
        // RESET sets both marks: the one of another chain must not be lowered by it.
        for (mark, which) in [(hwm.main, "main"), (hwm.test, "test")] {
            not_lower(mark, &format!("{which} mark, which RESET sets as well,"), level)
                .map_err(|why| SignerError::Unsupported { what, why: format!("{why}; it is {}", hwm.marks()) })?;
        }
        self.prompt(&Reset(level), Prompted { level: order.level(), wanted: false })
    }
}
