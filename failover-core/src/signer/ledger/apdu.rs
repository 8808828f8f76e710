//! The app's commands: one type each, with its bytes, its deadline, and the exact shape of its answer.
//!
//! Source: Tezos Baking 2.5.1 (`apdu.c`), checked against exchanges recorded from it. Integers are big-endian.

use std::time::Duration;

use super::fields::Fields;
use super::{Derivation, KeyPath, StatusWord, public_key};
use crate::signer::{LedgerMarks, Mark};
use crate::tezos::{ChainId, KeyHash, Level, Position, Round};

/// For a question that the app answers by itself: about 1 ms in the emulator, some 100 ms where it derives a key.
pub const QUERY_DEADLINE: Duration = Duration::from_secs(3);
/// For SETUP and RESET: a person reads several screens and presses both buttons.
pub const PERSON_DEADLINE: Duration = Duration::from_secs(60);

/// The class of the app's APDUs.
const APP: u8 = 0x80;
/// The class of the system's own.
const SYSTEM: u8 = 0xb0;

/// A command and how its answer reads.
pub trait Command {
    /// What the answer holds.
    type Answer;
    /// Its name, for errors.
    const NAME: &'static str;
    /// How long the device may take.
    const DEADLINE: Duration = QUERY_DEADLINE;

    /// The bytes to send.
    fn to_bytes(&self) -> Vec<u8>;

    /// Takes the answer apart, status word removed.
    ///
    /// # Errors
    /// The answer does not have exactly this command's shape; what is wrong, in words.
    fn parse(&self, data: &[u8]) -> Result<Self::Answer, String>;
}

fn bytes(class: u8, instruction: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    // The longest data here is SETUP's: 12 bytes and a path of 41.
    let len = u8::try_from(data.len()).unwrap_or(u8::MAX);
    [&[class, instruction, 0, p2, len], data].concat()
}

/// Data and status word of an answer; `None` where it is shorter than a status word.
#[must_use]
pub fn split(answer: &[u8]) -> Option<(&[u8], StatusWord)> {
    let (data, status) = answer.split_last_chunk::<2>()?;
    Some((data, u16::from_be_bytes(*status).into()))
}

/// What an APDU asks, for errors of a transport that knows only bytes.
#[must_use]
pub fn name(apdu: &[u8]) -> &'static str {
    match apdu {
        [SYSTEM, 0x01, ..] => GetAppAndVersion::NAME,
        [APP, 0x00, ..] => Version::NAME,
        [APP, 0x02, ..] => GetPublicKey::NAME,
        [APP, 0x06, ..] => Reset::NAME,
        [APP, 0x0a, ..] => Setup::NAME,
        [APP, 0x0b, ..] => QueryAllHwm::NAME,
        [APP, 0x0c, ..] => Deauthorize::NAME,
        [APP, 0x0d, ..] => QueryAuthKeyWithCurve::NAME,
        _ => "an APDU",
    }
}

/// The system's question for the open app. On the dashboard the name is `BOLOS`.
#[derive(Debug, Clone, Copy)]
pub struct GetAppAndVersion;

/// The open app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its name, for example `Tezos Baking`.
    pub name: String,
    /// Its version, for example `2.5.1`.
    pub version: String,
}

impl Command for GetAppAndVersion {
    type Answer = App;
    const NAME: &'static str = "GET_APP_AND_VERSION";

    fn to_bytes(&self) -> Vec<u8> {
        bytes(SYSTEM, 0x01, 0, &[])
    }

    fn parse(&self, data: &[u8]) -> Result<App, String> {
        let mut fields = Fields::new(data);
        let format = fields.u8()?;
        if format != 1 {
            return Err(format!("format {format}, not 1"));
        }
        let app = App { name: fields.text()?, version: fields.text()? };
        let flags = fields.u8()?;
        fields.take(flags.into())?;
        fields.end()?;
        Ok(app)
    }
}

/// The app's kind and version.
#[derive(Debug, Clone, Copy)]
pub struct Version;

/// What [`Version`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppVersion {
    /// 1 is the baking app, 0 the wallet.
    pub kind: u8,
    /// Major, minor, patch.
    pub number: [u8; 3],
}

impl Command for Version {
    type Answer = AppVersion;
    const NAME: &'static str = "VERSION";

    fn to_bytes(&self) -> Vec<u8> {
        bytes(APP, 0x00, 0, &[])
    }

    fn parse(&self, data: &[u8]) -> Result<AppVersion, String> {
        match *data {
            [kind, major, minor, patch] => Ok(AppVersion { kind, number: [major, minor, patch] }),
            _ => Err(format!("{} bytes, not 4", data.len())),
        }
    }
}

/// Both marks and the main chain.
#[derive(Debug, Clone, Copy)]
pub struct QueryAllHwm;

/// One mark of the app: level and round, (0, 0) where it was never set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hwm {
    /// The level as the device keeps it, any 32 bits.
    pub level: u32,
    /// The round.
    pub round: u32,
}

impl Hwm {
    /// Was it ever set or moved by a signature?
    #[must_use]
    pub const fn is_used(self) -> bool {
        self.level != 0 || self.round != 0
    }

    /// The position; `None` at level 0.
    #[must_use]
    pub fn position(self) -> Option<Position> {
        Level::new(self.level.into()).map(|level| Position::new(level, Round(self.round)))
    }
}

/// What [`QueryAllHwm`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllHwm {
    /// The main chain's mark, one for all kinds.
    pub main: Hwm,
    /// The mark of every other chain.
    pub test: Hwm,
    /// The main chain; four zero bytes make every chain the main chain.
    pub chain: ChainId,
}

impl AllHwm {
    /// The same as positions.
    #[must_use]
    pub fn marks(&self) -> LedgerMarks {
        LedgerMarks { chain: self.chain, main: Mark(self.main.position()), test: Mark(self.test.position()) }
    }
}

impl Command for QueryAllHwm {
    type Answer = AllHwm;
    const NAME: &'static str = "QUERY_ALL_HWM";

    fn to_bytes(&self) -> Vec<u8> {
        bytes(APP, 0x0b, 0, &[])
    }

    fn parse(&self, data: &[u8]) -> Result<AllHwm, String> {
        let mut fields = Fields::new(data);
        let main = Hwm { level: fields.u32()?, round: fields.u32()? };
        let test = Hwm { level: fields.u32()?, round: fields.u32()? };
        let chain = ChainId::new(fields.u32()?.to_be_bytes());
        fields.end()?;
        Ok(AllHwm { main, test, chain })
    }
}

/// Which key may sign without a button.
#[derive(Debug, Clone, Copy)]
pub struct QueryAuthKeyWithCurve;

/// A key of the device: what SETUP authorizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerKey {
    /// Its path.
    pub path: KeyPath,
    /// How it is derived.
    pub derivation: Derivation,
}

impl Command for QueryAuthKeyWithCurve {
    type Answer = Option<LedgerKey>;
    const NAME: &'static str = "QUERY_AUTH_KEY_WITH_CURVE";

    fn to_bytes(&self) -> Vec<u8> {
        bytes(APP, 0x0d, 0, &[])
    }

    /// Nothing authorized is curve 0 and a path of length 0, not an error.
    fn parse(&self, data: &[u8]) -> Result<Option<LedgerKey>, String> {
        let mut fields = Fields::new(data);
        let curve = fields.u8()?;
        let derivation = Derivation::from_byte(curve).ok_or_else(|| format!("curve {curve} is unknown"))?;
        let count = fields.u8()?;
        let components = (0..count).map(|_| fields.u32()).collect::<Result<Vec<_>, _>>()?;
        fields.end()?;
        match components.len() {
            0 if curve == 0 => Ok(None),
            n => {
                let path = KeyPath::new(components).ok_or_else(|| format!("a path of {n} components"))?;
                Ok(Some(LedgerKey { path, derivation }))
            }
        }
    }
}

/// A key's public key, without a prompt.
#[derive(Debug, Clone)]
pub struct GetPublicKey(pub LedgerKey);

fn public_key_answer(key: &LedgerKey, data: &[u8]) -> Result<KeyHash, String> {
    let mut fields = Fields::new(data);
    let len = fields.u8()?;
    let public = fields.take(len.into())?;
    fields.end()?;
    public_key::address(key.derivation, public)
}

impl Command for GetPublicKey {
    type Answer = KeyHash;
    const NAME: &'static str = "GET_PUBLIC_KEY";

    fn to_bytes(&self) -> Vec<u8> {
        bytes(APP, 0x02, self.0.derivation.byte(), &self.0.path.to_bytes())
    }

    fn parse(&self, data: &[u8]) -> Result<KeyHash, String> {
        public_key_answer(&self.0, data)
    }
}

/// Authorizes a key and sets both marks and the main chain, after a press.
///
/// The app has no range check here and lowers as willingly as it raises: [`super::Ledger`] checks before it sends.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The key to authorize.
    pub key: LedgerKey,
    /// The main chain.
    pub chain: ChainId,
    /// Its level, round 0.
    pub main: u32,
    /// Every other chain's level, round 0.
    pub test: u32,
}

impl Command for Setup {
    type Answer = KeyHash;
    const NAME: &'static str = "SETUP";
    const DEADLINE: Duration = PERSON_DEADLINE;

    fn to_bytes(&self) -> Vec<u8> {
        let data =
            [&self.chain.bytes()[..], &self.main.to_be_bytes(), &self.test.to_be_bytes(), &self.key.path.to_bytes()];
        bytes(APP, 0x0a, self.key.derivation.byte(), &data.concat())
    }

    fn parse(&self, data: &[u8]) -> Result<KeyHash, String> {
        public_key_answer(&self.key, data)
    }
}

/// Sets both marks, after a press. Levels from 0x40000000 are refused by the app.
#[derive(Debug, Clone, Copy)]
pub struct Reset(pub u32);

impl Command for Reset {
    type Answer = ();
    const NAME: &'static str = "RESET";
    const DEADLINE: Duration = PERSON_DEADLINE;

    fn to_bytes(&self) -> Vec<u8> {
        bytes(APP, 0x06, 0, &self.0.to_be_bytes())
    }

    fn parse(&self, data: &[u8]) -> Result<(), String> {
        Fields::new(data).end()
    }
}

/// Takes the authorization away, without a press. Marks and chain stay.
#[derive(Debug, Clone, Copy)]
pub struct Deauthorize;

impl Command for Deauthorize {
    type Answer = ();
    const NAME: &'static str = "DEAUTHORIZE";

    fn to_bytes(&self) -> Vec<u8> {
        bytes(APP, 0x0c, 0, &[])
    }

    fn parse(&self, data: &[u8]) -> Result<(), String> {
        Fields::new(data).end()
    }
}
